// Package names tells how accounts are called, many at once, for rooms that show
// lists of what people did.
package names

import (
	"context"
	"slices"

	"atrium/internal/infra/db"
)

// Of returns the display names of accounts by their ids; who is gone is left out.
// It costs one statement for each thousand.
func Of(ctx context.Context, d *db.DB, uids ...string) (map[string]string, error) {
	uids = slices.DeleteFunc(slices.Clone(uids), func(s string) bool { return s == "" || len(s) > maxID })
	slices.Sort(uids)
	type row struct{ uid, display string }
	out := map[string]string{}
	for part := range slices.Chunk(slices.Compact(uids), 1000) {
		for v, err := range db.All(ctx, d, func(r db.Row) (v row, err error) { return v, r.Scan(&v.uid, &v.display) },
			"SELECT uid, display FROM account WHERE uid IN (?)", part) {
			if err != nil {
				return nil, err
			}
			out[v.uid] = v.display
		}
	}
	return out, nil
}

// maxID is longer than any user id.
const maxID = 255
