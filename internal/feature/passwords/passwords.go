// Package passwords says what a good password is: long enough, not among those
// that guessers try first, not known to have leaked, not one used before. It
// follows NIST SP 800-63B, section 3.1.1: no rules of composition and no end of
// validity unless an administrator asks for them. Its settings have the names
// that administrators know, in the app password_policy.
//
// It keeps hashes of former passwords while an administrator wants a history, the
// age of passwords while they are to expire, and how many wrong ones were tried while
// too many lock an account out. It does not keep the passwords themselves, which are core/identity's.
package passwords

import (
	"context"
	"embed"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables oldpass, password_age and password_tries.
var Schema = db.Schema{Room: "passwords", Files: schema}

// Room judges passwords.
type Room struct {
	Now func() time.Time

	db       *db.DB
	dir      *identity.Directory
	settings *settings.Store
	hashes   *seal.Passwords
}

// New returns the room. From then on the directory asks it about every new
// password of an account.
func New(d *db.DB, dir *identity.Directory, s *settings.Store, hashes *seal.Passwords) *Room {
	rm := &Room{Now: time.Now, db: d, dir: dir, settings: s, hashes: hashes}
	dir.Policy = rm.Check
	dir.Lockout, dir.Expired = lockout{rm}, rm.expired
	dir.OnPassword(rm.changed)
	dir.OnRemoved(rm.removed)
	return rm
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	ocs.Handle(b.OCS, "GET /apps/password_policy/api/v1/generate", web.User, rm.generate, web.PerMinute(60))
	ocs.Handle(b.OCS, "POST /apps/password_policy/api/v1/validate", web.User, rm.validate, web.PerMinute(120), web.In("self"))
	b.Caps.Add("password_policy", rm.caps)
	b.CLI.Add("user:unlock", rm.unlock())
	b.Settings.Add("passwords", offered())
	b.Jobs.Every("daily 03:50", "passwords.tidy", rm.tidy)
}

// Check tells whether an account may have a password: nil, or fault.Invalid with
// every reason why not. uid may be "" for a password that is no account's, such
// as that of a link.
func (rm *Room) Check(ctx context.Context, uid, password string) error {
	rules, err := rm.rules(ctx)
	if err != nil {
		return err
	}
	var own []string
	if uid != "" {
		if own, err = rm.about(ctx, uid); err != nil {
			return err
		}
	}
	why, err := rules.judge(password, own)
	if err != nil {
		return err
	}
	if uid != "" && why.IsZero() && rules.History > 0 {
		used, err := rm.usedBefore(ctx, uid, password, rules.History)
		if err != nil {
			return err
		}
		if used {
			why = tongue.Of("Password must not be one that was used before.")
		}
	}
	if !why.IsZero() {
		return fault.Say(fault.Invalid, nil, why)
	}
	return nil
}

type generated struct {
	Password string `json:"password"`
}

// generate answers with a password that passes (34-apps, password-policy-generate).
func (rm *Room) generate(ctx context.Context, _ *ocs.Request) (any, error) {
	rules, err := rm.rules(ctx)
	if err != nil {
		return nil, err
	}
	p, err := rules.make()
	return generated{p}, err
}

type judged struct {
	Passed bool   `json:"passed"`
	Reason string `json:"reason,omitempty"`
}

// validate tells whether a password would do (34-apps, password-policy-validate).
// A history is not asked: it would tell what somebody's password was.
func (rm *Room) validate(ctx context.Context, r *ocs.Request) (any, error) {
	password, err := r.Param("password")
	if err != nil {
		return nil, err
	}
	rules, err := rm.rules(ctx)
	if err != nil {
		return nil, err
	}
	p := r.Caller()
	why, err := rules.judge(password, []string{p.ID, p.Display, p.Login})
	return judged{why.IsZero(), web.Say(r.Request, why)}, err
}

type policy struct {
	MinLength     int  `json:"minLength"`
	HaveIBeenPwnd bool `json:"enforceHaveIBeenPwned"`
	NonCommon     bool `json:"enforceNonCommonPassword"`
	Numeric       bool `json:"enforceNumericCharacters"`
	Special       bool `json:"enforceSpecialCharacters"`
	UpperLower    bool `json:"enforceUpperLowerCase"`
}

// caps is the section password_policy of the capabilities (30-core/005).
func (rm *Room) caps(ctx context.Context, _ *http.Request) any {
	rules, err := rm.rules(ctx)
	if err != nil {
		return nil // the answer goes without the section; the endpoints say why
	}
	base := web.VisitOf(ctx).Base() + "/ocs/v2.php/apps/password_policy/api/v1/"
	account := policy{rules.MinLength, rules.Breached != "", rules.NonCommon, rules.Numeric, rules.Special, rules.UpperLower}
	return struct {
		API struct {
			Generate string `json:"generate"`
			Validate string `json:"validate"`
		} `json:"api"`
		Policies struct {
			Account policy `json:"account"`
		} `json:"policies"`
		MinLength  int  `json:"minLength"`
		NonCommon  bool `json:"enforceNonCommonPassword"`
		Numeric    bool `json:"enforceNumericCharacters"`
		Special    bool `json:"enforceSpecialCharacters"`
		UpperLower bool `json:"enforceUpperLowerCase"`
	}{
		API: struct {
			Generate string `json:"generate"`
			Validate string `json:"validate"`
		}{base + "generate", base + "validate"},
		Policies: struct {
			Account policy `json:"account"`
		}{account},
		MinLength: rules.MinLength, NonCommon: rules.NonCommon, Numeric: rules.Numeric, Special: rules.Special, UpperLower: rules.UpperLower,
	}
}
