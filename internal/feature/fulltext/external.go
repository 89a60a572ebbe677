package fulltext

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/opensearch"
)

// external is the index in a search server. It is told the same words as the one in
// the database, folded and each once, and no texts. What is to be dropped waits in
// text_gone until the server was told, so that nothing else waits for it.
type external struct {
	db     *db.DB
	server *opensearch.Client
	wake   func(ctx context.Context, tx *db.DB) error // has ready called soon
}

// errIndex is that the index does not work, whatever the file.
var errIndex = errors.New("the search server does not take what it is told")

// UseServer keeps the index in a search server instead of the database.
func (rm *Room) UseServer(c *opensearch.Client) { rm.index = external{rm.db, c, rm.readSoon} }

func (x external) name() string { return x.server.Name() }

// mapping is how the server keeps a file: its words are cut at blanks only, since
// they are as they are to be found.
var mapping = map[string]any{
	"mappings": map[string]any{"dynamic": "strict", "_source": map[string]any{"enabled": false}, "properties": map[string]any{
		"node":  map[string]any{"type": "long"},
		"space": map[string]any{"type": "long"},
		"words": map[string]any{"type": "text", "analyzer": "whitespace", "norms": false, "index_options": "docs"},
	}},
}

// file is a document in the server.
type file struct {
	Node  int64  `json:"node"`
	Space int64  `json:"space"`
	Words string `json:"words"`
}

func (x external) ready(ctx context.Context) error {
	if err := x.server.Create(ctx, mapping); err != nil {
		return err
	}
	type row struct{ id, node int64 }
	for {
		rows, err := db.List(ctx, x.db, func(r db.Row) (g row, err error) { return g, r.Scan(&g.id, &g.node) },
			"SELECT id, node FROM text_gone ORDER BY id LIMIT 500")
		if err != nil || len(rows) == 0 {
			return err
		}
		gone, ids := map[int64]bool{}, make([]int64, len(rows))
		for i, g := range rows {
			gone[g.node], ids[i] = true, g.id
		}
		back, err := db.List(ctx, x.db, db.Scan1[int64], "SELECT node FROM text_doc WHERE node IN (?)", slices.Collect(maps.Keys(gone)))
		if err != nil {
			return err
		}
		for _, node := range back { // from the trash, say
			delete(gone, node)
		}
		if err := x.server.Delete(ctx, slices.Sorted(maps.Keys(gone))); err != nil {
			return err
		}
		if _, err := x.db.Exec(ctx, "DELETE FROM text_gone WHERE id IN (?)", ids); err != nil {
			return err
		}
	}
}

func (x external) put(ctx context.Context, node, space int64, text string) (func(context.Context, *db.DB) error, error) {
	var err error
	if ws := wordsOf(text); len(ws) > 0 {
		err = x.server.Put(ctx, node, file{node, space, strings.Join(ws, " ")})
	} else {
		err = x.server.Delete(ctx, []int64{node})
	}
	if errors.Is(err, fault.Unavailable) {
		err = fmt.Errorf("%w: %w", errIndex, err)
	}
	return func(context.Context, *db.DB) error { return nil }, err
}

func (x external) drop(ctx context.Context, tx *db.DB, nodes []int64) error {
	for _, node := range nodes {
		id, err := x.db.ID(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO text_gone (id, node) VALUES (?, ?)", id, node); err != nil {
			return err
		}
	}
	return x.wake(ctx, tx)
}

func (x external) find(ctx context.Context, spaces []int64, terms []string, before int64, n int, only []int64) ([]doc, error) {
	if len(spaces) == 0 || len(terms) == 0 {
		return nil, nil
	}
	ids, err := x.server.Search(ctx, query(spaces, terms, before, n, only))
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The search server does not answer as it should.")
	}
	known := map[int64]int64{}
	for batch := range slices.Chunk(ids, 500) {
		for d, err := range db.All(ctx, x.db, scanDoc, "SELECT node, content FROM text_doc WHERE due = 0 AND node IN (?)", batch) {
			if err != nil {
				return nil, err
			}
			known[d.node] = d.content
		}
	}
	docs := make([]doc, len(ids))
	for i, id := range ids {
		docs[i] = doc{id, known[id]}
	}
	return docs, nil
}

// query asks for files by filters alone, which the server need not rank.
func query(spaces []int64, terms []string, before int64, n int, only []int64) any {
	type m = map[string]any
	filters := []m{{"terms": m{"space": spaces}}, {"range": m{"node": m{"lt": before}}}}
	for i, t := range terms {
		kind := "term"
		if i == len(terms)-1 {
			kind = "prefix"
		}
		filters = append(filters, m{kind: m{"words": m{"value": t}}})
	}
	if only != nil {
		filters = append(filters, m{"terms": m{"node": only}})
	}
	return m{"size": n, "track_total_hits": false, "query": m{"bool": m{"filter": filters}}, "sort": []m{{"node": "desc"}}}
}

// reset forgets what is in the server, and what was in the database before it was
// used.
func (x external) reset(ctx context.Context) error {
	if err := x.server.Drop(ctx); err != nil {
		return err
	}
	if _, err := x.db.Exec(ctx, "DELETE FROM text_gone"); err != nil {
		return err
	}
	return engine{x.db}.reset(ctx)
}
