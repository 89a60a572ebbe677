package davtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"atrium/internal/proto/dav"
	"atrium/internal/proto/web/webtest"
)

// Golden replays recorded exchanges. Numbers that the server gives out are learnt
// from the answers, and put in place of the recorded ones in later requests.
type Golden struct {
	// Loose are properties, elements and JSON keys of which only the presence counts.
	Loose []string
	// Deliberate lists every difference by the name of the exchange: what it begins
	// with, and why.
	Deliberate map[string]Deviation
	// Before runs before the exchange of a name.
	Before map[string]func(p *Replay)
}

// Deviation is why an answer differs, and how: each difference begins with one of
// the texts.
type Deviation struct {
	Why   string
	Diffs []string
}

// Because makes a Deviation.
func Because(why string, diffs ...string) Deviation { return Deviation{why, diffs} }

// Replay is a Golden under way.
type Replay struct {
	*Rig
	golden Golden
	ours   map[string]string // recorded number → ours
	theirs map[string]string // ours → recorded
}

// Learn notes that a recorded number is another one here.
func (p *Replay) Learn(recorded, ours string) {
	if recorded != "" && ours != "" {
		p.ours[recorded], p.theirs[ours] = ours, recorded
	}
}

// Replay sends the exchanges of a folder and compares the answers.
func (r *Rig) Replay(dir string, g Golden) {
	p := &Replay{Rig: r, golden: g, ours: map[string]string{}, theirs: map[string]string{}}
	seen := map[string]bool{}
	for _, x := range webtest.Load(r.TB, dir) {
		if f := g.Before[x.Name]; f != nil {
			f(p)
		}
		seen[x.Name] = true
		p.check(x)
	}
	for name := range g.Deliberate {
		if !seen[name] {
			r.Errorf("%s: there is no such exchange", name)
		}
	}
}

func (p *Replay) check(x webtest.Exchange) {
	diffs, dev := p.compare(x, p.ask(x)), p.golden.Deliberate[x.Name]
	for _, d := range diffs {
		if !slices.ContainsFunc(dev.Diffs, func(s string) bool { return strings.HasPrefix(d, s) }) {
			p.Errorf("%s: %s", x.Name, d)
		}
	}
	for _, s := range dev.Diffs {
		if !slices.ContainsFunc(diffs, func(d string) bool { return strings.HasPrefix(d, s) }) {
			p.Errorf("%s: no longer differs by %q (%s); all: %q", x.Name, s, dev.Why, diffs)
		}
	}
}

var number = regexp.MustCompile(`\b[0-9]+\b`)

func swap(s string, with map[string]string) string {
	return number.ReplaceAllStringFunc(s, func(n string) string {
		if other, ok := with[n]; ok {
			return other
		}
		return n
	})
}

func (p *Replay) ask(x webtest.Exchange) Reply {
	body, err := io.ReadAll(x.Request.Body)
	if err != nil {
		p.Fatal(err)
	}
	req, err := http.NewRequest(x.Request.Method, p.Srv.URL+swap(x.Request.RequestURI, p.ours), strings.NewReader(swap(string(body), p.ours)))
	if err != nil {
		p.Fatal(err)
	}
	req.Header = x.Request.Header
	if p.User = x.As[0]; p.User != "anon" {
		req.SetBasicAuth(p.User, "x")
	}
	return p.send(req)
}

// compare lists how an answer differs from the recorded one.
func (p *Replay) compare(x webtest.Exchange, res Reply) (diffs []string) {
	if res.StatusCode != x.Status {
		return []string{fmt.Sprintf("status %d, recorded %d: %s", res.StatusCode, x.Status, res.Body)}
	}
	p.Learn(Last(x.Header.Get("Content-Location")), Last(res.Header.Get("Content-Location")))
	for _, h := range []string{"Content-Type", "Content-Location"} {
		if got, want := swap(res.Header.Get(h), p.theirs), x.Header.Get(h); got != want {
			diffs = append(diffs, fmt.Sprintf("%s: %s, recorded %s", h, got, want))
		}
	}
	got, want := strings.TrimSpace(swap(res.Body, p.theirs)), strings.TrimSpace(x.Body)
	switch {
	case strings.HasPrefix(want, "<?xml") && strings.HasPrefix(got, "<?xml"):
		return append(diffs, p.compareXML(want, got)...)
	case strings.HasPrefix(want, "{") || strings.HasPrefix(want, "["):
		return append(diffs, p.compareJSON(want, got)...)
	case got != want:
		diffs = append(diffs, fmt.Sprintf("body %q, recorded %q", got, want))
	}
	return diffs
}

func (p *Replay) compareXML(want, got string) (diffs []string) {
	w, werr := dav.ParseXML([]byte(want))
	g, gerr := dav.ParseXML([]byte(got))
	if werr != nil || gerr != nil {
		return []string{fmt.Sprintf("recorded: %v, ours: %v", werr, gerr)}
	}
	if w.Name.Local != "multistatus" || g.Name.Local != "multistatus" {
		if a, b := p.text(g), p.text(w); a != b {
			return []string{fmt.Sprintf("%s, recorded %s", a, b)}
		}
		return nil
	}
	wm, gm := p.responses(w), p.responses(g)
	for _, href := range slices.Sorted(maps.Keys(wm)) {
		if gm[href] == nil {
			diffs = append(diffs, href+" is missing")
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(wm[href])) {
			if a, b := gm[href][name], wm[href][name]; a != b {
				diffs = append(diffs, fmt.Sprintf("%s %s: %s, recorded %s", href, name, a, b))
			}
		}
		for name := range gm[href] {
			if _, ok := wm[href][name]; !ok {
				diffs = append(diffs, fmt.Sprintf("%s %s is not recorded", href, name))
			}
		}
	}
	for _, href := range slices.Sorted(maps.Keys(gm)) {
		if wm[href] == nil {
			diffs = append(diffs, href+" is not recorded")
		}
	}
	return diffs
}

// responses is a multistatus as href → property → "status value".
func (p *Replay) responses(ms *dav.Node) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, r := range ms.Children {
		props := map[string]string{}
		for _, ps := range r.Children {
			prop := ps.Child(dav.NSDAV, "prop")
			if prop == nil {
				continue
			}
			_, status, _ := strings.Cut(ps.ChildText(dav.NSDAV, "status"), " ")
			status, _, _ = strings.Cut(status, " ")
			for _, c := range prop.Children {
				name := short(c)
				value := p.inside(c)
				if slices.Contains(p.golden.Loose, name) && value != "" {
					value = "…"
				}
				props[name] = strings.TrimSpace(status + " " + value)
			}
		}
		out[r.ChildText(dav.NSDAV, "href")] = props
	}
	return out
}

var prefixes = map[string]string{dav.NSDAV: "d:", dav.NSOC: "oc:", dav.NSNC: "nc:", dav.NSSabre: "s:"}

func short(n *dav.Node) string {
	if prefix, ok := prefixes[n.Name.Space]; ok {
		return prefix + n.Name.Local
	}
	return n.Name.Space + " " + n.Name.Local
}

// text is an element as text that depends on nothing but what it says.
func (p *Replay) text(n *dav.Node) string {
	var attrs []string
	for _, a := range n.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			attrs = append(attrs, " "+a.Name.Local+"="+a.Value)
		}
	}
	slices.Sort(attrs)
	return "<" + short(n) + strings.Join(attrs, "") + ">" + p.inside(n) + "</>"
}

func (p *Replay) inside(n *dav.Node) string {
	if n.Name.Space == dav.NSSabre && n.Name.Local == "message" || slices.Contains(p.golden.Loose, short(n)) {
		return "…"
	}
	if len(n.Children) == 0 {
		return strings.TrimSpace(n.Text)
	}
	out := ""
	for _, c := range n.Children {
		out += p.text(c)
	}
	return out
}

func (p *Replay) compareJSON(want, got string) []string {
	var w, g any
	for text, v := range map[string]*any{want: &w, got: &g} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(v); err != nil {
			return []string{fmt.Sprintf("%v in %q", err, text)}
		}
	}
	return p.differ("$", g, w)
}

// differ lists where two JSON values differ.
func (p *Replay) differ(at string, got, want any) (diffs []string) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, k := range slices.Sorted(maps.Keys(w)) {
			if v, there := g[k]; !there {
				diffs = append(diffs, at+"."+k+" is missing")
			} else if !slices.Contains(p.golden.Loose, k) {
				diffs = append(diffs, p.differ(at+"."+k, v, w[k])...)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(g)) {
			if _, there := w[k]; !there {
				diffs = append(diffs, at+"."+k+" is not recorded")
			}
		}
		return diffs
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for i := range w {
			diffs = append(diffs, p.differ(fmt.Sprintf("%s[%d]", at, i), g[i], w[i])...)
		}
		return diffs
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return []string{fmt.Sprintf("%s: %v, recorded %v", at, got, want)}
	}
	return nil
}

var _ testing.TB = (*Rig)(nil)
