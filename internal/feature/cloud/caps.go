package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"atrium/internal/base/who"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
)

type capSockets = plug.Sockets[func(ctx context.Context, r *http.Request) any]

// sections are the registries of the capabilities document.
type sections struct{ public, private *capSockets }

// object is a JSON object that keeps the order of its members.
type object []member

// member is a section; its value encodes to an object if there is more for it.
type member struct {
	key   string
	value any
	more  object // what other rooms add to it
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		v, err := json.Marshal(m.value)
		if err != nil {
			return nil, fmt.Errorf("section %s: %w", m.key, err)
		}
		if len(m.more) > 0 {
			more, err := m.more.MarshalJSON()
			if err != nil {
				return nil, err
			}
			if v = v[:len(v)-1]; len(v) > 1 {
				v = append(v, ',')
			}
			v = append(v, more[1:]...)
		}
		fmt.Fprintf(&b, "%q:%s", m.key, v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

type versionSection struct {
	Major           int    `json:"major"`
	Minor           int    `json:"minor"`
	Micro           int    `json:"micro"`
	String          string `json:"string"`
	Edition         string `json:"edition"`
	ExtendedSupport bool   `json:"extendedSupport"`
}

// capabilities answers what works here. Without a login only what the login
// page of a client needs is told (30-core/003, 005).
func (rm *Room) capabilities(ctx context.Context, r *ocs.Request) (any, error) {
	caps := object{}
	add := func(from *capSockets) {
		for name, f := range from.All() {
			if v := f(ctx, r.Request); v != nil {
				caps = append(caps, member{key: name, value: v})
			}
		}
	}
	if who.From(ctx) != nil {
		add(rm.board.private)
	}
	add(rm.board.public)
	return ocs.Answer{ETag: true, Data: struct {
		Version      versionSection `json:"version"`
		Capabilities object         `json:"capabilities"`
	}{versionSection{Major: major, Minor: minor, Micro: micro, String: Version}, caps.nested()}}, nil
}

// nested puts what is named "section.key" into its section.
func (o object) nested() (out object) {
	at := map[string]int{}
	for _, m := range o {
		if !strings.Contains(m.key, ".") {
			at[m.key], out = len(out), append(out, m)
		}
	}
	for _, m := range o {
		section, key, inner := strings.Cut(m.key, ".")
		if !inner {
			continue
		}
		if _, known := at[section]; !known {
			at[section], out = len(out), append(out, member{key: section, value: object{}})
		}
		s := &out[at[section]]
		s.more = append(s.more, member{key: key, value: m.value})
	}
	return out
}

type coreSection struct {
	PollInterval  int      `json:"pollinterval"` // seconds
	WebDAVRoot    string   `json:"webdav-root"`
	ReferenceAPI  bool     `json:"reference-api"`
	ReferenceExpr string   `json:"reference-regex"`
	ModRewrite    bool     `json:"mod-rewrite-working"`
	User          coreUser `json:"user"`
}

type coreUser struct {
	Language string `json:"language"`
	Locale   string `json:"locale"`
	Timezone string `json:"timezone"`
}

func (rm *Room) coreCaps(ctx context.Context, _ *http.Request) any {
	s := coreSection{PollInterval: 60, WebDAVRoot: "remote.php/webdav", ModRewrite: true}
	if u, err := rm.dir.User(ctx, who.From(ctx).ID); err == nil {
		s.User = coreUser{u.Language, u.Locale, u.Timezone}
	}
	return s
}

type bruteforceSection struct {
	Delay       int  `json:"delay"` // milliseconds
	AllowListed bool `json:"allow-listed"`
}

func bruteforceCaps(context.Context, *http.Request) any { return bruteforceSection{} }
