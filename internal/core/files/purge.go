package files

import (
	"context"
	"strings"
	"time"

	"atrium/internal/core/content"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// purgeBatch is how many nodes one transaction of the purge removes.
const purgeBatch = 500

// Purge removes for good what lies in the doomed space, leaf by leaf, and gives
// its contents to the sweeper. It can be stopped and run again at any point.
func (s *Service) Purge(ctx context.Context) error {
	doomed, err := s.doom(ctx)
	if err != nil {
		return err
	}
	if err := s.strand(ctx, doomed); err != nil {
		return err
	}
	if err := s.dropLeft(ctx, doomed); err != nil {
		return err
	}
	return s.purgeBelow(ctx, doomed.Root)
}

func (s *Service) purgeBelow(ctx context.Context, folder int64) error {
	for {
		batch, err := s.firstOf(ctx, folder)
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, n := range batch {
			if n.IsDir() {
				if err := s.purgeBelow(ctx, n.ID); err != nil {
					return err
				}
			}
		}
		if err := s.db.Tx(ctx, func(tx *db.DB) error { return s.erase(ctx, tx, batch) }); err != nil {
			return err
		}
	}
}

func (s *Service) firstOf(ctx context.Context, folder int64) (batch []tree.Node, err error) {
	for n, err := range s.tree.Children(ctx, folder) {
		if err != nil {
			return nil, err
		}
		if batch = append(batch, n); len(batch) == purgeBatch {
			break
		}
	}
	return batch, nil
}

func (s *Service) erase(ctx context.Context, tx *db.DB, ns []tree.Node) error {
	ids := make([]int64, len(ns))
	for i, n := range ns {
		ids[i] = n.ID
		if n.Content == 0 {
			continue
		}
		if err := s.content.Refer(ctx, tx, n.Content, -1); err != nil {
			return err
		}
	}
	if err := s.erased(ctx, tx, ids); err != nil {
		return err
	}
	return s.tree.Erase(ctx, tx, ids)
}

func (s *Service) erased(ctx context.Context, tx *db.DB, nodes []int64) error {
	for _, tell := range s.Hooks.Erased {
		if err := tell(ctx, tx, nodes); err != nil {
			return err
		}
	}
	return nil
}

// Gone tells which of some nodes do not exist any more, in any space.
func (s *Service) Gone(ctx context.Context, ids []int64) (gone []int64, err error) {
	there, err := s.tree.Some(ctx, s.db, ids)
	for _, id := range ids {
		if _, ok := there[id]; !ok {
			gone = append(gone, id)
		}
	}
	if err != nil {
		return nil, err // what was not found may be there
	}
	return gone, nil
}

// dropLeft dooms the spaces of users who are gone, and what trashes were emptied of.
func (s *Service) dropLeft(ctx context.Context, doomed tree.Space) error {
	for sp, err := range s.tree.Spaces(ctx, tree.Left) {
		if err != nil {
			return err
		}
		if err := s.db.Tx(ctx, func(tx *db.DB) error { return s.tree.DropSpace(ctx, tx, doomed, sp) }); err != nil {
			return err
		}
	}
	return nil
}

// strandAge is how long a copy may take before it counts as given up.
const strandAge = 24 * time.Hour

// strand dooms copies that were never finished.
func (s *Service) strand(ctx context.Context, doomed tree.Space) error {
	hidden, err := s.space(ctx, tree.Staging, "", tree.NoQuota)
	if err != nil {
		return err
	}
	batch, err := s.firstOf(ctx, hidden.Root)
	if err != nil {
		return err
	}
	old := s.Now().Add(-strandAge).Unix()
	for _, n := range batch {
		if n.Uploaded > old {
			continue
		}
		cs, err := s.changes(ctx)
		if err != nil {
			return err
		}
		to := tree.Spot{Space: doomed.Root, Parent: doomed.Root, Name: n.Name}
		if err := s.db.Tx(ctx, func(tx *db.DB) error {
			return s.tree.Move(ctx, tx, cs, n, hidden.Root, to, n.Mime)
		}); err != nil {
			return err
		}
	}
	return nil
}

// SettleAll settles every space that needs it, so that what watches etags from
// outside a request sees them.
func (s *Service) SettleAll(ctx context.Context) error {
	spaces, err := s.tree.Unsettled(ctx)
	if err != nil {
		return err
	}
	for _, sp := range spaces {
		if err := s.tree.Settle(ctx, sp); err != nil {
			return err
		}
	}
	return nil
}

// Verify looks for anything in the tables and the store that is not as it must
// be, and reports each finding in a line. It only reads. counters tell of
// references to contents that rooms above hold.
func (s *Service) Verify(ctx context.Context, depth content.Depth, counters []content.Counter, report func(finding string)) error {
	if err := s.content.Alive(ctx); err != nil {
		return err
	}
	if err := s.tree.Check(ctx, report); err != nil {
		return err
	}
	if err := s.content.CheckRefs(ctx, append(counters, s.tree.Contents), report); err != nil {
		return err
	}
	return s.content.Check(ctx, depth, report)
}

// PathOf is where a node lies in its space, for messages: names from the root.
func PathOf(chain []tree.Node) string {
	var b strings.Builder
	for _, n := range chain[min(1, len(chain)):] {
		b.WriteByte('/')
		b.WriteString(n.Name)
	}
	return b.String()
}
