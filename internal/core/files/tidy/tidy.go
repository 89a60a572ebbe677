// Package tidy lets rooms forget what they keep of nodes that were purged. Ids
// never come again, so that there is no hurry.
package tidy

import (
	"context"

	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

// batch is how many nodes are asked about at once.
const batch = 500

// Table goes through the nodes that a table names and deletes the rows of those
// that are gone. list yields the first ids after one, in order, with the
// placeholders id and limit; drop deletes, with a list of ids.
func Table(ctx context.Context, d *db.DB, f *files.Service, list, drop string) error {
	for last := int64(0); ; {
		ids, err := db.List(ctx, d, db.Scan1[int64], list, last, batch)
		if err != nil || len(ids) == 0 {
			return err
		}
		gone, err := f.Gone(ctx, ids)
		if err == nil && len(gone) > 0 {
			_, err = d.Exec(ctx, drop, gone)
		}
		if err != nil {
			return err
		}
		last = ids[len(ids)-1]
	}
}
