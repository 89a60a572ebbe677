package davfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// collection is the mount "files".
type collection struct{ *Room }

// split takes a path of the mount apart: whose files, and where in them.
func split(path string) (uid, inner string) {
	uid, inner, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return uid, "/" + inner
}

// own checks that a path lies in the caller's own files. Somebody else's home
// does not exist, as far as we tell.
func own(ctx context.Context, path string) (string, error) {
	p := who.From(ctx)
	uid, inner := split(path)
	if p == nil || uid != p.Home() {
		return "", fault.New(fault.NotFound, "File not found: "+uid)
	}
	return inner, nil
}

// forWriting is own for verbs that make something: elsewhere is forbidden, and a
// name that no file can have is told as such.
func forWriting(ctx context.Context, path string) (string, error) {
	inner, err := own(ctx, path)
	if err != nil {
		return "", fault.New(fault.Denied, "You may not write into somebody else's files.")
	}
	if _, err := names.Split(inner); err != nil {
		return "", &dav.Error{Status: http.StatusBadRequest, Exception: dav.InvalidPath, Why: err, Reason: true}
	}
	return inner, nil
}

func etagText(n int64) string { return fmt.Sprintf(`"%016x"`, n) }

func resource(uid string, e *files.Entry) dav.Resource {
	path := "/" + uid
	if !e.IsRoot() {
		path += e.Path
	}
	return dav.Resource{Path: path, Dir: e.IsDir(), MTime: e.MTime, Value: e}
}

// Stat implements dav.Collection.
func (c collection) Stat(ctx context.Context, path string) (dav.Resource, error) {
	if path == "/" {
		return dav.Resource{Path: "/", Dir: true}, nil
	}
	inner, err := own(ctx, path)
	if err != nil {
		return dav.Resource{}, err
	}
	v, err := c.view(ctx)
	if err != nil {
		return dav.Resource{}, err
	}
	e, err := v.Stat(ctx, inner)
	if errors.Is(err, fault.NotFound) {
		return dav.Resource{}, fault.Wrap(fault.NotFound, err, "File with name "+inner+" could not be located")
	}
	if err != nil {
		return dav.Resource{}, err
	}
	r := resource(v.Who().Home(), e)
	r.ETag = etagText(e.ETag)
	return r, nil
}

// List implements dav.Collection.
func (c collection) List(ctx context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	return func(yield func(dav.Resource, error) bool) {
		top, ok := folder.Value.(*files.Entry)
		if !ok {
			yield(dav.Resource{}, &dav.Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed",
				Text: "Listing members of this collection is disabled"})
			return
		}
		v, err := c.view(ctx)
		if err != nil {
			yield(dav.Resource{}, err)
			return
		}
		for e, err := range v.List(ctx, top) {
			if err != nil {
				yield(dav.Resource{}, err)
				return
			}
			if !yield(resource(v.Who().Home(), e), nil) {
				return
			}
		}
	}
}

// Get implements dav.Getter.
func (c collection) Get(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) (*dav.Content, error) {
	e, ok := r.Value.(*files.Entry)
	if !ok {
		return nil, fault.New(fault.Denied, "This folder has no content of its own.")
	}
	v, err := c.view(ctx)
	if err != nil {
		return nil, err
	}
	if e.IsDir() {
		return c.getFolder(ctx, v, e, w, req)
	}
	h := http.Header{"Content-Disposition": {dav.Disposition(e.Base())}, "Oc-Etag": {r.ETag}}
	if e.SHA1 != nil {
		h["Oc-Checksum"] = []string{fmt.Sprintf("SHA1:%x", e.SHA1)}
	}
	return &dav.Content{Size: e.Size, Type: dav.ServedType(e.Mime), Header: h, Open: func(off, n int64) (io.ReadCloser, error) {
		return v.Open(ctx, e, off, n)
	}}, nil
}

// checkOf lets the protocol's preconditions see entries.
func checkOf(check dav.Check) func(*files.Entry) error {
	return func(cur *files.Entry) error {
		if cur == nil {
			return check(nil)
		}
		return check(&dav.Resource{ETag: etagText(cur.ETag), MTime: cur.MTime, Dir: cur.IsDir(), Value: cur})
	}
}

// fileID is oc:id: the node's number padded to 8 digits and the instance.
func (rm *Room) fileID(id int64) string { return fmt.Sprintf("%08d%s", id, rm.instance) }

func (rm *Room) writtenHeader(e *files.Entry) http.Header {
	etag := etagText(e.ETag)
	h := http.Header{"Oc-Fileid": {rm.fileID(e.ID)}, "Etag": {etag}, "Oc-Etag": {etag}}
	if e.Perm()&files.Read == 0 { // 18-public-dav/062
		delete(h, "Oc-Fileid")
	}
	return h
}

// Put implements dav.Putter.
func (c collection) Put(ctx context.Context, path string, req *http.Request, check dav.Check) (bool, http.Header, error) {
	inner, err := forWriting(ctx, path)
	if err != nil {
		return false, nil, err
	}
	v, err := c.view(ctx)
	if err != nil {
		return false, nil, err
	}
	put, h, err := putOf(req)
	if err != nil {
		return false, nil, err
	}
	put.Check = checkOf(check)
	if req.Header.Get("X-NC-WebDAV-Auto-Mkcol") == "1" {
		if err := makeParents(ctx, v, inner); err != nil {
			return false, nil, err
		}
	}
	sums, err := hashesOf(req.Header)
	if err != nil {
		return false, nil, err
	}
	put.Sums = append(put.Sums, sums.sums...)
	w, err := v.Write(ctx, inner, put)
	if err != nil {
		return false, nil, putError(err, req)
	}
	sums.report(h)
	for k, val := range c.writtenHeader(w.Entry) {
		h[k] = val
	}
	return w.Created, h, nil
}

// putError tells a missing parent of a PUT as the recorded server does: 404 under
// dav/files, 409 under the legacy address.
func putError(err error, req *http.Request) error {
	if errors.Is(err, files.ErrIsFolder) {
		return fault.New(fault.Conflict, "PUT is not allowed on non-files.")
	}
	if errors.Is(err, files.ErrNoParent) && strings.Contains(req.URL.Path, "/remote.php/dav/") {
		return fault.Wrap(fault.NotFound, err, "The parent folder could not be located")
	}
	return err
}

// makeParents makes the folders above a path that are missing.
func makeParents(ctx context.Context, v *files.View, path string) error {
	segs, err := names.Split(path)
	if err != nil {
		return err
	}
	at := ""
	for _, s := range segs[:max(len(segs)-1, 0)] {
		at += "/" + s
		if _, err := v.Mkdir(ctx, at); err != nil && !errors.Is(err, fault.Exists) {
			return err
		}
	}
	return nil
}

// Make implements dav.Maker.
func (c collection) Make(ctx context.Context, path string, req *http.Request, check dav.Check) (http.Header, error) {
	inner, err := forWriting(ctx, path)
	if err != nil {
		return nil, err
	}
	v, err := c.view(ctx)
	if err != nil {
		return nil, err
	}
	if err := check(nil); err != nil {
		return nil, err
	}
	e, err := v.Mkdir(ctx, inner)
	if errors.Is(err, fault.Exists) {
		return nil, fault.Wrap(fault.Exists, err, "The resource you tried to create already exists")
	}
	if errors.Is(err, files.ErrNoParent) {
		return nil, fault.Wrap(fault.Conflict, err, "Parent node does not exist")
	}
	if err != nil {
		return nil, err
	}
	return http.Header{"Oc-Fileid": {c.fileID(e.ID)}}, nil
}

// Delete implements dav.Deleter.
func (c collection) Delete(ctx context.Context, r dav.Resource, req *http.Request, check dav.Check) error {
	e, ok := r.Value.(*files.Entry)
	if !ok {
		return fault.New(fault.Denied, "This cannot be deleted.")
	}
	v, err := c.view(ctx)
	if err != nil {
		return err
	}
	var precondition func(*files.Entry) error
	if !e.IsDir() {
		precondition = checkOf(check)
	}
	if req.Header.Get("X-NC-Skip-Trashbin") == "true" { // client-api §3
		return v.Erase(ctx, e, precondition)
	}
	return v.Remove(ctx, e, precondition)
}

// Move implements dav.Mover.
func (c collection) Move(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	v, e, to, clash, err := c.transfer(ctx, t)
	if err != nil {
		return false, nil, err
	}
	made, moved, err := v.Move(ctx, e, to, clash, checkTransfer(t))
	if err != nil {
		return false, nil, transferError(err)
	}
	if moved.IsDir() { // its etag is that of what is below it, not of the move
		return made, http.Header{"Oc-Fileid": {c.fileID(moved.ID)}}, nil
	}
	return made, c.writtenHeader(moved), nil
}

// Copy implements dav.Copier.
func (c collection) Copy(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	v, e, to, clash, err := c.transfer(ctx, t)
	if err != nil {
		return false, nil, err
	}
	how := files.Deep
	if t.Shallow {
		how = files.Flat
	}
	made, copied, err := v.Copy(ctx, e, to, files.CopyOptions{Clash: clash, Depth: how, Check: checkTransfer(t)})
	if err != nil {
		return false, nil, transferError(err)
	}
	return made, http.Header{"Oc-Fileid": {c.fileID(copied.ID)}}, nil
}

func (c collection) transfer(ctx context.Context, t dav.Transfer) (v *files.View, e *files.Entry, to string, clash files.Clash, err error) {
	e, ok := t.Source.Value.(*files.Entry)
	if !ok {
		return nil, nil, "", 0, fault.New(fault.Denied, "This cannot be moved or copied.")
	}
	if to, err = forWriting(ctx, t.To); err != nil {
		return nil, nil, "", 0, err
	}
	if e.IsRoot() {
		return nil, nil, "", 0, fault.New(fault.Conflict, "The destination may not be part of the same subtree as the source path.")
	}
	if t.Overwrite {
		clash = files.Overwrite
	}
	v, err = c.view(ctx)
	return v, e, to, clash, err
}

func checkTransfer(t dav.Transfer) func(src, dst *files.Entry) error {
	return func(src, dst *files.Entry) error {
		s := &dav.Resource{Path: t.Source.Path, MTime: src.MTime, ETag: etagText(src.ETag)}
		if src.IsDir() {
			s.ETag = t.Source.ETag // of a folder as it was settled when the request came
		}
		var d *dav.Resource
		if dst != nil {
			d = &dav.Resource{Path: t.To, MTime: dst.MTime, ETag: etagText(dst.ETag)}
		}
		return t.Check(s, d)
	}
}

func transferError(err error) error {
	if errors.Is(err, files.ErrNoParent) {
		return fault.Wrap(fault.Conflict, err, "The destination node is not found")
	}
	if errors.Is(err, files.ErrIsFolder) { // the root itself
		return fault.New(fault.Denied, "The destination cannot be replaced.")
	}
	return err
}

// PropPatch implements dav.Patcher: all changes are made, or none and the
// innocent ones are told as 424.
func (c collection) PropPatch(ctx context.Context, r dav.Resource, changes []dav.PropChange) ([]int, error) {
	e, ok := r.Value.(*files.Entry)
	if !ok {
		return nil, fault.New(fault.Denied, "This folder has no properties that could be changed.")
	}
	v, err := c.view(ctx)
	if err != nil {
		return nil, err
	}
	if err := mayPatch(ctx, v, e, changes); err != nil {
		return nil, err
	}
	p := &patch{room: c.Room, view: v, e: e}
	statuses := make([]int, len(changes))
	refused := false
	for i, ch := range changes {
		statuses[i] = p.take(ch)
		refused = refused || statuses[i] >= 300
	}
	if refused {
		for i, s := range statuses {
			if s < 300 {
				statuses[i] = http.StatusFailedDependency
			}
		}
		return statuses, nil
	}
	change, err := c.files.NewChange(ctx)
	if err != nil {
		return nil, err
	}
	return statuses, c.db.Tx(ctx, func(tx *db.DB) error { return p.apply(ctx, tx, change) })
}

// mayPatch tells whether somebody may change these properties: nil or why not. What
// is a favourite is everybody's own affair, whoever else may change the file; but a
// credential for a few folders sees others that are not its affair.
func mayPatch(ctx context.Context, v *files.View, e *files.Entry, changes []dav.PropChange) error {
	if !v.Who().Narrow() && !slices.ContainsFunc(changes, func(ch dav.PropChange) bool { return ch.Name != oc("favorite") }) {
		return nil
	}
	if e.Perm()&files.Update == 0 {
		return fault.New(fault.Denied, "You may not change this.")
	}
	return v.GuardProps(ctx, e)
}

// Plain decimal numbers only, so that "0x10" and "1e9" are refused.
func parseSeconds(s string) (int64, int64, bool) {
	whole, frac, _ := strings.Cut(strings.TrimSpace(s), ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || len(frac) > 0 && strings.Trim(frac, "0123456789") != "" {
		return 0, 0, false
	}
	nanos, err := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if strings.HasPrefix(whole, "-") {
		nanos = -nanos
	}
	return sec, nanos, sec >= earliest && sec <= latest
}

// The times that files can have: from 1901-12-13 to 2106-02-07, what 32 bits
// hold with and without a sign.
const (
	earliest = -1 << 31
	latest   = 1<<32 - 1
)

var _ interface {
	dav.Getter
	dav.Putter
	dav.Maker
	dav.Deleter
	dav.Mover
	dav.Copier
	dav.Patcher
} = collection{}
