package ocs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
	"atrium/internal/proto/web/webtest"
)

// asRecorded authenticates the way the recorded exchanges say.
type asRecorded struct{}

func (asRecorded) Authenticate(r *http.Request) (*who.Principal, error) {
	as := strings.Fields(r.Header.Get("X-As"))
	if len(as) == 0 {
		return nil, nil
	}
	if as[len(as)-1] == "wrong" {
		r.Header.Set("Authorization", "Basic")
		return nil, fault.New(fault.Anonymous, "Unauthorised")
	}
	return &who.Principal{ID: as[0], Via: who.ViaAppPassword}, nil
}

// The envelope, both formats and all statuses, with endpoints that return the
// recorded data.
func TestRecordedEnvelopes(t *testing.T) {
	recorded := webtest.Load(t, "testdata")
	data := map[string]json.RawMessage{}
	for _, e := range recorded {
		var doc struct {
			Ocs struct{ Data json.RawMessage }
		}
		if e.Status == 200 && json.Unmarshal([]byte(e.Body), &doc) == nil && !strings.HasPrefix(string(doc.Ocs.Data), "[]") {
			data[e.Name[:3]] = doc.Ocs.Data
		}
	}
	m := web.NewMux()
	x := NewMux(m)
	give := func(name string) Endpoint {
		return func(context.Context, *Request) (any, error) { return data[name], nil }
	}
	Handle(x, "GET /config", web.Public, give("028"))
	Handle(x, "GET /cloud/user", web.User, give("041"))
	Handle(x, "GET /cloud/capabilities", web.Public, give("005"))
	Handle(x, "GET /core/whatsnew", web.User, func(context.Context, *Request) (any, error) {
		return Answer{Status: http.StatusNoContent}, nil
	})
	d := web.NewDoor(web.Config{Auth: []web.Authenticator{asRecorded{}}}, m)
	for _, e := range recorded {
		e.Request.Header.Set("X-As", strings.Join(e.As, " "))
		w := httptest.NewRecorder()
		d.ServeHTTP(w, e.Request)
		rules := webtest.Rules{Present: []string{"WWW-Authenticate", "X-User-Id"}}
		if e.Status != http.StatusMethodNotAllowed && e.Status != http.StatusNoContent {
			rules.Headers = append(rules.Headers, "Content-Type")
		}
		if e.Header.Get("Content-Length") != "" { // the length tells that the escapes are the same
			rules.Headers = append(rules.Headers, "Content-Length")
		}
		e.Compare(t, w, rules)
	}
}

func call(t *testing.T, target, accept string, f Endpoint) *httptest.ResponseRecorder {
	t.Helper()
	m := web.NewMux()
	Handle(NewMux(m), "GET /x", web.Public, f)
	r := httptest.NewRequest("GET", target, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	web.NewDoor(web.Config{}, m).ServeHTTP(w, r)
	return w
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err      error
		v1, v2   int
		code     int
		message  string
		newlines bool
	}{
		{fault.New(fault.Invalid, "No."), 200, 400, 400, "No.", false},
		{fault.New(fault.Denied, "No."), 200, 403, 403, "No.", false},
		{fault.NotFound, 200, 404, 404, "", false},
		{fault.New(fault.Exists, "Twice."), 200, 409, 409, "Twice.", false},
		{fault.New(fault.Busy, "Later."), 429, 429, 429, "Later.", false},
		{fault.New(fault.Unavailable, "Later."), 503, 503, 503, "Later.", false},
		{fault.New(fault.Full, "Full."), 200, 507, 507, "Full.", false},
		{Fail(102, "User already exists"), 200, 400, 102, "User already exists", false},
		{Fail(997, "No."), 401, 401, 997, "No.", false},
		{&Failure{Code: 403, Says: tongue.Of("x")}, 200, 403, 403, "x", false},
	} {
		for version, status := range map[string]int{"v1": c.v1, "v2": c.v2} {
			w := call(t, "/ocs/"+version+".php/x?format=json", "", func(context.Context, *Request) (any, error) { return nil, c.err })
			var doc struct {
				Ocs struct {
					Meta struct {
						Status, Message string
						Statuscode      int
					}
					Data []any
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			m := doc.Ocs.Meta
			if w.Code != status || m.Statuscode != c.code || m.Message != c.message || m.Status != "failure" || doc.Ocs.Data == nil {
				t.Errorf("%v in %s: %d %s", c.err, version, w.Code, w.Body)
			}
		}
	}
	w := call(t, "/ocs/v2.php/x?format=json", "", func(context.Context, *Request) (any, error) { return nil, errors.New("secret") })
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), `"statuscode":996`) {
		t.Errorf("our own fault: %d %s", w.Code, w.Body)
	}
}

func TestETag(t *testing.T) {
	f := func(context.Context, *Request) (any, error) {
		return Answer{Data: map[string]int{"n": 1}, ETag: true}, nil
	}
	w := call(t, "/ocs/v2.php/x?format=json", "", f)
	tag := w.Header().Get("Etag")
	m := web.NewMux()
	Handle(NewMux(m), "GET /x", web.Public, f)
	r := httptest.NewRequest("GET", "/ocs/v2.php/x?format=json", nil)
	r.Header.Set("If-None-Match", tag)
	w = httptest.NewRecorder()
	web.NewDoor(web.Config{}, m).ServeHTTP(w, r)
	if w.Code != 304 || w.Body.Len() != 0 || len(tag) != 34 {
		t.Errorf("%d %q, tag %s", w.Code, w.Body, tag)
	}
}

func TestCreatedKeepsItsCode(t *testing.T) {
	for version, want := range map[string]string{"v1": `"statuscode":100`, "v2": `"statuscode":201`} {
		w := call(t, "/ocs/"+version+".php/x?format=json", "", func(context.Context, *Request) (any, error) {
			return Answer{Status: 201, Data: []int{}}, nil
		})
		if w.Code != 201 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", version, w.Code, w.Body)
		}
	}
}

func TestJSONAsPHPWritesIt(t *testing.T) {
	for in, want := range map[string]string{
		`{"a/b":"c/d"}`:         `{"a\/b":"c\/d"}`,
		`"Ö 🎉 ä"`:               `"\u00d6 \ud83c\udf89 \u00e4"`,
		`{"m":{},"s":"{}"}`:     `{"m":[],"s":"{}"}`,
		`"a\"{}\\"`:             `"a\"{}\\"`,
		`["\\","/",{},true,{}]`: `["\\","\/",[],true,[]]`,
		`"<b>&"`:                `"<b>&"`,
	} {
		if got := string(appendPHP(nil, []byte(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestXMLForms(t *testing.T) {
	b, err := envelope{version: 2, code: 200, message: "OK", data: map[string]any{
		"$comment": "a -- b", "1": "one", "a b": true, "f": false, "l": []any{[]any{}, map[string]any{"x": nil}}, "t": "<&>\"\x01\r", "é": 1.5,
	}}.xml(json.RawMessage(`{"$comment":"a -- b","1":"one","a b":true,"f":false,"l":[[],{"x":null}],"t":"<&>\"\u0001\r","é":1.5}`))
	if err != nil {
		t.Fatal(err)
	}
	want := ` <data>
  <!--a - - b-->
  <element>one</element>
  <a_b>1</a_b>
  <f></f>
  <l>
   <element/>
   <element>
    <x/>
   </element>
  </l>
  <t>&lt;&amp;&gt;&quot;` + "\ufffd" + `&#13;</t>
  <é>1.5</é>
 </data>
</ocs>
`
	_, got, _ := strings.Cut(string(b), " </meta>\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParams(t *testing.T) {
	for name, r := range map[string]*http.Request{
		"query": httptest.NewRequest("GET", "/?n=5&on=1&l[]=a&l[]=b", nil),
		"form":  body("application/x-www-form-urlencoded", "n=5&on=yes&l[]=a&l[]=b"),
		"json":  body("application/json; charset=utf-8", `{"n":5,"on":true,"l":["a","b"],"x":null}`),
		"mixed": body("application/json", `{"on":"1","l":["a","b"]}`),
	} {
		if name == "mixed" {
			r.URL.RawQuery = "n=5"
		}
		q := &Request{Request: r}
		n, err := q.Int("n", 0)
		on, err2 := q.Bool("on")
		l, err3 := q.List("l")
		if errors.Join(err, err2, err3) != nil || n != 5 || !on || strings.Join(l, "") != "ab" {
			t.Errorf("%s: %d %v %v %v %v %v", name, n, on, l, err, err2, err3)
		}
	}
	q := &Request{Request: body("application/json", `{"n":`)}
	if _, err := q.Params(); !errors.Is(err, fault.Invalid) {
		t.Errorf("half a body: %v", err)
	}
}

func body(kind, text string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(text))
	r.Header.Set("Content-Type", kind)
	return r
}

func FuzzFormat(f *testing.F) {
	f.Add("format=json", "*/*")
	f.Add("format=yaml", "application/json;q=0.1, text/html")
	f.Add("format=%zz", ",;,")
	f.Fuzz(func(t *testing.T, query, accept string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		r.Header.Set("Accept", accept)
		got, err := (&Request{Request: r}).Format()
		if err == nil && got == JSON && !strings.Contains(query, "json") && !strings.Contains(strings.ToLower(accept), "application/json") && !strings.Contains(query, "%") {
			t.Errorf("%q, %q asks for JSON?", query, accept)
		}
	})
}

func FuzzBody(f *testing.F) {
	f.Add("application/json", `{"a":[1,"x",{}],"b":null}`)
	f.Add("application/x-www-form-urlencoded", "a=1;b=%")
	f.Add("multipart/form-data; boundary=x", "--x\r\n\r\n--x--")
	f.Fuzz(func(t *testing.T, kind, text string) {
		if _, err := (&Request{Request: body(kind, text)}).Params(); err != nil && fault.Of(err) != fault.Invalid {
			t.Errorf("kind %v: %v", fault.Of(err), err)
		}
	})
}

// Whatever text is in the data, both formats stay readable and say the same.
func FuzzEncode(f *testing.F) {
	f.Add("Olga Ö. / \"x\"", "k/y")
	f.Add("\xff\x00]]>", "1")
	f.Fuzz(func(t *testing.T, value, key string) {
		e := envelope{version: 2, code: 200, message: value, data: map[string]any{key: value}}
		b, err := e.encode(JSON)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Ocs struct{ Meta struct{ Message string } }
		}
		if err := json.Unmarshal(b, &doc); err != nil || doc.Ocs.Meta.Message != strings.ToValidUTF8(value, "\ufffd") && utf8.ValidString(value) {
			t.Errorf("%q became %s: %v", value, b, err)
		}
		for _, c := range b {
			if c >= utf8.RuneSelf || c < 0x20 {
				t.Errorf("%q is not plain ASCII on one line", b)
				break
			}
		}
		x, err := e.encode(XML)
		if err != nil || !utf8.Valid(x) {
			t.Errorf("%q: %v", x, err)
		}
	})
}
