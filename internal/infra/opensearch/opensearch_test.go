package opensearch

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
)

// standIn is a stand-in for a search server: it answers each request with what a
// test expects of a real one, as the API references of OpenSearch and
// Elasticsearch show it, and notes what it was asked.
type standIn struct {
	asked  []string
	status int
	answer string
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	user, password, _ := r.BasicAuth()
	s.asked = append(s.asked, strings.TrimSpace(strings.Join([]string{user + ":" + password, r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), string(body)}, " ")))
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.answer)
}

func rig(t *testing.T) (*standIn, *Client) {
	s := &standIn{status: 200}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, New(srv.URL+"/", "files", "ann", "secret")
}

func TestWhatIsSent(t *testing.T) {
	s, c := rig(t)
	ctx := t.Context()
	do := func(err error, want string) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{want}, s.asked); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		s.asked = nil
	}
	do(c.Create(ctx, map[string]int{"a": 1}), `ann:secret PUT /files application/json {"a":1}`)
	do(c.Put(ctx, 7, map[string]int{"b": 2}), `ann:secret PUT /files/_doc/7 application/json {"b":2}`)
	do(c.Drop(ctx), `ann:secret DELETE /files`)
	s.answer = `{"errors":true,"items":[{"delete":{"_id":"7","status":200}},{"delete":{"_id":"8","status":404}}]}`
	do(c.Delete(ctx, []int64{7, 8}), "ann:secret POST /files/_bulk application/x-ndjson {\"delete\":{\"_id\":\"7\"}}\n{\"delete\":{\"_id\":\"8\"}}")
	s.answer = `{"took":1,"timed_out":false,"_shards":{"total":1,"failed":0},"hits":{"total":{"value":2},"hits":[{"_id":"9","sort":[9]},{"_id":"3"}]}}`
	ids, err := c.Search(ctx, map[string]int{"size": 2})
	do(err, `ann:secret POST /files/_search?allow_partial_search_results=false application/json {"size":2}`)
	if diff := cmp.Diff([]int64{9, 3}, ids); diff != "" {
		t.Error(diff)
	}
	if err := c.Delete(ctx, nil); err != nil || len(s.asked) != 0 {
		t.Errorf("to delete nothing asks %v, %v", s.asked, err)
	}
}

func TestWhatIsThereOrGoneAlready(t *testing.T) {
	s, c := rig(t)
	s.status, s.answer = 400, `{"error":{"root_cause":[],"type":"resource_already_exists_exception","reason":"index [files] already exists"},"status":400}`
	if err := c.Create(t.Context(), nil); err != nil {
		t.Error(err)
	}
	s.status, s.answer = 404, `{"error":{"type":"index_not_found_exception","reason":"no such index [files]"},"status":404}`
	if err := c.Drop(t.Context()); err != nil {
		t.Error(err)
	}
}

// Doubt is an error, never a short list; what one document is to blame for is told
// from what the server is.
func TestDoubt(t *testing.T) {
	s, c := rig(t)
	for _, a := range []struct {
		status int
		answer string
		down   bool
	}{
		{200, "", true}, {200, "{}", true}, {200, "<html>", true},
		{200, `{"timed_out":true,"hits":{"hits":[]}}`, true},
		{200, `{"_shards":{"failed":1},"hits":{"hits":[]}}`, true},
		{200, `{"hits":{"hits":[{"_id":"x"}]}}`, false},
		{302, "", true}, {401, "Unauthorized", true}, {403, `{"error":"a word"}`, true}, {429, "", true}, {503, "<html>", true},
		{400, `{"error":{"type":"parsing_exception","reason":"unknown query"}}`, false}, {404, `{"error":{"type":"index_not_found_exception"}}`, false},
	} {
		s.status, s.answer = a.status, a.answer
		if _, err := c.Search(t.Context(), nil); err == nil || errors.Is(err, fault.Unavailable) != a.down {
			t.Errorf("%d %q: %v", a.status, a.answer, err)
		}
	}
	s.status = 200
	for _, answer := range []string{`{"items":[]}`, `{"items":[{"delete":{"status":500,"error":{"type":"x","reason":"y"}}}]}`, `{"items":[{"delete":{"status":429}}]}`} {
		s.answer = answer
		if err := c.Delete(t.Context(), []int64{1}); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", answer, err)
		}
	}
	s.status, s.answer = 400, `{"error":{"type":"mapper_parsing_exception","reason":"odd"}}`
	var r *Refusal
	if err := c.Put(t.Context(), 1, nil); !errors.As(err, &r) || r.Type != "mapper_parsing_exception" {
		t.Errorf("%v", err)
	}
	if err := New("http://127.0.0.1:1", "x", "", "").Put(t.Context(), 1, nil); !errors.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}

// The password goes to nobody else.
func TestNoRedirects(t *testing.T) {
	other := &standIn{status: 200}
	there := httptest.NewServer(other)
	defer there.Close()
	srv := httptest.NewServer(http.RedirectHandler(there.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	if err := New(srv.URL, "x", "ann", "secret").Create(t.Context(), nil); !errors.Is(err, fault.Unavailable) || len(other.asked) > 0 {
		t.Errorf("%v, %v", err, other.asked)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add(200, `{"hits":{"hits":[{"_id":"1"}]}}`)
	f.Add(400, `{"error":{"type":"a"}}`)
	f.Add(503, "x")
	s := &standIn{}
	srv := httptest.NewServer(s)
	f.Cleanup(srv.Close)
	c := New(srv.URL, "x", "", "")
	f.Fuzz(func(t *testing.T, status int, answer string) {
		if status < 200 || status > 599 {
			return
		}
		s.status, s.answer = status, answer
		ids, err := c.Search(t.Context(), nil)
		if err == nil && ids == nil || err != nil && ids != nil {
			t.Errorf("%v, %v", ids, err)
		}
	})
}
