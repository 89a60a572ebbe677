package search

import (
	"cmp"
	"context"
	"math"
	"slices"

	"atrium/internal/infra/db"
)

// index finds names. What was written lately lies in rows of its own; from
// looseMost on, those of a space become a block. Nothing is taken out of a block:
// what an index says is only where to look, and whoever asks it holds each find
// to the tree. So a folder that moves, is put into the trash or comes back costs
// nothing here, whatever is in it.
type index struct{ db *db.DB }

// looseMost is how many rows of a space wait for a block.
const looseMost = 1000

// query is what a find must have.
type query struct {
	words    [][]byte // folded; each is part of the name
	mimes    []int32  // one of these; none: any
	from, to int64    // mtime in Unix seconds
	least    int64    // size in bytes
	most     int64
	kinds    map[int32]bool // the same as mimes
}

func (q *query) holds(it *item) bool {
	return it.mtime >= q.from && it.mtime <= q.to && it.size >= q.least && it.size <= q.most && (q.kinds == nil || q.kinds[it.mime])
}

// any is the query that everything meets.
func anything() query { return query{from: math.MinInt64, to: math.MaxInt64, most: math.MaxInt64} }

// hit is a find, and what it is sorted by.
type hit struct{ node, mtime int64 }

func newest(a, b hit) int { return cmp.Or(cmp.Compare(b.mtime, a.mtime), cmp.Compare(b.node, a.node)) }

// best keeps the newest finds.
type best struct {
	want int
	hits []hit
	cut  bool // there are more
}

func (b *best) add(h hit) {
	b.hits = append(b.hits, h)
	if len(b.hits) >= 2*b.want+100 {
		b.settle()
	}
}

func (b *best) settle() {
	slices.SortFunc(b.hits, newest)
	b.hits = slices.Compact(b.hits)
	if len(b.hits) > b.want {
		b.hits, b.cut = b.hits[:b.want], true
	}
}

// full tells whether nothing older than a time can be among them.
func (b *best) full(newest int64) bool {
	if len(b.hits) < b.want {
		return false
	}
	b.settle()
	return len(b.hits) >= b.want && b.hits[b.want-1].mtime > newest
}

// newest returns up to n finds in some spaces, newest first, and whether there
// are more. It costs two statements, and one for the first block that may have a
// find; if that is not enough one for what the others may have, and one each time
// for twice as many, 65,536 names at most.
func (x index) newest(ctx context.Context, spaces []int64, q *query, n int) ([]hit, bool, error) {
	if len(spaces) == 0 {
		return nil, false, nil
	}
	b := &best{want: n}
	if err := x.loose(ctx, spaces, q, b); err != nil {
		return nil, false, err
	}
	blocks, err := x.blocks(ctx, spaces, q)
	if err != nil {
		return nil, false, err
	}
	for most := blockMost; len(blocks) > 0; most = min(2*most, runMost) {
		if b.full(blocks[0].newest) {
			b.cut = true
			break
		}
		if most == 2*blockMost { // the newest do not have it all
			if blocks, err = x.finer(ctx, blocks, q); err != nil {
				return nil, false, err
			}
		}
		n := atOnce(blocks, most)
		if err := x.read(ctx, blocks[:n], q, b); err != nil {
			return nil, false, err
		}
		blocks = blocks[n:]
	}
	b.settle()
	return b.hits, b.cut, nil
}

// block is one that may have a find.
type block struct {
	id, newest int64
	entries    int
}

// atOnce is how many blocks are read with one statement: so many names.
func atOnce(blocks []block, most int) (n int) {
	for names := 0; n < min(len(blocks), 500) && (n == 0 || names+blocks[n].entries <= most); n++ {
		names += blocks[n].entries
	}
	return n
}

// loose looks at the rows that are in no block yet. The engine tests one word, so
// that few rows come out.
func (x index) loose(ctx context.Context, spaces []int64, q *query, b *best) error {
	text, args := "SELECT node, mtime, size, mime, name FROM search_name WHERE space IN (?)", []any{spaces}
	if len(q.words) > 0 {
		text, args = text+" AND "+contains(x.db.Dialect()), append(args, string(q.words[0]))
	}
	for it, err := range db.All(ctx, x.db, scanItem, text, args...) {
		if err != nil {
			return err
		}
		if q.holds(&it) && hasAll([]byte(it.name), q.words) {
			b.add(hit{it.node, it.mtime})
		}
	}
	return nil
}

func scanItem(r db.Row) (it item, err error) {
	return it, r.Scan(&it.node, &it.mtime, &it.size, &it.mime, &it.name)
}

// contains tests whether a name has a word, byte by byte.
func contains(d db.Dialect) string {
	switch d {
	case db.Postgres:
		return "strpos(name, ?) > 0"
	case db.MySQL:
		return "LOCATE(CAST(? AS BINARY), name) > 0"
	}
	return "instr(name, ?) > 0"
}

// blocks lists the blocks that may have a find, newest first.
func (x index) blocks(ctx context.Context, spaces []int64, q *query) ([]block, error) {
	type row struct {
		block
		marks marks
	}
	scan := func(r db.Row) (v row, err error) {
		return v, r.Scan(&v.id, &v.newest, &v.entries, (*[]byte)(&v.marks))
	}
	var out []block
	for v, err := range db.All(ctx, x.db, scan, `SELECT id, newest, entries, marks FROM search_block
		WHERE space IN (?) AND newest >= ? AND oldest <= ? ORDER BY newest DESC, id`, spaces, q.from, q.to) {
		if err != nil {
			return nil, err
		}
		if !v.marks.sane() {
			return nil, errBlock
		}
		if q.mayBeIn(v.marks) {
			out = append(out, v.block)
		}
	}
	return out, nil
}

// finer leaves of some blocks those that may have a find by their fine marks.
func (x index) finer(ctx context.Context, blocks []block, q *query) ([]block, error) {
	if !slices.ContainsFunc(q.words, func(w []byte) bool { return len(w) >= finePiece }) {
		return blocks, nil
	}
	type row struct {
		id   int64
		fine marks
	}
	scan := func(r db.Row) (v row, err error) { return v, r.Scan(&v.id, (*[]byte)(&v.fine)) }
	without := map[int64]bool{}
	for batch := range slices.Chunk(idsOf(blocks), 500) {
		for v, err := range db.All(ctx, x.db, scan, "SELECT id, fine FROM search_block WHERE id IN (?)", batch) {
			if err != nil {
				return nil, err
			}
			if !v.fine.sane() {
				return nil, errBlock
			}
			without[v.id] = slices.ContainsFunc(q.words, func(w []byte) bool { return len(w) >= finePiece && !v.fine.hasPieces(w, finePiece) })
		}
	}
	return slices.DeleteFunc(blocks, func(b block) bool { return without[b.id] }), nil
}

func idsOf(blocks []block) []int64 {
	ids := make([]int64, len(blocks))
	for i, b := range blocks {
		ids[i] = b.id
	}
	return ids
}

func (q *query) mayBeIn(m marks) bool {
	if slices.ContainsFunc(q.words, func(w []byte) bool { return !m.mayHave(w) }) {
		return false
	}
	return q.kinds == nil || slices.ContainsFunc(q.mimes, func(id int32) bool { return m.has(mimePiece(id)) })
}

// read looks through some blocks.
func (x index) read(ctx context.Context, blocks []block, q *query, b *best) error {
	for body, err := range db.All(ctx, x.db, db.Scan1[[]byte], "SELECT body FROM search_block WHERE id IN (?)", idsOf(blocks)) {
		if err != nil {
			return err
		}
		got := 0
		err = unpack(body, q.words, func(it item) bool {
			if q.holds(&it) {
				b.add(hit{it.node, it.mtime})
				got++
			}
			return got < b.want+1 // they come newest first
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// put adds or replaces rows, and makes blocks of what has gathered; it tells
// whether it did. Only one process at a time does this: the subscriber.
func (x index) put(ctx context.Context, bySpace map[int64][]item) (made bool, err error) {
	full := map[int64]int64{} // spaces to make a block of, and its id
	for space, items := range bySpace {
		n, err := db.One(ctx, x.db, db.Scan1[int], "SELECT COUNT(*) FROM search_name WHERE space = ?", space)
		if err != nil {
			return false, err
		}
		if n+len(items) < looseMost {
			continue
		}
		if full[space], err = x.db.ID(ctx); err != nil {
			return false, err
		}
	}
	return len(full) > 0, x.db.Tx(ctx, func(tx *db.DB) error {
		for space, items := range bySpace {
			for _, it := range items {
				_, err := tx.Exec(ctx, `INSERT INTO search_name (node, space, mtime, size, mime, name) VALUES (?, ?, ?, ?, ?, ?)
					{{on node set space,mtime,size,mime,name}}`, it.node, space, it.mtime, it.size, it.mime, it.name)
				if err != nil {
					return err
				}
			}
			if id := full[space]; id != 0 {
				if err := gather(ctx, tx, space, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// gather makes a block of the rows of a space.
func gather(ctx context.Context, tx *db.DB, space, id int64) error {
	items, err := db.List(ctx, tx, scanItem, "SELECT node, mtime, size, mime, name FROM search_name WHERE space = ?", space)
	if err != nil || len(items) == 0 {
		return err
	}
	items = items[:min(len(items), blockMost)]
	nodes := make([]int64, len(items))
	for i, it := range items {
		nodes[i] = it.node
	}
	if err := insertBlock(ctx, tx, space, id, items); err != nil {
		return err
	}
	for batch := range slices.Chunk(nodes, 500) {
		if _, err := tx.Exec(ctx, "DELETE FROM search_name WHERE node IN (?)", batch); err != nil {
			return err
		}
	}
	return nil
}

func insertBlock(ctx context.Context, tx *db.DB, space, id int64, items []item) error {
	coarse, fine, body := pack(items)
	_, err := tx.Exec(ctx, "INSERT INTO search_block (id, space, oldest, newest, entries, checked, marks, fine, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		id, space, items[len(items)-1].mtime, items[0].mtime, len(items), 0, []byte(coarse), []byte(fine), body)
	return err
}

// built tells which of some spaces are in the index from their beginning.
func (x index) built(ctx context.Context, spaces []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	for s, err := range db.All(ctx, x.db, db.Scan1[int64], "SELECT space FROM search_space WHERE built = 1 AND space IN (?)", spaces) {
		if err != nil {
			return nil, err
		}
		out[s] = true
	}
	return out, nil
}
