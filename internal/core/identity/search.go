package identity

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"atrium/internal/core/identity/book"
	"atrium/internal/infra/db"
)

// names is the book that searches look into first. Other nodes change accounts
// too, so what changed lately is read again before each search: further back than
// the last time, as clocks differ and transactions take a while. What slipped
// through even so is found when the whole book is read again.
type names struct {
	mu     sync.Mutex
	book   *book.Book // nil: not read, or there are few accounts
	read   time.Time  // when all of it was read; zero: never
	fresh  time.Time  // when what changed was last read
	change uint64     // Directory.changes then
	used   time.Time
	few    int // so many accounts the database searches as fast; 0: fewPeople
}

const (
	bookFor   = 10 * time.Minute
	bookSlack = 10 * time.Second
	fewPeople = 2000
	manyFound = 2000 // candidates; with more, the database soon finds a page of them
	lateMost  = 20_000
)

// candidates returns, in small letters and in order, the ids of accounts that may
// contain a part. ok is false when the database does better by itself.
func (d *Directory) candidates(ctx context.Context, part string) (lows []string, ok bool, err error) {
	n := &d.names
	n.mu.Lock()
	defer n.mu.Unlock()
	now, change := d.Now(), d.changes.Load()
	n.used = now
	switch {
	case n.read.IsZero(), now.Sub(n.read) >= bookFor, n.book != nil && n.book.Late() > lateMost:
		err = d.readBook(ctx, n)
	case n.book != nil && (n.change != change || now.Sub(n.fresh) >= fresh):
		err = d.readLate(ctx, n)
	}
	if err != nil || n.book == nil {
		return nil, false, err
	}
	n.fresh, n.change = now, change
	lows, ok = n.book.Find(part, manyFound)
	return lows, ok, nil
}

func (d *Directory) readBook(ctx context.Context, n *names) error {
	enough := cmp.Or(n.few, fewPeople)
	few, err := db.List(ctx, d.db, db.Scan1[string], "SELECT low FROM account ORDER BY low LIMIT ?", enough)
	if err != nil {
		return err
	}
	now, b := d.Now(), (*book.Book)(nil)
	if len(few) == enough {
		b = new(book.Book)
		for words, err := range db.All(ctx, d.db, db.Scan1[string], "SELECT words FROM account ORDER BY low") {
			if err != nil {
				return err
			}
			b.Add(words)
		}
	}
	n.book, n.read = b, now
	return nil
}

func (d *Directory) readLate(ctx context.Context, n *names) error {
	since := n.fresh.Add(-bookSlack).UnixMilli()
	for words, err := range db.All(ctx, d.db, db.Scan1[string], "SELECT words FROM account WHERE changed >= ?", since) {
		if err != nil {
			return err
		}
		n.book.Put(words)
	}
	return nil
}

// drop forgets a book that nobody uses.
func (n *names) drop(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.used) > bookFor {
		n.book, n.read = nil, time.Time{}
	}
}

// Users yields accounts in the order of their ids, or as they were last here.
func (d *Directory) Users(ctx context.Context, q Query) iter.Seq2[*User, error] {
	return func(yield func(*User, error) bool) {
		if q.Search != "" && !q.Recent {
			part := strings.ReplaceAll(strings.ToValidUTF8(low(q.Search), ""), "\x00", "")
			lows, ok, err := d.candidates(ctx, part)
			if err != nil {
				yield(nil, err)
				return
			}
			if ok {
				d.among(ctx, q, lows, yield)
				return
			}
		}
		for u, err := range db.All(ctx, d.db, scanUser, q.sql(), q.args()...) {
			if !yield(u, err) {
				return
			}
		}
	}
}

// among looks at candidates in the database, some at a time.
func (d *Directory) among(ctx context.Context, q Query, lows []string, yield func(*User, error) bool) {
	skip, left := q.Offset, q.Limit
	where, args := q.where()
	for part := range slices.Chunk(lows, 250) {
		rows := db.All(ctx, d.db, scanUser, "SELECT "+accountColumns+" FROM account WHERE low IN (?) AND "+where+" ORDER BY low",
			append([]any{part}, args...)...)
		for u, err := range rows {
			if err == nil && skip > 0 {
				skip--
				continue
			}
			if !yield(u, err) || err != nil {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// where are the conditions of a query.
func (q Query) where() (string, []any) {
	where, args := []string{"1 = 1"}, []any{}
	if q.Search != "" {
		where, args = append(where, "words LIKE ? ESCAPE '!'"), append(args, contains(q.Search))
	}
	if q.Group != "" {
		where, args = append(where, "uid IN (SELECT m.uid FROM grp_member m WHERE m.gid = ? AND m.role = ?)"), append(args, q.Group, member)
	}
	if q.Groups != nil {
		where, args = append(where, "uid IN (SELECT m.uid FROM grp_member m WHERE m.gid IN (?) AND m.role = ?)"),
			append(args, append([]string{""}, q.Groups...), member)
	}
	if q.Disabled {
		where = append(where, "enabled = 0")
	}
	if q.Recent {
		where = append(where, "lastlogin > 0")
	}
	return strings.Join(where, " AND "), args
}

// sql asks for a page. Its ids are found in an index first, since the rows before
// the page are wide. A whole group is in the order of the index of its members.
func (q Query) sql() string {
	order := "low"
	if q.Recent {
		order = "lastlogin DESC, low"
	}
	where, _ := q.where()
	page := "SELECT uid AS pick FROM account WHERE " + where + " ORDER BY " + order
	if q.plainGroup() {
		page, order = "SELECT uid AS pick FROM grp_member WHERE gid = ? AND role = ? ORDER BY uid", "uid"
	}
	return "SELECT " + accountColumns + " FROM account JOIN (" + page + " LIMIT ? OFFSET ?) p ON p.pick = uid ORDER BY " + order
}

func (q Query) plainGroup() bool {
	return q.Group != "" && q.Search == "" && q.Groups == nil && !q.Disabled && !q.Recent
}

func (q Query) args() []any {
	_, args := q.where()
	limit := int64(q.Limit)
	if limit <= 0 {
		limit = 1 << 62
	}
	return append(args, limit, q.Offset)
}
