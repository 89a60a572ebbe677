package search

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
)

func TestScale(t *testing.T) {
	if os.Getenv("SCALE") == "" {
		return
	}
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		g := newRig(t, d)
		scale(g)
	})
}

func scale(g *rig) {
	g.put("ann", "/plan.txt")
	root := g.view("ann").Reaches()[0].Root
	wordList := []string{"report", "invoice", "holiday", "IMG", "scan", "minutes", "budget", "draft", "final", "contract", "letter", "photo", "backup", "notes", "meeting"}
	r := rand.New(rand.NewPCG(1, 2))
	t0 := time.Now()
	const folders = 3334
	const per = 300
	for f := range folders {
		fid := int64(1<<40) + int64(f)
		err := g.db.Tx(g.ctx, func(tx *db.DB) error {
			ins := func(id, parent int64, name string, kind int) error {
				_, err := tx.Exec(g.ctx, "INSERT INTO node (parent, name, id, kind, size, mtime, etag, mime, content, sha1, created, uploaded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
					parent, name, id, kind, 1000, begun.Add(time.Duration(r.IntN(100000000))*time.Second).UnixNano(), 1, 0, 0, nil, 0, 0)
				return err
			}
			if err := ins(fid, root, fmt.Sprintf("folder %d", f), 2); err != nil {
				return err
			}
			for i := range per {
				if err := ins(int64(1<<41)+int64(f*per+i), fid, fmt.Sprintf("%s_%s_%06d.pdf", wordList[r.IntN(len(wordList))], wordList[r.IntN(len(wordList))], f*per+i), 1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			g.Fatal(err)
		}
	}
	g.Logf("made in %v", time.Since(t0))
	t0 = time.Now()
	if err := g.room.build(g.ctx, place{root, root}); err != nil {
		g.Fatal(err)
	}
	g.Logf("built in %v", time.Since(t0))
	g.mounts["bob"] = []files.Mount{{Path: []string{"Ann"}, Space: root, Root: int64(1 << 40), Perm: files.Read, Owner: "ann"}}
	g.put("bob", "/x")
	g.settle()
	for _, c := range [][2]string{{"ann", "report"}, {"ann", "invoice_budget"}, {"ann", "987654"}, {"ann", "98765"}, {"ann", "zq"}, {"ann", "zebra"}, {"ann", "t"}, {"ann", "final 123456"}, {"ann", "6543.pdf"}, {"bob", "folder"}, {"bob", "report"}, {"bob", "000456"}, {"bob", "zebra"}} {
		var ds []time.Duration
		n := 0
		for range 20 {
			t0 := time.Now()
			w := g.serve(httptest.NewRequest("GET", "/ocs/v2.php/search/providers/files/search?format=json&"+term(c[1]), nil), c[0])
			if w.Code != 200 {
				g.Fatal(w.Body)
			}
			ds = append(ds, time.Since(t0))
			n = w.Body.Len()
		}
		slices.Sort(ds)
		g.Logf("%s %q: median %v p95 %v (%d bytes)", c[0], c[1], ds[10], ds[18], n)
	}
}
