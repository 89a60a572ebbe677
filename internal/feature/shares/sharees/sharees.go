// Package sharees finds whom something can be shared with: accounts, groups, mail
// addresses, and whom one shares with often. It serves the search of share dialogues
// and the completion of names in texts (32-sharing/140 to 153, 30-core/084, 085), and
// shows nobody whom an administrator keeps apart.
package sharees

import (
	"context"
	"iter"
	"net/mail"
	"slices"
	"strings"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Room finds people.
type Room struct {
	// Presence tells what people show of themselves, by id. It is set at start only
	// and may be nil.
	Presence func(ctx context.Context, uids []string) (map[string]any, error)

	shares *shares.Room
	dir    *identity.Directory
}

// New returns the room.
func New(s *shares.Room, dir *identity.Directory) *Room { return &Room{shares: s, dir: dir} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	const root = "/apps/files_sharing/api/v1/"
	ocs.Handle(b.OCS, "GET "+root+"sharees", web.User, rm.search, web.In(who.FilesRoom), web.PerMinute(300))
	ocs.Handle(b.OCS, "GET "+root+"sharees_recommended", web.User, rm.recommended, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "GET /core/autocomplete/get", web.User, rm.complete, web.PerMinute(300))
	b.Search.Add("people", finder{rm})
}

// query is what is looked for.
type query struct {
	p       *who.Principal
	text    string
	kinds   []shares.Kind
	page    int // from 1
	perPage int
	policy  shares.Policy
	groups  []string // that the seeker is in
	only    bool     // nobody but who is in one of
	common  []string // these groups
}

// found is what a search gave.
type found struct {
	exactUsers, users   []*identity.User
	exactGroups, groups []identity.Group
	mail                string // an address that nobody here has, "" for none
	more                bool
	presence            map[string]any
}

// maxPage is how many finds of a kind a page holds at most.
const maxPage = 25

func (rm *Room) find(ctx context.Context, q query) (f found, err error) {
	if q.policy, err = rm.shares.Policy(ctx); err != nil {
		return f, err
	}
	if q.groups, err = rm.shares.Groups(ctx, q.p); err != nil {
		return f, err
	}
	if !q.policy.Enabled() || !q.policy.MayShare(q.groups) {
		return f, nil
	}
	if q.only, _ = q.policy.OwnGroups(); q.only {
		q.common = append([]string{""}, q.policy.Common(q.groups)...)
	}
	if slices.Contains(q.kinds, shares.User) {
		if err := rm.findUsers(ctx, q, &f); err != nil {
			return f, err
		}
	}
	if slices.Contains(q.kinds, shares.Group) && q.policy.GroupSharing() {
		if err := rm.findGroups(ctx, q, &f); err != nil {
			return f, err
		}
	}
	if slices.Contains(q.kinds, shares.Mail) && len(f.exactUsers) == 0 {
		if a, err := mail.ParseAddress(q.text); err == nil && a.Address == q.text && q.policy.Links(q.groups) {
			f.mail = q.text
		}
	}
	if rm.Presence == nil {
		return f, nil
	}
	var uids []string
	for _, u := range append(slices.Clone(f.exactUsers), f.users...) {
		uids = append(uids, u.ID)
	}
	f.presence, err = rm.Presence(ctx, uids)
	return f, err
}

// exactly tells whether a text is one of somebody's names.
func exactly(text string, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return n != "" && strings.EqualFold(n, text) })
}

// findUsers finds accounts: by a whole id, name or address whoever may be found so,
// and by a part of one whoever the seeker may know of.
func (rm *Room) findUsers(ctx context.Context, q query, f *found) error {
	enumerate, ownGroups := q.policy.Enumeration()
	if q.text != "" && (enumerate && !ownGroups || q.policy.FullMatch()) {
		for u, err := range rm.dir.Users(ctx, identity.Query{Search: q.text, Groups: q.common}) {
			if err != nil {
				return err
			}
			if u.Enabled && u.ID != q.p.ID && exactly(q.text, u.ID, u.Display, u.Mail) {
				f.exactUsers = append(f.exactUsers, u)
			}
			if len(f.exactUsers) == maxPage {
				break
			}
		}
	}
	if !enumerate {
		return nil
	}
	within := q.common
	if ownGroups && !q.only {
		within = append([]string{""}, q.groups...)
	}
	skip := (q.page - 1) * q.perPage
	for u, err := range rm.some(ctx, identity.Query{Search: q.text, Groups: within}) {
		if err != nil {
			return err
		}
		if !u.Enabled || u.ID == q.p.ID || exactly(q.text, u.ID, u.Display, u.Mail) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(f.users) == q.perPage {
			f.more = true
			break
		}
		f.users = append(f.users, u)
	}
	return nil
}

// some yields accounts, a few at a time: most often the first few are enough.
func (rm *Room) some(ctx context.Context, q identity.Query) iter.Seq2[*identity.User, error] {
	q.Limit = 4 * maxPage
	return func(yield func(*identity.User, error) bool) {
		for n := q.Limit; n == q.Limit; q.Offset += n {
			n = 0
			for u, err := range rm.dir.Users(ctx, q) {
				n++
				if !yield(u, err) || err != nil {
					return
				}
			}
		}
	}
}

func (rm *Room) findGroups(ctx context.Context, q query, f *found) error {
	enumerate, ownGroups := q.policy.Enumeration()
	skip := (q.page - 1) * q.perPage
	for g, err := range rm.dir.Groups(ctx, q.text, 0, 0) {
		if err != nil {
			return err
		}
		exact := exactly(q.text, g.ID, g.Display)
		switch {
		case q.only && !slices.Contains(q.common, g.ID):
		case exact && (q.policy.FullMatch() || enumerate && !ownGroups):
			f.exactGroups = append(f.exactGroups, g)
		case exact || !enumerate || ownGroups && !slices.Contains(q.groups, g.ID):
		case skip > 0:
			skip--
		case len(f.groups) == q.perPage:
			f.more = true
			return nil
		default:
			f.groups = append(f.groups, g)
		}
	}
	return nil
}
