package tree

import (
	"context"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/infra/db"
)

// aFew is how many names are looked at together.
const aFew = 50

// Free finds a name in a folder that nobody bears yet, for what is to be beside a
// name: "a (2).txt" for "a.txt". Its cost grows with the logarithm of how many such
// names there are.
func (t *Tree) Free(ctx context.Context, d *db.DB, folder int64, name string) (string, error) {
	for n := 2; n < 1<<30; n = 2*n + aFew {
		some := make([]string, 0, aFew)
		for i := n; i < n+aFew; i++ {
			some = append(some, names.Numbered(name, i))
		}
		taken, err := t.Named(ctx, d, folder, some)
		if err != nil {
			return "", err
		}
		for _, free := range some {
			if _, ok := taken[free]; !ok {
				return free, nil
			}
		}
	}
	return "", fault.New(fault.Conflict, "There is no free name for this file.")
}

// Gone tells which of some nodes do not exist any more, in any space.
func (t *Tree) Gone(ctx context.Context, d *db.DB, ids []int64) (gone []int64, err error) {
	there, err := t.Some(ctx, d, ids)
	for _, id := range ids {
		if _, ok := there[id]; !ok {
			gone = append(gone, id)
		}
	}
	if err != nil {
		return nil, err // what was not found may be there
	}
	return gone, nil
}

// PathOf is where a node lies in its space, for messages: names from the root.
func PathOf(chain []Node) string {
	var b strings.Builder
	for _, n := range chain[min(1, len(chain)):] {
		b.WriteByte('/')
		b.WriteString(n.Name)
	}
	return b.String()
}
