package links

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// readFor is how long a download that broke off, or that a player reads piece by
// piece, may go on as the same one.
const readFor = 24 * time.Hour

// visitorOf tells visitors apart, as far as pieces of one download go.
func visitorOf(r *http.Request) string {
	v := web.VisitOf(r.Context())
	sum := sha256.Sum256([]byte(v.Addr.String() + "\n" + v.Agent))
	return hex.EncodeToString(sum[:12])
}

// readLately tells whether a visitor began a download not long ago.
func (rm *Room) readLately(ctx context.Context, link int64, visitor string) (bool, error) {
	n, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT COUNT(*) FROM linkread WHERE link = ? AND visitor = ? AND at > ?",
		link, visitor, rm.Now().Add(-readFor).Unix())
	return n > 0, err
}

// read counts a download of a file or of a folder's archive. A piece counts when
// the visitor has not begun this download before. Beyond the limit it is errGone.
func (rm *Room) read(r *http.Request, e *files.Entry, piece bool) error {
	ctx, l, visitor, now := r.Context(), linkOf(r.Context()), visitorOf(r), rm.Now()
	if piece {
		at, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT at FROM linkread WHERE link = ? AND node = ? AND visitor = ?", l.ID, e.ID, visitor)
		if err == nil && now.Sub(time.Unix(at, 0)) < readFor {
			return nil
		}
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := rm.links.CountDownload(ctx, tx, l.ID); errors.Is(err, fault.NotFound) {
			return errGone
		} else if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO linkread (link, node, visitor, at) VALUES (?, ?, ?, ?) {{on link,node,visitor set at}}",
			l.ID, e.ID, visitor, now.Unix()); err != nil {
			return err
		}
		return rm.publish(ctx, tx, event.LinkRead{Space: e.Mount.Space, Node: e.ID, Name: e.Name, Dir: e.IsDir(), Sharer: l.Sharer,
			By: event.By{Link: l.ID, Guest: who.From(ctx).Display}})
	})
}

// forgetReads drops what is too old to matter.
func (rm *Room) forgetReads(ctx context.Context) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM linkread WHERE at < ?", rm.Now().Add(-readFor).Unix())
	return err
}

// firstByte calls begin before the first byte of a body, which may refuse it.
type firstByte struct {
	http.ResponseWriter
	begin func() error
}

// Write implements io.Writer.
func (f *firstByte) Write(p []byte) (int, error) {
	if begin := f.begin; begin != nil {
		f.begin = nil
		if err := begin(); err != nil {
			return 0, err
		}
	}
	return f.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (f *firstByte) Unwrap() http.ResponseWriter { return f.ResponseWriter }

// counted counts a download when its bytes are asked for.
func (rm *Room) counted(r *http.Request, e *files.Entry, open func(off, n int64) (io.ReadCloser, error)) func(off, n int64) (io.ReadCloser, error) {
	return func(off, n int64) (io.ReadCloser, error) {
		if err := rm.read(r, e, r.Header.Get("Range") != ""); err != nil {
			return nil, asDAV(err)
		}
		return open(off, n)
	}
}
