package shares

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
)

// Policy is what an administrator says about sharing. The settings are those of the
// app core whose names begin with shareapi_, as administrators script them.
type Policy struct {
	values map[string]string
}

// Policy reads it, as it was at most a second ago.
func (rm *Room) Policy(ctx context.Context) (Policy, error) {
	values, err := rm.settings.Recent(ctx, "core")
	return Policy{values}, err
}

func (p Policy) yes(name string, def bool) bool {
	switch p.values["shareapi_"+name] {
	case "yes", "true", "1":
		return true
	case "no", "false", "0":
		return false
	}
	return def
}

func (p Policy) number(name string, def int) int {
	if n, err := strconv.Atoi(p.values["shareapi_"+name]); err == nil {
		return n
	}
	return def
}

// groups is a list of group ids.
func (p Policy) groups(name string) (out []string) {
	if json.Unmarshal([]byte(p.values["shareapi_"+name]), &out) != nil {
		return nil
	}
	return out
}

// Enabled tells whether there is sharing at all.
func (p Policy) Enabled() bool { return p.yes("enabled", true) }

// Resharing tells whether what was received may be shared on.
func (p Policy) Resharing() bool { return p.yes("allow_resharing", true) }

// GroupSharing tells whether there are shares with groups.
func (p Policy) GroupSharing() bool { return p.yes("allow_group_sharing", true) }

// PublicUpload tells whether links may let strangers write.
func (p Policy) PublicUpload() bool { return p.yes("allow_public_upload", true) }

// CustomTokens tells whether people may choose the addresses of links.
func (p Policy) CustomTokens() bool { return p.yes("allow_custom_tokens", false) }

// AskPassword tells whether clients offer a password for each new link.
func (p Policy) AskPassword() bool { return p.yes("enable_link_password_by_default", false) }

// Perms is what clients offer at first.
func (p Policy) Perms() files.Perm {
	return files.Perm(p.number("default_permissions", int(files.All))) & files.All
}

// Ask tells whether recipients must accept a share before it appears.
func (p Policy) Ask() bool { return !p.yes("auto_accept_share", true) }

// Links tells whether somebody may make public links.
func (p Policy) Links(groups []string) bool {
	return p.yes("allow_links", true) && !overlap(groups, p.groups("allow_links_exclude_groups"))
}

// PasswordEnforced tells whether somebody's links must have a password.
func (p Policy) PasswordEnforced(groups []string) bool {
	return p.yes("enforce_links_password", false) && !overlap(groups, p.groups("enforce_links_password_excluded_groups"))
}

// MayShare tells whether somebody may share anything: the groups that are excluded,
// or the only ones that may. Who is in another group besides may.
func (p Policy) MayShare(groups []string) bool {
	list := p.groups("exclude_groups_list")
	switch p.values["shareapi_exclude_groups"] {
	case "yes":
		rest := slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return slices.Contains(list, g) })
		return len(rest) > 0 || len(groups) == 0
	case "allow":
		return overlap(groups, list)
	}
	return true
}

// OwnGroups tells whether people share within their groups only, and which of these
// do not count.
func (p Policy) OwnGroups() (only bool, but []string) {
	return p.yes("only_share_with_group_members", false), p.groups("only_share_with_group_members_exclude_group_list")
}

// Common leaves of somebody's groups those within which they may share.
func (p Policy) Common(groups []string) []string {
	_, but := p.OwnGroups()
	return slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return slices.Contains(but, g) })
}

// Term is how long shares of a kind last.
type Term struct {
	Default  bool // a new share ends after Days if nothing is said
	Enforced bool // and cannot last longer
	Days     int
}

// Term is that of links and mail shares, or of those with people and groups.
func (p Policy) Term(k Kind) Term {
	if k == User || k == Group {
		return Term{p.yes("default_internal_expire_date", false), p.yes("enforce_internal_expire_date", false), p.number("internal_expire_after_n_days", 7)}.tidy()
	}
	return Term{p.yes("default_expire_date", false), p.yes("enforce_expire_date", false), p.number("expire_after_n_days", 7)}.tidy()
}

func (t Term) tidy() Term {
	t.Enforced = t.Enforced && t.Default
	return t
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(g string) bool { return slices.Contains(b, g) })
}

// may tells whether somebody may share with others of a kind: nil, or why not
// (32-sharing/213 to 219, 231).
func (rm *Room) may(ctx context.Context, p *who.Principal, k Kind, recipient string) (Policy, error) {
	pol, err := rm.Policy(ctx)
	if err != nil {
		return pol, err
	}
	groups, err := rm.groupsOf(ctx, p.ID)
	if err != nil {
		return pol, err
	}
	switch {
	case !pol.Enabled():
		return pol, errOff
	case !pol.MayShare(groups):
		return pol, fault.New(fault.Denied, "Sharing is disabled for you")
	case k == Group && !pol.GroupSharing():
		return pol, fault.New(fault.NotFound, "Group sharing is disabled by the administrator")
	case (k == Link || k == Mail) && !pol.Links(groups):
		return pol, fault.New(fault.NotFound, "Public link sharing is disabled by the administrator")
	}
	if only, _ := pol.OwnGroups(); !only || k == Link || k == Mail {
		return pol, nil
	}
	theirs := []string{recipient}
	if k == User {
		if theirs, err = rm.groupsOf(ctx, recipient); err != nil {
			return pol, err
		}
	}
	if !overlap(pol.Common(groups), theirs) {
		return pol, fault.New(fault.Denied, "Sharing is only allowed with members of your groups.")
	}
	return pol, nil
}

// MayGiveTo tells whether somebody may share something with an account: nil, or why not.
func (rm *Room) MayGiveTo(ctx context.Context, p *who.Principal, uid string) error {
	_, err := rm.may(ctx, p, User, uid)
	return err
}

// MayGiveToGroup tells whether somebody may share something with a group.
func (rm *Room) MayGiveToGroup(ctx context.Context, p *who.Principal, gid string) error {
	_, err := rm.may(ctx, p, Group, gid)
	return err
}

// PassesOn tells whether what was received may be shared on.
func (rm *Room) PassesOn(ctx context.Context) (bool, error) {
	pol, err := rm.Policy(ctx)
	return pol.Resharing(), err
}

// errOff says that there is no sharing (32-sharing/216).
var errOff = fault.New(fault.NotFound, "Share API is disabled")

// lasts finds when a new or changed share ends. date is what was asked for: nil for
// nothing, "" for never (32-sharing/027, 028, 084 to 087, 204 to 206).
func (rm *Room) lasts(ctx context.Context, uid string, t Term, date *string) (ends time.Time, day string, err error) {
	zone, err := rm.zone(ctx, uid)
	if err != nil {
		return ends, "", err
	}
	today := rm.Now().In(zone)
	latest := time.Date(today.Year(), today.Month(), today.Day()+t.Days, 0, 0, 0, 0, zone)
	switch {
	case date == nil && t.Default:
		return latest, latest.Format(time.DateOnly), nil
	case date == nil || *date == "":
		if t.Enforced {
			return ends, "", fault.New(fault.Invalid, "Expiration date is enforced")
		}
		return ends, "", nil
	}
	text := *date
	if len(text) > len(time.DateOnly) && (text[len(time.DateOnly)] == ' ' || text[len(time.DateOnly)] == 'T') {
		text = text[:len(time.DateOnly)] // clients may send a time of day, which does not count
	}
	ends, err = time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return ends, "", errDate
	}
	switch {
	case !ends.After(rm.Now()):
		return ends, "", fault.New(fault.NotFound, "Expiration date is in the past")
	case t.Enforced && ends.After(latest):
		return ends, "", fault.New(fault.NotFound, "Cannot set expiration date more than {n} days in the future", "n", t.Days)
	}
	return ends, text, nil
}

// errDate is a date that is none.
var errDate = fault.New(fault.Invalid, "Invalid date. Format must be YYYY-MM-DD")

// zone is where somebody's days begin.
func (rm *Room) zone(ctx context.Context, uid string) (*time.Location, error) {
	u, err := rm.dir.User(ctx, uid)
	if fault.Of(err) == fault.NotFound {
		return time.UTC, nil
	}
	if err != nil {
		return nil, err
	}
	if zone, err := time.LoadLocation(u.Timezone); err == nil {
		return zone, nil
	}
	return time.UTC, nil
}

// Enumeration tells whether people find each other by a part of a name, and whether
// only within their groups. FullMatch tells whether they find anybody by a whole id,
// name or address.
func (p Policy) Enumeration() (any, ownGroups bool) {
	return p.yes("allow_share_dialog_user_enumeration", true), p.yes("restrict_user_enumeration_to_group", false)
}

// FullMatch is told with Enumeration.
func (p Policy) FullMatch() bool { return p.yes("restrict_user_enumeration_full_match", true) }
