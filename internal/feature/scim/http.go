package scim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// maxPage is how many resources one answer has at most, and without a count.
const maxPage = 200

// problem is an error with a scimType of RFC 7644, section 3.12.
type problem struct {
	error
	kind string
}

func (p *problem) Unwrap() error { return p.error }

func invalid(kind, text string) error { return &problem{fault.New(fault.Invalid, text), kind} }

var (
	errTaken = &problem{fault.New(fault.Conflict, "There is another one of this name."), "uniqueness"}
	errStale = fault.New(fault.Stale, "It has been changed meanwhile.")
)

// writeError is the error table of SCIM.
func writeError(w http.ResponseWriter, r *http.Request, err error) {
	web.ErrorHeaders(w, r, err)
	if errors.Is(err, fault.Anonymous) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="SCIM"`)
	}
	status := web.Status(err)
	body := map[string]any{"schemas": []string{errorURN}, "status": strconv.Itoa(status), "detail": web.Said(r, err).String()}
	if p, ok := errors.AsType[*problem](err); ok {
		body["scimType"] = p.kind
	}
	write(w, status, body)
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/scim+json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the connection is all that can fail
}

// reply is what a handler answers; a nil body is none.
type reply struct {
	status int
	body   map[string]any
}

type handler func(ctx context.Context, r *http.Request) (reply, error)

// enter lets a provider with a token in, which is who does what it does.
func (rm *Room) enter(f handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, "Bearer") || secret == "" {
			return errToken
		}
		t, err := rm.bearer(r.Context(), strings.TrimSpace(secret))
		if err != nil {
			return err
		}
		// No account's id has a colon.
		ctx := who.With(r.Context(), &who.Principal{ID: "scim:" + t.Name, Display: t.Name})
		out, err := f(ctx, r)
		if err != nil {
			return err
		}
		return send(w, r, out)
	}
}

// send answers with a resource and its ETag; an unchanged one is not sent again.
func send(w http.ResponseWriter, r *http.Request, out reply) error {
	meta, ok := out.body["meta"].(map[string]any)
	if ok && meta["version"] != nil {
		tag := meta["version"].(string)
		w.Header().Set("ETag", tag)
		if r.Method == http.MethodGet && matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		if out.status == http.StatusCreated {
			w.Header().Set("Location", meta["location"].(string))
		}
	}
	if out.body == nil {
		w.WriteHeader(out.status)
		return nil
	}
	write(w, out.status, trim(out.body, r))
	return nil
}

// finish adds to a resource what tells where and what it is. The version is drawn from
// all that it says.
func finish(res map[string]any, kind, location, made, changed string) (map[string]any, error) {
	raw, err := json.Marshal(res)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	res["meta"] = map[string]any{"resourceType": kind, "created": made, "lastModified": changed, "location": location,
		"version": `W/"` + hex.EncodeToString(sum[:12]) + `"`}
	return res, nil
}

func matches(header, tag string) bool {
	for t := range strings.SplitSeq(header, ",") {
		if t = strings.TrimSpace(t); t == "*" || t != "" && strings.TrimPrefix(t, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// unchanged holds a change to the version that the provider has seen.
func unchanged(r *http.Request, res map[string]any) error {
	want := r.Header.Get("If-Match")
	if want == "" || matches(want, res["meta"].(map[string]any)["version"].(string)) {
		return nil
	}
	return errStale
}

// trim leaves of a resource what the query asks for (RFC 7644, section 3.9).
func trim(res map[string]any, r *http.Request) map[string]any {
	q := r.URL.Query()
	keep, drop := names(q.Get("attributes")), names(q.Get("excludedAttributes"))
	if list, ok := res["Resources"].([]map[string]any); ok {
		for i := range list {
			list[i] = only(list[i], keep, drop)
		}
		return res
	}
	return only(res, keep, drop)
}

func names(list string) (out []string) {
	for n := range strings.SplitSeq(list, ",") {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, n)
		}
	}
	return out
}

func only(res map[string]any, keep, drop []string) map[string]any {
	if len(keep)+len(drop) == 0 {
		return res
	}
	out := maps.Clone(res)
	maps.DeleteFunc(out, func(name string, _ any) bool {
		if name == "id" || name == "schemas" {
			return false
		}
		asked := func(list []string) bool {
			return slices.ContainsFunc(list, func(n string) bool {
				return strings.EqualFold(n, name) || strings.EqualFold(pathOf(n).attr, name) || strings.HasPrefix(strings.ToLower(n), strings.ToLower(name)+":")
			})
		}
		if len(keep) > 0 {
			return !asked(keep)
		}
		return slices.ContainsFunc(drop, func(n string) bool { return strings.EqualFold(n, name) })
	})
	return out
}

// wants tells whether an answer shall have an attribute that costs something.
func wants(r *http.Request, name string) bool {
	_, ok := trim(map[string]any{name: true}, r)[name]
	return ok
}

// read decodes the body of a request.
func read(r *http.Request) (map[string]any, error) {
	raw, err := body(r)
	if err != nil {
		return nil, err
	}
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil || v == nil {
		return nil, invalid("invalidSyntax", "The request is no JSON object.")
	}
	return v, nil
}

func body(r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		return raw, nil
	}
	if _, ok := errors.AsType[*fault.Fault](err); ok {
		return nil, err
	}
	return nil, fault.Wrap(fault.Invalid, err, "The request cannot be read.")
}

// page is what part of a list is asked for.
type page struct {
	filter       *filter // nil: all
	start, count int     // the first is 1
}

func pageOf(r *http.Request) (p page, err error) {
	q := r.URL.Query()
	p.start, p.count = 1, maxPage
	for name, to := range map[string]*int{"startIndex": &p.start, "count": &p.count} {
		if s := q.Get(name); s != "" {
			if *to, err = strconv.Atoi(s); err != nil {
				return p, invalid("invalidValue", name+" is a number.")
			}
		}
	}
	p.start, p.count = max(p.start, 1), min(max(p.count, 0), maxPage)
	if s := q.Get("filter"); s != "" {
		p.filter, err = parseFilter(s)
	}
	return p, err
}

// listing is a page of resources.
func listing(p page, total int, res []map[string]any) reply {
	if res == nil {
		res = []map[string]any{}
	}
	return reply{http.StatusOK, map[string]any{"schemas": []string{listURN}, "totalResults": total, "startIndex": p.start, "itemsPerPage": len(res), "Resources": res}}
}

// origin is the address of this server as the provider knows it.
func origin(r *http.Request) string {
	return web.VisitOf(r.Context()).Base() + base
}
