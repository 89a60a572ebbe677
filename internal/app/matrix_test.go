package app

import (
	"io"
	"testing"

	"atrium/internal/proto/web/webtest"
)

// Every route of the whole server has a row that says who may call it; what a
// route does and what its row says is tried with each kind of caller.
func TestAuthorisationMatrix(t *testing.T) {
	h, err := (&env{version: "test", out: io.Discard, errOut: io.Discard}).blank()
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.plugIn()
	if err != nil {
		t.Fatal(err)
	}
	h.mountOwn(b.Web)
	webtest.Matrix(t, b.Web, "testdata/matrix.txt")
}
