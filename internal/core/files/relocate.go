package files

import (
	"context"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// leave takes a mount out of the viewer's tree. Nothing of its owner's is touched,
// so that neither rights there nor guards are asked.
func (v *View) leave(ctx context.Context, e *Entry, check func(cur *Entry) error) error {
	m := e.Mount
	if m.mover() == nil || v.may&Delete == 0 || v.isTop(m) {
		return fault.New(fault.Denied, "This folder cannot be deleted.")
	}
	return v.db.Tx(ctx, func(tx *db.DB) error {
		if check != nil {
			if err := check(e); err != nil {
				return err
			}
		}
		v.forgotten(tx)
		return m.mover().Leave(ctx, tx, v.who, m)
	})
}

// relocate puts a mount elsewhere in the viewer's home.
func (v *View) relocate(ctx context.Context, e *Entry, to string, clash Clash, check func(src, dst *Entry) error) (made bool, moved *Entry, err error) {
	m := e.Mount
	if m.mover() == nil || v.may&Update == 0 || v.isTop(m) {
		return false, nil, fault.New(fault.Denied, "This folder cannot be moved.")
	}
	s, err := v.arrival(ctx, e, to, clash, forMove)
	if err != nil {
		return false, nil, err
	}
	if s.mount.Kind != "" || s.mount.Space != v.mounts[0].Space {
		return false, nil, fault.New(fault.Denied, "What others share with you cannot be moved to somebody else.")
	}
	job := &moving{v: v, e: e, to: s}
	if err := job.prepare(ctx); err != nil {
		return false, nil, err
	}
	now := *m
	now.Path = segments(s.path)
	err = v.tryTx(ctx, func(tx *db.DB) error {
		dst, err := v.current(ctx, tx, s)
		if err != nil {
			return err
		}
		if (dst == nil) != (s.cur == nil) {
			return fault.New(fault.Stale, "The destination was changed by somebody else at the same time.")
		}
		if check != nil {
			if err := check(e, dst); err != nil {
				return err
			}
		}
		if dst != nil {
			if err := v.remove(ctx, tx, job.exit, dst, v.Hooks.Keepers); err != nil {
				return err
			}
		}
		v.forgotten(tx)
		return m.mover().Relocate(ctx, tx, v.who, m, s.parent.ID, s.name)
	})
	if err != nil {
		return false, nil, err
	}
	return s.cur == nil, &Entry{Node: e.Node, Path: s.path, Mount: &now, Mime: e.Mime}, nil
}

// isTop tells whether the view is limited to just this mount.
func (v *View) isTop(m *Mount) bool {
	return slices.ContainsFunc(v.tops, func(top []string) bool { return slices.Equal(top, m.Path) })
}

// forget tells those who remember where mounts are that folders of a home change
// their places.
func (v *View) forget(tx *db.DB, e *Entry) {
	if e.IsDir() && e.Mount.Kind == "" && e.Mount.Space == v.mounts[0].Space && len(v.beneath(segments(e.Path))) > 0 {
		v.forgotten(tx)
	}
}

func (v *View) forgotten(tx *db.DB) {
	for _, m := range v.Hooks.Mounters { // those that are switched off too, so that what they remember stays true
		if r, ok := m.(Rememberer); ok {
			tx.AfterCommit(func() { r.Forget(v.who.ID) })
		}
	}
}

// HomeOwners tells whose homes nodes lie in, by the root of the space at the head of
// their chains. What lies in no home, such as the trash, is left out.
func (s *Service) HomeOwners(ctx context.Context, roots []int64) (map[int64]string, error) {
	return s.tree.Homes(ctx, s.db, roots)
}

// HomeRoot is the root of a user's home, which is made at the first visit.
func (s *Service) HomeRoot(ctx context.Context, uid string) (int64, error) { return s.home(ctx, uid) }
