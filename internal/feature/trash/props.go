package trash

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/proto/dav"
)

// props knows the properties of what is in the trash (13-dav-trash/004, client-api §5).
type props struct{ *Room }

func dv(name string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: name} }
func oc(name string) xml.Name { return xml.Name{Space: dav.NSOC, Local: name} }
func nc(name string) xml.Name { return xml.Name{Space: dav.NSNC, Local: name} }

// Default implements dav.Props (13-dav-trash/005).
func (props) Default() []xml.Name {
	return []xml.Name{dv("getlastmodified"), dv("getcontentlength"), dv("resourcetype"), dv("getetag"), dv("getcontenttype")}
}

type foundWriter func(b []byte, f *found) ([]byte, bool)

var writers = map[xml.Name]foundWriter{
	dv("getlastmodified"): func(b []byte, f *found) ([]byte, bool) {
		return time.Unix(f.Deleted, 0).UTC().AppendFormat(b, http.TimeFormat), true
	},
	dv("getcontentlength"): func(b []byte, f *found) ([]byte, bool) { return strconv.AppendInt(b, f.Size, 10), !f.IsDir() },
	dv("getcontenttype"):   func(b []byte, f *found) ([]byte, bool) { return append(b, f.Mime...), !f.IsDir() },
	dv("getetag"):          second,
	dv("displayname"):      base,
	oc("id"):               number,
	oc("fileid"):           number,
	oc("size"):             func(b []byte, f *found) ([]byte, bool) { return strconv.AppendInt(b, f.Size, 10), true },
	oc("permissions"):      func(b []byte, _ *found) ([]byte, bool) { return append(b, "GD"...), true },
	nc("has-preview"):      func(b []byte, _ *found) ([]byte, bool) { return append(b, "false"...), true },
	nc("mount-type"):       func(b []byte, _ *found) ([]byte, bool) { return b, true },

	nc("trashbin-filename"):          base,
	nc("trashbin-original-location"): place,
	nc("trashbin-title"):             place,
	nc("trashbin-deletion-time"):     second,
	nc("trashbin-backend"):           func(b []byte, _ *found) ([]byte, bool) { return append(b, backend...), true },
	nc("trashbin-deleted-by-id"):     func(b []byte, f *found) ([]byte, bool) { return dav.AppendText(b, f.Deleter), f.Deleter != "" },
}

// backend is how the recorded server calls the trash of plain files.
const backend = `OCA\Files_Trashbin\Trash\LegacyTrashBackend`

func base(b []byte, f *found) ([]byte, bool)   { return dav.AppendText(b, f.base()), true }
func number(b []byte, f *found) ([]byte, bool) { return strconv.AppendInt(b, f.ID, 10), true }
func second(b []byte, f *found) ([]byte, bool) { return strconv.AppendInt(b, f.Deleted, 10), true }
func place(b []byte, f *found) ([]byte, bool) {
	return dav.AppendText(b, strings.TrimPrefix(f.location(), "/")), true
}

// Open implements dav.Props.
func (p props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	for i, name := range want {
		switch name {
		case dv("resourcetype"):
			set.Writers[i] = dav.ResourceType
		case dv("current-user-principal"):
			set.Writers[i] = dav.CurrentUserPrincipal(ctx)
		case nc("trashbin-deleted-by-display-name"):
			names := map[string]string{}
			set.Load = func(ctx context.Context, batch []dav.Resource) error { return p.names(ctx, batch, names) }
			set.Writers[i] = lift(func(b []byte, f *found) ([]byte, bool) { return dav.AppendText(b, names[f.Deleter]), f.Deleter != "" })
		default:
			if w, ok := writers[name]; ok {
				set.Writers[i] = lift(w)
			}
		}
	}
	return set, nil
}

func lift(w foundWriter) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		f, ok := r.Value.(*found)
		if !ok {
			return b, false
		}
		return w(b, f)
	}
}

// names looks up the names of those who deleted something, each once. Somebody who
// is gone is called by their id.
func (rm *Room) names(ctx context.Context, batch []dav.Resource, known map[string]string) error {
	for _, r := range batch {
		f, ok := r.Value.(*found)
		if !ok || known[f.Deleter] != "" || f.Deleter == "" {
			continue
		}
		u, err := rm.people.User(ctx, f.Deleter)
		switch {
		case errors.Is(err, fault.NotFound):
			known[f.Deleter] = f.Deleter
		case err != nil:
			return err
		default:
			known[f.Deleter] = u.Display
		}
	}
	return nil
}
