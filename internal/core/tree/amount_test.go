package tree_test

import (
	"maps"
	"testing"

	"atrium/internal/core/tree"
)

func TestWhatAllSpacesHold(t *testing.T) {
	each(t, func(w *wood) {
		w.space(tree.Home, "bob")
		w.add(w.add(w.root, "a", tree.Folder, 0).ID, "b", tree.File, 40)
		w.add(w.root, "c", tree.File, 2)
		if err := w.SettleAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		kept, err := w.Kept(t.Context())
		if err != nil || kept[tree.Home] != (tree.Kept{Spaces: 2, Bytes: 42}) || kept[tree.Doomed].Spaces != 1 {
			t.Errorf("%v, %v", kept, err)
		}
		if n, err := w.CountFiles(t.Context()); n != 2 || err != nil {
			t.Errorf("%d files, %v", n, err)
		}
	})
}

func TestWhatSomeSpacesHold(t *testing.T) {
	each(t, func(w *wood) {
		w.space(tree.Home, "bob")
		w.space(tree.Home, "carol")
		w.add(w.root, "a", tree.File, 40)
		all, err := w.Held(t.Context(), w.db, tree.Home)
		if err != nil || len(all) != 3 {
			t.Fatalf("%v, %v", all, err)
		}
		some, err := w.Held(t.Context(), w.db, tree.Home, "alice", "bob", "nobody")
		want := map[string]tree.Holding{"alice": {Used: 40, Quota: all["alice"].Quota}, "bob": {Quota: all["bob"].Quota}}
		if err != nil || !maps.Equal(some, want) {
			t.Errorf("%v, %v", some, err)
		}
		if err := w.SettleAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if settled, err := w.Held(t.Context(), w.db, tree.Home, "alice"); err != nil || settled["alice"].Used != 40 {
			t.Errorf("settled: %v, %v", settled, err)
		}
	})
}
