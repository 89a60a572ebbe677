package proof_test

import (
	"crypto/sha1"
	"fmt"
	"strings"
	"testing"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/proof"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

const api = "/ocs/v2.php/apps/atrium/api/v1/proof"

type answer struct {
	Asked int
	Held  []struct {
		Index  int
		FileID int64
	}
}

func newRig(t testing.TB, d *db.DB) *davtest.Rig {
	return davtest.New(t, d, mem.New(), func(r *davtest.Rig) []plug.Room { return []plug.Room{proof.New(tree.New(d), r.Files)} })
}

func ask(pairs ...string) string { return `{"files": [` + strings.Join(pairs, ",") + `]}` }

// pair is a file of a content, as a client names it.
func pair(content string) string {
	return fmt.Sprintf(`{"sha1": "%x", "size": %d}`, sha1.Sum([]byte(content)), len(content))
}

func TestProof(t *testing.T) {
	dbtest.Each(t, davtest.All(), func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.As("bob").Put("/his", "/shown/")
		r.Share("/his", "alice", files.All)
		r.As("alice").Put("/a", "/d/", "/d/e/", "/d/e/b", "/gone")
		r.Want(204, "DELETE", r.Home()+"/gone", "")
		sum := fmt.Sprintf("%X", sha1.Sum([]byte("/a")))
		got := davtest.Data[answer](r, r.Want(200, "POST", api, ask(pair("/d/e/b"), pair("nowhere"), pair("/his"), pair("/gone"), pair("/a"), `{"sha1": "`+sum+`"}`,
			`{"sha1": "`+sum+`", "size": 3}`)))
		var indexes []int
		for _, h := range got.Held {
			indexes = append(indexes, h.Index)
		}
		if fmt.Sprint(indexes) != "[0 4 5]" || got.Asked != 7 || got.Held[0].FileID != r.ID("/d/e/b") {
			t.Errorf("got %+v", got)
		}
		if n := r.Asked(); n > 4 {
			t.Errorf("%d statements", n)
		}
		for body, status := range map[string]int{ask(): 200, `{`: 400, `{"files": [{"sha1": "xyz"}]}`: 400, `{"files": [{"size": 5}]}`: 400, `{"files": [{"sha1": "` + sum + `", "size": -1}]}`: 400} {
			r.Want(status, "POST", api, body)
		}
		r.Want(413, "POST", api, ask(strings.Split(strings.Repeat(pair("x")+"|", 10_001), "|")[:10_001]...))
		r.As("").Want(401, "POST", api, ask())
	})
}

// 10,000 pairs at 100,000 files are answered within a second. The test has fewer
// files, and is as much quicker.
func TestProofOfMany(t *testing.T) {
	const count = 10_000
	r := newRig(t, dbtest.SQLite(t, davtest.All()...))
	v := r.View("alice")
	var pairs []string
	for at := 0; at < count; at += 1000 {
		folder := fmt.Sprint("/", at)
		if _, err := v.Mkdir(t.Context(), folder); err != nil {
			t.Fatal(err)
		}
		var items []files.Item
		for i := range 1000 {
			body := fmt.Sprint("picture ", at+i)
			pairs = append(pairs, pair(body))
			items = append(items, files.Item{Path: fmt.Sprint(folder, "/", i), Put: files.Put{Body: strings.NewReader(body), Size: int64(len(body))}})
		}
		for _, o := range v.WriteMany(t.Context(), items) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
		}
	}
	start := time.Now()
	got := davtest.Data[answer](r, r.Want(200, "POST", api, ask(pairs...)))
	t.Logf("%d of %d pairs in %v", len(got.Held), count, time.Since(start))
	if len(got.Held) != count {
		t.Errorf("%d held", len(got.Held))
	}
}
