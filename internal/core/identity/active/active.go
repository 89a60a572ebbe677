// Package active counts the accounts that were used lately, by a login or by an
// app password or session.
package active

import (
	"context"
	"strings"
	"time"

	"atrium/internal/infra/db"
)

// Since tells how many accounts were used at each of some times or later, in one look
// through them. Uses of a session or app password are written down once a minute, so
// the last minute may be missing.
func Since(ctx context.Context, d *db.DB, times ...time.Time) ([]int64, error) {
	counts, into := make([]int64, len(times)), make([]any, len(times))
	sums, args := make([]string, len(times)), make([]any, len(times))
	for i, at := range times {
		sums[i], args[i], into[i] = "COALESCE(SUM(CASE WHEN last >= ? THEN 1 ELSE 0 END), 0)", at.Unix(), &counts[i]
	}
	_, err := db.One(ctx, d, func(r db.Row) (struct{}, error) { return struct{}{}, r.Scan(into...) }, "SELECT "+strings.Join(sums, ", ")+`
		FROM (SELECT CASE WHEN u.used > COALESCE(a.lastlogin, 0) THEN u.used ELSE COALESCE(a.lastlogin, 0) END AS last
			FROM account a LEFT JOIN (SELECT uid, MAX(used) AS used FROM token GROUP BY uid) u ON u.uid = a.uid) uses`, args...)
	return counts, err
}
