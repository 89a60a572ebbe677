package provisioning

import (
	"context"
	"errors"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/profile"
	"atrium/internal/proto/ocs"
)

// The fields that an owner changes besides those of the profile, and those that
// who is in charge of an account changes besides.
func ownSettings() []string {
	return []string{"birthdate", "notify_email", "language", "locale", "timezone", "first_day_of_week"}
}

func officeSettings() []string { return []string{"quota", "manager"} }

// errField refuses a field that is not the caller's to change.
var errField = ocs.Fail(113, "")

// edit answers PUT /cloud/users/{id} {key, value}: one field of an account
// (31-provisioning/057 to 116).
func (rm *Room) edit(ctx context.Context, r *ocs.Request) (any, error) {
	u, charge, err := rm.editor(ctx, r)
	if err != nil {
		return nil, err
	}
	must, err := given(r, "key", "value")
	if err != nil {
		return nil, err
	}
	key, value := must[0], must[1]
	if key == "display" {
		key = "displayname"
	}
	own := u.ID == r.Caller().ID
	field, isScope := strings.CutSuffix(key, "Scope")
	known := slices.Contains(profile.Fields(), key) || slices.Contains(ownSettings(), key) || key == identity.Password
	switch {
	case own && (key == identity.Password || key == "email") && r.Caller().Via == who.ViaAppPassword:
		err = errField // a stolen one must not take the account over
	case isScope && own:
		err = rm.setScope(ctx, u.ID, field, value)
	case !known && (!charge || !slices.Contains(officeSettings(), key)):
		err = errField
	default:
		err = rm.set(ctx, u.ID, key, value)
	}
	return nothing, err
}

// editor returns the account of a request that changes one, and whether the
// caller is in charge of it and not only its owner.
func (rm *Room) editor(ctx context.Context, r *ocs.Request) (*identity.User, bool, error) {
	p := r.Caller()
	if r.Path("id") != p.ID {
		u, err := rm.target(ctx, r, who.Write)
		return u, err == nil, err
	}
	u, err := rm.dir.User(ctx, p.ID)
	if err != nil {
		return nil, false, err
	}
	// One's own quota is for administrators, or one's room would have no bound.
	return u, p.Role == who.Admin && p.Scope.Allows(who.AdminRoom, who.Write), nil
}

// ownSession is the session in which people change their own password; it stays.
func ownSession(ctx context.Context, uid string) []int64 {
	if p := who.From(ctx); p != nil && p.ID == uid && p.Via == who.ViaSession {
		return []int64{p.TokenID}
	}
	return nil
}

func (rm *Room) set(ctx context.Context, uid, key, value string) error {
	var err error
	switch key {
	case identity.Password:
		err = rm.dir.SetPassword(ctx, uid, value, ownSession(ctx, uid)...)
	case "quota":
		var bytes int64
		if bytes, err = quota.Parse(value); err != nil {
			return ocs.Fail(101, "Invalid quota value: {value}", "value", value)
		}
		err = rm.dir.SetQuota(ctx, uid, bytes)
	default:
		err = rm.dir.SetField(ctx, uid, key, value)
	}
	switch {
	case errors.Is(err, identity.ErrPassword):
		return &ocs.Failure{Code: 107, Says: fault.Said(err)}
	case errors.Is(err, fault.Invalid):
		return &ocs.Failure{Code: 101, Says: complaint(key, err)}
	case errors.Is(err, fault.Denied), key == identity.Password && errors.Is(err, fault.NotFound):
		return errField
	}
	return err
}

// complaint is what is said of a bad value: nothing of a mail address.
func complaint(key string, err error) tongue.Saying {
	switch key {
	case "email", "additional_mail", "notify_email":
		return tongue.Saying{}
	}
	return fault.Said(err)
}

func (rm *Room) setScope(ctx context.Context, uid, field, scope string) error {
	err := rm.dir.SetScope(ctx, uid, field, "", scope)
	switch {
	case errors.Is(err, fault.Unsupported), errors.Is(err, fault.NotFound):
		return errField
	case errors.Is(err, fault.Invalid):
		return ocs.Fail(101, "Invalid Invalid scope") // the recorded words (092)
	}
	return err
}

// editMany answers PUT /cloud/users/{id}/{collection} {key, value}: one of the
// values of a field that has many, or with Scope after its name, who sees it
// (31-provisioning/117 to 121).
func (rm *Room) editMany(ctx context.Context, r *ocs.Request) (any, error) {
	u, _, err := rm.editor(ctx, r)
	if err != nil {
		return nil, err
	}
	must, err := given(r, "key", "value")
	if err != nil {
		return nil, err
	}
	switch r.Path("collection") {
	case "additional_mail":
		err = rm.dir.ChangeItem(ctx, u.ID, "additional_mail", must[0], must[1])
	case "additional_mailScope":
		if u.ID != r.Caller().ID {
			return nil, errField
		}
		err = rm.dir.SetScope(ctx, u.ID, "additional_mail", must[0], must[1])
	default:
		return nil, ocs.Fail(103, "")
	}
	switch {
	case errors.Is(err, fault.Invalid), errors.Is(err, fault.NotFound):
		return nil, ocs.Fail(101, "")
	case errors.Is(err, fault.Denied):
		return nil, errField
	}
	return nothing, err
}
