package shares

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

const columns = "s.id, s.kind, s.node, s.owner, s.sharer, s.recipient, s.perms, s.created, s.expires, s.lastday, s.target, s.note, s.label, s.attributes, " +
	"COALESCE(s.token, ''), s.password, s.hidedownload, s.maxdownloads, s.downloads, s.ask"

func scanShare(r db.Row) (s Share, err error) {
	var created, expires int64
	err = r.Scan(&s.ID, &s.Kind, &s.Node, &s.Owner, &s.Sharer, &s.Recipient, &s.Perms, &created, &expires, &s.LastDay, &s.Target, &s.Note, &s.Label, &s.Attributes,
		&s.Token, &s.Password, &s.HideDownload, &s.MaxDownloads, &s.Downloads, &s.Ask)
	s.Created, s.Expires = time.Unix(created, 0), fromUnix(expires)
	return s, err
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromUnix(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

// orNull keeps the unique index of tokens free of those that have none.
func orNull(token string) any {
	if token == "" {
		return nil
	}
	return token
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// state is what a recipient made of a share; 0 of who said nothing.
type state int16

const (
	accepted state = 1
	pending  state = 2 // not looked at yet, and does not want to have it unasked
	declined state = 3 // turned down, or left; it can be restored
)

// insert writes a new share.
func insert(ctx context.Context, tx *db.DB, s Share) error {
	_, err := tx.Exec(ctx, `INSERT INTO share (id, kind, node, owner, sharer, recipient, perms, created, expires, lastday, target, note, label, attributes,
		token, password, hidedownload, maxdownloads, downloads, ask) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.ID, s.Kind, s.Node, s.Owner, s.Sharer, s.Recipient, s.Perms, unix(s.Created), unix(s.Expires), s.LastDay, s.Target, s.Note, s.Label, s.Attributes,
		orNull(s.Token), s.Password, number(s.HideDownload), s.MaxDownloads, s.Downloads, number(s.Ask))
	return err
}

// update writes what may change of a share.
func update(ctx context.Context, tx *db.DB, s Share) error {
	hit, err := tx.Exec(ctx, `UPDATE share SET owner = ?, sharer = ?, perms = ?, expires = ?, lastday = ?, note = ?, label = ?, attributes = ?, token = ?,
		password = ?, hidedownload = ?, maxdownloads = ?, downloads = ? WHERE id = ?`,
		s.Owner, s.Sharer, s.Perms, unix(s.Expires), s.LastDay, s.Note, s.Label, s.Attributes, orNull(s.Token), s.Password, number(s.HideDownload),
		s.MaxDownloads, s.Downloads, s.ID)
	if err == nil && hit == 0 {
		err = noShare(s.ID)
	}
	return err
}

func noShare(id int64) error {
	return fmt.Errorf("share %d: %w", id, fault.NotFound)
}

// drop deletes shares and what recipients made of them.
func drop(ctx context.Context, tx *db.DB, ids []int64) error {
	for batch := range slices.Chunk(ids, 500) {
		for _, q := range []string{"DELETE FROM share WHERE id IN (?)", "DELETE FROM share_member WHERE share IN (?)"} {
			if _, err := tx.Exec(ctx, q, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func byID(ctx context.Context, d *db.DB, id int64) (Share, error) {
	s, err := db.One(ctx, d, scanShare, "SELECT "+columns+" FROM share s WHERE s.id = ?", id)
	if errors.Is(err, fault.NotFound) {
		err = noShare(id)
	}
	return s, err
}

// where yields shares by id that meet a condition on the table s.
func where(ctx context.Context, d *db.DB, cond string, args ...any) ([]Share, error) {
	return db.List(ctx, d, scanShare, "SELECT "+columns+" FROM share s WHERE "+cond+" ORDER BY s.id", args...)
}

// gotten is a share with what somebody made of it.
type gotten struct {
	Share
	state state
}

// settled is what somebody who made st of a share has of it.
func (s *Share) settled(st state) state {
	switch {
	case st != 0:
		return st
	case s.Ask:
		return pending
	}
	return accepted
}

// toUser lists what is shared with a user, directly or as a member of groups, with
// one statement. What has ended is in it.
func toUser(ctx context.Context, d *db.DB, uid string, groups []string) ([]gotten, error) {
	if len(groups) == 0 {
		groups = []string{""} // no group has this id
	}
	const one = " FROM share s LEFT JOIN share_member m ON m.share = s.id AND m.uid = ? WHERE s.kind = ? AND s.recipient "
	return db.List(ctx, d, func(r db.Row) (g gotten, err error) {
		g.Share, err = scanShare(withState{r, &g.state})
		return g, err
	}, "SELECT "+columns+", COALESCE(m.state, 0)"+one+"= ? UNION ALL SELECT "+columns+", COALESCE(m.state, 0)"+one+"IN (?) ORDER BY 1",
		uid, User, uid, uid, Group, groups)
}

// withState scans one more column behind a share's.
type withState struct {
	db.Row
	state *state
}

func (w withState) Scan(dest ...any) error { return w.Row.Scan(append(dest, w.state)...) }

// manyNodes is how many nodes one statement is asked about at most.
const manyNodes = 4000

// inside lists the shares with accounts and groups on nodes that some re-share may
// rest upon: those with groups, and those with whoever shares one of the nodes.
func inside(ctx context.Context, d *db.DB, nodes []int64) (out []Share, err error) {
	if len(nodes) > manyNodes { // too many for the inner list
		err = chunked(nodes, func(part []int64) error {
			ss, err := where(ctx, d, "s.node IN (?) AND s.kind IN (?)", part, []int64{int64(User), int64(Group)})
			out = append(out, ss...)
			return err
		})
		return out, err
	}
	for batch := range slices.Chunk(nodes, 500) {
		ss, err := where(ctx, d, "s.node IN (?) AND (s.kind = ? OR s.kind = ? AND s.recipient IN (SELECT r.sharer FROM share r WHERE r.node IN (?)))",
			batch, Group, User, nodes)
		if err != nil {
			return nil, err
		}
		out = append(out, ss...)
	}
	return out, nil
}

// states tells what users made of shares. Those who said nothing are left out.
type states map[int64]map[string]state

func (st states) has(s *Share, uid string) bool { return s.settled(st[s.ID][uid]) == accepted }

// statesBy reads them with a condition on the table share_member.
func statesBy(ctx context.Context, d *db.DB, cond string, args ...any) (states, error) {
	type row struct {
		share int64
		uid   string
		state state
	}
	out := states{}
	for r, err := range db.All(ctx, d, func(r db.Row) (v row, err error) { return v, r.Scan(&v.share, &v.uid, &v.state) },
		"SELECT share, uid, state FROM share_member WHERE "+cond, args...) {
		if err != nil {
			return nil, err
		}
		if out[r.share] == nil {
			out[r.share] = map[string]state{}
		}
		out[r.share][r.uid] = r.state
	}
	return out, nil
}

// setState writes what somebody made of shares.
func setState(ctx context.Context, tx *db.DB, uid string, st state, ids ...int64) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, "INSERT INTO share_member (share, uid, state) VALUES (?, ?, ?) {{on share,uid set state}}", id, uid, st); err != nil {
			return err
		}
	}
	return nil
}

// place is where something received lies in its recipient's home.
type place struct {
	folder int64 // a folder of the home, its root included
	name   string
}

func placesOf(ctx context.Context, d *db.DB, uid string) (map[int64]place, error) {
	type row struct {
		node int64
		place
	}
	out := map[int64]place{}
	for r, err := range db.All(ctx, d, func(r db.Row) (v row, err error) { return v, r.Scan(&v.node, &v.folder, &v.name) },
		"SELECT node, folder, name FROM share_place WHERE uid = ?", uid) {
		if err != nil {
			return nil, err
		}
		out[r.node] = r.place
	}
	return out, nil
}

func setPlace(ctx context.Context, tx *db.DB, uid string, node int64, p place) error {
	_, err := tx.Exec(ctx, "INSERT INTO share_place (uid, node, folder, name) VALUES (?, ?, ?, ?) {{on uid,node set folder, name}}", uid, node, p.folder, p.name)
	return err
}

// chunked runs a statement for each part of many ids.
func chunked[T any](ids []T, f func(part []T) error) error {
	for part := range slices.Chunk(ids, 500) {
		if err := f(part); err != nil {
			return err
		}
	}
	return nil
}
