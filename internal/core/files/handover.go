package files

import (
	"context"
	"errors"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
)

// HandOver gives what lies in the home of one user at a path, "/" for all of it,
// to another: into a folder of theirs at the path to, which is made if need be.
// Ids stay, no byte is copied, and the quota of who receives it is not asked: an
// administrator has decided. Stopped half-way and called again, it goes on. It
// tells how many files and folders lie directly in the folder that it has moved.
func (s *Service) HandOver(ctx context.Context, from, to *who.Principal, path, into string) (moved int, err error) {
	return s.hand(ctx, from, to, path, into, unmetered)
}

// Give is HandOver of what its receiver agreed to: it has to fit their quota, which is
// asked in the transaction of the move. What does not is fault.Full.
func (s *Service) Give(ctx context.Context, from, to *who.Principal, path, into string) (moved int, err error) {
	return s.hand(ctx, from, to, path, into, metered)
}

// metering is whether a move asks the quota of the space it goes to.
type metering uint8

const (
	metered metering = iota
	unmetered
)

func (s *Service) hand(ctx context.Context, from, to *who.Principal, path, into string, quota metering) (moved int, err error) {
	giver, err := s.As(ctx, from)
	if err != nil {
		return 0, err
	}
	taker, err := s.As(ctx, to)
	if err != nil {
		return 0, err
	}
	what, err := giver.Stat(ctx, path)
	if err != nil {
		return 0, err
	}
	if what.Mount != &giver.mounts[0] {
		return 0, fault.New(fault.Denied, "This belongs to somebody else.")
	}
	if _, err := taker.Mkdir(ctx, into); err != nil && !errors.Is(err, fault.Exists) {
		return 0, err
	}
	if !what.IsRoot() {
		return 1, taker.receive(ctx, what, into+"/"+what.Name, quota)
	}
	for {
		batch, err := s.tree.First(ctx, what.ID, handBatch)
		if err != nil || len(batch) == 0 {
			return moved, err
		}
		for _, n := range batch {
			e := &Entry{Node: n, Path: "/" + n.Name, Mount: what.Mount}
			if err := taker.receive(ctx, e, into+"/"+n.Name, quota); err != nil {
				return moved, err
			}
			moved++
		}
	}
}

// handBatch is how many entries of a folder are read at once.
const handBatch = 500

// receive moves an entry of another user's view to a free place in this one.
func (v *View) receive(ctx context.Context, e *Entry, to string, quota metering) error {
	s, err := v.locate(ctx, to)
	if err != nil {
		return err
	}
	if s.cur != nil {
		return fault.New(fault.Exists, "There is already a file or folder of this name.")
	}
	s.self = e.ID
	job := &moving{v: v, e: e, to: s, announce: v.relocated, quota: quota}
	if err := job.prepare(ctx); err != nil {
		return err
	}
	return v.tryTx(ctx, func(tx *db.DB) error { return job.run(ctx, tx) })
}
