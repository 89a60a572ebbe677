package principals

import (
	"context"
	"encoding/xml"
	"iter"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/dav"
)

// The reports (RFC 3744 9.3 to 9.5).
const (
	reportMatch  = "principal-match"
	reportSearch = "principal-property-search"
	reportFields = "principal-search-property-set"
)

// reports writes d:supported-report-set.
func reports(b []byte, _ *dav.Resource) ([]byte, bool) {
	for _, name := range []string{reportMatch, reportSearch, reportFields} {
		b = append(b, "<d:supported-report><d:report><d:"+name+"/></d:report></d:supported-report>"...)
	}
	return b, true
}

// Limits of a search.
const (
	maxTerms = 10
	maxFound = 100 // of people, for one term
	pageSize = 25
)

var errDepth = fault.New(fault.Invalid, "Depth must be 0")

// fields is the answer to principal-search-property-set (17-dav-misc/058).
const fields = `<d:principal-search-property-set xmlns:d="DAV:" xmlns:s="` + dav.NSSabre + `" xmlns:cal="` + nsCal + `">` +
	`<d:principal-search-property><d:prop><d:displayname/></d:prop><d:description xml:lang="en">Display name</d:description></d:principal-search-property>` +
	`<d:principal-search-property><d:prop><s:email-address/></d:prop><d:description xml:lang="en">Email address</d:description></d:principal-search-property>` +
	`<d:principal-search-property><d:prop><cal:calendar-user-address-set/></d:prop><d:description xml:lang="en">Calendar address</d:description></d:principal-search-property>` +
	`</d:principal-search-property-set>`

// Reply implements dav.Replier.
func (c collection) Reply(_ context.Context, _ dav.Resource, q dav.Report) ([]byte, error) {
	switch {
	case q.Name != dv(reportFields):
		return nil, nil
	case q.Depth != 0:
		return nil, errDepth
	}
	return []byte(fields), nil
}

// Report implements dav.Reporter.
func (c collection) Report(ctx context.Context, r dav.Resource, q dav.Report) (iter.Seq2[dav.Resource, error], error) {
	var found []dav.Resource
	var cut bool
	var err error
	me := who.From(ctx)
	switch {
	case q.Name != dv(reportSearch) && q.Name != dv(reportMatch):
		return nil, dav.UnknownReport(q.Name)
	case q.Depth != 0: // 17-dav-misc/060
		return nil, errDepth
	case q.Name == dv(reportSearch):
		found, cut, err = c.search(ctx, me, r.Path, q.Body)
	case within(r.Path, "users"): // principal-match: the caller
		var u *identity.User
		if u, err = c.rm.known.Person(ctx, me, me.ID); err == nil {
			found = []dav.Resource{person(u)}
		}
	}
	return func(yield func(dav.Resource, error) bool) {
		for _, f := range found {
			if !yield(f, nil) {
				return
			}
		}
		if cut {
			yield(r, dav.ErrCut)
		}
	}, err
}

// within tells whether a report at a path is about principals of a kind.
func within(path, kind string) bool { return path == "/" || path == "/"+kind }

// term is one property-search: a text that one of the properties contains.
type term struct {
	in   []xml.Name
	text string
}

// terms reads the conditions of a search. A match is compared in small letters.
func terms(body *dav.Node) (ts []term, any bool, err error) {
	for _, n := range body.Children {
		if n.Name != dv("property-search") {
			continue
		}
		t := term{dav.Names(n.Child(dav.NSDAV, "prop")), strings.ToLower(n.ChildText(dav.NSDAV, "match"))}
		if slices.Contains(t.in, userAddress) {
			t.text = strings.TrimPrefix(t.text, "mailto:")
		}
		if t.text == "" || len(t.in) == 0 {
			return nil, false, fault.New(fault.Invalid, "Each property-search needs a property and a text to match.")
		}
		if ts = append(ts, t); len(ts) > maxTerms {
			return nil, false, fault.New(fault.TooLarge, "The search has too many conditions.")
		}
	}
	for _, a := range body.Attr {
		any = any || a.Name.Local == "test" && a.Value == "anyof"
	}
	return ts, any, nil
}

// search finds principals by what their properties contain (17-dav-misc/054 to 057).
// cut tells that there may be more than were looked at.
func (c collection) search(ctx context.Context, me *who.Principal, path string, body *dav.Node) (found []dav.Resource, cut bool, err error) {
	ts, any, err := terms(body)
	if err != nil || len(ts) == 0 {
		return nil, false, err
	}
	ask := ts
	if !any { // what all terms hold for is among what the longest finds
		ask = []term{slices.MaxFunc(ts, func(a, b term) int { return len(a.text) - len(b.text) })}
	}
	if within(path, "users") {
		if found, cut, err = c.people(ctx, me, ask); err != nil {
			return nil, false, err
		}
	}
	if within(path, "groups") {
		gs, more, err := c.groups(ctx, me, ask)
		if err != nil {
			return nil, false, err
		}
		found, cut = append(found, gs...), cut || more
	}
	found = slices.DeleteFunc(found, func(r dav.Resource) bool {
		p := r.Value.(*principal)
		misses := func(t term) bool { return !p.holds(t) }
		return !any && slices.ContainsFunc(ts, misses) || any && !slices.ContainsFunc(ts, p.holds)
	})
	slices.SortFunc(found, func(a, b dav.Resource) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(found, func(a, b dav.Resource) bool { return a.Path == b.Path }), cut, nil
}

// people finds accounts for terms, the caller among them.
func (c collection) people(ctx context.Context, me *who.Principal, ts []term) (found []dav.Resource, cut bool, err error) {
	self, err := c.rm.known.Person(ctx, me, me.ID)
	if err != nil {
		return nil, false, err
	}
	found = append(found, person(self))
	for _, t := range ts {
		more := true
		for page, n := 1, 0; more && n < maxFound; page++ {
			var us []*identity.User
			if us, more, err = c.rm.known.People(ctx, me, t.text, page, pageSize); err != nil {
				return nil, false, err
			}
			for _, u := range us {
				found = append(found, person(u))
			}
			n += len(us)
		}
		cut = cut || more
	}
	return found, cut, nil
}

func (c collection) groups(ctx context.Context, me *who.Principal, ts []term) (found []dav.Resource, cut bool, err error) {
	for _, t := range ts {
		gs, more, err := c.rm.known.Groups(ctx, me, t.text)
		if err != nil {
			return nil, false, err
		}
		for _, g := range gs {
			found = append(found, group(g))
		}
		cut = cut || more
	}
	return found, cut, nil
}

// holds tells whether a principal meets a term.
func (p *principal) holds(t term) bool {
	for _, name := range t.in {
		text := ""
		switch name {
		case displayName:
			text = p.name()
		case mailAddress, userAddress:
			text = p.mail()
		}
		if strings.Contains(strings.ToLower(text), t.text) {
			return true
		}
	}
	return false
}
