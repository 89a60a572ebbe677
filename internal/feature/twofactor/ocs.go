package twofactor

import (
	"context"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
)

// The endpoints for administrators, 30-core/138 to 140 and 34-apps/176. Each answers
// with what the account has, by provider.

func (rm *Room) stateFor(ctx context.Context, r *ocs.Request) (any, error) {
	uid, err := r.Param("user")
	if err != nil {
		return nil, err
	}
	if _, err := rm.dir.User(ctx, uid); err != nil {
		return nil, err
	}
	return rm.state(ctx, uid)
}

// enableFor changes nothing: what makes a second factor is in somebody's pocket.
// Like the recorded server it succeeds and tells the state.
func (rm *Room) enableFor(ctx context.Context, r *ocs.Request) (any, error) {
	if _, err := rm.named(r); err != nil {
		return nil, err
	}
	return rm.stateFor(ctx, r)
}

// disableFor takes factors from an account.
func (rm *Room) disableFor(ctx context.Context, r *ocs.Request) (any, error) {
	list, err := rm.named(r)
	if err != nil {
		return nil, err
	}
	uid, err := r.Param("user")
	if err != nil {
		return nil, err
	}
	if _, err := rm.dir.User(ctx, uid); err != nil {
		return nil, err
	}
	for _, p := range list {
		if err := rm.take(ctx, p, uid); err != nil {
			return nil, err
		}
	}
	return rm.stateFor(ctx, r)
}

// take takes a factor from an account.
func (rm *Room) take(ctx context.Context, p Provider, uid string) error {
	if err := p.Forget(ctx, uid); err != nil {
		return err
	}
	if p.About().Rescue {
		return nil
	}
	return rm.tidy(ctx, uid)
}

// named are the providers of the parameter providers[].
func (rm *Room) named(r *ocs.Request) ([]Provider, error) {
	ids, err := r.List("providers")
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, fault.New(fault.Invalid, "Please name the providers.")
	}
	var out []Provider
	for _, id := range ids {
		p, err := rm.provider(id)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
