package davfiles_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/proto/dav"
)

// exchange is one recorded request with its answer.
type exchange struct {
	name, user  string
	method, url string
	header      http.Header
	body        string

	status     int
	got        http.Header // of the recorded answer
	answer     string
	unanswered bool // the recorded body was left out
}

var caseLine = regexp.MustCompile(`(?m)^=== (\S+) as (\S+)\n`)

// recorded reads testdata/golden/topic.http.
func recorded(t *testing.T, topic string) (out []*exchange) {
	t.Helper()
	b, err := os.ReadFile("testdata/golden/" + topic + ".http")
	if err != nil {
		t.Fatal(err)
	}
	for at := caseLine.FindSubmatchIndex(b); at != nil; at = caseLine.FindSubmatchIndex(b) {
		x := &exchange{name: string(b[at[2]:at[3]]), user: string(b[at[4]:at[5]])}
		b = x.request(t, b[at[1]:])
		end := len(b)
		if next := caseLine.FindIndex(b); next != nil {
			end = next[0]
		}
		x.response(t, b[:end])
		b = b[end:]
		out = append(out, x)
	}
	return out
}

// head splits the lines up to the first empty one from the rest.
func head(b []byte) (first string, h http.Header, rest []byte) {
	text, rest, _ := bytes.Cut(b, []byte("\n\n"))
	first, lines, _ := strings.Cut(string(text), "\n")
	h = http.Header{}
	for line := range strings.SplitSeq(lines, "\n") {
		if k, v, ok := strings.Cut(line, ": "); ok {
			h.Add(k, v)
		}
	}
	return first, h, rest
}

func (x *exchange) request(t *testing.T, b []byte) []byte {
	first, h, rest := head(b)
	x.method, x.url, _ = strings.Cut(first, " ")
	x.header = h
	if what, times, ok := strings.Cut(h.Get("Body"), " x "); ok {
		n, _ := strconv.Atoi(times)
		x.body = strings.Repeat(what, n)
	}
	if n, err := strconv.Atoi(h.Get("Length")); err == nil {
		x.body, rest = string(rest[:n]), rest[n:]
	}
	h.Del("Length")
	h.Del("Body")
	rest = bytes.TrimPrefix(rest, []byte("\n"))
	if !bytes.HasPrefix(rest, []byte("--- ")) {
		t.Fatalf("%s: the request's body ends before %.40q", x.name, rest)
	}
	return rest[4:]
}

func (x *exchange) response(t *testing.T, b []byte) {
	first, h, rest := head(b)
	status, err := strconv.Atoi(first)
	if err != nil {
		t.Fatalf("%s: %v", x.name, err)
	}
	x.status, x.got, x.answer = status, h, strings.TrimSpace(string(rest))
	x.unanswered = h.Get("Body") != ""
}

// replay sends recorded exchanges to a rig and compares the answers. What the
// server gives out (ids, etags) is learnt from the answers and put into later
// requests.
type replay struct {
	*rig
	theirs map[string]string // recorded value → ours
	page   string            // the last X-NC-Paginate-Token
}

func (p *replay) learn(recorded, ours string) {
	if recorded != "" && ours != "" {
		p.theirs[recorded] = ours
	}
}

var handedOut = regexp.MustCompile(`[0-9a-f]{13,40}|http://127\.0\.0\.1:8081|<d:literal>[0-9]+</d:literal>`)

// localise puts our values in place of recorded ones.
func (p *replay) localise(s string) string {
	return handedOut.ReplaceAllStringFunc(s, func(m string) string {
		if m == "http://127.0.0.1:8081" {
			return p.srv.URL
		}
		if num, ok := strings.CutPrefix(m, "<d:literal>"); ok {
			if ours, known := p.theirs[strings.TrimSuffix(num, "</d:literal>")]; known {
				return "<d:literal>" + ours + "</d:literal>"
			}
		}
		if ours, known := p.theirs[m]; known {
			return ours
		}
		return m
	})
}

func (p *replay) send(x *exchange) reply {
	p.user = x.user
	if x.user == "nobody" {
		p.user = ""
	}
	var hs []string
	for k, vs := range x.header {
		for _, v := range vs {
			if k == "X-Nc-Paginate-Token" { // the recorded one is of another request
				v = p.page
			}
			hs = append(hs, k+": "+p.localise(v))
		}
	}
	return p.do(x.method, x.url, p.localise(x.body), hs...)
}

// compare lists how an answer differs from the recorded one.
func (p *replay) compare(x *exchange, res reply) (diffs []string) {
	if res.StatusCode != x.status {
		return []string{fmt.Sprintf("status %d, recorded %d", res.StatusCode, x.status)}
	}
	for _, h := range comparedHeaders {
		if h == "OC-Checksum" && x.got.Get(h) == "" {
			continue // see alwaysKnown
		}
		if h == "Allow" { // more than was recorded is fine
			if missing := less(x.got.Get(h), res.Header.Get(h)); missing != "" {
				diffs = append(diffs, "Allow lacks "+missing)
			}
			continue
		}
		if want, got := p.header(h, x.got), p.header(h, res.Header); want != got {
			diffs = append(diffs, fmt.Sprintf("%s: %s, recorded %s", h, got, want))
		}
	}
	p.page = res.Header.Get("X-NC-Paginate-Token")
	p.learn(strings.Trim(x.got.Get("ETag"), `"`), strings.Trim(res.Header.Get("ETag"), `"`))
	p.learn(strings.TrimPrefix(x.got.Get("OC-FileId"), "0000"), res.Header.Get("OC-FileId"))
	if x.unanswered || x.method == "HEAD" {
		return diffs
	}
	return append(diffs, p.compareBodies(x, res)...)
}

// comparedHeaders are those that clients look at.
var comparedHeaders = []string{"Content-Type", "OC-FileId", "ETag", "OC-ETag", "X-OC-MTime", "X-OC-CTime", "OC-Checksum", "Content-Disposition",
	"Content-Range", "Last-Modified", "Allow", "WWW-Authenticate", "X-NC-Paginate", "X-NC-Paginate-Total", "X-Hash-MD5", "X-Hash-SHA1", "X-Hash-SHA256"}

var quotedTag = regexp.MustCompile(`^"[0-9a-f]{13,40}"$`)

// header shows a header without what is the server's own choice.
func (p *replay) header(name string, h http.Header) string {
	v := h.Get(name)
	switch {
	case v == "":
		return "none"
	case name == "OC-FileId" && regexp.MustCompile(`^[0-9]{8,}oc[a-z0-9]{10}$`).MatchString(v), (name == "ETag" || name == "OC-ETag") && quotedTag.MatchString(v):
		return "one"
	case name == "Last-Modified":
		return sinceThen(v)
	case name == "WWW-Authenticate":
		v, _, _ = strings.Cut(v, " ")
	case name == "Content-Type":
		return strings.ReplaceAll(v, `"`, "")
	}
	return v
}

// less lists what is in one list and not in the other.
func less(list, other string) string {
	has := strings.Split(other, ", ")
	return strings.Join(slices.DeleteFunc(strings.Split(list, ", "), func(s string) bool { return s == "" || slices.Contains(has, s) }), " ")
}

// sinceThen shows times that were made by the test or by the recording as "now".
func sinceThen(v string) string {
	var t time.Time
	for _, layout := range []string{http.TimeFormat, time.RFC3339} {
		if parsed, err := time.Parse(layout, v); err == nil {
			t = parsed
		}
	}
	if sec, err := strconv.ParseInt(v, 10, 64); err == nil {
		t = time.Unix(sec, 0)
	}
	recording := time.Date(2026, 11, 22, 1, 30, 0, 0, time.UTC)
	if age := time.Since(t); age > -time.Minute && age < time.Hour || t.After(recording) && t.Before(recording.Add(time.Hour)) {
		return "now"
	}
	return v
}

func (p *replay) compareBodies(x *exchange, res reply) []string {
	want, got := x.answer, res.body
	switch {
	case strings.HasPrefix(want, "<?xml") && strings.HasPrefix(strings.TrimSpace(got), "<?xml"):
		return p.compareXML(x, want, got)
	case strings.HasPrefix(want, "{") || want == "[]":
		return p.compareJSON(want, got)
	case strings.TrimSpace(got) != want:
		return []string{fmt.Sprintf("body %q, recorded %q", got, want)}
	}
	return nil
}

func (p *replay) compareJSON(want, got string) []string {
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		return []string{err.Error()}
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		return []string{err.Error()}
	}
	for _, v := range []any{w, g} {
		files, _ := v.(map[string]any)
		for _, f := range files {
			m := f.(map[string]any)
			for _, key := range []string{"etag", "fileid", "message"} {
				if s, ok := m[key].(string); ok && s != "" {
					m[key] = "one"
				}
			}
		}
	}
	if diff := cmp.Diff(w, g); diff != "" {
		return []string{"JSON " + strings.Join(strings.Fields(diff), " ")}
	}
	return nil
}

func (p *replay) compareXML(x *exchange, want, got string) (diffs []string) {
	w, werr := dav.ParseXML([]byte(want))
	g, gerr := dav.ParseXML([]byte(got))
	if werr != nil || gerr != nil {
		return []string{fmt.Sprintf("recorded: %v, ours: %v", werr, gerr)}
	}
	if w.Name.Local != "multistatus" || g.Name.Local != "multistatus" {
		if a, b := canonical(g), canonical(w); a != b {
			return []string{fmt.Sprintf("%s, recorded %s", a, b)}
		}
		return nil
	}
	wm, gm := flat(w), flat(g)
	if strings.Contains(x.body, "orderby") && !slices.Equal(wm.hrefs, gm.hrefs) {
		diffs = append(diffs, fmt.Sprintf("order %v, recorded %v", gm.hrefs, wm.hrefs))
	}
	for _, href := range slices.Sorted(maps.Keys(wm.props)) {
		if gm.props[href] == nil {
			diffs = append(diffs, href+" is missing")
			continue
		}
		diffs = append(diffs, p.compareProps(href, wm.props[href], gm.props[href])...)
	}
	for _, href := range slices.Sorted(maps.Keys(gm.props)) {
		if wm.props[href] == nil {
			diffs = append(diffs, href+" is not recorded")
		}
	}
	return diffs
}

// flattened is a multistatus as href → property → "status value".
type flattened struct {
	hrefs []string
	props map[string]map[string]string
}

func flat(ms *dav.Node) flattened {
	f := flattened{props: map[string]map[string]string{}}
	for _, r := range ms.Children {
		href := r.ChildText(dav.NSDAV, "href")
		f.hrefs = append(f.hrefs, href)
		props := map[string]string{}
		for _, ps := range r.Children {
			_, status, _ := strings.Cut(ps.ChildText(dav.NSDAV, "status"), " ")
			status, _, _ = strings.Cut(status, " ")
			for _, prop := range children(ps.Child(dav.NSDAV, "prop")) {
				props[shortName(prop.Name)] = strings.TrimSpace(status + " " + inside(prop))
			}
		}
		f.props[href] = props
	}
	return f
}

var shortSpaces = map[string]string{dav.NSDAV: "d:", dav.NSOC: "oc:", dav.NSNC: "nc:", dav.NSSabre: "s:"}

func shortName(n xml.Name) string {
	if p, ok := shortSpaces[n.Space]; ok {
		return p + n.Local
	}
	return n.Space + " " + n.Local
}

func canonical(n *dav.Node) string {
	return "<" + shortName(n.Name) + attrs(n) + ">" + inside(n) + "</>"
}

func attrs(n *dav.Node) string {
	var out []string
	for _, a := range n.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			out = append(out, " "+a.Name.Local+"="+a.Value)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

func inside(n *dav.Node) string {
	if n.Name.Local == "message" || n.Name.Local == "reason" {
		return "…"
	}
	if len(n.Children) == 0 {
		return strings.TrimSpace(n.Text)
	}
	out := ""
	for _, c := range n.Children {
		out += canonical(c)
	}
	return out
}

func (p *replay) compareProps(href string, want, got map[string]string) (diffs []string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if otherRooms[name] != "" || name == alwaysKnown && strings.HasPrefix(want[name], "404") {
			continue
		}
		w, g := want[name], got[name]
		if status, v, _ := strings.Cut(g, " "); status == "200" {
			_, rv, _ := strings.Cut(w, " ")
			p.learn(strings.Trim(rv, `"`), strings.Trim(v, `"`))
		}
		if a, b := shown(name, href, g), shown(name, href, w); a != b {
			diffs = append(diffs, fmt.Sprintf("%s %s: %s, recorded %s", href, name, a, b))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok && otherRooms[name] == "" {
			diffs = append(diffs, fmt.Sprintf("%s %s is not recorded", href, name))
		}
	}
	return diffs
}

// shown is a property's status and value without what is the server's own choice.
func shown(name, href, v string) string {
	status, value, _ := strings.Cut(v, " ")
	if status != "200" || value == "" {
		return v
	}
	switch name {
	case "d:getetag":
		if quotedTag.MatchString(value) {
			value = "an etag"
		}
	case "oc:fileid", "oc:id":
		value = "an id"
	case "d:getlastmodified", "d:creationdate", "nc:upload_time":
		if value = sinceThen(value); name == "nc:upload_time" && value == "0" {
			value = "now" // bulk and chunked uploads have none on the recorded server
		}
	case "oc:size", "d:quota-used-bytes":
		if href == "/remote.php/dav/files/dave1/" || href == "/remote.php/webdav/" || href == "/remote.php/files/" {
			value = "of the home" // there it has sample files
		}
	}
	return status + " " + value
}
