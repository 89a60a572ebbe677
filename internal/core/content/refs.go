package content

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"atrium/internal/infra/db"
)

// Counter yields content ids and how often somebody refers to each.
type Counter func(ctx context.Context) iter.Seq2[int64, error]

// CheckRefs compares the counts of references with what the rooms that hold
// some say: each counter yields a content's id once for every reference. Counts
// that are wrong are looked at again, since a running server changes them.
func (s *Store) CheckRefs(ctx context.Context, counters []Counter, report func(finding string)) error {
	suspects, err := s.miscounted(ctx, counters, nil)
	if err != nil || len(suspects) == 0 {
		return err
	}
	again, err := s.miscounted(ctx, counters, suspects)
	for _, id := range slices.Sorted(maps.Keys(again)) {
		report(fmt.Sprintf("content %d: %s", id, again[id]))
	}
	return err
}

// miscounted finds contents whose count is wrong, among some if given.
func (s *Store) miscounted(ctx context.Context, counters []Counter, among map[int64]string) (map[int64]string, error) {
	want := map[int64]int64{}
	for _, count := range append(counters, s.partRefs) {
		for id, err := range count(ctx) {
			if err != nil {
				return nil, err
			}
			want[id]++
		}
	}
	type row struct{ id, refs int64 }
	wrong := map[int64]string{}
	scan := func(r db.Row) (v row, err error) { return v, r.Scan(&v.id, &v.refs) }
	for v, err := range db.All(ctx, s.db, scan, "SELECT id, refs FROM content") {
		if err != nil {
			return nil, err
		}
		if v.refs != want[v.id] {
			wrong[v.id] = fmt.Sprintf("%d references counted, %d exist", v.refs, want[v.id])
		}
		delete(want, v.id)
	}
	for id, n := range want {
		wrong[id] = fmt.Sprintf("%d references to a content that does not exist", n)
	}
	if among != nil {
		maps.DeleteFunc(wrong, func(id int64, _ string) bool { return among[id] == "" })
	}
	return wrong, nil
}

// partRefs: a joined content refers to its parts.
func (s *Store) partRefs(ctx context.Context) iter.Seq2[int64, error] {
	return db.All(ctx, s.db, db.Scan1[int64], "SELECT part FROM extent")
}
