// Package webtest holds the route table of a server to an authorisation matrix
// that people have read: a text file with one line per route, "METHOD PATTERN
// POLICY". A route without a line fails, and so does a line without a route; and
// each route is called as every kind of caller, through the real door, to see
// that its policy is what happens. No real handler runs.
package webtest

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// caller is a kind of client in the matrix.
type caller struct {
	name  string
	p     *who.Principal
	wrong bool // sends a credential that is not valid
	proof bool // sends OCS-APIRequest
}

var callers = []caller{
	{name: "nobody"},
	{name: "nobody, with proof", proof: true},
	{name: "wrong password", wrong: true, proof: true},
	{name: "user", p: &who.Principal{ID: "u", Via: who.ViaAppPassword}, proof: true},
	{name: "user, no proof", p: &who.Principal{ID: "u", Via: who.ViaAppPassword}},
	{name: "user without files", p: limited(who.Scope{But: []string{who.FilesRoom}}), proof: true},
	{name: "files only", p: limited(who.Scope{Rooms: []string{who.FilesRoom}}), proof: true},
	{name: "reader of files", p: limited(who.Scope{Rooms: []string{who.FilesRoom}, Verbs: who.Read}), proof: true},
	{name: "writer of files", p: limited(who.Scope{Rooms: []string{who.FilesRoom}, Verbs: who.Read | who.Write}), proof: true},
	{name: "one folder", p: limited(who.Scope{Folders: []int64{7}}), proof: true},
	{name: "admin, one folder", p: &who.Principal{ID: "a", Role: who.Admin, Via: who.ViaAppPassword, Scope: &who.Scope{Folders: []int64{7}}}, proof: true},
	{name: "holder of a right", p: &who.Principal{ID: "h", Via: who.ViaPassword, Rights: []string{"users"}}, proof: true},
	{name: "browser", p: &who.Principal{ID: "u", Via: who.ViaSession, TokenID: 1}, proof: true},
	{name: "browser, no proof", p: &who.Principal{ID: "u", Via: who.ViaSession, TokenID: 1}},
	{name: "group admin", p: &who.Principal{ID: "g", Role: who.GroupAdmin, Via: who.ViaPassword}, proof: true},
	{name: "admin", p: &who.Principal{ID: "a", Role: who.Admin, Via: who.ViaPassword}, proof: true},
	{name: "admin's browser, confirmed", p: &who.Principal{ID: "a", Role: who.Admin, Via: who.ViaSession, TokenID: 2, Confirmed: time.Now()}, proof: true},
	{name: "admin's browser", p: &who.Principal{ID: "a", Role: who.Admin, Via: who.ViaSession, TokenID: 2}},
}

func limited(s who.Scope) *who.Principal {
	return &who.Principal{ID: "u", Via: who.ViaAppPassword, Scope: &s}
}

// Authenticate implements web.Authenticator for one caller.
func (c caller) Authenticate(*http.Request) (*who.Principal, error) {
	if c.wrong {
		return nil, fault.New(fault.Anonymous, "Unauthorised")
	}
	return c.p, nil
}

// reached is what a probe answers with, a status nothing else uses.
const reached = 299

// Matrix checks the routes of m against the lines of file.
func Matrix(t *testing.T, m *web.Mux, file string) {
	t.Helper()
	rows := read(t, file)
	var missing []string
	probe := m.With(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(reached)
		return nil
	})
	doors := make([]*web.Door, len(callers))
	for i, c := range callers {
		doors[i] = web.NewDoor(web.Config{Auth: []web.Authenticator{c}}, probe)
	}
	for _, r := range m.Routes() {
		key := r.Method + " " + r.Pattern
		policy, ok := rows[key]
		delete(rows, key)
		if !ok {
			missing = append(missing, key+" "+r.Rule())
			continue
		}
		if got := r.Rule(); got != policy {
			t.Errorf("%s is %q, the matrix says %q", key, got, policy)
		}
		for i, c := range callers {
			call(t, doors[i], r, c, strings.Fields(policy))
		}
	}
	slices.Sort(missing)
	for _, row := range missing {
		t.Errorf("%s: the matrix has no row for this route; if it is right, add:\n%s", file, row)
	}
	for key := range rows {
		t.Errorf("the matrix has a row for %s, which is no route", key)
	}
}

func read(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		w := strings.Fields(s.Text())
		if len(w) == 0 || w[0] == "#" {
			continue
		}
		if len(w) < 3 {
			t.Fatalf("%s: %q is no METHOD PATTERN POLICY", file, s.Text())
		}
		rows[w[0]+" "+w[1]] = strings.Join(w[2:], " ")
	}
	return rows
}

var param = regexp.MustCompile(`\{[^}]*\}`)

func call(t *testing.T, door *web.Door, r web.Route, c caller, policy []string) {
	t.Helper()
	methods := []string{r.Method}
	if r.Method == "*" {
		methods = []string{"GET", "PROPFIND", "PUT", "POST", "DELETE"}
	}
	for _, method := range methods {
		path := param.ReplaceAllString(r.Pattern, "x")
		req := httptest.NewRequest(method, path, nil)
		if c.proof {
			req.Header.Set("OCS-APIRequest", "true")
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, req)
		want := verdict(method, policy, c)
		if want == 403 && strings.HasPrefix(r.Pattern, "/ocs/v1.php") {
			want = 200 // the envelope says 403 (31-provisioning/017)
		}
		if w.Code != want {
			t.Errorf("%s %s (%s) as %s: %d, want %d", method, r.Pattern, strings.Join(policy, " "), c.name, w.Code, want)
		}
	}
}

// open tells what a caller with a limited token reaches, caller by caller.
func open(c caller, has func(string) bool, reads bool) bool {
	own := has("in:"+who.SelfRoom) || has("in:"+who.AccountRoom) && reads
	switch c.name {
	case "user without files":
		return !has("in:" + who.FilesRoom)
	case "files only":
		return own || has("in:"+who.FilesRoom)
	case "reader of files":
		return own || has("in:"+who.FilesRoom) && reads
	case "writer of files":
		return own || has("in:"+who.FilesRoom) && (reads || !has("shares"))
	}
	return own || !has("in:"+who.AccountRoom) && !has("in:"+who.AdminRoom) // one folder
}

// verdict says in plain words what must happen. It repeats the rules of the door
// on purpose, in another form.
func verdict(method string, policy []string, c caller) int {
	audience, has := policy[0], func(flag string) bool { return slices.Contains(policy[1:], flag) }
	if audience == "anyone" || audience == "link" {
		c = caller{name: c.name, proof: c.proof} // nobody is asked
	}
	role := -1
	if c.p != nil {
		role = int(c.p.Role)
		for _, right := range c.p.Rights {
			if has("right:" + right) {
				role = 2
			}
		}
	}
	reads := slices.Contains([]string{"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"}, method)
	browser := c.p != nil && c.p.Via == who.ViaSession
	need := map[string]int{"user": 0, "group-admin": 1, "admin": 2}
	least, closed := need[audience]
	switch {
	case c.wrong:
		return 401
	case closed && role < 0:
		return 401
	case closed && role < least:
		return 403
	case c.p != nil && c.p.Scope != nil && !open(c, has, reads):
		return 403
	case has("confirmed") && browser && c.p.Confirmed.IsZero():
		return 403
	}
	switch {
	case has("no-csrf") || c.proof || c.p == nil:
		return reached
	case has("strict"):
		return 412
	case browser && !reads:
		return 412
	}
	return reached
}
