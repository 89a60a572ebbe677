package app

import (
	"io"
	"testing"

	"atrium/internal/proto/web"
	"atrium/internal/proto/web/webtest"
)

// routes are all routes of the server, which is built over nothing.
func routes(t *testing.T) *web.Mux {
	t.Helper()
	h, err := (&env{version: "test", out: io.Discard, errOut: io.Discard}).blank()
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.plugIn()
	if err != nil {
		t.Fatal(err)
	}
	h.mountOwn(b.Web)
	return b.Web
}

// Every route of the whole server has a row that says who may call it; what a
// route does and what its row says is tried with each kind of caller.
func TestAuthorisationMatrix(t *testing.T) {
	webtest.Matrix(t, routes(t), "testdata/matrix.txt")
}
