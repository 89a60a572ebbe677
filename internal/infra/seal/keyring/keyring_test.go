package keyring

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/seal"
)

func TestAPairTakesTheNextOnesPlaceWhenItsTimeHasCome(t *testing.T) {
	schema := db.Schema{Room: "ring", Files: fstest.MapFS{"schema/001_ring.sql": {Data: []byte("CREATE TABLE IF NOT EXISTS ring_key (id {{id}} NOT NULL PRIMARY KEY, sealed {{text}} NOT NULL, created {{id}} NOT NULL, expires {{id}} NOT NULL);")}}}
	dbtest.Each(t, []db.Schema{schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1_800_000_000, 0)
		r := New(d, box, "ring_key")
		r.Now = func() time.Time { return now }
		token := func() string {
			s, err := r.Sign(t.Context(), "JWT", map[string]any{"sub": "ada"})
			if err != nil {
				t.Fatal(err)
			}
			if text, err := r.Ours(t.Context(), s); err != nil || string(text) != `{"sub":"ada"}` {
				t.Errorf("%s %v", text, err)
			}
			return s
		}
		told := func() int {
			set, err := r.Public(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range set.Keys {
				if !k.IsPublic() {
					t.Error("a private key is told")
				}
			}
			return len(set.Keys)
		}
		first := token()
		if err := r.Rotate(t.Context(), jose.RS256, time.Hour); err != nil || told() != 2 || head(t, token()) != head(t, first) {
			t.Errorf("a key that is to come: %v, %d told", err, told())
		}
		now = now.Add(time.Hour)
		if told() != 2 || head(t, token()) == head(t, first) {
			t.Error("the key that was to come does not sign")
		}
		if _, err := r.Ours(t.Context(), first); err != nil {
			t.Error(err)
		}
		now = now.Add(r.Overlap)
		if err := r.Sweep(t.Context()); err != nil || told() != 1 {
			t.Errorf("%d keys are told, %v", told(), err)
		}
		if _, err := r.Ours(t.Context(), first); err == nil {
			t.Error("what a forgotten key has signed is good")
		}
		if err := r.Rotate(t.Context(), jose.HS256, 0); !errors.Is(err, fault.Invalid) {
			t.Errorf("a shared secret: %v", err)
		}
	})
}

// head is the id of the key that has signed a token.
func head(t *testing.T, token string) string {
	t.Helper()
	signed, err := jose.ParseSignedCompact(token, Algorithms())
	if err != nil || !json.Valid(signed.UnsafePayloadWithoutVerification()) {
		t.Fatal(err)
	}
	return signed.Signatures[0].Header.KeyID
}
