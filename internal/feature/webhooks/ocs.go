package webhooks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
)

const (
	authNone   = "none"
	authHeader = "header"

	maxHooks   = 500
	maxURI     = 2000
	maxHost    = 200
	maxHeaders = 50
	maxHeader  = 4000 // bytes of one
	maxPage    = 1000
)

// shown is a webhook as the API shows it (34-apps/198). What is sealed is shown sealed,
// and secret only to who just had it made.
type shown struct {
	ID         int64   `json:"id"`
	App        *string `json:"appId"`
	UID        string  `json:"userId"`
	Method     string  `json:"httpMethod"`
	URI        string  `json:"uri"`
	Event      string  `json:"event"`
	Filter     any     `json:"eventFilter"` // empty: a list, as PHP has it
	UserFilter string  `json:"userIdFilter"`
	Headers    any     `json:"headers"`
	AuthMethod string  `json:"authMethod"`
	AuthData   *string `json:"authData"`
	Secret     string  `json:"secret,omitempty"`
}

func show(h Hook) shown {
	s := shown{ID: h.ID, UID: h.UID, Method: h.Method, URI: h.URI, Event: h.Event, Filter: []any{}, UserFilter: h.UserFilter, Headers: []any{}, AuthMethod: h.AuthMethod}
	if h.App != "" {
		s.App = &h.App
	}
	if h.Filter != "" {
		s.Filter = json.RawMessage(h.Filter)
	}
	if len(h.Headers) > 0 {
		s.Headers = h.Headers
	}
	if h.AuthData != "" {
		s.AuthData = &h.AuthData
	}
	return s
}

func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	out := []shown{}
	for h, err := range rm.Hooks(ctx, r.URL.Query().Get("uri")) {
		if err != nil {
			return nil, err
		}
		out = append(out, show(h))
	}
	return out, nil
}

func (rm *Room) show(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := number(r.Path("id"))
	if err != nil {
		return nil, errNoHook
	}
	h, err := rm.hook(ctx, id)
	return show(h), err
}

func number(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

func (rm *Room) create(ctx context.Context, r *ocs.Request) (any, error) {
	h := Hook{UID: r.Caller().ID}
	auth, err := rm.read(r, &h)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, err := range rm.Hooks(ctx, "") {
		if err != nil {
			return nil, err
		}
		n++
	}
	if n >= maxHooks {
		return nil, fault.New(fault.Full, "There are {n} webhooks already.", "n", maxHooks)
	}
	secret, err := rm.add(ctx, &h, auth)
	s := show(h)
	s.Secret = secret
	return s, err
}

func (rm *Room) update(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := number(r.Path("id"))
	if err != nil {
		return nil, errNoHook
	}
	h, err := rm.hook(ctx, id)
	if err != nil {
		return nil, err
	}
	auth, err := rm.read(r, &h)
	if err != nil {
		return nil, err
	}
	err = rm.change(ctx, &h, auth)
	return show(h), err
}

// renew gives a webhook another secret and answers {"secret": …}.
func (rm *Room) renew(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := number(r.Path("id"))
	if err != nil {
		return nil, errNoHook
	}
	secret, err := rm.setSecret(ctx, id)
	return map[string]string{"secret": secret}, err
}

// remove answers whether there was such a webhook (34-apps/208, 209).
func (rm *Room) remove(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := number(r.Path("id"))
	if err != nil {
		return false, nil
	}
	n, err := rm.drop(ctx, id)
	return n > 0, err
}

// removeOfApp answers how many webhooks an external app had (34-apps/210).
func (rm *Room) removeOfApp(ctx context.Context, r *ocs.Request) (any, error) {
	var ids []int64
	for h, err := range rm.Hooks(ctx, "") {
		if err != nil {
			return nil, err
		}
		if h.App == r.Path("appid") {
			ids = append(ids, h.ID)
		}
	}
	return rm.drop(ctx, ids...)
}

// read takes what may be chosen of a webhook, and the headers of its authentication.
// Those that are kept stay when they come back sealed, as they were shown.
func (rm *Room) read(r *ocs.Request, h *Hook) (auth map[string]string, err error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	h.Method, h.URI, h.Event, h.UserFilter, h.AuthMethod = strings.ToUpper(p.Get("httpMethod")), p.Get("uri"), p.Get("event"), p.Get("userIdFilter"), p.Get("authMethod")
	if h.AuthMethod == "" {
		h.AuthMethod = authNone
	}
	switch {
	case h.AuthMethod != authNone && h.AuthMethod != authHeader:
		return nil, fault.New(fault.Invalid, "This auth method does not exist")
	case !slices.Contains(Classes(), h.Event):
		return nil, fault.New(fault.Invalid, "{event} is not an event class compatible with webhooks", "event", fmt.Sprintf("%.200s", h.Event))
	case !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, h.Method):
		return nil, fault.New(fault.Invalid, "The method of a webhook is GET, POST, PUT, PATCH or DELETE.")
	case len(h.UserFilter) > 64:
		return nil, fault.New(fault.Invalid, "There is no such account.")
	}
	u, err := url.Parse(h.URI)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || len(u.Host) > maxHost || len(h.URI) > maxURI {
		return nil, fault.New(fault.Invalid, "The address of a webhook begins with https:// or http:// and a host.")
	}
	h.Filter = p.Get("eventFilter")
	if _, err := ParseFilter(h.Filter); err != nil {
		return nil, err
	}
	if h.Filter == "{}" {
		h.Filter = ""
	}
	if h.Headers, err = readHeaders(p.Get("headers")); err != nil {
		return nil, err
	}
	if said := p.Get("authData"); said == "" || said != h.AuthData {
		return readHeaders(said)
	}
	return rm.auth(*h)
}

// readHeaders takes names and values of headers that a webhook may set: {"X-Extra": "1"}.
func readHeaders(text string) (map[string]string, error) {
	out := map[string]string{}
	if text == "" {
		return out, nil
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "Headers are an object of names and texts.")
	}
	if len(out) > maxHeaders {
		return nil, fault.New(fault.Invalid, "These are too many headers.")
	}
	ours := []string{"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer"}
	for name, value := range out {
		low := strings.ToLower(name)
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) || len(name)+len(value) > maxHeader ||
			slices.Contains(ours, low) || strings.HasPrefix(low, "webhook-") {
			return nil, fault.New(fault.Invalid, "The header “{name}” cannot be set.", "name", fmt.Sprintf("%.60s", name))
		}
	}
	return out, nil
}

// letter is a delivery that was given up, as the API shows it.
type letter struct {
	ID      int64           `json:"id"`
	Hook    int64           `json:"webhook"`
	Message string          `json:"messageId"`
	Event   string          `json:"event"`
	Host    string          `json:"host"`
	Body    json.RawMessage `json:"body"`
	Made    string          `json:"made"` // RFC 3339, UTC
	Died    string          `json:"died"`
	Tries   int             `json:"tries"`
	Err     string          `json:"error"`
}

// listDead answers GET …/dead?before=&limit=100, the newest first. before is the id of a
// delivery, below which the next page begins.
func (rm *Room) listDead(ctx context.Context, r *ocs.Request) (any, error) {
	limit, err := r.Int("limit", 100)
	if err != nil || limit < 1 || limit > maxPage {
		return nil, fault.New(fault.Invalid, "limit is from 1 to {n}.", "n", maxPage)
	}
	before, err := r.Int("before", 0)
	if err != nil {
		return nil, err
	}
	out := []letter{}
	for v, err := range rm.Dead(ctx, before, int(limit)) {
		if err != nil {
			return nil, err
		}
		out = append(out, letter{v.ID, v.Hook, v.Message, v.Event, v.Host, json.RawMessage(v.Body), rfc(v.Made), rfc(v.Died), v.Tries, v.Err})
	}
	return out, nil
}

func rfc(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (rm *Room) retryDead(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := number(r.Path("id"))
	if err != nil {
		return nil, errNoDead
	}
	n, err := rm.Retry(ctx, id)
	if err == nil && n == 0 {
		err = errNoDead
	}
	return nil, err
}

func (rm *Room) dropDead(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := number(r.Path("id"))
	if err != nil {
		return nil, errNoDead
	}
	n, err := rm.Bury(ctx, id)
	if err == nil && n == 0 {
		err = errNoDead
	}
	return nil, err
}
