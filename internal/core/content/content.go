// Package content keeps immutable, counted runs of bytes. A file, a version and
// a trashed file each refer to one; the last reference gone, the sweeper takes
// the bytes. A content is one blob whose key is its id, or the concatenation of
// other contents (the end of a chunked upload). The package knows no names.
package content

import (
	"context"
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/db"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables content and extent.
var Schema = db.Schema{Room: "content", Files: schema}

// Content is an immutable run of bytes.
type Content struct {
	ID   int64
	Size int64  // bytes
	SHA1 []byte // 20 bytes; nil for joined parts that were not read since
}

// Store writes and reads contents.
type Store struct {
	db   *db.DB
	blob blob.Driver
	Now  func() time.Time
}

// New returns a store over the tables in d and the blobs in b.
func New(d *db.DB, b blob.Driver) *Store { return &Store{db: d, blob: b, Now: time.Now} }

// Key is the blob that holds content id.
func Key(id int64) string { return strconv.FormatInt(id, 36) }

// Alive tells whether the place of the bytes is there: nil or
// fault.Unavailable. Nobody may list files while it is not.
func (s *Store) Alive(ctx context.Context) error {
	if a, ok := s.blob.(blob.Aliver); ok {
		return a.Alive(ctx)
	}
	return nil
}

// Write stores the bytes of r durably; size < 0 is unknown, else a different
// length is fault.Invalid. The content belongs to nobody until Keep is called
// with it in a transaction; without that the sweeper takes it after a day.
// Further hashes see the same bytes.
func (s *Store) Write(ctx context.Context, r io.Reader, size int64, also ...hash.Hash) (Content, error) {
	id, err := s.db.ID(ctx)
	if err != nil {
		return Content{}, err
	}
	for _, h := range also {
		r = io.TeeReader(r, h)
	}
	return s.writeAs(ctx, id, r, size)
}

func (s *Store) writeAs(ctx context.Context, id int64, r io.Reader, size int64) (Content, error) {
	sum := sha1.New()
	hashing := newHashing(r, sum)
	defer hashing.finish()
	n, err := s.blob.Put(ctx, Key(id), hashing, size)
	if err != nil {
		return Content{}, fmt.Errorf("content %d: %w", id, err)
	}
	hashing.finish()
	return Content{ID: id, Size: n, SHA1: sum.Sum(nil)}, nil
}

// Forget removes what Write stored when no transaction kept it. It is only an
// early sweep, so its failure does not matter.
func (s *Store) Forget(ctx context.Context, id int64) {
	_ = s.blob.Delete(context.WithoutCancel(ctx), Key(id))
}

// Keep records what Write stored, with one reference.
func (s *Store) Keep(ctx context.Context, tx *db.DB, c Content) error {
	_, err := tx.Exec(ctx, "INSERT INTO content (id, size, sha1, refs, born, parts) VALUES (?, ?, ?, 1, ?, 0)",
		c.ID, c.Size, c.SHA1, s.Now().Unix())
	return err
}

// Refer adds n references, or takes some for a negative n. A content whose last
// reference is gone cannot be referred to again: fault.NotFound.
func (s *Store) Refer(ctx context.Context, tx *db.DB, id int64, n int) error {
	hit, err := tx.Exec(ctx, "UPDATE content SET refs = refs + ? WHERE id = ? AND refs > 0", n, id)
	if err != nil {
		return err
	}
	if hit == 0 {
		return fmt.Errorf("content %d: %w", id, fault.NotFound)
	}
	return nil
}

// Join makes a content of others, in order, whose references it takes over.
// No byte is moved. id was drawn before the transaction; a single part is the
// content itself. sha1 is what the client claims of the whole, nil if nothing.
func (s *Store) Join(ctx context.Context, tx *db.DB, id int64, parts []Content, sha1 []byte) (Content, error) {
	if len(parts) == 1 {
		c, _, err := s.row(ctx, tx, parts[0].ID)
		return c, err
	}
	c := Content{ID: id, SHA1: sha1}
	for i, p := range parts {
		if _, err := tx.Exec(ctx, "INSERT INTO extent (content, seq, part, size) VALUES (?, ?, ?, ?)", id, i, p.ID, p.Size); err != nil {
			return Content{}, err
		}
		c.Size += p.Size
	}
	_, err := tx.Exec(ctx, "INSERT INTO content (id, size, sha1, refs, born, parts) VALUES (?, ?, ?, 1, ?, ?)",
		id, c.Size, sha1, s.Now().Unix(), len(parts))
	return c, err
}

// Stat returns a content's size and hash.
func (s *Store) Stat(ctx context.Context, id int64) (Content, error) {
	c, _, err := s.row(ctx, s.db, id)
	return c, err
}

func (s *Store) row(ctx context.Context, d *db.DB, id int64) (Content, int, error) {
	type row struct {
		Content
		parts int
	}
	r, err := db.One(ctx, d, func(r db.Row) (v row, err error) {
		v.ID = id
		return v, r.Scan(&v.Size, &v.SHA1, &v.parts)
	}, "SELECT size, sha1, parts FROM content WHERE id = ?", id)
	if err != nil {
		return Content{}, 0, fmt.Errorf("content %d: %w", id, err)
	}
	return r.Content, r.parts, nil
}

// Open reads n bytes from off; n < 0 reads to the end. A single blob on a local
// disk comes as a blob.Filer. Bytes that the tables promise and the disk does
// not have are fault.Unavailable, never a short read.
func (s *Store) Open(ctx context.Context, id, off, n int64) (io.ReadCloser, error) {
	c, parts, err := s.row(ctx, s.db, id)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		n = c.Size - off
	}
	if off < 0 || n < 0 || off+n > c.Size {
		return nil, fault.New(fault.Invalid, "The range lies outside of the file.")
	}
	if parts > 0 {
		es, err := s.extents(ctx, s.db, id)
		if err != nil {
			return nil, err
		}
		if len(es) > 0 {
			return s.openParts(ctx, id, es, off, n)
		}
		// Compacted since the row was read.
	}
	return s.openBlob(ctx, id, off, n)
}

func (s *Store) openBlob(ctx context.Context, id, off, n int64) (io.ReadCloser, error) {
	rc, err := s.blob.Open(ctx, Key(id), off, n)
	switch fault.Of(err) {
	case fault.NotFound:
		return nil, fault.Wrap(fault.Unavailable, err, "The content of this file is missing on the server.")
	case fault.Invalid: // the range was held against the tables before
		return nil, fault.Wrap(fault.Unavailable, err, "The content of this file is not whole on the server.")
	}
	return rc, err
}

// Sum reads the whole content through h and returns its hex digest.
func (s *Store) Sum(ctx context.Context, id int64, h hash.Hash) (string, error) {
	rc, err := s.Open(ctx, id, 0, -1)
	if err != nil {
		return "", err
	}
	defer rc.Close()
	if _, err := io.Copy(h, rc); err != nil {
		return "", fmt.Errorf("content %d: %w", id, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
