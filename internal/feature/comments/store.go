package comments

import (
	"context"
	"errors"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// comment is what somebody wrote.
type comment struct {
	id, node int64
	uid      string // "": an account that is gone
	made     int64  // µs since 1970
	message  string
}

func (c *comment) time() time.Time { return time.UnixMicro(c.made) }

const columns = "id, node, uid, made, message"

func scan(r db.Row) (c comment, err error) {
	return c, r.Scan(&c.id, &c.node, &c.uid, &c.made, &c.message)
}

// get finds a comment on a node.
func (rm *Room) get(ctx context.Context, d *db.DB, node, id int64) (comment, error) {
	return db.One(ctx, d, scan, "SELECT "+columns+" FROM comment WHERE id = ? AND node = ?", id, node)
}

// page is which comments of a thread are wanted, the newest first.
type page struct {
	limit, offset int   // limit 0: all
	since         int64 // made after that, µs
}

// maxPage is how many comments are read at once.
const maxPage = 1000

// thread lists comments on a node, the newest first.
func (rm *Room) thread(ctx context.Context, node int64, p page) ([]comment, error) {
	limit := p.limit
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	return db.List(ctx, rm.db, scan, "SELECT "+columns+` FROM comment WHERE node = ? AND made > ? ORDER BY made DESC, id DESC LIMIT ? OFFSET ?`,
		node, p.since, limit, p.offset)
}

func insert(ctx context.Context, tx *db.DB, c comment) error {
	_, err := tx.Exec(ctx, "INSERT INTO comment (id, node, uid, made, message, low) VALUES (?, ?, ?, ?, ?, ?)",
		c.id, c.node, c.uid, c.made, c.message, strings.ToLower(c.message))
	return err
}

func rewrite(ctx context.Context, tx *db.DB, c comment) error {
	_, err := tx.Exec(ctx, "UPDATE comment SET message = ?, low = ? WHERE id = ?", c.message, strings.ToLower(c.message), c.id)
	return err
}

func drop(ctx context.Context, tx *db.DB, id int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM comment WHERE id = ?", id)
	return err
}

// mark notes up to when somebody has read the comments on a node.
func mark(ctx context.Context, tx *db.DB, node int64, uid string, until int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO comment_read (node, uid, mark) VALUES (?, ?, ?) {{on node,uid set mark}}", node, uid, until)
	return err
}

// marked is up to when somebody has read the comments on a node, µs; 0: nothing.
func (rm *Room) marked(ctx context.Context, node int64, uid string) (int64, error) {
	at, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT mark FROM comment_read WHERE node = ? AND uid = ?", node, uid)
	if errors.Is(err, fault.NotFound) {
		return 0, nil
	}
	return at, err
}

// counts is how many comments there are on a node, and how many of those by
// others somebody has not read.
type counts struct{ all, unread int64 }

// countsOf asks for many nodes with one statement.
func (rm *Room) countsOf(ctx context.Context, nodes []int64, uid string) (map[int64]counts, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	type row struct {
		node int64
		counts
	}
	out := map[int64]counts{}
	for v, err := range db.All(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.node, &v.all, &v.unread) },
		`SELECT c.node, COUNT(*), SUM(CASE WHEN c.uid <> ? AND c.made > COALESCE(r.mark, 0) THEN 1 ELSE 0 END)
		FROM comment c LEFT JOIN comment_read r ON r.node = c.node AND r.uid = ? WHERE c.node IN (?) GROUP BY c.node`, uid, uid, nodes) {
		if err != nil {
			return nil, err
		}
		out[v.node] = v.counts
	}
	return out, nil
}

// matching lists the comments that contain a part, the newest first, older than
// one of an id.
func (rm *Room) matching(ctx context.Context, part string, before int64, limit int) ([]comment, error) {
	esc := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
	return db.List(ctx, rm.db, scan, "SELECT "+columns+" FROM comment WHERE low LIKE ? ESCAPE '!' AND id < ? ORDER BY id DESC LIMIT ?",
		"%"+esc.Replace(strings.ToLower(part))+"%", before, limit)
}

// forget takes the name off the comments of an account that goes.
func forget(ctx context.Context, tx *db.DB, uid string) error {
	if _, err := tx.Exec(ctx, "UPDATE comment SET uid = '' WHERE uid = ?", uid); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM comment_read WHERE uid = ?", uid)
	return err
}
