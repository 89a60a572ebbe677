package webtest

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

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
			"plain": 0, "open": web.NoCSRF, "strict": web.Strict, "page": web.Page, "files": web.Files | web.Basic,
		} {
			for _, method := range []string{"GET", "POST"} {
				pattern := "/" + name + "/" + flags + "/{id}"
				m.Handle(method, pattern, p|f, real)
				rows += method + " " + pattern + " " + (p | f).String() + "\n"
			}
			m.Prefix("/dav/"+name+"/"+flags, p|f, real)
			rows += "* /dav/" + name + "/" + flags + " " + (p | f).String() + "\n"
		}
	}
	file := filepath.Join(t.TempDir(), "matrix.txt")
	if err := os.WriteFile(file, []byte("# comment\n\n"+rows), 0o600); err != nil {
		t.Fatal(err)
	}
	Matrix(t, m, file)
}
