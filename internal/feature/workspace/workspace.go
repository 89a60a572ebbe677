// Package workspace shows the Readme.md of a folder above its files, as the
// official clients do: nc:rich-workspace is its text, nc:rich-workspace-file its
// id (10-dav-files/017 to 021). Only the folder that was asked for is looked into,
// not those in it, and only when a client wants to know. It keeps nothing.
package workspace

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
)

// Room reads.
type Room struct{ files *files.Service }

// New returns the room.
func New(f *files.Service) *Room { return &Room{f} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) { b.DAV.Props("files", props{rm}) }

var (
	textName = xml.Name{Space: dav.NSNC, Local: "rich-workspace"}
	fileName = xml.Name{Space: dav.NSNC, Local: "rich-workspace-file"}
)

// readmes are the names of such a file, in the order they are looked for.
var readmes = []string{"Readme.md", "README.md", "readme.md"}

// maxText bounds what is shown, in bytes.
const maxText = 64 << 10

// readme is the one of a folder; id 0: there is none.
type readme struct {
	id   int64
	text string
}

type props struct{ *Room }

// Default implements dav.Props.
func (props) Default() []xml.Name { return nil }

// Open implements dav.Props.
func (p props) Open(ctx context.Context, top dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	folder, ok := top.Value.(*files.Entry)
	var found *readme
	for i, name := range want {
		if name != textName && name != fileName {
			continue
		}
		if found == nil {
			found = &readme{}
			if ok && folder.IsDir() {
				r, err := p.read(ctx, folder, slices.Contains(want, textName))
				if err != nil {
					return set, err
				}
				found = &r
			}
		}
		set.Writers[i] = found.writer(name, folder)
	}
	return set, nil
}

func (r *readme) writer(name xml.Name, folder *files.Entry) dav.Writer {
	return func(b []byte, res *dav.Resource) ([]byte, bool) {
		e, ok := res.Value.(*files.Entry)
		if !ok || !e.IsDir() {
			return b, false
		}
		if folder == nil || e.ID != folder.ID || r.id == 0 {
			return b, true
		}
		if name == fileName {
			return strconv.AppendInt(b, r.id, 10), true
		}
		return dav.AppendText(b, r.text), true
	}
}

// read finds the readme of a folder, and its text if that is wanted.
func (rm *Room) read(ctx context.Context, folder *files.Entry, text bool) (readme, error) {
	v, err := rm.files.As(ctx, who.From(ctx))
	if err != nil {
		return readme{}, err
	}
	for _, name := range readmes {
		e, err := v.Stat(ctx, strings.TrimSuffix(folder.Path, "/")+"/"+name)
		if errors.Is(err, fault.NotFound) || err == nil && e.IsDir() {
			continue
		}
		if err != nil {
			return readme{}, err
		}
		r := readme{id: e.ID}
		if text {
			r.text, err = textOf(ctx, v, e)
		}
		return r, err
	}
	return readme{}, nil
}

// textOf reads the beginning of a file. Of what may not be read there is no text.
func textOf(ctx context.Context, v *files.View, e *files.Entry) (string, error) {
	if e.Size == 0 {
		return "", nil
	}
	r, err := v.Open(ctx, e, 0, min(e.Size, maxText))
	if fault.Of(err) == fault.Denied {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return strings.ToValidUTF8(string(b), ""), err
}

var _ dav.Props = props{}
