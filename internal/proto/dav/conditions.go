package dav

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atrium/internal/base/fault"
)

// preconditions are If-Match, If-None-Match, If-Unmodified-Since and If of a
// write, to be checked against what stands at the request's URL.
func (c *call) preconditions() Check {
	h := c.r.Header
	match, none, since, cond := h.Get("If-Match"), h.Get("If-None-Match"), h.Get("If-Unmodified-Since"), h.Get("If")
	if match == "" && none == "" && since == "" && cond == "" {
		return func(*Resource) error { return nil }
	}
	lists, err := ParseIf(cond)
	return func(cur *Resource) error {
		if err != nil {
			return err
		}
		if err := simpleConditions(match, none, since, cur); err != nil {
			if cur != nil && match != "" { // so that the client knows what it would overwrite
				c.w.Header().Set("ETag", cur.ETag)
			}
			return err
		}
		return c.checkIf(lists, cur)
	}
}

func failed(header, text string) error {
	return &Error{Status: http.StatusPreconditionFailed, Exception: "PreconditionFailed", Header: header, Text: text}
}

// simpleConditions checks the conditional headers of HTTP (RFC 9110 13.1).
func simpleConditions(match, none, since string, cur *Resource) error {
	if match != "" && (cur == nil || !etagIn(match, cur.ETag)) {
		if cur == nil {
			return failed("If-Match", "An If-Match header was specified and the resource did not exist")
		}
		return failed("If-Match", "An If-Match header was specified, but none of the specified ETags matched.")
	}
	if none != "" && cur != nil && etagIn(none, cur.ETag) {
		if strings.TrimSpace(none) == "*" {
			return failed("If-None-Match", "An If-None-Match header was specified, but the resource already exists.")
		}
		return failed("If-None-Match", "An If-None-Match header was specified, but the ETag matched (or * was specified).")
	}
	if since != "" && match == "" && cur != nil {
		if t, err := http.ParseTime(since); err == nil && cur.MTime.Truncate(time.Second).After(t) {
			return failed("If-Unmodified-Since", "An If-Unmodified-Since header was specified, but the entity has been changed since.")
		}
	}
	return nil
}

// etagIn tells whether a list of entity tags, or *, has this one. Weakness and
// missing quotes are overlooked, as clients send both.
func etagIn(list, etag string) bool {
	want := strings.Trim(etag, `"`)
	for t := range strings.SplitSeq(list, ",") {
		t = strings.TrimSpace(t)
		if t == "*" {
			return true
		}
		t = strings.TrimSuffix(strings.Trim(strings.TrimPrefix(t, "W/"), `"`), "-gzip")
		if t == want {
			return true
		}
	}
	return false
}

// Condition is one term of an If header (RFC 4918 10.4).
type Condition struct {
	Not   bool
	Token string // a state token, without the angle brackets
	ETag  string // or an entity tag, quoted
}

// IfList is a resource with alternatives, of which one must hold wholly.
type IfList struct {
	Resource     string // URL, or "" for the request's own
	Alternatives [][]Condition
}

// maxTerms bounds the conditions of an If header. Clients send a few.
const maxTerms = 100

var errIf = fault.New(fault.Invalid, "The If header is malformed.")

// ParseIf parses an If header; nil for an empty one.
func ParseIf(s string) ([]IfList, error) {
	var out []IfList
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		switch s[0] {
		case '<':
			end := strings.IndexByte(s, '>')
			if end < 0 {
				return nil, errIf
			}
			out = append(out, IfList{Resource: s[1:end]})
			s = s[end+1:]
		case '(':
			end := listEnd(s)
			if end < 0 {
				return nil, errIf
			}
			conds, err := parseConditions(s[1:end])
			if err != nil {
				return nil, err
			}
			if len(out) == 0 {
				out = append(out, IfList{})
			}
			last := &out[len(out)-1]
			last.Alternatives = append(last.Alternatives, conds)
			s = s[end+1:]
		default:
			return nil, errIf
		}
	}
	terms := 0
	for _, l := range out {
		if len(l.Alternatives) == 0 {
			return nil, errIf
		}
		for _, alt := range l.Alternatives {
			terms += len(alt)
		}
	}
	if terms > maxTerms { // each may cost a look at the tree
		return nil, errIf
	}
	return out, nil
}

// listEnd finds the parenthesis that ends a list; tags may hold one.
func listEnd(s string) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ')' && !quoted:
			return i
		}
	}
	return -1
}

func parseConditions(s string) ([]Condition, error) {
	var out []Condition
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		var c Condition
		if rest, ok := strings.CutPrefix(s, "Not"); ok {
			c.Not, s = true, strings.TrimSpace(rest)
		}
		if s == "" {
			return nil, errIf
		}
		closing := map[byte]byte{'<': '>', '[': ']'}[s[0]]
		end := strings.IndexByte(s, closing)
		if closing == 0 || end < 0 {
			return nil, errIf
		}
		if s[0] == '<' {
			c.Token = s[1:end]
		} else {
			c.ETag = s[1:end]
		}
		out, s = append(out, c), s[end+1:]
	}
	if len(out) == 0 {
		return nil, errIf
	}
	return out, nil
}

// checkIf evaluates an If header: one alternative of one list must hold. Lists
// of other resources than the one at hand are looked up.
func (c *call) checkIf(lists []IfList, cur *Resource) error {
	if len(lists) == 0 {
		return nil
	}
	for _, l := range lists {
		at, res := c.place, cur
		if l.Resource != "" {
			other, found, err := c.tagged(l.Resource)
			if err != nil {
				return err
			}
			if other.path != c.path || other.mount != c.mount {
				at, res = other, found
			}
		}
		for _, alt := range l.Alternatives {
			ok, err := c.holds(alt, at, res)
			if err != nil {
				return err
			}
			if ok {
				return nil
			}
		}
	}
	return failed("If", "None of the conditions of the If header is met.")
}

// tagged finds the resource that a list of an If header names.
func (c *call) tagged(ref string) (*place, *Resource, error) {
	u, err := url.Parse(ref)
	if err != nil {
		return nil, nil, errIf
	}
	p, err := c.locate(c.r.Context(), strings.TrimPrefix(u.EscapedPath(), "/index.php"))
	if err != nil {
		return &place{}, nil, nil
	}
	res, err := p.mount.c.Stat(c.r.Context(), p.path)
	if fault.Of(err) == fault.NotFound {
		return p, nil, nil
	}
	return p, &res, err
}

func (c *call) holds(alt []Condition, at *place, res *Resource) (bool, error) {
	for _, cond := range alt {
		ok := false
		if cond.ETag != "" {
			ok = res != nil && etagIn(cond.ETag, res.ETag)
		} else if at.mount.locker() != nil {
			held, err := c.held(at, res, cond.Token)
			if err != nil {
				return false, err
			}
			ok = held
		}
		if ok == cond.Not {
			return false, nil
		}
	}
	return true, nil
}

// held tells whether a token locks what is at a place. A name that does not exist
// is covered by a lock on its folder.
func (c *call) held(at *place, res *Resource, token string) (bool, error) {
	if res == nil {
		parent, err := at.mount.c.Stat(c.r.Context(), cmp.Or(at.path[:max(strings.LastIndexByte(at.path, '/'), 0)], "/"))
		if fault.Of(err) == fault.NotFound {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		res = &parent
	}
	return at.mount.locker().Holds(c.r.Context(), *res, token)
}

type tokensKey struct{}

// withTokens lets collections see the state tokens that a request submits.
func withTokens(r *http.Request) *http.Request {
	if r.Header.Get("If") == "" {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), tokensKey{}, Tokens(r)))
}

// Submitted lists the state tokens that the request of ctx submits.
func Submitted(ctx context.Context) []string {
	ts, _ := ctx.Value(tokensKey{}).([]string)
	return ts
}

// Tokens lists the state tokens that a request submits, for locks.
func Tokens(r *http.Request) []string {
	lists, err := ParseIf(r.Header.Get("If"))
	if err != nil {
		return nil
	}
	var out []string
	for _, l := range lists {
		for _, alt := range l.Alternatives {
			for _, c := range alt {
				if c.Token != "" && !c.Not {
					out = append(out, c.Token)
				}
			}
		}
	}
	return out
}
