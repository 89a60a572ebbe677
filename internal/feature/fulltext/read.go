package fulltext

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/db"
	"atrium/internal/infra/extract"
)

// Limits of reading.
const (
	textMost  = 1 << 20 // bytes of a document's text that are kept and indexed
	triesMost = 3       // a document with which the server died so often is left alone
	turn      = 5 * time.Minute
	atOnce    = 20
	readWall  = 60 * time.Second
)

// States of a text.
const (
	begun = iota // it is being read, or the server died of it
	kept
	none   // it cannot be read
	unseen // a PDF of which only the text was read, and that is next to nothing: its pages are pictures
)

const worker = "text"

// Workers are what our cages do: read a document, whose media type is the order.
func Workers() map[string]cage.Worker {
	return map[string]cage.Worker{worker: func(in *os.File, order string, out io.Writer) error {
		fi, err := in.Stat()
		if err != nil {
			return err
		}
		s, err := extract.Text(in, fi.Size(), order, textMost)
		if err == nil {
			_, err = io.WriteString(out, s)
		}
		return err
	}}
}

// job is a file to be read.
type job struct {
	doc
	space int64
}

// work reads what waits, the latest first, one after the other and no more than the
// budget allows, for a while; then others have their turn.
func (rm *Room) work(ctx context.Context) error {
	c, err := rm.config(ctx)
	if err != nil {
		return err
	}
	if err := rm.prepare(ctx); err != nil {
		return err
	}
	until := rm.Now().Add(turn)
	for rm.Now().Before(until) {
		list, err := db.List(ctx, rm.db, func(r db.Row) (j job, err error) { return j, r.Scan(&j.node, &j.content, &j.space) },
			"SELECT node, content, space FROM text_doc WHERE due = 1 ORDER BY node DESC LIMIT ?", atOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		ids := make([]int64, len(list))
		for i, j := range list {
			ids[i] = j.node
		}
		nodes, err := rm.tree.Some(ctx, rm.db, ids)
		if err != nil {
			return err
		}
		for _, j := range list {
			began := rm.Now()
			if err := rm.one(ctx, &c, j, nodes[j.node]); err != nil {
				if err := rm.setAside(ctx, j, err); err != nil {
					return err
				}
			}
			if err := pause(ctx, rm.Now().Sub(began)*time.Duration(100-c.budget)/time.Duration(c.budget)); err != nil {
				return err
			}
		}
	}
	return rm.readSoon(ctx, rm.db)
}

// setAside lets one file wait for the next tidying when it cannot be read for a
// reason of its own, such as bytes that are lost, so that it holds up no other.
func (rm *Room) setAside(ctx context.Context, j job, cause error) error {
	if ctx.Err() != nil || errors.Is(cause, errIndex) || rm.files.Alive(ctx) != nil {
		return cause
	}
	rm.Log.Warn("a file could not be read for the full-text index; it is tried again tomorrow", "node", j.node, "error", cause)
	_, err := rm.db.Exec(ctx, "UPDATE text_doc SET due = 2 WHERE node = ? AND content = ?", j.node, j.content)
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// one brings one file into the index.
func (rm *Room) one(ctx context.Context, c *config, j job, n tree.Node) error {
	ok := false
	if n.ID != 0 {
		var err error
		if ok, err = rm.readable(ctx, c, &n); err != nil {
			return err
		}
	}
	if !ok {
		return rm.forget(ctx, []int64{j.node})
	}
	text, err := rm.textOf(ctx, c, &n)
	if err != nil {
		return err
	}
	put, err := rm.index.put(ctx, j.node, j.space, text.words)
	if err != nil && text.fresh { // it need not be read again for that
		return errors.Join(err, store(ctx, rm.db, text.body))
	}
	if err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if text.fresh {
			if err := store(ctx, tx, text.body); err != nil {
				return err
			}
		}
		// A newer event may have put the file on the list again, with another content.
		did, err := tx.Exec(ctx, "UPDATE text_doc SET due = 0, content = ? WHERE node = ? AND space = ? AND content = ?", n.Content, j.node, j.space, j.content)
		if err != nil || did == 0 {
			return err
		}
		return put(ctx, tx)
	})
}

// found is the text of a file, "" if it cannot be read.
type found struct {
	body
	words string
	fresh bool // it was read now
}

// textOf returns the text of a file, read now unless it was before.
func (rm *Room) textOf(ctx context.Context, c *config, n *tree.Node) (found, error) {
	b, err := rm.body(ctx, n.Content)
	switch {
	case err == nil && (b.state == kept || b.state == unseen):
		words, err := b.text()
		return found{b, words, false}, err
	case err == nil && (b.state == none || b.tries >= triesMost):
		return found{body: b}, nil
	case err != nil && !errors.Is(err, fault.NotFound):
		return found{}, err
	}
	mime, err := rm.tree.MimeType(ctx, n.Mime)
	if err != nil {
		return found{}, err
	}
	b = body{content: n.Content, state: begun, tries: b.tries + 1}
	if extract.Risky(mime) || isPicture(mime) {
		if err := store(ctx, rm.db, b); err != nil {
			return found{}, err
		}
	}
	words, err := rm.extract(ctx, c, n, mime)
	switch {
	case err == nil:
		b.state, b.packed = kept, pack(words)
		if mime == extract.PDF && !c.sees && scanned(words) {
			b.state = unseen
		}
		return found{b, words, true}, nil
	case errors.Is(err, extract.ErrFormat), errors.Is(err, cage.ErrFailed), errors.Is(err, cage.ErrBounds), errors.Is(err, cage.ErrMissing):
		rm.Log.Debug("a document cannot be read", "node", n.ID, "type", mime, "error", err)
		b.state = none
		return found{b, "", true}, nil
	}
	b.tries-- // the store or the context is to blame, and this was no try
	return found{}, errors.Join(err, store(context.WithoutCancel(ctx), rm.db, b))
}

// extract reads a document, in a cage where its type is one that can explode.
func (rm *Room) extract(ctx context.Context, c *config, n *tree.Node, mime string) (string, error) {
	src, err := rm.open(ctx, n)
	if err != nil {
		return "", err
	}
	defer src.close()
	switch {
	case isPicture(mime):
		return rm.recognise(ctx, c, cage.Job{In: src.file}, cage.In)
	case mime == extract.PDF:
		return rm.pdf(ctx, c, src)
	case extract.Risky(mime):
		return rm.caged(ctx, cage.Job{Worker: worker, Order: mime, In: src.file})
	}
	return extract.Text(src.file, src.size, mime, textMost)
}

// caged runs a program or a worker and returns what it writes. Without a folder of
// its job's own a program has one for the time that it runs.
func (rm *Room) caged(ctx context.Context, j cage.Job) (string, error) {
	out := &firstBytes{left: textMost}
	j.Out, j.Most = out, 64<<20
	j.Limits = cage.Limits{CPU: readWall / 2, Wall: readWall}
	if j.Worker == "" && j.Dir == "" {
		dir, remove, err := rm.cage.Folder()
		if err != nil {
			return "", err
		}
		defer remove()
		j.Dir = dir
	}
	if err := rm.cage.Run(ctx, j); err != nil {
		return "", err
	}
	return extract.Text(bytes.NewReader(out.Bytes()), int64(out.Len()), "text/plain", textMost)
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct {
	bytes.Buffer
	left int
}

func (f *firstBytes) Write(p []byte) (int, error) {
	n := min(len(p), f.left)
	f.left -= n
	f.Buffer.Write(p[:n])
	return len(p), nil
}

// source is a document as a file of this machine.
type source struct {
	file  *os.File
	size  int64
	close func()
}

func (rm *Room) open(ctx context.Context, n *tree.Node) (*source, error) {
	rc, err := rm.content.Open(ctx, n.Content, 0, -1)
	if err != nil {
		return nil, err
	}
	if f, ok := rc.(blob.Filer); ok && f.File() != nil {
		return &source{f.File(), n.Size, func() { rc.Close() }}, nil
	}
	defer rc.Close()
	dir, remove, err := rm.cage.Folder()
	if err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(dir, "in"))
	if err == nil {
		_, err = io.Copy(f, rc)
	}
	if err != nil {
		remove()
		return nil, err
	}
	return &source{f, n.Size, func() { f.Close(); remove() }}, nil
}

// body is the text of a content as it is kept.
type body struct {
	content int64
	state   int
	tries   int
	packed  []byte
}

func scanBody(r db.Row) (b body, err error) {
	return b, r.Scan(&b.content, &b.state, &b.tries, &b.packed)
}

func (rm *Room) body(ctx context.Context, content int64) (body, error) {
	return db.One(ctx, rm.db, scanBody, "SELECT content, state, tries, body FROM text_body WHERE content = ?", content)
}

func store(ctx context.Context, tx *db.DB, b body) error {
	if b.packed == nil {
		b.packed = []byte{}
	}
	_, err := tx.Exec(ctx, "INSERT INTO text_body (content, state, tries, body) VALUES (?, ?, ?, ?) {{on content set state,tries,body}}", b.content, b.state, b.tries, b.packed)
	return err
}

// pack makes a text small.
func pack(text string) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

func (b *body) text() (string, error) {
	if b.state != kept && b.state != unseen {
		return "", nil
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b.packed)), textMost))
	if err != nil {
		return "", fmt.Errorf("the text of content %d: %w", b.content, err)
	}
	return string(text), nil
}

// bodies reads the texts of some contents.
func (rm *Room) bodies(ctx context.Context, contents []int64) (map[int64]string, error) {
	out := map[int64]string{}
	for batch := range slices.Chunk(contents, 50) {
		for b, err := range db.All(ctx, rm.db, scanBody, "SELECT content, state, tries, body FROM text_body WHERE content IN (?)", batch) {
			if err != nil {
				return nil, err
			}
			if out[b.content], err = b.text(); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
