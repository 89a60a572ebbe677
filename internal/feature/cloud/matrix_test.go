package cloud

import (
	"testing"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/web/webtest"
)

// Who may call which route of this room; see package webtest.
func TestAuthorisationMatrix(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, identity.Schema, Schema))
	webtest.Matrix(t, g.mux, "testdata/matrix.txt")
}
