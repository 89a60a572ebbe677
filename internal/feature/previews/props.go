package previews

import (
	"context"
	"encoding/xml"
	"strconv"

	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// hasPreview is true where it is worth asking for a preview: the kind of file can
// be shown here. Whether this file can is known only when it is tried.
var hasPreview = xml.Name{Space: dav.NSNC, Local: "has-preview"}

// props is the properties of files that this room knows.
type props struct{ *Room }

// Default implements dav.Props.
func (props) Default() []xml.Name { return nil }

// Open implements dav.Props.
func (p props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	for i, name := range want {
		if name != hasPreview {
			continue
		}
		c, err := p.config(ctx)
		if err != nil {
			return set, err
		}
		programs := p.installed()
		set.Writers[i] = func(b []byte, r *dav.Resource) ([]byte, bool) {
			e, ok := r.Value.(*files.Entry)
			if !ok {
				return b, false
			}
			return strconv.AppendBool(b, c.shows(e, programs) != none), true
		}
	}
	return set, nil
}

// HasPreview tells whether it is worth asking for a preview of an entry, for other
// answers that say so.
func (rm *Room) HasPreview(ctx context.Context, e *files.Entry) (bool, error) {
	c, err := rm.config(ctx)
	return err == nil && c.shows(e, rm.installed()) != none, err
}
