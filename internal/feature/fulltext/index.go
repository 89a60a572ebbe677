package fulltext

import (
	"context"

	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

// index is where it is kept which words each file has: in the database, or in a search
// server beside it. It is told a file's words once they are read and finds files by
// them; whose files these are, and whether the words are still those of the file, is
// asked elsewhere.
type index interface {
	// name tells this index from others that may have been in use before.
	name() string
	// ready makes what is missing and takes out what was dropped; each turn of work
	// begins with it.
	ready(ctx context.Context) error
	// put has a file found by a text, instead of what it was found by. Its part in the
	// database is what it returns, for the transaction in which the file is noted as
	// read.
	put(ctx context.Context, node, space int64, text string) (func(ctx context.Context, tx *db.DB) error, error)
	// drop has files found no more.
	drop(ctx context.Context, tx *db.DB, nodes []int64) error
	// find returns up to n files in some spaces that have all terms, the last of which
	// may be the beginning of a word; the latest first, from before an id on. only
	// limits it to some files; nil means any. What has changed since it was read, or
	// is gone, has no content.
	find(ctx context.Context, spaces []int64, terms []string, before int64, n int, only []int64) ([]doc, error)
	// reset forgets everything.
	reset(ctx context.Context) error
}

// doc is a file in the index, and the content that was read.
type doc struct{ node, content int64 }

func scanDoc(r db.Row) (d doc, err error) { return d, r.Scan(&d.node, &d.content) }

// is tells whether a file is as it was read.
func (d doc) is(e *files.Entry) bool { return e != nil && d.content != 0 && d.content == e.Content }

// setIndex is the setting that tells which index the files were put into.
const setIndex = "index_in_use"

// prepare has the index ready. One that was not in use before gets all files anew, of
// the texts that are kept.
func (rm *Room) prepare(ctx context.Context) error {
	used, err := rm.settings.Default(ctx, App, setIndex, inDatabase)
	if err != nil {
		return err
	}
	if used != rm.index.name() {
		if err := rm.index.reset(ctx); err != nil {
			return err
		}
		if _, err := rm.db.Exec(ctx, "UPDATE text_doc SET due = 1 WHERE due = 0"); err != nil {
			return err
		}
		if err := rm.settings.Set(ctx, App, setIndex, rm.index.name()); err != nil {
			return err
		}
	}
	return rm.index.ready(ctx)
}
