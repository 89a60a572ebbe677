package locks

import (
	"context"
	"slices"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// kind says how a lock lets its holder through, in the numbers of clients.
type kind int

const (
	byHand  kind = 0 // all programs of the holder
	byToken kind = 2 // requests of the holder that name the token
)

// row is a lock as it is kept: on a node, so that it does not depend on names,
// with an end, so that none outlives its holder for long.
type row struct {
	dav.Lock
	kind        kind
	space, node int64
	display     string // the holder's name
	agent       string // the program it was taken with
	at          string // path in the space
}

// bare is the token without the name of its scheme, as the official clients write
// it.
func (l *row) bare() string { return l.Token[len(scheme):] }

const scheme = "opaquelocktoken:"

const columns = "token, space, node, deep, shared, kind, owner, uid, display, agent, created, expires"

func scan(r db.Row) (l row, err error) {
	var created, expires int64
	err = r.Scan(&l.Token, &l.space, &l.node, &l.Deep, &l.Shared, &l.kind, &l.Owner, &l.UID, &l.display, &l.agent, &created, &expires)
	l.Created, l.Expires = time.Unix(created, 0), time.Unix(expires, 0)
	return l, err
}

// table is the locks of spaces, and where their nodes lie.
type table struct {
	rows   []row
	chains map[int64][]tree.Node
}

// of reads the locks of spaces that have not run out, with the chains of their
// nodes and of further ids. Spaces without locks cost one statement.
func (rm *Room) of(ctx context.Context, spaces []int64, also ...int64) (*table, error) {
	rows, err := rm.rows(ctx, spaces)
	t := &table{rows: rows}
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

func (rm *Room) rows(ctx context.Context, spaces []int64) ([]row, error) {
	memo, _ := ctx.Value(memoKey{}).(map[int64][]row)
	if len(spaces) == 1 {
		if rows, known := memo[spaces[0]]; known {
			return slices.Clone(rows), nil
		}
	}
	rows, err := db.List(ctx, rm.db, scan, "SELECT "+columns+" FROM filelock WHERE space IN (?) AND expires > ?", spaces, rm.Now().Unix())
	if err == nil && memo != nil && len(spaces) == 1 {
		memo[spaces[0]] = slices.Clone(rows)
	}
	return rows, err
}

type memoKey struct{}

// withMemo lets the locks of a space be asked for once.
func withMemo(ctx context.Context) context.Context {
	return context.WithValue(ctx, memoKey{}, map[int64][]row{})
}

// covering lists the locks that hold for a node: on it, or deep on a folder
// above it.
func (t *table) covering(id int64) (out []row) {
	for _, l := range t.rows {
		if l.node == id || l.Deep && t.within(id, l.node) {
			out = append(out, l)
		}
	}
	return out
}

// below lists the locks on nodes under a folder.
func (t *table) below(id int64) (out []row) {
	for _, l := range t.rows {
		if l.node != id && t.within(l.node, id) {
			out = append(out, l)
		}
	}
	return out
}

// within tells whether a node is another or lies below it.
func (t *table) within(id, top int64) bool {
	return slices.ContainsFunc(t.chains[id], func(n tree.Node) bool { return n.ID == top })
}

func (rm *Room) insert(ctx context.Context, tx *db.DB, l row) error {
	_, err := tx.Exec(ctx, `INSERT INTO filelock (token, space, node, deep, shared, kind, app, owner, uid, display, agent, created, expires)
		VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)`, l.Token, l.space, l.node, number(l.Deep), number(l.Shared), int(l.kind),
		l.Owner, l.UID, l.display, l.agent, l.Created.Unix(), l.Expires.Unix())
	return err
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func remove(ctx context.Context, tx *db.DB, ls ...row) error {
	tokens := make([]string, len(ls))
	for i, l := range ls {
		tokens[i] = l.Token
	}
	if len(tokens) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, "DELETE FROM filelock WHERE token IN (?)", tokens)
	return err
}

func prolong(ctx context.Context, tx *db.DB, l row) error {
	_, err := tx.Exec(ctx, "UPDATE filelock SET expires = ? WHERE token = ?", l.Expires.Unix(), l.Token)
	return err
}

// carry notes that locks lie in another space now.
func carry(ctx context.Context, tx *db.DB, space int64, ls ...row) error {
	for _, l := range ls {
		if _, err := tx.Exec(ctx, "UPDATE filelock SET space = ? WHERE token = ?", space, l.Token); err != nil {
			return err
		}
	}
	return nil
}

// Expire removes locks that have run out.
func (rm *Room) Expire(ctx context.Context) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM filelock WHERE expires <= ?", rm.Now().Unix())
	return err
}

// forget ends the locks of an account that goes.
func forget(ctx context.Context, tx *db.DB, uid string) error {
	_, err := tx.Exec(ctx, "DELETE FROM filelock WHERE uid = ?", uid)
	return err
}

// all lists every lock that holds, the oldest first.
func (rm *Room) all(ctx context.Context) (*table, error) {
	rows, err := db.List(ctx, rm.db, scan, "SELECT "+columns+" FROM filelock WHERE expires > ? ORDER BY created, token", rm.Now().Unix())
	return &table{rows: rows}, err
}
