package davfiles_test

import (
	"testing"

	"atrium/internal/infra/db"
)

// What hangs on a node goes when the node was purged, and not before.
func TestTidy(t *testing.T) {
	each(t, func(r *rig) {
		for _, f := range []string{"/kept", "/gone"} {
			r.want(201, "PUT", home+f, "x")
			r.want(207, "PROPPATCH", home+f, `<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:z="urn:z"><d:set><d:prop>`+
				`<oc:favorite>1</oc:favorite><z:colour>red</z:colour></d:prop></d:set></d:propertyupdate>`)
		}
		r.want(204, "DELETE", home+"/gone", "")
		if err := r.files.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.room.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{"SELECT COUNT(*) FROM favorite", "SELECT COUNT(*) FROM deadprop"} {
			if n, err := db.One(t.Context(), r.db, db.Scan1[int64], q); n != 1 || err != nil {
				t.Errorf("%s: %d, %v", q, n, err)
			}
		}
	})
}
