package files

import (
	"context"
	"errors"
	"path"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// A user's trash is a space of its own, so that whatever is removed goes there and
// comes back in one row, however much lies in it, with its id. What is in it does
// not count against the home's quota. The rooms above say what goes there, for how
// long, and what is shown of it.

// ErrAgain is what a keeper returns when another was faster: the operation begins
// anew, and then sees what the other did.
var ErrAgain = errors.New("somebody else was faster")

// exit is what the end of a node in its folder needs, drawn before the transaction.
type exit struct {
	cs     [2]tree.Change
	doomed tree.Space
	spare  int64 // the id of a trash that may have to be made
}

func (s *Service) exit(ctx context.Context) (x exit, err error) {
	if x.cs, err = s.changes(ctx); err != nil {
		return x, err
	}
	if x.doomed, err = s.spaces.Doomed(ctx); err != nil {
		return x, err
	}
	x.spare, err = s.db.ID(ctx)
	return x, err
}

// tryTx is db.Tx for what a keeper may want to begin anew.
func (s *Service) tryTx(ctx context.Context, f func(tx *db.DB) error) error {
	for try := 0; ; try++ {
		if err := s.db.Tx(ctx, f); !errors.Is(err, ErrAgain) || try == maxRaces {
			return err
		}
	}
}

// Removal is something that is being removed, for a keeper to take.
type Removal struct {
	*Entry
	By *who.Principal // who removes it

	view *View
	exit exit
}

// Trash moves what is removed into the trash of the owner of its space, under its
// id, and returns that space. A space without an owner has no trash:
// fault.Unsupported.
func (r *Removal) Trash(ctx context.Context, tx *db.DB) (tree.Space, error) {
	if r.Mount.Owner == "" {
		return tree.Space{}, fault.Unsupported
	}
	t := r.view.tree
	trash, err := t.SpaceOf(ctx, tx, tree.Trash, r.Mount.Owner)
	if errors.Is(err, fault.NotFound) {
		trash, err = t.NewSpace(ctx, tx, r.exit.spare, tree.Space{Kind: tree.Trash, Owner: r.Mount.Owner, Quota: tree.NoQuota})
		if errors.Is(err, fault.Exists) {
			return trash, ErrAgain
		}
	}
	if err != nil {
		return trash, err
	}
	to := tree.Spot{Space: trash.Root, Parent: trash.Root, Name: strconv.FormatInt(r.ID, 10)}
	return trash, t.Move(ctx, tx, r.exit.cs, r.Node, r.Mount.Space, to, r.Node.Mime)
}

// Place is where an owner has what is removed: its names from the root of the space.
func (r *Removal) Place(ctx context.Context, tx *db.DB) (string, error) {
	if r.Mount.Root == r.Mount.Space && len(r.Mount.Path) == 0 {
		return r.Path, nil
	}
	chains, err := r.view.tree.UpIn(ctx, tx, r.Parent)
	if err != nil {
		return "", err
	}
	return path.Join("/", PathOf(chains[r.Parent]), r.Name), nil
}

// EmptyTrash gives everything in a user's trash to the purge, in one row. The next
// removal makes a new trash.
func (s *Service) EmptyTrash(ctx context.Context, tx *db.DB, uid string) error {
	sp, err := s.tree.SpaceOf(ctx, tx, tree.Trash, uid)
	if err != nil {
		return ignore(err, fault.NotFound)
	}
	return s.tree.Leave(ctx, tx, sp)
}

// ignore leaves out an error of a kind.
func ignore(err error, kind fault.Kind) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// Discard gives something in a trash to the purge. also, which may be nil, runs in
// the transaction.
func (s *Service) Discard(ctx context.Context, n tree.Node, trash int64, also func(tx *db.DB) error) error {
	x, err := s.exit(ctx)
	if err != nil {
		return err
	}
	to := tree.Spot{Space: x.doomed.Root, Parent: x.doomed.Root, Name: strconv.FormatInt(n.ID, 10)}
	return s.db.Tx(ctx, func(tx *db.DB) error {
		if err := s.tree.Move(ctx, tx, x.cs, n, trash, to, n.Mime); err != nil || also == nil {
			return missing(err)
		}
		return also(tx)
	})
}

// Return puts something that lies in a trash at a path of the view. It counts
// against the quota again: fault.Full when its room was given to others. also runs
// in the transaction.
func (v *View) Return(ctx context.Context, n tree.Node, trash int64, to string, clash Clash, also func(tx *db.DB) error) (made bool, back *Entry, err error) {
	// Its path is none, so that nothing can lie below it.
	e := &Entry{Node: n, Path: "?", Mount: &Mount{Space: trash, Root: trash, Perm: All}}
	s, err := v.arrival(ctx, e, to, clash, forMove)
	if errors.Is(err, ErrIsFolder) {
		err = fault.New(fault.Exists, "There is already a folder of this name.")
	}
	if err != nil {
		return false, nil, err
	}
	if err := v.tree.Settle(ctx, trash); err != nil { // for the size of a folder
		return false, nil, err
	}
	job := &moving{v: v, e: e, to: s, announce: v.returned, also: also}
	if err := job.prepare(ctx); err != nil {
		return false, nil, err
	}
	err = v.tryTx(ctx, func(tx *db.DB) error { return job.run(ctx, tx) })
	return s.cur == nil, job.moved, err
}

func (v *View) returned(src, n *Entry) interface{ EventName() string } {
	ev := v.relocated(src, n).(event.NodeMoved)
	ev.Returned = true
	return ev
}
