package tree

import (
	"context"
	"iter"

	"atrium/internal/infra/db"
)

// Sum is what a file below a folder holds.
type Sum struct {
	ID, Size int64
	SHA1     [20]byte
}

// sumBatch is how many folders are looked into together.
const sumBatch = 500

// Sums yields what the files below a folder hold, in no order, but for those whose
// SHA-1 is not known. Each node is read once, by one statement for each level and
// 500 folders: 3 to 4 µs a node in SQLite. Memory grows with the folders.
func (t *Tree) Sums(ctx context.Context, folder int64) iter.Seq2[Sum, error] {
	type row struct {
		Sum
		kind  Kind
		known bool
	}
	scan := func(r db.Row) (v row, err error) {
		var raw []byte
		err = r.Scan(&v.ID, &v.kind, &v.Size, &raw)
		v.known = copy(v.SHA1[:], raw) == len(v.SHA1)
		return v, err
	}
	return func(yield func(Sum, error) bool) {
		for queue := []int64{folder}; len(queue) > 0; {
			next := queue[:min(len(queue), sumBatch)]
			queue = queue[len(next):]
			for v, err := range db.All(ctx, t.db, scan, "SELECT id, kind, size, sha1 FROM node WHERE parent IN (?)", next) {
				switch {
				case err != nil:
					yield(Sum{}, err)
					return
				case v.kind == Folder:
					queue = append(queue, v.ID)
				case v.known && !yield(v.Sum, nil):
					return
				}
			}
		}
	}
}
