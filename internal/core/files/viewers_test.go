package files_test

import (
	"context"
	"slices"
	"testing"

	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
)

// shown is a mounter that shows one node to one user.
type shown struct {
	uid  string
	node int64
}

func (s shown) Mounts(context.Context, *who.Principal) ([]files.Mount, error) { return nil, nil }

func (s shown) Viewers(_ context.Context, chains map[int64][]tree.Node, add func(int64, string)) error {
	for id, chain := range chains {
		if slices.ContainsFunc(chain, func(n tree.Node) bool { return n.ID == s.node }) {
			add(id, s.uid)
		}
	}
	return nil
}

func TestViewersAreTheOwnerAndWhoeverReachesIt(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		k.put("/a/x", "shown")
		k.put("/y", "hers alone")
		folder, x, y := k.stat("/a"), k.stat("/a/x"), k.stat("/y")
		k.Hooks.Mounters = []files.Mounter{shown{"bob", folder.ID}, shown{"bob", x.ID}}
		got, err := k.Service.Viewers(k.ctx, x.ID, y.ID, 1<<50)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got[x.ID], []string{"alice", "bob"}) || !slices.Equal(got[y.ID], []string{"alice"}) || len(got) != 2 {
			t.Errorf("got %v", got)
		}
	})
}

// Whoever came by a public link reaches one node, and events say so.
func TestThroughOneNode(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		k.put("/secret", "hers")
		folder := k.stat("/a")
		guest := &who.Principal{Link: 7, Display: "Visitor"}
		v, err := k.Through(k.ctx, guest, files.Mount{Space: folder.Mount.Space, Root: folder.ID, Perm: files.Read | files.Create, Owner: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		k.View = v
		k.put("/x", "theirs")
		if _, err := v.Stat(k.ctx, "/secret"); err == nil {
			t.Error("the visitor sees what lies beside the folder")
		}
		if told, ok := k.last.(event.FileWritten); !ok || told.By != (event.By{Link: 7, Guest: "Visitor"}) || !told.Made {
			t.Errorf("got %+v", k.last)
		}
	})
}
