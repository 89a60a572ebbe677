package davfiles

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// uploads is the mount "uploads": /{user}/{id}/{chunk}. Chunks are contents of
// their own; the end of an upload refers to them in order and moves no byte.
type uploads struct{ *Room }

// upload is one upload under way, or its result after the end.
type upload struct {
	id      int64
	name    string
	touched time.Time
	result  string // JSON of ending, "" while under way
}

// errNoUpload says that there is no such upload, or not any more.
var errNoUpload = fault.New(fault.NotFound, "There is no such upload; it may have expired.")

// whole is what the chunks of an upload will become.
type whole struct {
	upload
	size  int64
	mtime time.Time
}

// chunk is one piece.
type chunk struct {
	name  string
	c     content.Content
	mtime time.Time
}

// ending is the first answer to the end of an upload, kept to be given again.
type ending struct {
	Created bool
	Header  http.Header
	To      string
}

// assembled is the name of what the chunks will become.
const assembled = ".file"

// part splits /{user}/{id}/{chunk}.
func part(ctx context.Context, path string) (uid, id, name string, err error) {
	p := who.From(ctx)
	segs := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 4)
	if p == nil || segs[0] != p.Home() || len(segs) > 3 {
		return "", "", "", fault.New(fault.NotFound, "There is no such upload.")
	}
	segs = append(segs, "", "")
	if len(segs[1]) > 200 || len(segs[2]) > 200 {
		return "", "", "", fault.New(fault.Invalid, "The name of the upload or chunk is too long.")
	}
	return p.Key(), segs[1], segs[2], nil
}

func (u uploads) find(ctx context.Context, uid, name string) (upload, error) {
	up, err := db.One(ctx, u.db, scanUpload, "SELECT id, name, touched, result FROM upload WHERE uid = ? AND name = ?", uid, name)
	if errors.Is(err, fault.NotFound) {
		return up, errNoUpload
	}
	return up, err
}

func scanUpload(r db.Row) (v upload, err error) {
	var at int64
	err = r.Scan(&v.id, &v.name, &at, &v.result)
	v.touched = time.Unix(at, 0)
	return v, err
}

// open is find for uploads that have not ended: of the others only the answer is
// remembered.
func (u uploads) open(ctx context.Context, uid, name string) (upload, error) {
	up, err := u.find(ctx, uid, name)
	if err == nil && up.result != "" {
		err = errNoUpload
	}
	return up, err
}

func scanChunk(r db.Row) (c chunk, err error) {
	var at int64
	err = r.Scan(&c.name, &c.c.ID, &c.c.Size, &at)
	c.mtime = time.Unix(at, 0)
	return c, err
}

// chunks lists the pieces in the order in which they make the file: by number,
// or as people sort names.
func chunksOf(ctx context.Context, d *db.DB, id int64) ([]chunk, error) {
	cs, err := db.List(ctx, d, scanChunk, "SELECT name, content, size, mtime FROM chunk WHERE upload = ?", id)
	slices.SortFunc(cs, func(a, b chunk) int { return names.Natural(a.name, b.name) })
	return cs, err
}

// Stat implements dav.Collection.
func (u uploads) Stat(ctx context.Context, path string) (dav.Resource, error) {
	uid, id, name, err := part(ctx, path)
	if path == "/" || err == nil && id == "" {
		return dav.Resource{Path: path, Dir: true}, nil
	}
	if err != nil {
		return dav.Resource{}, err
	}
	up, err := u.find(ctx, uid, id)
	if err != nil {
		return dav.Resource{}, err
	}
	switch {
	case name == assembled: // also of an upload that has ended, to give the answer again
		w, err := u.whole(ctx, up)
		return dav.Resource{Path: path, MTime: w.mtime, Value: w}, err
	case up.result != "":
		return dav.Resource{}, errNoUpload
	case name == "":
		return dav.Resource{Path: path, Dir: true, MTime: up.touched, Value: up}, nil
	}
	c, err := db.One(ctx, u.db, scanChunk, "SELECT name, content, size, mtime FROM chunk WHERE upload = ? AND name = ?", up.id, name)
	if err != nil {
		return dav.Resource{}, err
	}
	return dav.Resource{Path: path, MTime: c.mtime, Value: c}, nil
}

func (u uploads) whole(ctx context.Context, up upload) (whole, error) {
	return db.One(ctx, u.db, func(r db.Row) (w whole, err error) {
		var at int64
		w.upload = up
		err = r.Scan(&w.size, &at)
		w.mtime = time.Unix(at, 0)
		return w, err
	}, "SELECT COALESCE(SUM(size), 0), COALESCE(MAX(mtime), ?) FROM chunk WHERE upload = ?", up.touched.Unix(), up.id)
}

// List implements dav.Collection.
func (u uploads) List(ctx context.Context, folder dav.Resource) iter.Seq2[dav.Resource, error] {
	return func(yield func(dav.Resource, error) bool) {
		var rs []dav.Resource
		var err error
		if up, ok := folder.Value.(upload); ok {
			rs, err = u.listChunks(ctx, folder.Path, up)
		} else {
			rs, err = u.listUploads(ctx, folder.Path)
		}
		if err != nil {
			yield(dav.Resource{}, err)
			return
		}
		for _, r := range rs {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (u uploads) listUploads(ctx context.Context, path string) (rs []dav.Resource, err error) {
	if p := who.From(ctx); path == "/" || p.Narrow() || p.Link != 0 { // who could finish others' uploads in their own folder, and read them
		return nil, &dav.Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed",
			Text: "Listing members of this collection is disabled"}
	}
	ups, err := db.List(ctx, u.db, scanUpload, "SELECT id, name, touched, result FROM upload WHERE uid = ? AND result = '' ORDER BY name",
		who.From(ctx).Key())
	for _, up := range ups {
		rs = append(rs, dav.Resource{Path: path + "/" + up.name, Dir: true, MTime: up.touched, Value: up})
	}
	return rs, err
}

func (u uploads) listChunks(ctx context.Context, path string, up upload) ([]dav.Resource, error) {
	cs, err := chunksOf(ctx, u.db, up.id)
	w := whole{upload: up, mtime: up.touched}
	rs := []dav.Resource{{}}
	for _, c := range cs {
		w.size += c.c.Size
		rs = append(rs, dav.Resource{Path: path + "/" + c.name, MTime: c.mtime, Value: c})
	}
	rs[0] = dav.Resource{Path: path + "/" + assembled, MTime: w.mtime, Value: w}
	return rs, err
}

// Make implements dav.Maker: it begins an upload.
func (u uploads) Make(ctx context.Context, path string, _ *http.Request, _ dav.Check) (http.Header, error) {
	uid, name, rest, err := part(ctx, path)
	if err != nil {
		return nil, fault.New(fault.Denied, "You may not upload here.")
	}
	if name == "" || rest != "" {
		return nil, fault.New(fault.Denied, "Folders cannot be made here.")
	}
	id, err := u.db.ID(ctx)
	if err != nil {
		return nil, err
	}
	err = u.db.Tx(ctx, func(tx *db.DB) error {
		// Clients that name uploads by their file begin anew under the same name.
		if _, err := tx.Exec(ctx, "DELETE FROM upload WHERE uid = ? AND name = ? AND result <> ''", uid, name); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO upload (id, uid, name, touched, result) VALUES (?, ?, ?, ?, '')", id, uid, name, u.Now().Unix())
		return err
	})
	if errors.Is(err, fault.Exists) {
		return nil, fault.New(fault.Exists, "The resource you tried to create already exists")
	}
	return http.Header{}, err
}

// Put implements dav.Putter: it stores a chunk.
func (u uploads) Put(ctx context.Context, path string, req *http.Request, check dav.Check) (bool, http.Header, error) {
	uid, id, name, err := part(ctx, path)
	if err != nil {
		return false, nil, err
	}
	if name == "" || name == assembled {
		return false, nil, fault.New(fault.Denied, "Only chunks can be stored here.")
	}
	up, err := u.open(ctx, uid, id)
	if err != nil {
		return false, nil, err
	}
	put, _, err := putOf(req)
	if err != nil {
		return false, nil, err
	}
	v, err := u.view(ctx)
	if err != nil {
		return false, nil, err
	}
	if err := v.HasRoom(ctx, max(put.Size, put.Total)); err != nil {
		return false, nil, err
	}
	c, err := u.content.Write(ctx, req.Body, req.ContentLength)
	if err != nil {
		return false, nil, err
	}
	created, err := u.keep(ctx, up, name, c)
	if err != nil {
		u.content.Forget(ctx, c.ID)
		return false, nil, err
	}
	etag := etagText(c.ID)
	return created, http.Header{"Etag": {etag}, "Oc-Etag": {etag}}, nil
}

// keep records a chunk in place of one of the same name.
func (u uploads) keep(ctx context.Context, up upload, name string, c content.Content) (created bool, err error) {
	err = u.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "UPDATE upload SET touched = ? WHERE id = ? AND result = ''", u.Now().Unix(), up.id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoUpload
		}
		old, err := db.One(ctx, tx, db.Scan1[int64], "SELECT content FROM chunk WHERE upload = ? AND name = ?", up.id, name)
		created = errors.Is(err, fault.NotFound)
		if err != nil && !created {
			return err
		}
		if err := u.content.Keep(ctx, tx, c); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO chunk (upload, name, content, size, mtime) VALUES (?, ?, ?, ?, ?)
			{{on upload,name set content,size,mtime}}`, up.id, name, c.ID, c.Size, u.Now().Unix()); err != nil || created {
			return err
		}
		return u.content.Refer(ctx, tx, old, -1)
	})
	return created, err
}

// Delete implements dav.Deleter: it gives an upload or a chunk up.
func (u uploads) Delete(ctx context.Context, r dav.Resource, _ *http.Request, _ dav.Check) error {
	switch v := r.Value.(type) {
	case upload:
		return u.drop(ctx, u.db, v.id, forever)
	case chunk:
		uid, id, _, err := part(ctx, r.Path)
		if err != nil {
			return err
		}
		up, err := u.find(ctx, uid, id)
		if err != nil {
			return err
		}
		return u.db.Tx(ctx, func(tx *db.DB) error {
			if _, err := hold(ctx, tx, up.id, forever); err != nil {
				return err
			}
			n, err := tx.Exec(ctx, "DELETE FROM chunk WHERE upload = ? AND name = ? AND content = ?", up.id, v.name, v.c.ID)
			if err != nil || n == 0 {
				return err
			}
			return u.content.Refer(ctx, tx, v.c.ID, -1)
		})
	}
	return fault.New(fault.Denied, "This cannot be deleted.")
}

// Contents yields the contents that chunks hold, for the check of references.
func (rm *Room) Contents(ctx context.Context) iter.Seq2[int64, error] {
	return db.All(ctx, rm.db, db.Scan1[int64], "SELECT content FROM chunk")
}

// forever is later than any time at which an upload was touched.
const forever = math.MaxInt64

// hold keeps an upload as it is until the commit: what changes its chunks holds it
// first. It reports whether the upload was there and not touched since before.
func hold(ctx context.Context, tx *db.DB, id, before int64) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE upload SET touched = touched WHERE id = ? AND touched < ?", id, before)
	return n > 0, err
}

// drop gives an upload up that was not touched since before.
func (rm *Room) drop(ctx context.Context, d *db.DB, id, before int64) error {
	return d.Tx(ctx, func(tx *db.DB) error {
		if there, err := hold(ctx, tx, id, before); err != nil || !there {
			return err
		}
		ids, err := db.List(ctx, tx, db.Scan1[int64], "SELECT content FROM chunk WHERE upload = ?", id)
		if err != nil {
			return err
		}
		for _, c := range ids {
			if err := rm.content.Refer(ctx, tx, c, -1); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "DELETE FROM chunk WHERE upload = ?", id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM upload WHERE id = ?", id)
		return err
	})
}

// uploadAge is how long an upload may be silent before it is given up, and how
// long the answer to its end is remembered.
const uploadAge = 24 * time.Hour

// ExpireUploads gives up uploads of which nothing was heard for a day.
func (rm *Room) ExpireUploads(ctx context.Context) error {
	before := rm.Now().Add(-uploadAge).Unix()
	ids, err := db.List(ctx, rm.db, db.Scan1[int64], "SELECT id FROM upload WHERE touched < ?", before)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := rm.drop(ctx, rm.db, id, before); err != nil {
			return err
		}
	}
	return nil
}

// Send implements dav.Sender: MOVE …/.file ends an upload. A client that did not
// get the answer may ask again and gets the same.
func (u uploads) Send(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	w, ok := t.Source.Value.(whole)
	if !ok {
		return false, nil, fault.New(fault.Invalid, "Only a whole upload can be moved to the files.")
	}
	up := w.upload
	if up.result != "" {
		var e ending
		if err := json.Unmarshal([]byte(up.result), &e); err != nil {
			return false, nil, fmt.Errorf("result of upload %d: %w", up.id, err)
		}
		if e.To != t.To {
			return false, nil, fault.New(fault.Conflict, "This upload has already become another file.")
		}
		return e.Created, e.Header, nil
	}
	return u.finish(ctx, up, t)
}

func (u uploads) finish(ctx context.Context, up upload, t dav.Transfer) (bool, http.Header, error) {
	inner, err := forWriting(ctx, t.To)
	if err != nil {
		return false, nil, err
	}
	v, err := u.view(ctx)
	if err != nil {
		return false, nil, err
	}
	put, h, err := putOf(t.Request)
	if err != nil {
		return false, nil, err
	}
	total := put.Total
	if err := u.gather(ctx, up, &put); err != nil {
		return false, nil, err
	}
	if t.Request.Header.Get("OC-Total-Length") != "" && put.Size != total {
		return false, nil, fault.New(fault.Invalid, fmt.Sprintf("Chunks on server do not sum up to %d but to %d bytes", total, put.Size))
	}
	put.Check = func(cur *files.Entry) error {
		if cur != nil && !t.Overwrite {
			return fault.New(fault.Exists, "There is already a file of this name.")
		}
		return checkOf(func(r *dav.Resource) error { return t.Check(nil, r) })(cur)
	}
	var e ending
	put.Also = func(tx *db.DB, w files.Written) error {
		e = ending{Created: w.Created, To: t.To, Header: u.writtenHeader(w.Entry)}
		for k, val := range h {
			e.Header[k] = val
		}
		return u.conclude(ctx, tx, up, put.Parts, e)
	}
	if _, err := v.Write(ctx, inner, put); err != nil {
		return false, nil, transferError(err)
	}
	return e.Created, e.Header, nil
}

// gather makes the chunks the parts of a write.
func (u uploads) gather(ctx context.Context, up upload, put *files.Put) error {
	cs, err := chunksOf(ctx, u.db, up.id)
	if err != nil {
		return err
	}
	put.Body, put.Size, put.Total = strings.NewReader(""), 0, 0
	for _, c := range cs {
		put.Parts = append(put.Parts, c.c)
		put.Size += c.c.Size
	}
	if put.Parts == nil {
		return nil
	}
	// The chunks are not read again, so a checksum of the whole is taken as said.
	for _, s := range put.Sums {
		if sum, err := hex.DecodeString(s.Want); err == nil && s.Hash.Size() == 20 && len(sum) == 20 {
			put.SHA1 = sum
		}
	}
	put.Sums = nil
	return nil
}

// conclude marks an upload as done, in the transaction of the file's write which
// took its chunks as parts. A chunk that was sent once more in the meantime, as
// clients do after a broken connection, has another content than was taken: then
// nothing is written, and the client ends the upload again.
func (u uploads) conclude(ctx context.Context, tx *db.DB, up upload, parts []content.Content, e ending) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "UPDATE upload SET result = ?, touched = ? WHERE id = ? AND result = ''", string(text), u.Now().Unix(), up.id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "This upload was ended by another request.")
	}
	now, err := chunksOf(ctx, tx, up.id)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(now, parts, func(c chunk, p content.Content) bool { return c.c.ID == p.ID }) {
		return fault.New(fault.Unavailable, "A chunk was sent again while the upload was being ended. Please end it once more.")
	}
	_, err = tx.Exec(ctx, "DELETE FROM chunk WHERE upload = ?", up.id)
	return err
}

// Get implements dav.Getter: uploads are not read back.
func (u uploads) Get(context.Context, dav.Resource, http.ResponseWriter, *http.Request) (*dav.Content, error) {
	return nil, fault.New(fault.Denied, "Chunks cannot be downloaded.")
}
