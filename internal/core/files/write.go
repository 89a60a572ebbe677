package files

import (
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strings"
	"time"

	"atrium/internal/base/checksum"
	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// ErrNoParent says that the folder to write into is not there; ErrIsFolder that
// a file cannot take the place of a folder. Both are fault.Conflict.
var (
	ErrNoParent = fault.New(fault.Conflict, "The parent folder does not exist.")
	ErrIsFolder = fault.New(fault.Conflict, "There is a folder of this name.")
)

// Put says what to write. The zero value of each field but Body or Parts is fine.
type Put struct {
	Body    io.Reader
	Parts   []content.Content // instead of Body: contents to join, in order
	Stored  *content.Content  // instead of Body: bytes that content.Write has stored
	Known   bool              // Stored is a content that something refers to already
	SHA1    []byte            // of the joined parts, as the client says; nil if it does not
	Size    int64             // length of Body in bytes; < 0 is unknown
	Total   int64             // bytes to find room for, if more than Size
	MTime   time.Time         // zero: now
	Created int64             // Unix seconds; 0 keeps what was there
	Sums    []checksum.Sum    // that the bytes must have
	// Check sees what stands at the path now, nil for nothing, and may refuse.
	// It is asked before the body is read and again when the write commits.
	Check func(cur *Entry) error
	// Also runs in the transaction of the write.
	Also func(tx *db.DB, w Written) error
}

// alone tells whether what a write stored is nobody's when the write fails.
func (p Put) alone() bool { return p.Parts == nil && !p.Known }

// Written is the outcome of Write.
type Written struct {
	*Entry
	Created bool
}

// spot is a place where something is or will be.
type spot struct {
	mount  *Mount
	parent tree.Node
	name   string
	path   string
	cur    *Entry // what is there, nil for nothing
	self   int64  // the node that is on its way here, 0 for a new one
	only   int64  // the node that alone may stand here, 0 for any
}

// locate finds the place for a write.
func (v *View) locate(ctx context.Context, p string) (*spot, error) {
	segs, err := names.Split(p)
	if err != nil {
		return nil, err
	}
	if len(segs) == 0 {
		return v.locateRoot(ctx)
	}
	m, rest := v.mount(segs)
	if m.way || m.held != nil && len(rest) == 0 {
		return v.locateFixed(ctx, m, segs)
	}
	if len(rest) == 0 { // the root of a mount: a name in the folder around it
		e, err := v.Stat(ctx, p)
		if err != nil {
			return nil, err
		}
		s := &spot{mount: m, cur: e, name: segs[len(segs)-1], path: e.Path}
		s.standIn(e)
		return s, nil
	}
	parent, err := v.tree.Find(ctx, v.db, m.Root, rest[:len(rest)-1])
	if errors.Is(err, fault.NotFound) || err == nil && !parent.IsDir() {
		return nil, ErrNoParent
	}
	if err != nil {
		return nil, err
	}
	s := &spot{mount: m, parent: parent, name: rest[len(rest)-1], path: "/" + strings.Join(segs, "/")}
	s.cur, err = v.current(ctx, v.db, s)
	return s, err
}

// standIn makes a mounted file's spot the place where the file really lies, whose
// bytes are written there and nothing else may take its place.
func (s *spot) standIn(e *Entry) {
	if !e.IsDir() {
		s.parent, s.name, s.only = tree.Node{ID: e.Parent, Kind: tree.Folder}, e.Name, e.ID
	}
}

// current reads what stands at a spot.
func (v *View) current(ctx context.Context, d *db.DB, s *spot) (*Entry, error) {
	n, err := v.tree.Child(ctx, d, s.parent.ID, s.name)
	if s.only != 0 && (errors.Is(err, fault.NotFound) || err == nil && n.ID != s.only) {
		return nil, errOnly
	}
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Entry{Node: n, Path: s.path, Mount: s.mount}, nil
}

// mayWrite checks the rights to put a file at a spot.
func (v *View) mayWrite(ctx context.Context, s *spot) error {
	need, op, e := Create, OpCreate, &Entry{Node: s.parent, Path: s.path, Mount: s.mount}
	if s.cur != nil {
		if s.cur.IsDir() {
			return ErrIsFolder
		}
		need, op, e = Update, OpWrite, s.cur
	}
	if s.mount.Perm&need == 0 {
		return fault.New(fault.Denied, "You may not write here.")
	}
	if s.cur == nil {
		if err := v.noClash(ctx, s); err != nil {
			return err
		}
	}
	return v.guard(ctx, op, e)
}

// Write puts a file at a path: new, or in place of the one that is there. When
// it returns nil the bytes survive a power cut.
func (v *View) Write(ctx context.Context, p string, put Put) (Written, error) {
	s, err := v.locate(ctx, p)
	if err == nil && v.addsOnly(s.mount) {
		s, err = v.beside(ctx, v.db, s)
	}
	if err != nil {
		return Written{}, err
	}
	if put.Check != nil {
		if err := put.Check(s.cur); err != nil {
			return Written{}, err
		}
	}
	if err := v.mayWrite(ctx, s); err != nil {
		return Written{}, err
	}
	if err := v.hasRoom(ctx, s, max(put.Size, put.Total)); err != nil {
		return Written{}, err
	}
	c, err := v.store(ctx, put)
	if err != nil {
		return Written{}, err
	}
	w, err := v.commit(ctx, s, c, put)
	if err != nil && put.alone() {
		v.content.Forget(ctx, c.ID)
	}
	return w, err
}

// store writes the body and checks it. A joined content gets only its id here.
func (v *View) store(ctx context.Context, put Put) (content.Content, error) {
	if put.Parts != nil {
		id, err := v.db.ID(ctx)
		return content.Content{ID: id}, err
	}
	if put.Stored != nil {
		return *put.Stored, nil
	}
	hashes := make([]hash.Hash, len(put.Sums))
	for i, s := range put.Sums {
		hashes[i] = s.Hash
	}
	c, err := v.content.Write(ctx, put.Body, put.Size, hashes...)
	if err != nil {
		return c, err
	}
	for _, s := range put.Sums {
		if s.Want == "" {
			continue
		}
		if got := hex.EncodeToString(s.Hash.Sum(nil)); !strings.EqualFold(got, s.Want) {
			v.content.Forget(ctx, c.ID)
			return c, fault.New(fault.Invalid, "The content does not match its checksum; it was damaged on the way.")
		}
	}
	return c, nil
}

// commit makes a stored content the file at a spot.
func (v *View) commit(ctx context.Context, s *spot, c content.Content, put Put) (Written, error) {
	mime := MediaType(s.name)
	mimeID, err := v.tree.MimeID(ctx, mime)
	if err != nil {
		return Written{}, err
	}
	first, err := v.db.ID(ctx)
	if err != nil {
		return Written{}, err
	}
	change, err := v.tree.NewChange(ctx)
	if err != nil {
		return Written{}, err
	}
	var w Written
	var raced bool
	once := func(tx *db.DB) error {
		raced = false
		s, err := v.beside(ctx, tx, s)
		if err != nil {
			return err
		}
		cur := s.cur
		if err := refused(cur, put); err != nil {
			return err
		}
		joined := c
		if put.Parts != nil {
			joined, err = v.content.Join(ctx, tx, c.ID, put.Parts, put.SHA1)
		} else if put.Known {
			err = v.content.Refer(ctx, tx, c.ID, 1)
		} else {
			err = v.content.Keep(ctx, tx, c)
		}
		if err != nil {
			return err
		}
		w = v.written(s, cur, joined, put, tree.Node{ID: first, Mime: mimeID})
		w.Mime = mime
		if err := v.takeRoom(ctx, tx, s, w.Size-sizeOf(cur)); err != nil {
			return err
		}
		if err := v.place(ctx, tx, change, s, cur, w); err != nil {
			raced = errors.Is(err, fault.Exists) || errors.Is(err, fault.Stale)
			return err
		}
		if put.Also != nil {
			return put.Also(tx, w)
		}
		return nil
	}
	// Another may write the same file between our look and our writing: then we see
	// theirs the next time, and judge it by the conditions again.
	for try := 0; ; try++ {
		if err := v.db.Tx(ctx, once); err == nil || !raced || try == maxRaces {
			return w, err
		}
	}
}

// maxRaces is how often a write that another was faster than begins anew.
const maxRaces = 20

func sizeOf(e *Entry) int64 {
	if e == nil {
		return 0
	}
	return e.Size
}

// written is the node that a write makes of what stands there; fresh has what
// a new node needs.
func (v *View) written(s *spot, cur *Entry, c content.Content, put Put, fresh tree.Node) Written {
	now := v.Now()
	n := fresh
	n.Parent, n.Name, n.Kind, n.Uploaded = s.parent.ID, s.name, tree.File, now.Unix()
	if cur != nil {
		n.ID, n.Created, n.Uploaded = cur.ID, cur.Created, cur.Uploaded
	}
	if n.Writer = v.who.ID; n.Writer == "" {
		n.Writer = tree.Nobody
	} else if n.Writer == s.mount.Owner {
		n.Writer = ""
	}
	n.Size, n.Content, n.SHA1, n.ETag, n.MTime = c.Size, c.ID, c.SHA1, tree.NewETag(), put.MTime
	if n.MTime.IsZero() {
		n.MTime = now
	}
	if put.Created != 0 {
		n.Created = put.Created
	}
	return Written{Entry: &Entry{Node: n, Path: s.path, Mount: s.mount}, Created: cur == nil}
}

func (v *View) place(ctx context.Context, tx *db.DB, change tree.Change, s *spot, cur *Entry, w Written) error {
	ev := event.FileWritten{Space: s.mount.Space, Node: w.ID, Parent: w.Parent, Name: w.Name, Content: w.Content, Made: cur == nil, By: v.by()}
	if cur == nil {
		if err := v.tree.Create(ctx, tx, change, s.mount.Space, w.Node); err != nil {
			if errors.Is(err, fault.Conflict) {
				return ErrNoParent
			}
			return err
		}
		return v.publish(ctx, tx, ev)
	}
	if err := v.tree.Update(ctx, tx, change, s.mount.Space, cur.Node, w.Node); err != nil {
		return err
	}
	if err := v.release(ctx, tx, cur, Keeper.Overwritten); err != nil {
		return err
	}
	return v.publish(ctx, tx, ev)
}

// release gives an old content to the first keeper that wants it, or drops it.
func (v *View) release(ctx context.Context, tx *db.DB, old *Entry, offer func(Keeper, context.Context, *db.DB, *Entry) (bool, error)) error {
	for _, k := range v.Hooks.Keepers {
		kept, err := offer(k, ctx, tx, old)
		if kept || err != nil {
			return err
		}
	}
	return v.content.Refer(ctx, tx, old.Content, -1)
}

// hasRoom refuses early what cannot fit, before a long body is read.
func (v *View) hasRoom(ctx context.Context, s *spot, size int64) error {
	if size <= 0 {
		return nil
	}
	quota, err := v.quota(ctx, v.db, s.mount)
	if err != nil || quota < 0 {
		return err
	}
	return v.fits(ctx, v.db, s, quota, size-sizeOf(s.cur))
}

// HasRoom refuses with fault.Full what would not fit into the home.
func (v *View) HasRoom(ctx context.Context, size int64) error {
	return v.hasRoom(ctx, &spot{mount: &v.mounts[0], path: "/"}, size)
}

// takeRoom checks the quota in the transaction of a write. The space is locked
// first, so that two writes cannot both take the last room.
func (v *View) takeRoom(ctx context.Context, tx *db.DB, s *spot, more int64) error {
	quota, err := v.quota(ctx, tx, s.mount)
	if err != nil || quota < 0 || more <= 0 {
		return err
	}
	if err := v.tree.Lock(ctx, tx, s.mount.Space); err != nil {
		return err
	}
	return v.fits(ctx, tx, s, quota, more)
}

func (v *View) quota(ctx context.Context, d *db.DB, m *Mount) (int64, error) {
	quota, err := v.tree.QuotaOf(ctx, d, m.Space)
	return v.limit(quota), err
}

func (v *View) fits(ctx context.Context, d *db.DB, s *spot, quota, more int64) error {
	used, err := v.tree.Used(ctx, d, s.mount.Space)
	if err != nil {
		return err
	}
	if room := max(quota-used, 0); more > room && v.who.Link != 0 { // how much there is, is no visitor's business
		return fault.New(fault.Full, "There is not enough room for this.")
	} else if more > room {
		return fault.New(fault.Full, "Insufficient space in {path}, {needed} required, {free} available", "path", s.path, "needed", more, "free", room)
	}
	return nil
}
