package identity

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
)

// stillAtOnce is how many credentials one statement looks at.
const stillAtOnce = 1000

// Ended tells which credentials are no longer as good as when their principals
// were made: Still for very many at once, at two statements for each thousand app
// passwords and sessions. A principal that came with a password costs as much as
// with Still.
func (d *Directory) Ended(ctx context.Context, ps []*who.Principal) (ended []*who.Principal, err error) {
	var tokens []*who.Principal
	for _, p := range ps {
		if p.TokenID != 0 {
			tokens = append(tokens, p)
			continue
		}
		switch err := d.Still(ctx, p); {
		case errors.Is(err, fault.Anonymous):
			ended = append(ended, p)
		case err != nil:
			return nil, err
		}
	}
	for some := range slices.Chunk(tokens, stillAtOnce) {
		more, err := d.endedTokens(ctx, some)
		if err != nil {
			return nil, err
		}
		ended = append(ended, more...)
	}
	return ended, nil
}

func (d *Directory) endedTokens(ctx context.Context, ps []*who.Principal) (ended []*who.Principal, err error) {
	ids, uids := make([]int64, len(ps)), make([]string, len(ps))
	for i, p := range ps {
		ids[i], uids[i] = p.TokenID, p.ID
	}
	slices.Sort(uids)
	enabled := map[string]bool{}
	for uid, err := range db.All(ctx, d.db, db.Scan1[string], "SELECT uid FROM account WHERE enabled = 1 AND uid IN (?)", slices.Compact(uids)) {
		if err != nil {
			return nil, err
		}
		enabled[uid] = true
	}
	tokens := map[int64]*Token{}
	for t, err := range db.All(ctx, d.db, scanToken, "SELECT "+tokenColumns+" FROM token WHERE id IN (?)", ids) {
		if err != nil {
			return nil, err
		}
		tokens[t.ID] = t
	}
	now := d.Now()
	for _, p := range ps {
		t := tokens[p.TokenID]
		if t == nil || !enabled[p.ID] || t.UID != p.ID || t.Wipe || t.expired(now) || !reflect.DeepEqual(t.Scope, p.Scope) {
			ended = append(ended, p)
		}
	}
	return ended, nil
}
