package files_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
)

// shelf mounts folders of others, as shares do.
type shelf []files.Mount

func (s shelf) Mounts(context.Context, *who.Principal) ([]files.Mount, error) { return s, nil }

func (k *desk) found(folder string, where tree.Pred, q tree.Query) (paths []string) {
	k.Helper()
	es, err := k.Search(k.ctx, k.stat(folder), func(*files.Mount) tree.Pred { return where }, q)
	if err != nil {
		k.Fatal(err)
	}
	for e, err := range es {
		if err != nil {
			k.Fatal(err)
		}
		paths = append(paths, e.Path)
	}
	return paths
}

func TestSearchSeesMounts(t *testing.T) {
	each(t, func(k *desk) {
		for _, f := range []string{"/mine", "/lent", "/lent/deep"} {
			k.mkdir(f)
		}
		k.put("/mine/a.txt", "1")
		k.put("/lent/b.txt", "22")
		k.put("/lent/deep/c.txt", "333")
		k.put("/note.txt", "4444")
		lent, note := k.stat("/lent"), k.stat("/note.txt")

		k.Hooks.Mounters = []files.Mounter{shelf{
			{Path: []string{"in", "borrowed"}, Space: lent.Mount.Space, Root: lent.ID, Perm: files.Read, Kind: "shared", Owner: "alice"},
			{Path: []string{"memo.txt"}, Space: note.Mount.Space, Root: note.ID, Perm: files.Read, Kind: "shared", Owner: "alice"},
			{Path: []string{"unreadable"}, Space: lent.Mount.Space, Root: lent.ID, Perm: files.Create, Kind: "shared", Owner: "alice"},
		}}
		v, err := k.As(k.ctx, &who.Principal{ID: "bob"})
		if err != nil {
			t.Fatal(err)
		}
		alice := k.View
		k.View = v
		k.mkdir("/in")
		k.put("/in/d.txt", "55555")

		txt := tree.Pred{Op: tree.Like, Field: tree.ByName, Text: "%.txt"}
		bySize := tree.Query{Order: []tree.Key{{Field: tree.BySize}}}
		want := []string{"/in/borrowed/b.txt", "/in/borrowed/deep/c.txt", "/memo.txt", "/in/d.txt"}
		if diff := cmp.Diff(want, k.found("/", txt, bySize)); diff != "" {
			t.Error(diff)
		}
		bySize.Offset, bySize.Limit = 1, 2
		if diff := cmp.Diff(want[1:3], k.found("/", txt, bySize)); diff != "" {
			t.Errorf("a page: %s", diff)
		}
		named := tree.Pred{Op: tree.Like, Field: tree.ByName, Text: "%or%"}
		if diff := cmp.Diff([]string{"/in/borrowed"}, k.found("/", named, tree.Query{})); diff != "" {
			t.Errorf("a mount by its own name: %s", diff)
		}
		if diff := cmp.Diff([]string{"/in/borrowed/deep/c.txt"}, k.found("/in/borrowed/deep", txt, tree.Query{})); diff != "" {
			t.Errorf("within a mount: %s", diff)
		}
		ids := []int64{lent.ID, idOf(k, alice, "/mine/a.txt"), idOf(k, alice, "/lent/b.txt")}
		var got []string
		for e, err := range k.Among(k.ctx, k.stat("/in"), ids) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Path)
		}
		if diff := cmp.Diff([]string{"/in/borrowed", "/in/borrowed/b.txt"}, got); diff != "" {
			t.Errorf("among: %s", diff)
		}
	})
}

func idOf(k *desk, v *files.View, path string) int64 {
	e, err := v.Stat(k.ctx, path)
	if err != nil {
		k.Fatal(err)
	}
	return e.ID
}
