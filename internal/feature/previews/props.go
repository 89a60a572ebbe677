package previews

import (
	"context"
	"encoding/xml"
	"strconv"

	"atrium/internal/core/files"
	"atrium/internal/core/tree"
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
			e, ok := r.Value.(interface{ Self() *files.Entry })
			if !ok {
				return b, false
			}
			return strconv.AppendBool(b, c.shows(e.Self(), programs) != none), true
		}
	}
	return set, nil
}

// Shows tells whether there are previews of files of a media type, for other answers
// that say so. It goes by the settings that were read last.
func (rm *Room) Shows(mediaType string) bool {
	rm.known.Lock()
	c := rm.known.config
	if rm.known.at.IsZero() {
		c = defaults()
	}
	rm.known.Unlock()
	return c.shows(&files.Entry{Node: tree.Node{Kind: tree.File, Size: 1}, Mime: mediaType}, rm.installed()) != none
}

// HasPreview tells whether it is worth asking for a preview of an entry.
func (rm *Room) HasPreview(ctx context.Context, e *files.Entry) (bool, error) {
	c, err := rm.config(ctx)
	return err == nil && c.shows(e, rm.installed()) != none, err
}
