package api

import (
	"context"
	"log/slog"
	"net/http"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/feature/shares"
)

// sharing is the section files_sharing of the capabilities (30-core/005,
// 32-sharing/202, 218; client-api §1.1). Some clients read each of these fields.
type sharing struct {
	APIEnabled   bool        `json:"api_enabled"`
	Public       public      `json:"public"`
	Resharing    bool        `json:"resharing"`
	User         people      `json:"user"`
	GroupSharing *bool       `json:"group_sharing,omitempty"`
	Group        *groups     `json:"group,omitempty"`
	Default      *files.Perm `json:"default_permissions,omitempty"`
	Federation   federation  `json:"federation"`
	Sharee       sharee      `json:"sharee"`
	Mail         byMail      `json:"sharebymail"`
}

type enabled struct {
	Enabled bool `json:"enabled"`
}

type term struct {
	Enabled  bool  `json:"enabled"`
	Days     *int  `json:"days,omitempty"`
	Enforced *bool `json:"enforced,omitempty"`
}

func termOf(t shares.Term) *term {
	if !t.Default {
		return &term{}
	}
	return &term{true, &t.Days, &t.Enforced}
}

type public struct {
	Enabled  bool      `json:"enabled"`
	Password *password `json:"password,omitempty"`
	Term     *term     `json:"expire_date,omitempty"`
	Multiple *bool     `json:"multiple_links,omitempty"`
	Internal *term     `json:"expire_date_internal,omitempty"`
	Remote   *enabled  `json:"expire_date_remote,omitempty"`
	SendMail *bool     `json:"send_mail,omitempty"`
	Upload   *bool     `json:"upload,omitempty"`
	FileDrop *bool     `json:"upload_files_drop,omitempty"`
	Tokens   *bool     `json:"custom_tokens,omitempty"`
}

type password struct {
	Enforced bool `json:"enforced"`
	Ask      bool `json:"askForOptionalPassword"`
}

type people struct {
	SendMail bool     `json:"send_mail"`
	Term     *enabled `json:"expire_date,omitempty"`
}

type groups struct {
	Enabled bool    `json:"enabled"`
	Term    enabled `json:"expire_date"`
}

type federation struct {
	Outgoing  bool    `json:"outgoing"`
	Incoming  bool    `json:"incoming"`
	Term      enabled `json:"expire_date"`
	Supported enabled `json:"expire_date_supported"`
}

type sharee struct {
	Lookup bool `json:"query_lookup_default"`
	Unique bool `json:"always_show_unique"`
}

type byMail struct {
	Enabled   bool     `json:"enabled"`
	Passwords bool     `json:"send_password_by_mail"`
	FileDrop  enabled  `json:"upload_files_drop"`
	Password  enforced `json:"password"`
	Term      enforced `json:"expire_date"`
}

type enforced struct {
	Enabled  bool `json:"enabled"`
	Enforced bool `json:"enforced"`
}

// caps tells a client what it may offer. What cannot be found out is not offered.
func (rm *Room) caps(ctx context.Context, _ *http.Request) any {
	p := who.From(ctx)
	pol, err := rm.shares.Policy(ctx)
	if err != nil {
		slog.WarnContext(ctx, "the settings of sharing cannot be read", "error", err)
		return sharing{}
	}
	links := pol.Term(shares.Link)
	may := pol.MayShare(p.Groups)
	mustHave := pol.PasswordEnforced(p.Groups)
	s := sharing{APIEnabled: pol.Enabled(), Sharee: sharee{Unique: true}, Mail: byMail{Enabled: rm.Send != nil, Passwords: rm.Send != nil,
		FileDrop: enabled{true}, Password: enforced{true, mustHave}, Term: enforced{true, links.Enforced}}}
	if !pol.Enabled() {
		return s
	}
	yes, no, perms, grouped, upload, tokens := true, false, pol.Perms(), pol.GroupSharing(), pol.PublicUpload(), pol.CustomTokens()
	s.Resharing, s.GroupSharing, s.Default = pol.Resharing(), &grouped, &perms
	s.User.Term = &enabled{true}
	s.Group = &groups{Enabled: grouped, Term: enabled{true}}
	if s.Public.Enabled = may && pol.Links(p.Groups); s.Public.Enabled {
		s.Public = public{Enabled: true, Password: &password{mustHave, pol.AskPassword()}, Term: termOf(links), Multiple: &yes,
			Internal: termOf(pol.Term(shares.User)), Remote: &enabled{}, SendMail: &no, Upload: &upload, FileDrop: &upload, Tokens: &tokens}
	}
	return s
}

// limits is the section downloadlimit (30-core/005): there is no limit at first.
func limits(context.Context, *http.Request) any {
	return struct {
		Enabled bool `json:"enabled"`
		Default int  `json:"default-limit"`
	}{true, -1}
}
