package webtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Exchange is a recorded request and its answer, kept in a file:
//
//	GET /ocs/v2.php/cloud/user?format=json
//	As: olga app
//	OCS-APIRequest: true
//
//	request body
//	===
//	200
//	Content-Type: application/json; charset=utf-8
//
//	answer body, JSON indented
//
// As is who asked and how: a name and password, app or wrong; session; bearer.
type Exchange struct {
	Name    string // file name without extension
	Request *http.Request
	As      []string
	Status  int
	Header  http.Header
	Body    string
}

// Load reads the recorded exchanges of a folder, in order.
func Load(t testing.TB, dir string) []Exchange {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.http"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded exchange in %s: %v", dir, err)
	}
	slices.Sort(files)
	var out []Exchange
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		e, err := parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		e.Name = strings.TrimSuffix(filepath.Base(f), ".http")
		out = append(out, e)
	}
	return out
}

func parse(text string) (Exchange, error) {
	sent, got, ok := strings.Cut(text, "\n===\n")
	first, rest, ok2 := strings.Cut(sent, "\n")
	method, target, ok3 := strings.Cut(first, " ")
	status, answer, ok4 := strings.Cut(got, "\n")
	if !ok || !ok2 || !ok3 || !ok4 {
		return Exchange{}, fmt.Errorf("is no recorded exchange")
	}
	header, body := headers(rest)
	e := Exchange{As: strings.Fields(header.Get("As"))}
	header.Del("As")
	e.Request = httptest.NewRequest(method, target, strings.NewReader(strings.TrimSuffix(body, "\n")))
	e.Request.Host = "127.0.0.1"
	e.Request.Header = header
	if _, err := fmt.Sscan(status, &e.Status); err != nil {
		return Exchange{}, err
	}
	e.Header, e.Body = headers(answer)
	return e, nil
}

func headers(text string) (http.Header, string) {
	h := http.Header{}
	for {
		line, rest, _ := strings.Cut(text, "\n")
		if line == "" {
			return h, rest
		}
		k, v, _ := strings.Cut(line, ":")
		h.Add(k, strings.TrimSpace(v))
		text = rest
	}
}

// Rules say where an answer of ours may differ from the recorded one.
type Rules struct {
	Replace []string // old, new pairs applied to the recorded answer
	Loose   []string // JSON keys and XML elements of which only the kind must be the same
	Ours    []string // JSON keys and XML elements that we leave out or add, with all in them
	Headers []string // names of headers that must be equal
	Present []string // names of headers that must be there when they were recorded
}

// Compare holds an answer to the recorded one.
func (e Exchange) Compare(t testing.TB, w *httptest.ResponseRecorder, r Rules) {
	t.Helper()
	if w.Code != e.Status {
		t.Errorf("%s: status %d, recorded %d\n%s", e.Name, w.Code, e.Status, w.Body)
		return
	}
	fix := strings.NewReplacer(r.Replace...)
	for _, h := range r.Headers {
		if got, want := w.Header().Get(h), fix.Replace(e.Header.Get(h)); got != want {
			t.Errorf("%s: %s %q, recorded %q", e.Name, h, got, want)
		}
	}
	for _, h := range r.Present {
		if e.Header.Get(h) != "" && w.Header().Get(h) == "" {
			t.Errorf("%s: no %s, recorded %q", e.Name, h, e.Header.Get(h))
		}
	}
	if e.Request.Method == http.MethodHead || strings.HasPrefix(e.Header.Get("Content-Type"), "image/") {
		return
	}
	var diff string
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		diff = r.json(fix.Replace(e.Body), w.Body.Bytes())
	} else {
		diff = cmp.Diff(r.xml(fix.Replace(e.Body)), r.xml(w.Body.String()))
	}
	if diff != "" {
		t.Errorf("%s: (-recorded +ours)\n%s", e.Name, diff)
	}
}

func (r Rules) json(want string, got []byte) string {
	var a, b any
	for text, v := range map[string]*any{want: &a, string(got): &b} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(v); err != nil {
			return fmt.Sprintf("%v in %q", err, text)
		}
	}
	if bytes.Contains(got, []byte("\n")) {
		return "the JSON is not on one line"
	}
	return cmp.Diff(r.loosen(a), r.loosen(b))
}

// loosen replaces what may differ by its kind, and drops what is ours.
func (r Rules) loosen(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = r.loosen(v[i])
		}
	case map[string]any:
		for k := range v {
			switch {
			case slices.Contains(r.Ours, k):
				delete(v, k)
			case slices.Contains(r.Loose, k):
				v[k] = fmt.Sprintf("%T", v[k])
			default:
				v[k] = r.loosen(v[k])
			}
		}
	}
	return v
}

// xml does the same for a document that is indented as recorded.
func (r Rules) xml(text string) []string {
	for _, k := range r.Loose {
		text = regexp.MustCompile(`<`+k+`>[^<]*</`+k+`>`).ReplaceAllString(text, "<"+k+">…</"+k+">")
	}
	for _, k := range r.Ours {
		text = regexp.MustCompile(`(?s)\n *<`+k+`(/>|>.*?</`+k+`>)`).ReplaceAllString(text, "")
	}
	return strings.Split(strings.TrimSpace(text), "\n")
}

var emptied = regexp.MustCompile(`<([a-z]+:[a-z-]+)></[a-z]+:[a-z-]+>`)

// Apart puts each element of a document that is on few lines on one of its own, so
// that two can be compared line by line. Empty elements are written in one way.
func Apart(xml string) string {
	xml = strings.ReplaceAll(strings.ReplaceAll(xml, "\n", ""), "  <", "<")
	xml = emptied.ReplaceAllString(xml, "<$1/>")
	xml = strings.ReplaceAll(xml, "<s:message/>", "<s:message></s:message>") // for Loose
	return strings.ReplaceAll(xml, "><", ">\n<")
}
