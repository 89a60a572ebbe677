package readable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
)

// check compares the tree on the disk with the tables, and reports what differs
// and does not come right by itself: it only looks. behind tells how much was
// still on its way when patience ran out, and so could not be judged.
func (r *Room) check(ctx context.Context, homes []tree.Space, patience time.Duration, report func(path, what string)) (behind int, err error) {
	if err := r.files.Alive(ctx); err != nil {
		return 0, err
	}
	s, err := shelf.Peek(r.place)
	if errors.Is(err, fs.ErrNotExist) {
		report(shelf.UsersName, "does not exist; repair it: atrium files:tree --repair")
		return 0, nil
	}
	if err != nil {
		return 0, shelf.Broken(err)
	}
	defer s.Close()
	c := &checking{r: r, s: s, suspects: map[spot]suspect{}}
	for _, sp := range homes {
		if err := c.home(ctx, sp); err != nil {
			return 0, shelf.Broken(err)
		}
	}
	for end := r.Now().Add(patience); len(c.suspects) > 0; {
		passed, err := r.caughtUp(ctx, end.Sub(r.Now()))
		if err != nil {
			return 0, err
		}
		if !passed {
			return len(c.suspects), nil
		}
		sure, err := c.again(ctx)
		if err != nil {
			return 0, shelf.Broken(err)
		}
		for _, x := range sure {
			report(x.path, x.what)
		}
	}
	return 0, nil
}

// checking is one check.
type checking struct {
	r        *Room
	s        *shelf.Shelf
	suspects map[spot]suspect
}

// suspect is a difference that may be one of those that pass.
type suspect struct {
	path, what string
	seen       string // what exactly was seen
}

// peeking looks at the tree while it is held.
func (c *checking) peeking(f func(v *visit) error) error {
	release, err := c.s.Hold()
	if err != nil {
		return err
	}
	defer release()
	v := c.r.visit(c.s)
	v.strict = true
	defer v.close()
	return f(v)
}

func (c *checking) home(ctx context.Context, sp tree.Space) error {
	todo := []int64{sp.Root}
	for len(todo) > 0 {
		node := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		err := c.peeking(func(v *visit) error {
			f, err := v.inspect(ctx, node)
			if err != nil {
				return err
			}
			if f == nil { // the folder above has said so
				if node == sp.Root {
					c.suspects[spot{0, sp.Owner}] = suspect{path: sp.Owner, what: "has no folder", seen: "absent"}
				}
				return nil
			}
			for _, n := range f.folders {
				todo = append(todo, n.ID)
			}
			for _, x := range f.wrong {
				c.suspect(f, x)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (c *checking) suspect(f *found, x finding) {
	if x.is == right { // but for its time, which copies of a file share
		return
	}
	seen := fmt.Sprint(x.is)
	if x.node != nil {
		seen += fmt.Sprint(" node ", x.node.ID, x.node.Content)
	}
	if x.entry != nil {
		seen += fmt.Sprint(" inode ", x.entry.Ino, x.entry.MTime)
	}
	c.suspects[x.spot] = suspect{path: f.owner + pathOf(f.path, x.name), what: x.describe(), seen: seen}
}

// again looks at the suspects once more, after all events have arrived that were
// under way when they were seen. Those that are the same are sure; those that
// have changed meanwhile stay suspects.
func (c *checking) again(ctx context.Context) (sure []suspect, err error) {
	before := c.suspects
	c.suspects = map[spot]suspect{}
	asks := newAsks()
	for s := range before {
		asks.see(s.parent, s.name, 0)
	}
	err = c.peeking(func(v *visit) error {
		wrong, unplaced, err := v.compare(ctx, asks)
		if err != nil {
			return err
		}
		for _, x := range wrong {
			chain := v.chains[x.parent]
			c.suspect(&found{owner: v.homes[chain[0].ID], path: namesOf(chain)}, x)
		}
		for _, s := range unplaced {
			c.suspects[s] = before[s]
		}
		return c.homesAgain(ctx, v, before)
	})
	if err != nil {
		return nil, err
	}
	for s, x := range c.suspects {
		if x.seen != before[s].seen {
			continue
		}
		delete(c.suspects, s)
		if yes, err := c.notYet(ctx, s); err != nil {
			return nil, err
		} else if !yes {
			sure = append(sure, x)
		}
	}
	return sure, nil
}

// homesAgain looks once more for the folders of homes.
func (c *checking) homesAgain(ctx context.Context, v *visit, before map[spot]suspect) error {
	for s, x := range before {
		if s.parent != 0 {
			continue
		}
		sp, err := c.r.tree.SpaceOf(ctx, c.r.db, tree.Home, s.name)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := v.learn(ctx, sp.Root); err != nil {
			return err
		}
		if !v.shown(sp.Root) {
			continue
		}
		d, err := v.dir(sp.Root)
		if err != nil {
			return err
		}
		if d == shelf.Nowhere {
			c.suspects[s] = x
		}
	}
	return nil
}

// notYet tells whether a file has no link because it is still in parts.
func (c *checking) notYet(ctx context.Context, s spot) (bool, error) {
	n, err := c.r.tree.Child(ctx, c.r.db, s.parent, s.name)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return c.r.notYet(ctx, &n)
}

// notYet tells whether a file's link was never made, since its content consists
// of parts, or was made one only now.
func (r *Room) notYet(ctx context.Context, n *tree.Node) (bool, error) {
	if n.IsDir() {
		return false, nil
	}
	if pending, err := r.join.Pending(ctx, joinKey(n.ID)); err != nil || pending {
		return pending, err
	}
	about, err := r.content.About(ctx, n.Content)
	if errors.Is(err, fault.NotFound) {
		return true, nil // it has just got another one
	}
	return about.Joined, err
}

// describe says what is wrong, in words.
func (x *finding) describe() string {
	switch {
	case x.is == absent:
		return "is missing on the disk"
	case x.is == stale && x.node == nil:
		return "is a link that is left over"
	case x.is == stale:
		return "is a link to other bytes"
	case x.is == foreign && x.node == nil:
		return "was put there by somebody and is not adopted"
	case x.is == foreign:
		return "was replaced by somebody, which is not adopted"
	case x.is == changed:
		return "was changed in place"
	case x.is == strayed:
		return "is a folder that belongs elsewhere"
	case x.is == strange:
		return "is a folder that somebody made, and is not adopted"
	}
	return "is neither a file nor a folder"
}
