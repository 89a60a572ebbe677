package fulltext

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/words"
	"atrium/internal/infra/db"
)

// engine is the index of words by file, in whatever the database has for it. We
// tell it the words ourselves, all alike on all databases: folded, each once, and
// with two letters before them, so that none is too short or too common for it.
// The space that a file lies in is a word too: who has few files searches few.
type engine struct{ db *db.DB }

// wordsMost is how many different words of a document count.
const wordsMost = 20_000

func wordKey(w string) string     { return "qx" + w }
func spaceKey(space int64) string { return "qs" + strconv.FormatInt(space, 36) }
func allSpaces(ss []int64) (out []string) {
	for _, s := range ss {
		out = append(out, spaceKey(s))
	}
	return out
}

// inDatabase is the name of an index that needs no other.
const inDatabase = "database"

func (engine) name() string { return inDatabase }

func (engine) ready(context.Context) error { return nil }

// wordsOf are the words of a text, folded, each once.
func wordsOf(text string) []string {
	set := map[string]struct{}{}
	words.Index(text, set, wordsMost)
	return slices.Sorted(maps.Keys(set))
}

func (x engine) put(_ context.Context, node, space int64, text string) (func(context.Context, *db.DB) error, error) {
	var b strings.Builder
	b.WriteString(spaceKey(space))
	for _, w := range wordsOf(text) {
		b.WriteString(" " + wordKey(w))
	}
	return func(ctx context.Context, tx *db.DB) error {
		if err := x.drop(ctx, tx, []int64{node}); err != nil || text == "" {
			return err
		}
		return insertWords(ctx, tx, node, b.String())
	}, nil
}

func insertWords(ctx context.Context, tx *db.DB, node int64, words string) error {
	q := "INSERT INTO text_index (node, words) VALUES (?, ?)"
	switch tx.Dialect() {
	case db.SQLite:
		q = "INSERT INTO text_index (rowid, words) VALUES (?, ?)"
	case db.Postgres:
		q = "INSERT INTO text_index (node, words) VALUES (?, array_to_tsvector(string_to_array(?, ' ')))"
	}
	_, err := tx.Exec(ctx, q, node, words)
	return err
}

func (x engine) drop(ctx context.Context, tx *db.DB, nodes []int64) error {
	q := "DELETE FROM text_index WHERE node IN (?)"
	if tx.Dialect() == db.SQLite {
		q = "DELETE FROM text_index WHERE rowid IN (?)"
	}
	for batch := range slices.Chunk(nodes, 500) {
		if _, err := tx.Exec(ctx, q, batch); err != nil {
			return err
		}
	}
	return nil
}

func (x engine) find(ctx context.Context, spaces []int64, terms []string, before int64, n int, only []int64) ([]doc, error) {
	if len(spaces) == 0 || len(terms) == 0 {
		return nil, nil
	}
	id, match, expr := "i.node", "", ""
	switch x.db.Dialect() {
	case db.SQLite:
		id, match, expr = "i.rowid", "text_index MATCH ?", matchFTS5(spaces, terms)
	case db.Postgres:
		match, expr = "i.words @@ CAST(? AS tsquery)", matchTS(spaces, terms)
	default:
		match, expr = "MATCH(i.words) AGAINST (? IN BOOLEAN MODE)", matchBoolean(spaces, terms)
	}
	q := "SELECT d.node, d.content FROM text_index i JOIN text_doc d ON d.node = " + id + " WHERE d.due = 0 AND " + match + " AND " + id + " < ?"
	args := []any{expr, before}
	if only != nil {
		q, args = q+" AND "+id+" IN (?)", append(args, only)
	}
	return db.List(ctx, x.db, scanDoc, q+" ORDER BY "+id+" DESC LIMIT ?", append(args, n)...)
}

func (x engine) reset(ctx context.Context) error {
	_, err := x.db.Exec(ctx, "DELETE FROM text_index")
	return err
}

func keys(terms []string, begin, end, prefix string) (out []string) {
	for i, t := range terms {
		k := begin + wordKey(t) + end
		if i == len(terms)-1 {
			k += prefix
		}
		out = append(out, k)
	}
	return out
}

func matchFTS5(spaces []int64, terms []string) string {
	return `("` + strings.Join(allSpaces(spaces), `" OR "`) + `") AND ` + strings.Join(keys(terms, `"`, `"`, " *"), " AND ")
}

func matchTS(spaces []int64, terms []string) string {
	return "('" + strings.Join(allSpaces(spaces), "' | '") + "') & " + strings.Join(keys(terms, "'", "'", ":*"), " & ")
}

func matchBoolean(spaces []int64, terms []string) string {
	return "+(" + strings.Join(allSpaces(spaces), " ") + ") " + strings.Join(keys(terms, "+", "", "*"), " ")
}
