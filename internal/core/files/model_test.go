package files_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// keepAll keeps everything: what is removed in the trash, what is overwritten in
// a list, as rooms do in their tables.
type keepAll struct {
	mu  sync.Mutex
	old []int64 // contents
}

func (k *keepAll) Removed(ctx context.Context, tx *db.DB, r *files.Removal) (bool, error) {
	_, err := r.Trash(ctx, tx)
	return true, err
}

func (k *keepAll) Overwritten(_ context.Context, tx *db.DB, old *files.Entry) (bool, error) {
	tx.AfterCommit(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.old = append(k.old, old.Content)
	})
	return true, nil
}

// Contents counts what is kept.
func (k *keepAll) Contents(context.Context) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		k.mu.Lock()
		defer k.mu.Unlock()
		for _, id := range k.old {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// harmless are the ways in which somebody else may have been faster.
func harmless(err error) bool {
	return err == nil || errors.Is(err, fault.NotFound) || errors.Is(err, fault.Exists) || errors.Is(err, fault.Stale) ||
		errors.Is(err, fault.Conflict) || errors.Is(err, fault.Denied) // it is where it should go already
}

// Many people at once create, overwrite, move, delete, bring back and empty the
// trash, while others settle and purge. At the end every folder has the size of
// what it holds, and every content as many references as there are.
func TestManyChangesWithATrash(t *testing.T) {
	each(t, func(k *desk) {
		keeper := &keepAll{}
		k.Hooks.Keepers = []files.Keeper{keeper}
		const folders, workers = 5, 6
		rounds := 60
		if testing.Short() {
			rounds = 15
		}
		for i := range folders {
			k.mkdir(fmt.Sprintf("/%d", i))
		}
		var all sync.WaitGroup
		for w := range workers {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			all.Go(func() {
				for range rounds {
					if what, err := k.anything(r, folders); !harmless(err) {
						k.Errorf("%s: %v", what, err)
					}
				}
			})
		}
		all.Wait()
		if err := k.SettleAll(k.ctx); err != nil {
			k.Fatal(err)
		}
		if err := k.Verify(k.ctx, content.Rows, []content.Counter{keeper.Contents}, func(f string) { k.Error(f) }); err != nil {
			k.Fatal(err)
		}
		if err := k.db.Tx(k.ctx, func(tx *db.DB) error {
			if err := k.EmptyTrash(k.ctx, tx, "alice"); err != nil {
				return err
			}
			for _, id := range keeper.old {
				if err := k.content.Refer(k.ctx, tx, id, -1); err != nil {
					return err
				}
			}
			keeper.old = nil
			return nil
		}); err != nil {
			k.Fatal(err)
		}
		k.sweep()
	})
}

// anything does one random thing and says what.
func (k *desk) anything(r *rand.Rand, folders int) (string, error) {
	dir := func() string { return fmt.Sprintf("/%d", r.IntN(folders)) }
	name := func() string { return fmt.Sprintf("%s/f%d", dir(), r.IntN(4)) }
	at := func(p string, do func(e *files.Entry) error) error {
		e, err := k.Stat(k.ctx, p)
		if err != nil {
			return err
		}
		return do(e)
	}
	switch p := name(); r.IntN(12) {
	case 0, 1, 2, 3:
		body := fmt.Sprint(r.Int64N(1 << uint(r.IntN(60))))
		_, err := k.Write(k.ctx, p, files.Put{Body: reader(body), Size: int64(len(body))})
		return "write", err
	case 4:
		_, err := k.Mkdir(k.ctx, dir())
		return "mkdir", err
	case 5:
		return "move", at(p, func(e *files.Entry) error {
			_, _, err := k.Move(k.ctx, e, name(), files.Overwrite, nil)
			return err
		})
	case 6:
		return "move folder", at(dir(), func(e *files.Entry) error {
			_, _, err := k.Move(k.ctx, e, dir()+e.Path, files.Refuse, nil)
			return err
		})
	case 7:
		return "delete", at(p, func(e *files.Entry) error { return k.Remove(k.ctx, e, nil) })
	case 8:
		return "delete folder", at(dir(), func(e *files.Entry) error { return k.Remove(k.ctx, e, nil) })
	case 9, 10:
		return k.fromTrash(r, dir)
	default:
		return "purge", k.Purge(k.ctx)
	}
}

// fromTrash brings something back, or deletes it for good.
func (k *desk) fromTrash(r *rand.Rand, dir func() string) (string, error) {
	trash, err := tree.New(k.db).SpaceOf(k.ctx, k.db, tree.Trash, "alice")
	if err != nil {
		return "trash", err
	}
	v, err := k.Through(k.ctx, k.Who(), files.Mount{Space: trash.Root, Root: trash.Root, Perm: files.All})
	if err != nil {
		return "trash", err
	}
	root, err := v.Stat(k.ctx, "/")
	if err != nil {
		return "trash", err
	}
	var in []tree.Node
	for e, err := range v.List(k.ctx, root) {
		if err != nil {
			return "list the trash", err
		}
		in = append(in, e.Node)
	}
	if len(in) == 0 {
		return "", nil
	}
	n := in[r.IntN(len(in))]
	if r.IntN(3) == 0 {
		return "discard", k.Discard(k.ctx, n, trash.Root, nil)
	}
	to := dir()
	if !n.IsDir() {
		to = fmt.Sprintf("%s/f%d", dir(), r.IntN(4))
	}
	_, _, err = k.Return(k.ctx, n, trash.Root, to, files.Overwrite, nil)
	return "return", err
}

// What was written into a folder that had just gone to the trash counts there.
func TestLateWriteIntoTheTrash(t *testing.T) {
	each(t, func(k *desk) {
		k.Hooks.Keepers = []files.Keeper{&keepAll{}}
		k.mkdir("/a")
		folder := k.stat("/a")
		if err := k.Remove(k.ctx, folder, nil); err != nil {
			k.Fatal(err)
		}
		tr := tree.New(k.db)
		id, err := k.db.ID(k.ctx)
		if err != nil {
			k.Fatal(err)
		}
		c, err := k.content.Write(k.ctx, reader("12345"), 5)
		if err != nil {
			k.Fatal(err)
		}
		change, err := tr.NewChange(k.ctx)
		if err != nil {
			k.Fatal(err)
		}
		if err := k.db.Tx(k.ctx, func(tx *db.DB) error { // as a writer that had looked before
			if err := k.content.Keep(k.ctx, tx, c); err != nil {
				return err
			}
			return tr.Create(k.ctx, tx, change, folder.Mount.Space,
				tree.Node{ID: id, Parent: folder.ID, Name: "late", Kind: tree.File, Size: 5, Content: c.ID, MTime: time.Now()})
		}); err != nil {
			k.Fatal(err)
		}
		if err := k.SettleAll(k.ctx); err != nil {
			k.Fatal(err)
		}
		trashes, err := tr.Held(k.ctx, k.db, tree.Trash)
		if err != nil || trashes["alice"].Used != 5 {
			k.Errorf("got %+v, %v", trashes, err)
		}
		k.sweep()
	})
}
