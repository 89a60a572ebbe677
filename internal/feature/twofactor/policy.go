package twofactor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
)

// Policy is who must show a second factor. It encodes as Nextcloud shows it
// (34-apps/175).
type Policy struct {
	Enforced bool     `json:"enforced"`
	Groups   []string `json:"enforcedGroups"` // none: everybody
	Excluded []string `json:"excludedGroups"` // whose members need not, whatever else they are
}

// Demands tells whether a member of groups must.
func (p Policy) Demands(groups []string) bool {
	in := func(list []string) bool {
		return slices.ContainsFunc(list, func(g string) bool { return slices.Contains(groups, g) })
	}
	return p.Enforced && !in(p.Excluded) && (len(p.Groups) == 0 || in(p.Groups))
}

// The place of the policy among the settings.
const (
	app        = "twofactor"
	policyName = "policy"
)

// policyFor is how long the policy is believed without reading it again. It bounds
// how late another node notices a change.
const policyFor = time.Second

// Policy returns the policy, as it was at most a second ago.
func (rm *Room) Policy(ctx context.Context) (Policy, error) {
	now := rm.Now()
	rm.mu.Lock()
	p, young := rm.policy, !rm.read.IsZero() && now.Sub(rm.read) < policyFor
	rm.mu.Unlock()
	if young {
		return p, nil
	}
	p = Policy{Groups: []string{}, Excluded: []string{}}
	text, err := rm.settings.Get(ctx, app, policyName)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return p, err
	}
	if err == nil {
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return p, fmt.Errorf("who must show a second factor: %w", err)
		}
	}
	rm.mu.Lock()
	rm.policy, rm.read = p, now
	rm.mu.Unlock()
	return p, nil
}

// SetPolicy changes who must show a second factor.
func (rm *Room) SetPolicy(ctx context.Context, p Policy) error {
	for _, list := range []*[]string{&p.Groups, &p.Excluded} {
		*list = append([]string{}, *list...)
		slices.Sort(*list)
		*list = slices.Compact(*list)
		for _, g := range *list {
			if _, err := rm.dir.Group(ctx, g); err != nil {
				return err
			}
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := rm.settings.Set(ctx, app, policyName, string(text)); err != nil {
		return err
	}
	rm.mu.Lock()
	rm.read = time.Time{}
	rm.mu.Unlock()
	rm.dir.Void()
	return nil
}

// maxPassed bounds how many sessions are remembered.
const maxPassed = 100_000

// Passed tells whether a browser's session was opened with all factors that its
// account needs by now: a session that was opened with the password before a
// second factor became necessary opens nothing any more. That a session has shown
// one never changes, so it is asked for once.
func (rm *Room) Passed(ctx context.Context, p *who.Principal) (bool, error) {
	needs, err := rm.dir.NeedsSecond(ctx, p.ID)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil || !needs {
		return err == nil, err
	}
	rm.mu.Lock()
	_, known := rm.passed[p.TokenID]
	rm.mu.Unlock()
	if known {
		return true, nil
	}
	n, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT COUNT(*) FROM twofactor_passed WHERE token = ? AND uid = ?", p.TokenID, p.ID)
	if err != nil || n == 0 {
		return false, err
	}
	rm.remember(p.TokenID)
	return true, nil
}

func (rm *Room) remember(token int64) {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if len(rm.passed) >= maxPassed {
		clear(rm.passed)
	}
	rm.passed[token] = struct{}{}
}

// pass notes that a session has shown a second factor, and forgets the sessions of
// the same account that are gone.
func (rm *Room) pass(ctx context.Context, uid string, token int64) error {
	var live []int64
	for t, err := range rm.dir.Tokens(ctx, uid) {
		if err != nil {
			return err
		}
		live = append(live, t.ID)
	}
	live = append(live, token)
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM twofactor_passed WHERE uid = ? AND token NOT IN (?)", uid, live); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO twofactor_passed (token, uid) VALUES (?, ?) {{on token ignore}}", token, uid)
		return err
	})
}
