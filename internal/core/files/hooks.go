package files

import (
	"context"
	"iter"

	"atrium/internal/base/switches"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
)

// Hooks is where rooms take part. They are filled at start, before any request.
type Hooks struct {
	Mounters []Mounter
	Guards   []Guard
	Keepers  []Keeper
	// Copied gives copies what rooms keep of the originals, in the transaction
	// that makes them.
	Copied []func(ctx context.Context, tx *db.DB, from, to []int64) error
	// Moved tells rooms of a move in its transaction: where something was and
	// where it is. It costs each move what they do.
	Moved []func(ctx context.Context, tx *db.DB, from, to *Entry) error
	// Erased tells rooms that nodes are gone for good, in the transaction in which
	// they go: what is kept of them can be given up.
	Erased []func(ctx context.Context, tx *db.DB, nodes []int64) error
	// Link finds what a public link opens to its visitor, at each view;
	// fault.NotFound when it opens nothing any more.
	Link func(ctx context.Context, p *who.Principal) (Mount, error)

	mounterOf, guardOf []switches.Part
}

// Belong says that the hooks which were added since the last call are a part's.
// While it is switched off its mounts are not there and its guards are not asked,
// so that a lock whose room is gone locks nothing. The others are asked all
// the same: what somebody deletes today is there when the room is back.
func (h *Hooks) Belong(p switches.Part) {
	for len(h.mounterOf) < len(h.Mounters) {
		h.mounterOf = append(h.mounterOf, p)
	}
	for len(h.guardOf) < len(h.Guards) {
		h.guardOf = append(h.guardOf, p)
	}
}

func (h *Hooks) mounters() iter.Seq[Mounter] { return on(h.Mounters, h.mounterOf) }

func (h *Hooks) guards() iter.Seq[Guard] { return on(h.Guards, h.guardOf) }

// on yields the hooks whose part is switched on. One of which no part is known is
// the house's.
func on[T any](hooks []T, parts []switches.Part) iter.Seq[T] {
	return func(yield func(T) bool) {
		for i, h := range hooks {
			if i < len(parts) && parts[i].Off() {
				continue
			}
			if !yield(h) {
				return
			}
		}
	}
}
