package files

import (
	"context"

	"atrium/internal/core/content"
	"atrium/internal/core/files/reap"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// Purge removes for good what lies in the doomed space, leaf by leaf, and gives
// its contents to the sweeper. It can be stopped and run again at any point.
func (s *Service) Purge(ctx context.Context) error {
	doomed, err := s.spaces.Doomed(ctx)
	if err != nil {
		return err
	}
	hidden, err := s.spaces.Of(ctx, tree.Staging, "", tree.NoQuota)
	if err != nil {
		return err
	}
	r := &reap.Reaper{DB: s.db, Tree: s.tree, Content: s.content, Erased: s.erased, Now: s.Now}
	return r.Reap(ctx, doomed, hidden)
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
	return s.tree.Gone(ctx, s.db, ids)
}

// SettleAll settles every space that needs it, so that what watches etags from
// outside a request sees them.
func (s *Service) SettleAll(ctx context.Context) error { return s.tree.SettleAll(ctx) }

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
func PathOf(chain []tree.Node) string { return tree.PathOf(chain) }
