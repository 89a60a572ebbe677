package comments

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// collection is the mount "comments": /files/7285 is the thread of a file,
// /files/7285/2 a comment in it.
type collection struct{ *Room }

// thread is the comments on a file, as a collection.
type thread struct{ *files.Entry }

// remark is a comment as a resource. In reports some properties are left out
// (15-dav-comments/020).
type remark struct {
	comment
	e        *files.Entry
	reported bool
}

func split(path string) []string {
	if path = strings.Trim(path, "/"); path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// Stat implements dav.Collection.
func (c collection) Stat(ctx context.Context, path string) (dav.Resource, error) {
	segs := split(path)
	switch {
	case len(segs) == 0:
		return dav.Resource{Path: "/", Dir: true}, nil
	case segs[0] != "files":
		return dav.Resource{}, fault.New(fault.NotFound, "Entity type \""+segs[0]+"\" not found.")
	case len(segs) == 1:
		return dav.Resource{Path: "/files", Dir: true}, nil
	case len(segs) > 3:
		return dav.Resource{}, errGone
	}
	node, err := strconv.ParseInt(segs[1], 10, 64)
	if err != nil {
		return dav.Resource{}, fault.New(fault.NotFound, "Entity does not exist or is not available")
	}
	e, err := c.file(ctx, who.From(ctx), node)
	if err != nil {
		return dav.Resource{}, err
	}
	if len(segs) == 2 {
		return dav.Resource{Path: fmt.Sprintf("/files/%d", node), Dir: true, Value: thread{e}}, nil
	}
	id, err := strconv.ParseInt(segs[2], 10, 64)
	if err != nil {
		return dav.Resource{}, errGone
	}
	found, err := c.get(ctx, c.db, node, id)
	if errors.Is(err, fault.NotFound) {
		err = errGone
	}
	return resource(remark{comment: found, e: e}), err
}

func resource(r remark) dav.Resource {
	return dav.Resource{Path: fmt.Sprintf("/files/%d/%d", r.node, r.id), MTime: r.time(), Value: r}
}

// List implements dav.Collection.
func (c collection) List(ctx context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	if folder.Path == "/" {
		return dav.Each([]dav.Resource{{Path: "/files", Dir: true}})
	}
	t, ok := folder.Value.(thread)
	if !ok {
		return func(yield func(dav.Resource, error) bool) {
			yield(dav.Resource{}, &dav.Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed", Text: "No permission to list folder contents"})
		}
	}
	return c.remarks(ctx, t.Entry, page{}, false)
}

// remarks yields comments on a file, the newest first.
func (c collection) remarks(ctx context.Context, e *files.Entry, p page, reported bool) iter.Seq2[dav.Resource, error] {
	return func(yield func(dav.Resource, error) bool) {
		for left := p.limit; ; {
			some, err := c.thread(ctx, e.ID, p)
			if err != nil {
				yield(dav.Resource{}, err)
				return
			}
			for _, found := range some {
				if !yield(resource(remark{found, e, reported}), nil) {
					return
				}
			}
			if p.offset += len(some); len(some) < maxPage {
				return
			}
			if left > 0 {
				if left -= len(some); left == 0 {
					return
				}
				p.limit = left
			}
		}
	}
}

// wish is the body of a POST. Who writes is who is signed in, whatever it says.
type wish struct {
	ActorType string `json:"actorType"`
	Verb      string `json:"verb"`
	Message   string `json:"message"`
}

func wishOf(w http.ResponseWriter, req *http.Request) (in wish, err error) {
	if kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")); kind != "application/json" {
		return in, &dav.Error{Status: http.StatusUnsupportedMediaType, Exception: "UnsupportedMediaType", Text: "A comment is sent as JSON."}
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 64<<10)).Decode(&in); err != nil {
		return in, fault.Wrap(fault.Invalid, err, "The body is not valid JSON.")
	}
	if in.ActorType != "users" {
		return in, fault.New(fault.Invalid, fmt.Sprintf("Invalid actor %q", in.ActorType))
	}
	if in.Verb != "comment" {
		return in, fault.New(fault.Invalid, fmt.Sprintf("There are no comments of the kind %q here.", in.Verb))
	}
	return in, nil
}

// Post implements dav.Poster: it writes a comment.
func (c collection) Post(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) error {
	t, ok := r.Value.(thread)
	if !ok {
		return fault.New(fault.Unsupported, "A comment is sent to the collection of a file.")
	}
	in, err := wishOf(w, req)
	if err != nil {
		return err
	}
	made, err := c.write(ctx, who.From(ctx), t.Entry, in.Message)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Location", fmt.Sprintf("/remote.php/dav/comments/files/%d/%d", made.node, made.id))
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusCreated)
	return nil
}

// Delete implements dav.Deleter.
func (c collection) Delete(ctx context.Context, r dav.Resource, _ *http.Request, _ dav.Check) error {
	m, ok := r.Value.(remark)
	if !ok {
		return fault.New(fault.Denied, "Permission denied to delete this collection")
	}
	return c.remove(ctx, who.From(ctx), m.comment)
}

// PropPatch implements dav.Patcher: oc:message of a comment, oc:readMarker of a
// thread.
func (c collection) PropPatch(ctx context.Context, r dav.Resource, changes []dav.PropChange) ([]int, error) {
	var apply func() error
	statuses := make([]int, len(changes))
	for i, ch := range changes {
		f, err := c.change(ctx, r, ch)
		if err != nil {
			return nil, err
		}
		if statuses[i] = http.StatusForbidden; f != nil {
			statuses[i], apply = http.StatusOK, f
		}
	}
	for _, s := range statuses {
		if s != http.StatusOK {
			for i := range statuses {
				if statuses[i] == http.StatusOK {
					statuses[i] = http.StatusFailedDependency
				}
			}
			return statuses, nil
		}
	}
	if apply == nil {
		return statuses, nil
	}
	return statuses, apply()
}

// change prepares one change, nil for what cannot be changed.
func (c collection) change(ctx context.Context, r dav.Resource, ch dav.PropChange) (func() error, error) {
	p := who.From(ctx)
	switch v := r.Value.(type) {
	case remark:
		if v.uid != p.ID {
			return nil, errNotYours
		}
		if ch.Name == oc("message") && !ch.Remove {
			return func() error { return c.edit(ctx, p, v.e, v.comment, ch.Text) }, check(ch.Text)
		}
	case thread:
		if ch.Name == oc("readMarker") && !ch.Remove {
			until, err := c.until(strings.TrimSpace(ch.Text))
			return func() error {
				return c.db.Tx(ctx, func(tx *db.DB) error { return mark(ctx, tx, v.ID, p.ID, until) })
			}, err
		}
	}
	return nil, nil
}

// until reads a read marker: a time, or nothing for now.
func (rm *Room) until(text string) (int64, error) {
	if text == "" {
		return rm.Now().UnixMicro(), nil
	}
	for _, layout := range []string{time.RFC3339Nano, http.TimeFormat, time.RFC1123Z, time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1970 && t.Year() < 9999 {
			return t.UnixMicro(), nil
		}
	}
	return 0, fault.New(fault.Invalid, "The read marker is not a time.")
}

// Report implements dav.Reporter: oc:filter-comments.
func (c collection) Report(ctx context.Context, r dav.Resource, q dav.Report) (iter.Seq2[dav.Resource, error], error) {
	t, ok := r.Value.(thread)
	if !ok || q.Name != oc("filter-comments") {
		return nil, dav.UnknownReport(q.Name)
	}
	p, none, err := pageOf(q.Body)
	if none || err != nil {
		return dav.Each(nil), err
	}
	return c.remarks(ctx, t.Entry, p, true), nil
}

// pageOf reads which comments a report wants. A time that is none is met by no
// comment (15-dav-comments/023).
func pageOf(body *dav.Node) (p page, none bool, err error) {
	for name, into := range map[string]*int{"limit": &p.limit, "offset": &p.offset} {
		text := body.ChildText(dav.NSOC, name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 31)
		if err != nil || n < 0 {
			return p, false, fault.New(fault.Invalid, "A limit of the report is not a number.")
		}
		*into = int(n)
	}
	text := body.ChildText(dav.NSOC, "datetime")
	if text == "" {
		return p, false, nil
	}
	for _, layout := range []string{time.RFC3339Nano, http.TimeFormat, time.RFC1123Z, time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil {
			p.since = t.UnixMicro()
			return p, false, nil
		}
	}
	return p, true, nil
}

func oc(local string) xml.Name { return xml.Name{Space: dav.NSOC, Local: local} }
func dv(local string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: local} }

// Put implements dav.Putter: nothing can be put (15-dav-comments/043).
func (c collection) Put(context.Context, string, *http.Request, dav.Check) (bool, http.Header, error) {
	return false, nil, fault.New(fault.Conflict, "PUT is not allowed on non-files.")
}

var _ interface {
	dav.Collection
	dav.Poster
	dav.Putter
	dav.Deleter
	dav.Patcher
	dav.Reporter
} = collection{}
