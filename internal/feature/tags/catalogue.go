package tags

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"iter"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/dav"
)

// catalogue is the mount "systemtags": all tags, and below each the ids of what
// carries it: /10, /10/files.
type catalogue struct{ *Room }

// objects is what carries a tag, as a resource.
type objects struct{ Tag }

// split takes a path apart.
func split(path string) []string {
	if path = strings.Trim(path, "/"); path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func tagID(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "Invalid tag id")
	}
	return id, nil
}

func notThere(name string) error { return fault.New(fault.NotFound, "File not found: "+name) }

// shown finds a tag that somebody sees.
func (rm *Room) shown(ctx context.Context, id int64) (Tag, viewer, error) {
	v, err := rm.viewerOf(ctx, who.From(ctx))
	if err != nil {
		return Tag{}, v, err
	}
	t, err := rm.tag(ctx, id)
	if err == nil && !v.sees(t) {
		err = missing(id)
	}
	return t, v, err
}

// Stat implements dav.Collection.
func (c catalogue) Stat(ctx context.Context, path string) (dav.Resource, error) {
	segs := split(path)
	if len(segs) == 0 {
		return dav.Resource{Path: "/", Dir: true}, nil
	}
	id, err := tagID(segs[0])
	if err != nil {
		return dav.Resource{}, err
	}
	t, _, err := c.shown(ctx, id)
	switch {
	case err != nil:
		return dav.Resource{}, err
	case len(segs) == 1:
		return resource("/"+segs[0], t), nil
	case len(segs) == 2 && segs[1] == "files":
		return dav.Resource{Path: "/" + segs[0] + "/files", ETag: etagText(t.etag), Value: objects{t}}, nil
	}
	return dav.Resource{}, notThere(segs[1])
}

func resource(path string, t Tag) dav.Resource {
	return dav.Resource{Path: path, Dir: true, ETag: etagText(t.etag), Value: t}
}

func etagText(n int64) string {
	return `"` + strconv.FormatUint(uint64(n)|1<<63, 16) + `"`
}

// List implements dav.Collection.
func (c catalogue) List(ctx context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	if t, ok := folder.Value.(Tag); ok {
		return dav.Each([]dav.Resource{{Path: folder.Path + "/files", ETag: folder.ETag, Value: objects{t}}})
	}
	return func(yield func(dav.Resource, error) bool) {
		all, err := c.All(ctx)
		if err != nil {
			yield(dav.Resource{}, err)
			return
		}
		v := viewer{who: who.From(ctx)}
		for _, t := range all {
			if v.sees(t) && !yield(resource("/"+strconv.FormatInt(t.ID, 10), t), nil) {
				return
			}
		}
	}
}

// wish is the body of a POST that makes a tag.
type wish struct {
	Name       *string `json:"name"`
	Visible    *bool   `json:"userVisible"`
	Assignable *bool   `json:"userAssignable"`
	Groups     string  `json:"groups"` // apart by |
}

// maxWish bounds that body, in bytes.
const maxWish = 64 << 10

// draftOf reads a POST.
func draftOf(w http.ResponseWriter, req *http.Request) (Draft, error) {
	if kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")); kind != "application/json" {
		return Draft{}, &dav.Error{Status: http.StatusUnsupportedMediaType, Exception: "UnsupportedMediaType", Text: "A tag is made with JSON."}
	}
	var in wish
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, maxWish)).Decode(&in); err != nil {
		return Draft{}, fault.Wrap(fault.Invalid, err, "The body is not valid JSON.")
	}
	if in.Name == nil {
		return Draft{}, fault.New(fault.Invalid, `Missing "name" attribute`)
	}
	d := Draft{Name: *in.Name, Visible: true, Assignable: true, Groups: groupList(in.Groups)}
	if in.Visible != nil {
		d.Visible = *in.Visible
	}
	if in.Assignable != nil {
		d.Assignable = *in.Assignable
	}
	return d, nil
}

func groupList(s string) (out []string) {
	for g := range strings.SplitSeq(s, "|") {
		if g = strings.TrimSpace(g); g != "" {
			out = append(out, g)
		}
	}
	return out
}

// Post implements dav.Poster: it makes a tag.
func (c catalogue) Post(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) error {
	if r.Path != "/" {
		return fault.New(fault.Unsupported, "Tags are made in the collection of all tags.")
	}
	d, err := draftOf(w, req)
	if err != nil {
		return err
	}
	t, err := c.Create(ctx, who.From(ctx), d, nil)
	if err != nil {
		return err
	}
	made(w, t)
	return nil
}

// made tells where a new tag is.
func made(w http.ResponseWriter, t Tag) {
	h := w.Header()
	h.Set("Content-Location", "/remote.php/dav/systemtags/"+strconv.FormatInt(t.ID, 10))
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusCreated)
}

// Delete implements dav.Deleter.
func (c catalogue) Delete(ctx context.Context, r dav.Resource, _ *http.Request, check dav.Check) error {
	t, ok := r.Value.(Tag)
	if !ok {
		return fault.New(fault.Denied, "Permission denied to delete this collection")
	}
	return c.Room.Delete(ctx, who.From(ctx), t.ID)
}

func oc(local string) xml.Name { return xml.Name{Space: dav.NSOC, Local: local} }
func nc(local string) xml.Name { return xml.Name{Space: dav.NSNC, Local: local} }
func dv(local string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: local} }

// PropPatch implements dav.Patcher.
func (c catalogue) PropPatch(ctx context.Context, r dav.Resource, changes []dav.PropChange) ([]int, error) {
	if o, ok := r.Value.(objects); ok {
		return c.patchObjects(ctx, o.Tag, changes)
	}
	t, ok := r.Value.(Tag)
	if !ok {
		return nil, fault.New(fault.Denied, "This collection has no properties that could be changed.")
	}
	var e Edit
	statuses := make([]int, len(changes))
	for i, ch := range changes {
		statuses[i] = http.StatusOK
		if ch.Remove {
			statuses[i] = http.StatusNoContent
		}
		text := strings.TrimSpace(ch.Text)
		yes := text == "1" || text == "true"
		switch ch.Name {
		case oc("display-name"):
			e.Name = &text
		case nc("color"):
			e.Color = &text
		case oc("user-visible"):
			e.Visible = &yes
		case oc("user-assignable"):
			e.Assignable = &yes
		case oc("groups"):
			gs := groupList(text)
			e.Groups = &gs
		default:
			statuses[i] = http.StatusForbidden
		}
	}
	if !settle(statuses) {
		return statuses, nil
	}
	return statuses, c.Edit(ctx, who.From(ctx), t.ID, e)
}

// settle tells whether all changes can be made; if not, the innocent ones fail
// with the others.
func settle(statuses []int) bool {
	refused := false
	for _, s := range statuses {
		refused = refused || s >= 300
	}
	for i, s := range statuses {
		if refused && s < 300 {
			statuses[i] = http.StatusFailedDependency
		}
	}
	return !refused
}

func (c catalogue) patchObjects(ctx context.Context, t Tag, changes []dav.PropChange) ([]int, error) {
	var nodes []int64
	statuses := make([]int, len(changes))
	for i, ch := range changes {
		var err error
		switch {
		case ch.Name != nc("object-ids"):
			statuses[i] = http.StatusForbidden
		case ch.Remove:
			statuses[i], nodes = http.StatusNoContent, nil
		default:
			statuses[i] = http.StatusOK
			nodes, err = parseObjects(ch.Inner)
		}
		if err != nil {
			return nil, err
		}
	}
	if !settle(statuses) || len(changes) == 0 {
		return statuses, nil
	}
	p := who.From(ctx)
	v, err := c.viewerOf(ctx, p)
	if err == nil && !v.mayAssign(t) {
		err = errReadOnly
	}
	if err != nil {
		return nil, err
	}
	return statuses, c.Replace(ctx, p, t, nodes)
}

// parseObjects reads the value of nc:object-ids: elements that each hold nc:id and
// nc:type.
func parseObjects(inner []byte) (nodes []int64, err error) {
	root, err := dav.ParseXML([]byte(`<ids xmlns="urn:ids">` + string(inner) + `</ids>`))
	if err != nil {
		return nil, err
	}
	for _, o := range root.Children {
		if o.ChildText(dav.NSNC, "type") != "files" {
			return nil, fault.New(fault.Invalid, "Invalid object-ids property. All object types must be of the same type: files")
		}
		id, err := strconv.ParseInt(o.ChildText(dav.NSNC, "id"), 10, 64)
		if err != nil {
			return nil, fault.New(fault.Invalid, "Invalid object-ids property. An id is no number.")
		}
		nodes = append(nodes, id)
	}
	return nodes, nil
}

var _ interface {
	dav.Collection
	dav.Poster
	dav.Deleter
	dav.Patcher
} = catalogue{}
