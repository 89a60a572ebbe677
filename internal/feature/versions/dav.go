package versions

import (
	"context"
	"encoding/xml"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// collection is the mount "versions": /{user}/versions/{fileid}/{name} and
// /{user}/restore, which restores what is moved into it (14-dav-versions).
type collection struct{ *Room }

// file is a file with all its versions.
type file struct {
	view *files.View
	*files.Entry
	versions []Version
}

// shown is one version of a file.
type shown struct {
	*file
	Version
}

var errNone = fault.New(fault.NotFound, "There is no such version.")

// split takes a path of the mount apart: user, part, file, version.
func split(path string) []string { return strings.Split(strings.TrimPrefix(path, "/"), "/") }

// Stat implements dav.Collection.
func (c collection) Stat(ctx context.Context, path string) (dav.Resource, error) {
	folder := dav.Resource{Path: path, Dir: true}
	if path == "/" {
		return folder, nil
	}
	p, a := who.From(ctx), split(path)
	if p == nil {
		return folder, fault.New(fault.Anonymous, "You are not signed in.")
	}
	if a[0] != p.ID {
		return folder, fault.New(fault.Denied, "These are somebody else's versions.")
	}
	if len(a) == 1 || len(a) == 2 && (a[1] == "versions" || a[1] == "restore") {
		return folder, c.files.Alive(ctx)
	}
	if a[1] != "versions" || len(a) > 4 {
		return folder, errNone
	}
	f, err := c.find(ctx, p, a[2])
	if err != nil {
		return folder, err
	}
	if len(a) == 3 {
		folder.Value = f
		return folder, nil
	}
	at := slices.IndexFunc(f.versions, func(v Version) bool { return strconv.FormatInt(v.Name, 10) == a[3] })
	if at < 0 {
		return folder, errNone
	}
	return resource(path, shown{f, f.versions[at]}), nil
}

// find reads a file that the viewer sees, wherever that is, and its versions.
func (c collection) find(ctx context.Context, p *who.Principal, id string) (*file, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, errNone
	}
	v, err := c.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	e, err := v.ByID(ctx, n)
	if err != nil {
		return nil, err
	}
	if e.IsDir() || e.Perm()&files.Read == 0 {
		return nil, errNone
	}
	vs, err := c.list(ctx, e)
	return &file{v, e, vs}, err
}

func resource(path string, s shown) dav.Resource {
	return dav.Resource{Path: path, ETag: strconv.FormatInt(s.Version.Name, 10), MTime: s.Version.MTime, Value: s}
}

// List implements dav.Collection. The folder of all files shows none
// (14-dav-versions/002).
func (c collection) List(_ context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	return func(yield func(dav.Resource, error) bool) {
		a := split(folder.Path)
		f, ok := folder.Value.(*file)
		switch {
		case folder.Path == "/":
			yield(dav.Resource{}, &dav.Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed",
				Text: "Listing members of this collection is disabled"})
		case ok:
			for _, v := range f.versions {
				if !yield(resource(folder.Path+"/"+strconv.FormatInt(v.Name, 10), shown{f, v}), nil) {
					return
				}
			}
		case len(a) == 1:
			_ = yield(dav.Resource{Path: folder.Path + "/versions", Dir: true}, nil) && yield(dav.Resource{Path: folder.Path + "/restore", Dir: true}, nil)
		}
	}
}

// Get implements dav.Getter.
func (c collection) Get(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) (*dav.Content, error) {
	s, ok := r.Value.(shown)
	if !ok {
		return nil, dav.ForClients(w, req)
	}
	then := *s.Entry
	then.Content, then.Size, then.SHA1 = s.Version.Content, s.Version.Size, nil
	h := http.Header{"Content-Disposition": {dav.Disposition(s.Base())}, "Oc-Etag": {r.ETag}}
	return &dav.Content{Size: then.Size, Type: dav.ServedType(then.Mime), Header: h, Open: func(off, n int64) (io.ReadCloser, error) {
		return s.view.Open(ctx, &then, off, n)
	}}, nil
}

// Put implements dav.Putter: versions come of themselves (14-dav-versions/029).
func (collection) Put(context.Context, string, *http.Request, dav.Check) (bool, http.Header, error) {
	return false, nil, fault.New(fault.Denied, "A version cannot be written.")
}

// Make implements dav.Maker (14-dav-versions/030).
func (collection) Make(context.Context, string, *http.Request, dav.Check) (http.Header, error) {
	return nil, fault.New(fault.Denied, "A version cannot be made.")
}

// Delete implements dav.Deleter. Of what the file holds now only the label goes
// (14-dav-versions/033, 036).
func (c collection) Delete(ctx context.Context, r dav.Resource, _ *http.Request, _ dav.Check) error {
	s, ok := r.Value.(shown)
	if !ok {
		return fault.New(fault.Denied, "This cannot be deleted.")
	}
	if s.Perm()&files.Delete == 0 {
		return fault.New(fault.Denied, "You may not delete versions of this file.")
	}
	if err := c.setLabel(ctx, s.Entry.ID, s.Version.Content, ""); err != nil || s.Version.Content == s.Entry.Content {
		return err
	}
	all, err := c.of(ctx, c.db, []int64{s.Entry.ID})
	if err != nil {
		return err
	}
	return c.drop(ctx, slices.DeleteFunc(all, func(v Version) bool { return v.Content != s.Version.Content }))
}

// Move implements dav.Mover: a move to restore/ restores, whatever the name there.
func (c collection) Move(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	s, ok := t.Source.Value.(shown)
	to := split(t.To)
	if !ok || len(to) != 3 || to[0] != s.view.Who().ID || to[1] != "restore" {
		return false, nil, fault.New(fault.Denied, "A version can be moved to restore only.")
	}
	err := c.restore(ctx, s.view, s.Entry, s.Version)
	return err == nil, nil, err
}

// Send implements dav.Sender: there is no way among the files (14-dav-versions/022).
func (collection) Send(context.Context, dav.Transfer) (bool, http.Header, error) {
	return false, nil, fault.New(fault.NotFound, "A version can be moved to restore only.")
}

// maxLabel is how many characters a label may have.
const maxLabel = 500

// PropPatch implements dav.Patcher: the label can be set.
func (c collection) PropPatch(ctx context.Context, r dav.Resource, changes []dav.PropChange) ([]int, error) {
	s, ok := r.Value.(shown)
	if !ok || s.Perm()&files.Update == 0 {
		return nil, fault.New(fault.Denied, "You may not change this.")
	}
	statuses := make([]int, len(changes))
	label, refused := "", false
	for i, ch := range changes {
		statuses[i] = http.StatusOK
		if ch.Name != nc("version-label") || utf8.RuneCountInString(ch.Text) > maxLabel || !utf8.ValidString(ch.Text) || strings.Contains(ch.Text, "\x00") {
			statuses[i], refused = http.StatusForbidden, true
		}
		label = ch.Text
	}
	if !refused {
		return statuses, c.setLabel(ctx, s.Entry.ID, s.Version.Content, label)
	}
	for i, st := range statuses {
		if st == http.StatusOK {
			statuses[i] = http.StatusFailedDependency
		}
	}
	return statuses, nil
}

// props knows the properties of versions (14-dav-versions/003, client-api §5).
type props struct{}

func dv(name string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: name} }
func nc(name string) xml.Name { return xml.Name{Space: dav.NSNC, Local: name} }

// Default implements dav.Props (14-dav-versions/004).
func (props) Default() []xml.Name {
	return []xml.Name{dv("getlastmodified"), dv("getcontentlength"), dv("resourcetype"), dv("getetag"), dv("getcontenttype")}
}

type shownWriter func(b []byte, s shown) ([]byte, bool)

var writers = map[xml.Name]shownWriter{
	dv("getlastmodified"): func(b []byte, s shown) ([]byte, bool) {
		return s.Version.MTime.UTC().AppendFormat(b, http.TimeFormat), true
	},
	dv("getcontentlength"):       func(b []byte, s shown) ([]byte, bool) { return strconv.AppendInt(b, s.Version.Size, 10), true },
	dv("getcontenttype"):         func(b []byte, s shown) ([]byte, bool) { return append(b, s.Mime...), true },
	dv("getetag"):                func(b []byte, s shown) ([]byte, bool) { return strconv.AppendInt(b, s.Version.Name, 10), true },
	nc("version-label"):          label,
	nc("metadata-version-label"): label,
	nc("version-author"):         func(b []byte, s shown) ([]byte, bool) { return dav.AppendText(b, s.Author), s.Author != "" },
	nc("has-preview"):            func(b []byte, _ shown) ([]byte, bool) { return append(b, "false"...), true },
}

func label(b []byte, s shown) ([]byte, bool) { return dav.AppendText(b, s.Label), s.Label != "" }

// Open implements dav.Props.
func (props) Open(ctx context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	for i, name := range want {
		switch w, ok := writers[name]; {
		case name == dv("resourcetype"):
			set.Writers[i] = dav.ResourceType
		case name == dv("current-user-principal"):
			set.Writers[i] = dav.CurrentUserPrincipal(ctx)
		case ok:
			set.Writers[i] = func(b []byte, r *dav.Resource) ([]byte, bool) {
				s, ok := r.Value.(shown)
				if !ok {
					return b, false
				}
				return w(b, s)
			}
		}
	}
	return set, nil
}
