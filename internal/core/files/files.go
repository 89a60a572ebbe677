// Package files shows each user one tree: the own home and whatever rooms mount
// into it, with permissions, guards and keepers applied. It joins the tree (the
// names) with contents (the bytes) and knows no protocol.
//
// A write stores its bytes durably first, then takes one short transaction. A
// listing is whole or an error.
package files

import (
	"context"
	"sync/atomic"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files/spaces"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// Perm is a set of rights, in the numbers of the OCS share API.
type Perm = who.FileRight

// The rights.
const (
	Read   = who.FileRead
	Update = who.FileUpdate
	Create = who.FileCreate
	Delete = who.FileDelete
	Share  = who.FileShare
	All    = Read | Update | Create | Delete | Share
)

// Mount hangs a node into a view.
type Mount struct {
	Path  []string // names below the view's root; empty for the home
	Space int64    // the root of the space that the node lies in
	Root  int64    // the node that hangs here
	Perm  Perm
	Kind  string // "", "shared", "group", "external": nc:mount-type
	Owner string // user id
	// Sealed: what lies here can be listed, but no byte of it be read or copied.
	Sealed bool
	Tag    any // what its Mounter knows it by; rooms that know the Mounter may look

	by    Mounter
	way   bool   // shows only what leads to the tops of a limited view
	fixed bool   // what stands at its root can be neither moved nor deleted here
	held  *Mount // of a top: what its node itself is shown with
	top   *Mount // of such a one: what lies below is shown with
}

// Op is what somebody is about to do.
type Op uint8

// The operations that guards are asked about.
const (
	OpRead Op = iota
	OpWrite
	OpCreate
	OpMove
	OpDelete
	OpProps
)

// Guard may forbid an operation: locks, access rules. nil allows it. Who acts is
// in the context (who.From).
type Guard interface {
	Check(ctx context.Context, op Op, e *Entry) error
}

// Manifold is what a Guard also is that may keep in the context what it found out
// when it is asked about many entries together. The context is for one goroutine.
type Manifold interface {
	ForMany(ctx context.Context) context.Context
}

// Keeper takes over what would otherwise be gone: versions, trash. It works in
// the transaction; kept means that it now holds the content or the node.
type Keeper interface {
	Overwritten(ctx context.Context, tx *db.DB, old *Entry) (kept bool, err error)
	Removed(ctx context.Context, tx *db.DB, r *Removal) (kept bool, err error)
}

// Mounter adds mounts to a user's view. A mount lies where nothing of the user's
// own is, in a folder of the home or in the home itself. What cannot be told is an
// error; what is not there any more is no mount.
type Mounter interface {
	Mounts(ctx context.Context, p *who.Principal) ([]Mount, error)
}

// Mover is what a Mounter also is whose mounts people may rename and move in their
// own home, and take out of it. Nothing of the owner's changes by that.
type Mover interface {
	// Relocate puts a mount of p's into another folder of the home.
	Relocate(ctx context.Context, tx *db.DB, p *who.Principal, m *Mount, folder int64, name string) error
	// Leave takes a mount out of p's home.
	Leave(ctx context.Context, tx *db.DB, p *who.Principal, m *Mount) error
}

// Rememberer is what a Mounter also is that remembers where mounts are.
type Rememberer interface {
	// Forget is told that folders in the home of a user, or those above them, were
	// moved or deleted.
	Forget(uid string)
}

// Audience is what a Mounter also is that can tell who reaches nodes by its mounts.
type Audience interface {
	// Viewers adds, for each node, the ids of users who see it by a mount. chains
	// are the nodes from the root of the space down to each.
	Viewers(ctx context.Context, chains map[int64][]tree.Node, add func(node int64, uid string)) error
}

// Publish sends an event in the transaction that made it true.
type Publish func(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error

// Service is the file tree of the whole instance.
type Service struct {
	db      *db.DB
	tree    *tree.Tree
	content *content.Store
	publish Publish
	Hooks   Hooks
	Now     func() time.Time
	// Quota is the limit in bytes of homes of DefaultQuota, tree.NoQuota for none.
	Quota int64
	// RefuseCaseClash keeps names apart that differ only in case.
	RefuseCaseClash bool
	spaces          spaces.Spaces
	seen            atomic.Pointer[time.Time] // when the place of the bytes was last there
}

// New returns the service over its parts.
func New(d *db.DB, t *tree.Tree, c *content.Store, publish Publish) *Service {
	return &Service{db: d, tree: t, content: c, publish: publish, Now: time.Now, Quota: tree.NoQuota,
		spaces: spaces.Spaces{DB: d, Tree: t}}
}

// aliveFor is how long the place of the bytes is taken to be still there after
// it was seen.
const aliveFor = 500 * time.Millisecond

// Alive tells whether files can be served at all: nil or fault.Unavailable.
func (s *Service) Alive(ctx context.Context) error {
	now := s.Now()
	if seen := s.seen.Load(); seen != nil && now.Sub(*seen) < aliveFor {
		return nil
	}
	if err := s.content.Alive(ctx); err != nil {
		s.seen.Store(nil)
		return err
	}
	s.seen.Store(&now)
	return nil
}

// View is the tree as one user sees it, loaded once a request.
type View struct {
	*Service
	who    *who.Principal
	mounts []Mount    // the home first
	tops   [][]string // paths of what a limited credential is limited to; nil: no limit
	may    Perm       // what the credential leaves of the rights
}

// As returns the view of p, whose home is made at the first visit. While the
// bytes' place is not there it is fault.Unavailable: an empty listing would make
// sync clients delete.
func (s *Service) As(ctx context.Context, p *who.Principal) (*View, error) {
	if p == nil {
		return nil, fault.Anonymous
	}
	if !p.MaySeeFiles() {
		return nil, fault.New(fault.Denied, "This app password does not give access to files.")
	}
	if p.Link != 0 {
		m, err := s.Hooks.Link(ctx, p)
		if err != nil {
			return nil, err
		}
		return s.Through(ctx, p, m)
	}
	if err := s.Alive(ctx); err != nil {
		return nil, err
	}
	root, err := s.home(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	v := &View{Service: s, who: p, mounts: []Mount{{Space: root, Root: root, Perm: All, Owner: p.ID}}, may: p.Scope.FileRights() &^ p.Withheld}
	for m := range s.Hooks.mounters() {
		more, err := m.Mounts(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, one := range more {
			one.by = m
			v.mounts = append(v.mounts, one)
		}
	}
	if v.may != All {
		for i := range v.mounts {
			v.mounts[i].Perm &= v.may
		}
	}
	if p.Scope != nil && len(p.Scope.Folders) > 0 {
		return v, v.narrow(ctx, p.Scope.Folders)
	}
	return v, nil
}

// Through returns the view of somebody to whom one node is all there is: a public
// link. The node is the view's root; it may be a file.
func (s *Service) Through(ctx context.Context, p *who.Principal, m Mount) (*View, error) {
	if p == nil {
		return nil, fault.Anonymous
	}
	if err := s.Alive(ctx); err != nil {
		return nil, err
	}
	m.Path = nil
	return &View{Service: s, who: p, mounts: []Mount{m}}, nil
}

// by is the viewer as events name them.
func (v *View) by() event.By {
	if v.who.Link != 0 {
		return event.By{Link: v.who.Link, Guest: v.who.Display}
	}
	return event.By{Actor: v.who.ID}
}

// Who is the user whose view this is.
func (v *View) Who() *who.Principal { return v.who }

// home is the root of a user's home, which is made at the first visit.
func (s *Service) home(ctx context.Context, uid string) (int64, error) {
	return s.spaces.Home(ctx, uid, DefaultQuota, s.Now())
}

// Usage tells how many bytes a user's home holds and may hold; total is
// tree.NoQuota without a limit.
func (s *Service) Usage(ctx context.Context, uid string) (used, total int64, err error) {
	if _, err := s.home(ctx, uid); err != nil {
		return 0, 0, err
	}
	sp, err := s.tree.SpaceOf(ctx, s.db, tree.Home, uid)
	if err != nil {
		return 0, 0, err
	}
	used, err = s.tree.Used(ctx, s.db, sp.Root)
	return used, s.limit(sp.Quota), err
}

// DefaultQuota is the quota of homes to which Service.Quota applies.
const DefaultQuota = -1

func (s *Service) limit(quota int64) int64 {
	if quota == DefaultQuota {
		return s.Quota
	}
	return quota
}

// SetQuota limits a user's home to so many bytes; tree.NoQuota for no limit,
// DefaultQuota for what all have.
func (s *Service) SetQuota(ctx context.Context, uid string, quota int64) error {
	root, err := s.home(ctx, uid)
	if err != nil {
		return err
	}
	return s.tree.SetQuota(ctx, s.db, root, quota)
}

// DropHome takes a user's files away, those in the trash too, in the transaction
// that deletes the user. The purge removes them.
func (s *Service) DropHome(ctx context.Context, tx *db.DB, uid string) error {
	if err := s.EmptyTrash(ctx, tx, uid); err != nil {
		return err
	}
	sp, err := s.tree.SpaceOf(ctx, tx, tree.Home, uid)
	if err != nil {
		return ignore(err, fault.NotFound)
	}
	if err := s.tree.Leave(ctx, tx, sp); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.spaces.Forget(uid) })
	return s.publish(ctx, tx, event.NodeRemoved{Space: sp.Root, Node: sp.Root, Name: uid, Dir: true})
}

// NewChange draws what SetTimes needs before its transaction.
func (s *Service) NewChange(ctx context.Context) (tree.Change, error) { return s.tree.NewChange(ctx) }

// Chains returns for each node the nodes from the root of its space down to it.
// Nodes that are gone are left out.
func (s *Service) Chains(ctx context.Context, ids ...int64) (map[int64][]tree.Node, error) {
	return s.tree.Up(ctx, ids...)
}

// guard asks the guards, with the viewer in the context.
func (v *View) guard(ctx context.Context, op Op, e *Entry) error {
	ctx = who.With(ctx, v.who)
	for g := range v.Hooks.guards() {
		if err := g.Check(ctx, op, e); err != nil {
			return err
		}
	}
	return nil
}

// forMany lets the guards know that they will be asked about many entries.
func (v *View) forMany(ctx context.Context) context.Context {
	for g := range v.Hooks.guards() {
		if m, ok := g.(Manifold); ok {
			ctx = m.ForMany(ctx)
		}
	}
	return ctx
}
