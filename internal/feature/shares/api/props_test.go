package api

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// properties asks for properties of files as somebody sees them.
func (g *rig) properties(uid string, names []string, paths ...string) map[string][]string {
	g.Helper()
	ctx := who.With(g.ctx, &who.Principal{ID: uid, Display: strings.ToUpper(uid)})
	v, err := g.files.As(ctx, who.From(ctx))
	g.must(err)
	var batch []dav.Resource
	for _, p := range paths {
		e, err := v.Stat(ctx, p)
		g.must(err)
		batch = append(batch, dav.Resource{Value: e})
	}
	want := append(names[:0:0], names...)
	out := map[string][]string{}
	set, err := props{g.room}.Open(ctx, dav.Resource{}, xmlNames(want))
	g.must(err)
	if set.Load != nil {
		g.must(set.Load(ctx, batch))
	}
	for i, p := range paths {
		for _, w := range set.Writers {
			b, ok := w(nil, &batch[i])
			if !ok {
				b = []byte("-")
			}
			out[p] = append(out[p], string(b))
		}
	}
	return out
}

func TestPropertiesOfShares(t *testing.T) {
	each(t, func(g *rig) {
		g.put("olga", map[string]int{"/docs/a.txt": 3, "/b.txt": 2}, "/docs/", "/docs/a.txt", "/b.txt", "/alone/")
		give := func(as string, form ...string) string {
			t.Helper()
			code, data := g.ask(as, "POST", "shares", form...)
			if code != 200 {
				t.Fatalf("%v: %d %v", form, code, data)
			}
			return data.(map[string]any)["id"].(string)
		}
		give("olga", "path", "/docs", "shareType", "0", "shareWith", "otto", "note", "for you")
		give("olga", "path", "/docs", "shareType", "1", "shareWith", "otters", "permissions", "1")
		give("olga", "path", "/b.txt", "shareType", "3", "label", "x")
		give("olga", "path", "/b.txt", "shareType", "0", "shareWith", "otto", "permissions", "17", "attributes", sealedText)
		give("otto", "path", "/docs/a.txt", "shareType", "0", "shareWith", "oda")
		var token string
		_, data := g.ask("olga", "GET", "shares", "path", "/b.txt")
		for _, s := range data.([]any) {
			if tok, ok := s.(map[string]any)["token"].(string); ok {
				token = tok
			}
		}
		r := httptest.NewRequest("PUT", "/ocs/v2.php/apps/files_downloadlimit/api/v1/"+token+"/limit?limit=5", nil)
		r.Header.Set("OCS-APIRequest", "true")
		r.SetBasicAuth("olga", "olga")
		if w := g.serve(r); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		names := []string{"oc:share-types", "nc:sharees", "nc:note", "nc:share-attributes", "nc:hide-download", "oc:owner-display-name", "nc:share-download-limits"}
		const sealedXML = `[{&quot;scope&quot;:&quot;permissions&quot;,&quot;key&quot;:&quot;download&quot;,&quot;value&quot;:false}]`
		for _, c := range []struct {
			uid, path string
			want      []string
		}{
			{"olga", "/docs", []string{"<oc:share-type>0</oc:share-type><oc:share-type>1</oc:share-type>",
				"<nc:sharee><nc:id>otto</nc:id><nc:display-name>Otto</nc:display-name><nc:type>0</nc:type></nc:sharee>" +
					"<nc:sharee><nc:id>otters</nc:id><nc:display-name>otters</nc:display-name><nc:type>1</nc:type></nc:sharee>", "-", "[]", "-", "OLGA", "-"}},
			{"olga", "/docs/a.txt", []string{"<oc:share-type>0</oc:share-type>", // made by somebody else, of hers
				"<nc:sharee><nc:id>oda</nc:id><nc:display-name>Oda</nc:display-name><nc:type>0</nc:type></nc:sharee>", "-", "[]", "-", "OLGA", "-"}},
			{"olga", "/alone", []string{"", "", "-", "[]", "-", "OLGA", "-"}},
			{"olga", "/b.txt", []string{"<oc:share-type>0</oc:share-type><oc:share-type>3</oc:share-type>",
				"<nc:sharee><nc:id>otto</nc:id><nc:display-name>Otto</nc:display-name><nc:type>0</nc:type></nc:sharee>" +
					"<nc:sharee><nc:id></nc:id><nc:display-name></nc:display-name><nc:type>3</nc:type></nc:sharee>", "-", "[]", "-", "OLGA",
				"<nc:share-download-limit><nc:token>" + token + "</nc:token><nc:limit>5</nc:limit><nc:count>0</nc:count></nc:share-download-limit>"}},
			{"otto", "/docs", []string{"", "", "for you", "[]", "false", "Olga Ö. Capture", "-"}},
			{"otto", "/docs/a.txt", []string{"<oc:share-type>0</oc:share-type>",
				"<nc:sharee><nc:id>oda</nc:id><nc:display-name>Oda</nc:display-name><nc:type>0</nc:type></nc:sharee>", "-", "[]", "false", "Olga Ö. Capture", "-"}},
			{"otto", "/b.txt", []string{"", "", "", sealedXML, "false", "Olga Ö. Capture", "-"}},
			{"oda", "/a.txt", []string{"", "", "", "[]", "false", "Olga Ö. Capture", "-"}},
		} {
			got := g.properties(c.uid, names, c.path)[c.path]
			for i := range names {
				if got[i] != c.want[i] {
					t.Errorf("%s of %s for %s: %q, want %q", names[i], c.path, c.uid, got[i], c.want[i])
				}
			}
		}
	})
}

// A listing that asks for all of this costs the same however much is shared.
func TestCostOfProperties(t *testing.T) {
	g := lite(t)
	var paths []string
	for i := range 40 {
		p := fmt.Sprintf("/d%d", i)
		g.put("olga", nil, p+"/")
		paths = append(paths, p)
	}
	cost := func() int64 {
		ctx, n := db.Count(g.ctx)
		ctx = who.With(ctx, &who.Principal{ID: "olga"})
		v, err := g.files.As(ctx, who.From(ctx))
		g.must(err)
		var batch []dav.Resource
		root, err := v.Stat(ctx, "/")
		g.must(err)
		for e, err := range v.List(ctx, root) {
			g.must(err)
			batch = append(batch, dav.Resource{Value: e})
		}
		set, err := props{g.room}.Open(ctx, dav.Resource{}, xmlNames([]string{"oc:share-types", "nc:sharees", "oc:owner-display-name"}))
		g.must(err)
		before := n.Load()
		g.must(set.Load(ctx, batch))
		return n.Load() - before
	}
	share := func(p string) {
		v, err := g.files.As(g.ctx, &who.Principal{ID: "olga"})
		g.must(err)
		e, err := v.Stat(g.ctx, p)
		g.must(err)
		if _, _, err := g.shares.Give(g.ctx, v.Who(), e, wishFor("otto", files.Read)); err != nil {
			t.Fatal(err)
		}
	}
	if got := cost(); got != 1 {
		t.Errorf("without any share it costs %d statements, want 1", got)
	}
	share(paths[0])
	one := cost()
	for _, p := range paths[1:] {
		share(p)
	}
	if many := cost(); many != one {
		t.Errorf("one share costs %d statements, %d cost %d", one, len(paths), many)
	}
}

func TestFavouritesAreTagged(t *testing.T) {
	g := lite(t)
	g.put("olga", nil, "/a/", "/b/")
	v, err := g.files.As(g.ctx, &who.Principal{ID: "olga"})
	g.must(err)
	e, err := v.Stat(g.ctx, "/a")
	g.must(err)
	g.room.Favorites = func(context.Context, string) (map[int64]bool, error) { return map[int64]bool{e.ID: true}, nil }
	for _, p := range []string{"/a", "/b"} {
		if code, data := g.ask("olga", "POST", "shares", "path", p, "shareType", "0", "shareWith", "otto"); code != 200 {
			t.Fatal(code, data)
		}
	}
	_, data := g.ask("olga", "GET", "shares", "include_tags", "true")
	for i, want := range []int{1, 0} {
		tags := data.([]any)[i].(map[string]any)["tags"].([]any)
		if len(tags) != want || want == 1 && tags[0] != favoriteTag {
			t.Errorf("share %d has tags %v", i, tags)
		}
	}
}
