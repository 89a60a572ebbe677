package davfiles

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"crypto/rand"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// lockRow is a lock as it is kept: on a node, so that it does not depend on
// names, with an end, so that none outlives its holder for long.
type lockRow struct {
	dav.Lock
	space, node int64
	display     string
	at          string // path in the space
}

// lockTable is the locks of a space, and where their nodes lie.
type lockTable struct {
	rows   []lockRow
	chains map[int64][]tree.Node
}

func scanLock(r db.Row) (l lockRow, err error) {
	var created, expires int64
	err = r.Scan(&l.Token, &l.space, &l.node, &l.Deep, &l.Shared, &l.Owner, &l.UID, &l.display, &created, &expires)
	l.Created, l.Expires = time.Unix(created, 0), time.Unix(expires, 0)
	return l, err
}

// locksOf reads the locks of a space that have not run out, with the chains of
// their nodes and of further ids. A space without locks costs one statement.
func (rm *Room) locksOf(ctx context.Context, space int64, also ...int64) (*lockTable, error) {
	rows, err := rm.lockRows(ctx, space)
	t := &lockTable{rows: rows}
	if err != nil || len(rows) == 0 {
		return t, err
	}
	for _, l := range rows {
		also = append(also, l.node)
	}
	t.chains, err = rm.files.Chains(ctx, also...)
	for i, l := range t.rows {
		t.rows[i].at = files.PathOf(t.chains[l.node])
	}
	return t, err
}

func (rm *Room) lockRows(ctx context.Context, space int64) ([]lockRow, error) {
	memo, _ := ctx.Value(lockMemoKey{}).(map[int64][]lockRow)
	if rows, known := memo[space]; known {
		return rows, nil
	}
	rows, err := db.List(ctx, rm.db, scanLock, `SELECT token, space, node, deep, shared, owner, uid, display, created, expires
		FROM davlock WHERE space = ? AND expires > ?`, space, rm.Now().Unix())
	if err == nil && memo != nil {
		memo[space] = rows
	}
	return rows, err
}

type lockMemoKey struct{}

// withLockMemo makes a request that writes many files ask once for the locks of
// each space. The context is for one goroutine.
func withLockMemo(ctx context.Context) context.Context {
	return context.WithValue(ctx, lockMemoKey{}, map[int64][]lockRow{})
}

// covering lists the locks that hold for a node: on it, or deep on a folder
// above it.
func (t *lockTable) covering(id int64) (out []lockRow) {
	for _, l := range t.rows {
		if l.node == id || l.Deep && slices.ContainsFunc(t.chains[id], func(n tree.Node) bool { return n.ID == l.node }) {
			out = append(out, l)
		}
	}
	return out
}

// below lists the locks on nodes under a folder.
func (t *lockTable) below(id int64) (out []lockRow) {
	for _, l := range t.rows {
		if l.node != id && slices.ContainsFunc(t.chains[l.node], func(n tree.Node) bool { return n.ID == id }) {
			out = append(out, l)
		}
	}
	return out
}

// guard keeps others from changing what is locked.
type guard struct{ *Room }

// Check implements files.Guard: each lock that covers what is to be changed must
// have been named by its token (RFC 4918 7).
func (g guard) Check(ctx context.Context, op files.Op, e *files.Entry) error {
	if op == files.OpRead {
		return nil
	}
	t, err := g.locksOf(ctx, e.Mount.Space, e.ID, e.Parent)
	if err != nil || len(t.rows) == 0 {
		return err
	}
	need := t.covering(e.ID)
	if op == files.OpMove || op == files.OpDelete {
		need = append(need, t.below(e.ID)...)
		need = append(need, t.covering(e.Parent)...)
	}
	held := dav.Submitted(ctx)
	for _, l := range need {
		if !slices.Contains(held, l.Token) && !satisfiedByOther(need, held, l) {
			return lockedError(l)
		}
	}
	return nil
}

// satisfiedByOther: of several shared locks on a resource one token is enough.
func satisfiedByOther(need []lockRow, held []string, l lockRow) bool {
	return l.Shared && slices.ContainsFunc(need, func(o lockRow) bool {
		return o.node == l.node && slices.Contains(held, o.Token)
	})
}

func lockedError(l lockRow) error {
	who := l.display
	if who == "" {
		who = l.UID
	}
	return fault.New(fault.Locked, "This is locked by "+who+" until "+l.Expires.UTC().Format("15:04 MST, 2 January")+".")
}

// find is the view and entry of a path for lock verbs.
func (c collection) find(ctx context.Context, path string) (*files.View, *files.Entry, error) {
	inner, err := own(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	v, err := c.view(ctx)
	if err != nil {
		return nil, nil, err
	}
	e, err := v.Stat(ctx, inner)
	return v, e, err
}

// Lock implements dav.Locker.
func (c collection) Lock(ctx context.Context, path string, l dav.LockRequest, check dav.Check) (dav.Lock, bool, error) {
	_, e, err := c.find(ctx, path)
	created := false
	if errors.Is(err, fault.NotFound) {
		empty := l.Request.Clone(ctx)
		empty.Body, empty.ContentLength, empty.Header = http.NoBody, 0, http.Header{"If": l.Request.Header["If"]}
		if created, _, err = c.Put(ctx, path, empty, check); err != nil {
			return dav.Lock{}, false, err
		}
		_, e, err = c.find(ctx, path)
	} else if err == nil {
		err = checkOf(check)(e)
	}
	if err != nil {
		return dav.Lock{}, false, err
	}
	if e.Perm()&files.Update == 0 {
		return dav.Lock{}, false, fault.New(fault.Denied, "You may not lock this.")
	}
	lock, err := c.takeLock(ctx, e, path, l)
	return lock, created, err
}

// maxLocks bounds the locks of a space: every write looks at them all.
const maxLocks = 1000

func (c collection) takeLock(ctx context.Context, e *files.Entry, path string, l dav.LockRequest) (dav.Lock, error) {
	t, err := c.locksOf(ctx, e.Mount.Space, e.ID)
	if err != nil {
		return dav.Lock{}, err
	}
	against := t.covering(e.ID)
	if l.Deep {
		against = append(against, t.below(e.ID)...)
	}
	if err := clashing(against, l.Shared, ""); err != nil {
		return dav.Lock{}, err
	}
	if len(t.rows) >= maxLocks {
		return dav.Lock{}, fault.New(fault.Full, "There are too many locks; some must end first.")
	}
	p, now := who.From(ctx), c.Now()
	lock := dav.Lock{Token: "opaquelocktoken:" + uuid(), Root: path, Shared: l.Shared, Deep: l.Deep, Owner: l.Owner,
		UID: p.ID, Created: now, Expires: now.Add(l.TTL)}
	_, err = c.db.Exec(ctx, `INSERT INTO davlock (token, space, node, deep, shared, owner, uid, display, created, expires)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, lock.Token, e.Mount.Space, e.ID, number(lock.Deep), number(lock.Shared), lock.Owner,
		p.ID, p.Display, now.Unix(), lock.Expires.Unix())
	if err != nil {
		return dav.Lock{}, err
	}
	// Two who ask at once both find nothing before; at least one of them sees the
	// other now. It may be both, but never neither.
	if t, err = c.locksOf(ctx, e.Mount.Space, e.ID); err == nil {
		against = t.covering(e.ID)
		if lock.Deep {
			against = append(against, t.below(e.ID)...)
		}
		err = clashing(against, l.Shared, lock.Token)
	}
	if err != nil {
		_, gone := c.db.Exec(context.WithoutCancel(ctx), "DELETE FROM davlock WHERE token = ?", lock.Token)
		return dav.Lock{}, errors.Join(err, gone)
	}
	return lock, nil
}

// clashing tells which of some locks forbids another one, but for its own token.
func clashing(against []lockRow, shared bool, token string) error {
	for _, o := range against {
		if o.Token != token && (!o.Shared || !shared) {
			return lockedError(o)
		}
	}
	return nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// uuid is a random UUID (RFC 9562, version 4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 36)
	for i, x := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, digits[x>>4], digits[x&15])
	}
	return string(out)
}

// lockOn finds the lock of a token that covers a path.
func (c collection) lockOn(ctx context.Context, path string, tokens []string) (*lockRow, error) {
	_, e, err := c.find(ctx, path)
	if err != nil {
		return nil, err
	}
	t, err := c.locksOf(ctx, e.Mount.Space, e.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range t.covering(e.ID) {
		if slices.Contains(tokens, l.Token) {
			return &l, nil
		}
	}
	return nil, nil
}

// Refresh implements dav.Locker.
func (c collection) Refresh(ctx context.Context, path string, tokens []string, ttl time.Duration) (dav.Lock, error) {
	l, err := c.lockOn(ctx, path, tokens)
	if err != nil {
		return dav.Lock{}, err
	}
	if l == nil {
		return dav.Lock{}, fault.New(fault.Stale, "There is no such lock here any more.")
	}
	l.Expires, l.Root = c.Now().Add(ttl), path
	_, err = c.db.Exec(ctx, "UPDATE davlock SET expires = ? WHERE token = ?", l.Expires.Unix(), l.Token)
	return l.Lock, err
}

// Unlock implements dav.Locker. Whoever owns the files may break a lock.
func (c collection) Unlock(ctx context.Context, path, token string) error {
	l, err := c.lockOn(ctx, path, []string{token})
	if err != nil {
		return err
	}
	if l == nil {
		return fault.New(fault.Conflict, "This token does not lock this file.")
	}
	_, err = c.db.Exec(ctx, "DELETE FROM davlock WHERE token = ?", token)
	return err
}

// Holds implements dav.Locker.
func (c collection) Holds(ctx context.Context, path, token string) (bool, error) {
	l, err := c.lockOn(ctx, path, []string{token})
	if errors.Is(err, fault.NotFound) {
		return c.holdsParent(ctx, path, token)
	}
	return l != nil, err
}

// holdsParent: a name that does not exist is covered by a lock on its folder.
func (c collection) holdsParent(ctx context.Context, path, token string) (bool, error) {
	l, err := c.lockOn(ctx, path[:max(strings.LastIndexByte(path, '/'), 0)], []string{token})
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	return l != nil, err
}

// dropLocks ends the locks of what was moved: they belong to the address
// (RFC 4918 7.5).
func (rm *Room) dropLocks(ctx context.Context, e *files.Entry) error {
	t, err := rm.locksOf(ctx, e.Mount.Space, e.ID)
	if err != nil {
		return err
	}
	for _, l := range append(t.below(e.ID), t.covering(e.ID)...) {
		if l.node != e.ID && !slices.ContainsFunc(t.chains[l.node], func(n tree.Node) bool { return n.ID == e.ID }) {
			continue // of a folder above
		}
		if _, err := rm.db.Exec(ctx, "DELETE FROM davlock WHERE token = ?", l.Token); err != nil {
			return err
		}
	}
	return nil
}

// ExpireLocks removes locks that have run out.
func (rm *Room) ExpireLocks(ctx context.Context) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM davlock WHERE expires <= ?", rm.Now().Unix())
	return err
}

// lockWriter writes the properties of locks: d:lockdiscovery and the nc:lock
// family (client-api 3.4; type 2: taken with a token).
func (o *opening) lockWriter(name xml.Name) (dav.Writer, error) {
	value, known := lockValues[name]
	if !known {
		return nil, nil
	}
	top, ok := o.top.Value.(*files.Entry)
	if !ok {
		return nothing, nil
	}
	if o.locks == nil {
		var err error
		if o.locks, err = o.room.locksOf(o.ctx, top.Mount.Space); err != nil {
			return nil, err
		}
	}
	table, now := o.locks, o.room.Now()
	return lift(func(b []byte, e *files.Entry) ([]byte, bool) {
		held := table.on(e)
		if len(held) == 0 {
			return b, name == dv("lockdiscovery")
		}
		return value(b, held, now), true
	}), nil
}

// on lists the locks that a listing shows for an entry: its own, and deep ones of
// folders above it.
func (t *lockTable) on(e *files.Entry) (out []lockRow) {
	inHome := len(e.Mount.Path) == 0
	for _, l := range t.rows {
		if l.node != e.ID && (!l.Deep || l.node != e.Parent && !(inHome && strings.HasPrefix(e.Path, l.at+"/"))) {
			continue
		}
		l.Root = "/" + e.Mount.Owner + l.at
		out = append(out, l)
	}
	return out
}

var lockValues = map[xml.Name]func(b []byte, held []lockRow, now time.Time) []byte{
	dv("lockdiscovery"): func(b []byte, held []lockRow, now time.Time) []byte {
		for _, l := range held {
			b = dav.AppendLock(b, l.Lock, string(dav.AppendHref([]byte("/remote.php/dav/files"), l.Root)), now)
		}
		return b
	},
	nc("lock"):                   func(b []byte, _ []lockRow, _ time.Time) []byte { return append(b, '1') },
	nc("lock-owner-type"):        func(b []byte, _ []lockRow, _ time.Time) []byte { return append(b, '2') },
	nc("lock-owner"):             func(b []byte, h []lockRow, _ time.Time) []byte { return dav.AppendText(b, h[0].UID) },
	nc("lock-owner-displayname"): func(b []byte, h []lockRow, _ time.Time) []byte { return dav.AppendText(b, h[0].display) },
	nc("lock-owner-editor"):      func(b []byte, _ []lockRow, _ time.Time) []byte { return b },
	nc("lock-token"):             func(b []byte, h []lockRow, _ time.Time) []byte { return dav.AppendText(b, h[0].Token) },
	nc("lock-time"): func(b []byte, h []lockRow, _ time.Time) []byte {
		return strconv.AppendInt(b, h[0].Created.Unix(), 10)
	},
	nc("lock-timeout"): func(b []byte, h []lockRow, now time.Time) []byte {
		return strconv.AppendInt(b, max(1, int64(h[0].Expires.Sub(now)/time.Second)), 10)
	},
}
