package tree_test

import (
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
