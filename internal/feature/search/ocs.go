package search

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Bounds of a search.
const (
	fewHits  = 5 // without a limit (30-core/119)
	mostHits = 100
	mostTerm = 500 // bytes
)

// provider is one of the list (30-core/117).
type provider struct {
	ID       string            `json:"id"`
	App      string            `json:"appId"`
	Name     string            `json:"name"`
	Icon     string            `json:"icon"`
	Order    int               `json:"order"`
	External bool              `json:"isExternalProvider"`
	Triggers []string          `json:"triggers"`
	Filters  map[string]string `json:"filters"`
	InApp    bool              `json:"inAppSearch"`
}

// list answers who can be asked (30-core/117, 118).
func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	out := []provider{}
	for id, s := range rm.all.All() {
		a, ok := s.About(ctx, r.Caller())
		if !ok {
			continue
		}
		p := provider{ID: id, App: a.App, Name: a.Name, Icon: a.Icon, Order: a.Order, InApp: a.InApp,
			Triggers: []string{id}, Filters: map[string]string{"term": string(plug.FilterText)}}
		for name, kind := range a.Filters {
			p.Filters[name] = string(kind)
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b provider) int { return cmp.Compare(a.Order, b.Order) })
	return ocs.Answer{Data: out, ETag: true}, nil
}

// found is an answer (30-core/119). The cursor is null where there are no pages.
type found struct {
	Name      string  `json:"name"`
	Paginated bool    `json:"isPaginated"`
	Entries   []entry `json:"entries"`
	Cursor    *int64  `json:"cursor"`
}

type entry struct {
	Thumbnail  string            `json:"thumbnailUrl"`
	Title      string            `json:"title"`
	Subline    string            `json:"subline"`
	URL        string            `json:"resourceUrl"`
	Icon       string            `json:"icon"`
	Rounded    bool              `json:"rounded"`
	Attributes map[string]string `json:"attributes"`
}

// search asks one provider. Where the recorded server fails with 500, for a
// provider that is not there or a date that is none, we tell what is wrong
// (30-core/126, 131).
func (rm *Room) search(ctx context.Context, r *ocs.Request) (any, error) {
	id := r.Path("id")
	for name, s := range rm.all.All() {
		if name != id {
			continue
		}
		about, _ := s.About(ctx, r.Caller())
		w, err := wanted(r, about)
		if err != nil {
			return nil, err
		}
		f, err := s.Search(ctx, w)
		if err != nil {
			return nil, err
		}
		return shown(ctx, about, f), nil
	}
	return nil, fault.New(fault.NotFound, "There is no such search provider.")
}

func shown(ctx context.Context, about plug.Provider, f plug.Found) found {
	base := web.VisitOf(ctx).Base()
	out := found{Name: about.Name, Paginated: f.Paginated, Entries: make([]entry, len(f.Hits))}
	if f.Paginated {
		out.Cursor = &f.Next
	}
	for i, h := range f.Hits {
		if h.Attributes == nil {
			h.Attributes = map[string]string{}
		}
		out.Entries[i] = entry{below(base, h.Thumbnail), h.Title, h.Subline, below(base, h.URL), h.Icon, h.Rounded, h.Attributes}
	}
	return out
}

// below makes a path an address.
func below(base, path string) string {
	if strings.HasPrefix(path, "/") {
		return base + path
	}
	return path
}

// wanted reads a search. Filters that the provider does not know are left out, as
// clients send theirs to all.
func wanted(r *ocs.Request, about plug.Provider) (plug.Wanted, error) {
	p, err := r.Params()
	if err != nil {
		return plug.Wanted{}, err
	}
	w := plug.Wanted{Who: r.Caller(), Tongue: web.Tongue(r.Request), Term: strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(p.Get("term"), "\x00", ""), "")),
		Texts: map[string]string{}, Times: map[string]time.Time{}, Ints: map[string]int64{}, Flags: map[string]bool{}}
	if len(w.Term) > mostTerm {
		return w, fault.New(fault.Invalid, "The search term is too long.")
	}
	limit, err := r.Int("limit", fewHits)
	if err != nil {
		return w, err
	}
	if w.Limit = int(min(limit, mostHits)); w.Limit < 1 {
		w.Limit = fewHits
	}
	if w.Cursor, err = r.Int("cursor", 0); err != nil {
		return w, err
	}
	if w.Cursor < 0 {
		return w, fault.New(fault.Invalid, "The parameter cursor is out of range.")
	}
	given := 0
	for _, name := range slices.Sorted(maps.Keys(about.Filters)) {
		v := strings.TrimSpace(p.Get(name))
		if v == "" {
			continue
		}
		given++
		if err := filter(&w, name, about.Filters[name], v); err != nil {
			return w, err
		}
	}
	if w.Term == "" && given == 0 { // 30-core/130
		return w, &ocs.Failure{Code: http.StatusBadRequest, Data: "No valid filters provided"}
	}
	return w, nil
}

func filter(w *plug.Wanted, name string, kind plug.FilterKind, v string) (err error) {
	switch kind {
	case plug.FilterTime:
		w.Times[name], err = instant(v)
	case plug.FilterInt:
		w.Ints[name], err = strconv.ParseInt(v, 10, 64)
	case plug.FilterFlag:
		w.Flags[name], err = flag(v)
	default:
		w.Texts[name] = strings.ToValidUTF8(v, "")
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The filter {name} cannot be read: “{value}”.", "name", name, "value", strings.ToValidUTF8(v[:min(len(v), 100)], ""))
	}
	return nil
}

var errValue = errors.New("no such value")

func flag(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "1", "true", "yes", "on":
		return true, nil
	case "0", "false", "no", "off":
		return false, nil
	}
	return false, errValue
}

// instant reads a time as clients write it: a day, RFC 3339 with or without a
// zone, or Unix seconds.
func instant(v string) (time.Time, error) {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil && len(v) > 4 {
		if n < -1<<40 || n > 1<<40 {
			return time.Time{}, errValue
		}
		return time.Unix(n, 0), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errValue
}
