package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"atrium/internal/base/switches"
)

// The routes of a part that is switched off are as if they had never been: others
// match in their place, and what is under way ends as it would.
func TestRoutesOfAPartThatIsOff(t *testing.T) {
	var set switches.Set
	m := NewMux()
	m.Switches = &set
	begun, goOn := make(chan bool), make(chan bool)
	m.Handle("GET", "/n/{name}", Anyone, say("any"))
	m.Handle("PUT", "/m", Anyone, say("put"))
	m.Prefix("/n", Anyone, say("below"))
	set.Begin("notes")
	m.Handle("GET", "/n/one", Anyone, say("one"))
	m.Handle("GET", "/n/slow", Anyone, func(w http.ResponseWriter, r *http.Request) error {
		begun <- true
		<-goOn
		return say("slow")(w, r)
	})
	m.Handle("DELETE", "/only", Anyone, say("only"))
	m.Handle("DELETE", "/m", Anyone, say("gone"))
	m.Prefix("/n/deep", Anyone, say("deep"))
	set.Begin("")
	d := NewDoor(Config{}, m)
	ask := func(method, path string) string {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != 200 {
			return http.StatusText(w.Code) + " " + w.Header().Get("Allow")
		}
		return w.Body.String()
	}
	wants := func(want map[string]string) {
		t.Helper()
		for path, text := range want {
			method := "GET"
			if path == "/only" {
				method = "DELETE"
			}
			if got := ask(method, path); got != text {
				t.Errorf("%s %s: %q, want %q", method, path, got, text)
			}
		}
	}
	on := map[string]string{"/n/one": "one", "/n/two": "any", "/n/deep/er": "deep", "/n/x/y": "below", "/only": "only"}
	wants(on)
	slow := make(chan string)
	go func() { slow <- ask("GET", "/n/slow") }()
	<-begun
	set.Turn(map[string]bool{"notes": true})
	wants(map[string]string{"/n/one": "any", "/n/two": "any", "/n/slow": "any", "/n/deep/er": "below", "/n/x/y": "below", "/only": "Not Found "})
	if got := ask("DELETE", "/m"); got != "Method Not Allowed PUT" {
		t.Errorf("allowed: %s", got)
	}
	goOn <- true
	if got := <-slow; got != "slow" {
		t.Errorf("what was under way: %q", got)
	}
	set.Turn(nil)
	wants(on)
}
