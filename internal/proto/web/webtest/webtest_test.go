package webtest

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

func TestEveryPolicyBehavesAsItsRowSays(t *testing.T) {
	m := web.NewMux()
	real := func(http.ResponseWriter, *http.Request) error { t.Error("a real handler ran"); return nil }
	rows := ""
	for name, p := range map[string]web.Policy{
		"anyone": web.Anyone, "link": web.Link, "public": web.Public,
		"user": web.User, "group": web.GroupAdmin, "admin": web.Admin,
	} {
		for flags, f := range map[string]web.Policy{
			"plain": 0, "open": web.NoCSRF, "strict": web.Strict, "page": web.Page, "confirmed": web.Confirmed | web.Basic,
		} {
			for _, method := range []string{"GET", "POST"} {
				pattern := "/" + name + "/" + flags + "/{id}"
				m.Handle(method, pattern, p|f, real)
				m.Handle(method, "/calendar"+pattern, p|f, real, web.In("calendar"), web.Shares())
				m.Handle(method, "/users"+pattern, p|f, real, web.Right("users"))
			}
			m.Prefix("/dav/"+name+"/"+flags, p|f, real, web.In(who.FilesRoom))
		}
	}
	for _, r := range m.Routes() {
		rows += r.Method + " " + r.Pattern + " " + r.Rule() + "\n"
	}
	file := filepath.Join(t.TempDir(), "matrix.txt")
	if err := os.WriteFile(file, []byte("# comment\n\n"+rows), 0o600); err != nil {
		t.Fatal(err)
	}
	Matrix(t, m, file)
}
