package provisioning

import (
	"context"
	"errors"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
)

// errSelf refuses what nobody does to their own account, and to one that there
// is not (31-provisioning/128 and 129).
var errSelf = ocs.Fail(101, "")

func (rm *Room) enable(ctx context.Context, r *ocs.Request) (any, error) {
	return rm.setEnabled(ctx, r, rm.dir.Enable)
}

func (rm *Room) disable(ctx context.Context, r *ocs.Request) (any, error) {
	return rm.setEnabled(ctx, r, rm.dir.Disable)
}

func (rm *Room) setEnabled(ctx context.Context, r *ocs.Request, f func(ctx context.Context, uid string) error) (any, error) {
	if r.Path("id") == r.Caller().ID {
		return nil, errSelf
	}
	u, err := rm.target(ctx, r, who.Write)
	if errors.Is(err, errUnknown) && runsAll(r.Caller()) {
		return nil, errSelf
	}
	if err != nil {
		return nil, err
	}
	return nothing, f(ctx, u.ID)
}

// remove deletes an account with all that hangs on it.
func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	if r.Path("id") == r.Caller().ID {
		return nil, errSelf
	}
	u, err := rm.target(ctx, r, who.Write)
	if err != nil {
		return nil, err
	}
	return nothing, rm.dir.Remove(ctx, u.ID)
}

// wipe tells all devices of an account to delete its data, and signs out its
// browsers.
func (rm *Room) wipe(ctx context.Context, r *ocs.Request) (any, error) {
	if r.Path("id") == r.Caller().ID {
		return nil, errSelf
	}
	u, err := rm.target(ctx, r, who.Write)
	if err != nil {
		return nil, err
	}
	for t, err := range rm.dir.Tokens(ctx, u.ID) {
		if err != nil {
			return nil, err
		}
		if t.Kind == identity.KindApp && !t.Wipe {
			if err := rm.dir.AskWipe(ctx, u.ID, t.ID); err != nil {
				return nil, err
			}
		}
	}
	for _, k := range []identity.Kind{identity.KindSession, identity.KindHalf} {
		if _, err := rm.dir.RemoveTokens(ctx, u.ID, k, 0); err != nil {
			return nil, err
		}
	}
	return nothing, nil
}

// welcome sends the first mail again (31-provisioning/131 to 133).
func (rm *Room) welcome(ctx context.Context, r *ocs.Request) (any, error) {
	u, err := rm.target(ctx, r, who.Write)
	if err != nil {
		return nil, err
	}
	if u.Mail != "" && rm.mail != nil {
		if err = rm.mail.Welcome(ctx, u); !noMail(err) {
			return nothing, err
		}
	}
	return nil, ocs.Fail(101, "Email address not available")
}

// noMail tells that no letter can be sent: there is no address or no mail server.
func noMail(err error) bool {
	return errors.Is(err, fault.Invalid) || errors.Is(err, fault.Unsupported)
}
