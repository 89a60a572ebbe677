package identity

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/db"
)

// Group is a set of accounts.
type Group struct {
	ID       string // unique, with regard to case
	Display  string
	Members  int64
	Disabled int64  // so many of them are; counted by GroupDetails only
	Source   string // where it comes from, "": it is kept here; told by Directory.Group only
}

// The roles of a row in grp_member. An administrator of a group need not be a
// member of it.
const (
	member     = 0
	groupAdmin = 1
)

// CreateGroup makes an empty group. A taken id is fault.Exists.
func (d *Directory) CreateGroup(ctx context.Context, gid, display string) error {
	if gid == "" || len(gid) > 64 {
		return fault.New(fault.Invalid, "A group's id has 1 to 64 bytes.")
	}
	g := Group{ID: gid, Display: display}
	if err := g.check(); err != nil {
		return err
	}
	return d.tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "INSERT INTO grp (gid, display, words, created, source) VALUES (?, ?, ?, ?, '')",
			gid, g.Display, g.words(), d.Now().Unix())
		if errors.Is(err, fault.Exists) {
			return fault.Wrap(fault.Exists, err, "group exists")
		}
		return err
	})
}

func (g *Group) check() error {
	if g.Display == "" {
		g.Display = g.ID
	}
	u := User{Display: g.Display, Mail: g.ID}
	return u.check()
}

func (g *Group) words() string { return low(g.ID + "\n" + g.Display) }

// RenameGroup changes what a group is called; its id stays.
func (d *Directory) RenameGroup(ctx context.Context, gid, display string) error {
	g := Group{ID: gid, Display: display}
	if err := g.check(); err != nil {
		return err
	}
	return d.tx(ctx, func(tx *db.DB) error {
		if err := hasGroup(ctx, tx, gid); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE grp SET display = ?, words = ? WHERE gid = ?", g.Display, g.words(), gid)
		return err
	})
}

// RemoveGroup deletes a group, never that of the administrators.
func (d *Directory) RemoveGroup(ctx context.Context, gid string) error {
	if gid == AdminGroup {
		return fault.New(fault.Denied, "The group of the administrators cannot be deleted.")
	}
	return d.tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM grp WHERE gid = ?", gid)
		if err != nil {
			return err
		}
		if n == 0 {
			return noGroup(gid)
		}
		if _, err = tx.Exec(ctx, "DELETE FROM grp_member WHERE gid = ?", gid); err != nil {
			return err
		}
		return runHooks(ctx, tx, d.dissolved, gid)
	})
}

// AddMember puts an account into a group; one that is in it stays.
func (d *Directory) AddMember(ctx context.Context, gid, uid string) error {
	return d.addTo(ctx, gid, uid, member)
}

// RemoveMember takes an account out of a group; one that is not in it is no error.
func (d *Directory) RemoveMember(ctx context.Context, gid, uid string) error {
	return d.takeFrom(ctx, gid, uid, member)
}

// AddGroupAdmin lets an account administer a group.
func (d *Directory) AddGroupAdmin(ctx context.Context, gid, uid string) error {
	return d.addTo(ctx, gid, uid, groupAdmin)
}

// RemoveGroupAdmin takes that back.
func (d *Directory) RemoveGroupAdmin(ctx context.Context, gid, uid string) error {
	return d.takeFrom(ctx, gid, uid, groupAdmin)
}

// AdministersUser tells whether an account is in one of the groups that another
// administers. Administrators of the server are nobody's charge.
func (d *Directory) AdministersUser(ctx context.Context, leader, uid string) (bool, error) {
	p, err := d.person(ctx, leader)
	if err != nil {
		return false, err
	}
	q, err := d.person(ctx, uid)
	if err != nil {
		return false, err
	}
	for _, g := range q.groups {
		if g == AdminGroup {
			return false, nil
		}
	}
	return slices.ContainsFunc(q.groups, func(g string) bool { return slices.Contains(p.administers, g) }), nil
}

func (d *Directory) addTo(ctx context.Context, gid, uid string, role int) error {
	return d.tx(ctx, func(tx *db.DB) error {
		if _, err := byID(ctx, tx, uid); err != nil {
			return err
		}
		return d.addMember(ctx, tx, gid, uid, role)
	})
}

func (d *Directory) addMember(ctx context.Context, tx *db.DB, gid, uid string, role int) error {
	if err := hasGroup(ctx, tx, gid); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO grp_member (gid, uid, role) VALUES (?, ?, ?) {{on gid,uid,role ignore}}", gid, uid, role); err != nil {
		return err
	}
	if gid == AdminGroup && role == member {
		return d.tell(ctx, tx, uid, event.MadeAdmin, "")
	}
	return nil
}

func (d *Directory) takeFrom(ctx context.Context, gid, uid string, role int) error {
	return d.tx(ctx, func(tx *db.DB) error {
		if err := hasGroup(ctx, tx, gid); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "DELETE FROM grp_member WHERE gid = ? AND uid = ? AND role = ?", gid, uid, role)
		if err == nil && n > 0 && gid == AdminGroup && role == member {
			err = d.tell(ctx, tx, uid, event.AdminNoMore, "")
		}
		return err
	})
}

func hasGroup(ctx context.Context, tx *db.DB, gid string) error {
	if !sane(gid) {
		return noGroup(gid)
	}
	_, err := db.One(ctx, tx, db.Scan1[string], "SELECT gid FROM grp WHERE gid = ?", gid)
	if errors.Is(err, fault.NotFound) {
		return noGroup(gid)
	}
	return err
}

func noGroup(gid string) error {
	return fmt.Errorf("group %q: %w", gid, fault.New(fault.NotFound, "Group does not exist"))
}

// Groups yields groups in the order of their ids; limit 0: all.
func (d *Directory) Groups(ctx context.Context, search string, limit, offset int) iter.Seq2[Group, error] {
	n := int64(limit)
	if n <= 0 {
		n = 1 << 62
	}
	return db.All(ctx, d.db, func(r db.Row) (g Group, err error) { return g, r.Scan(&g.ID, &g.Display, &g.Members) },
		`SELECT g.gid, g.display, (SELECT COUNT(*) FROM grp_member m WHERE m.gid = g.gid AND m.role = ?) FROM grp g
		WHERE g.words LIKE ? ESCAPE '!' ORDER BY g.gid LIMIT ? OFFSET ?`, member, contains(search), n, offset)
}

// GroupIDs yields the ids of groups without counting their members; limit 0: all.
func (d *Directory) GroupIDs(ctx context.Context, search string, limit, offset int) iter.Seq2[string, error] {
	n := int64(limit)
	if n <= 0 {
		n = 1 << 62
	}
	return db.All(ctx, d.db, db.Scan1[string], "SELECT gid FROM grp WHERE words LIKE ? ESCAPE '!' ORDER BY gid LIMIT ? OFFSET ?",
		contains(search), n, offset)
}

// GroupDetails returns those of the groups that there are, by id, with the number
// of their members who are locked out.
func (d *Directory) GroupDetails(ctx context.Context, gids []string) ([]Group, error) {
	if len(gids) == 0 {
		return nil, nil
	}
	return db.List(ctx, d.db, func(r db.Row) (g Group, err error) {
		return g, r.Scan(&g.ID, &g.Display, &g.Source, &g.Members, &g.Disabled)
	},
		`SELECT g.gid, g.display, g.source, (SELECT COUNT(*) FROM grp_member m WHERE m.gid = g.gid AND m.role = ?),
		(SELECT COUNT(*) FROM account a JOIN grp_member m ON m.uid = a.uid WHERE m.gid = g.gid AND m.role = ? AND a.enabled = 0)
		FROM grp g WHERE g.gid IN (?) ORDER BY g.gid`, member, member, gids)
}

// Memberships returns the groups that accounts are in and those that they
// administer, by account, with one query for 500 accounts.
func (d *Directory) Memberships(ctx context.Context, us ...*User) (in, leads map[string][]string, err error) {
	in, leads = map[string][]string{}, map[string][]string{}
	for part := range slices.Chunk(us, 500) {
		uids := make([]string, len(part))
		for i, u := range part {
			uids[i] = u.ID
		}
		rows := db.All(ctx, d.db, func(r db.Row) (m [2]string, err error) {
			var role int
			if err := r.Scan(&m[0], &m[1], &role); err != nil || role == member {
				return m, err
			}
			leads[m[0]] = append(leads[m[0]], m[1])
			return [2]string{}, nil
		}, "SELECT uid, gid, role FROM grp_member WHERE uid IN (?) ORDER BY uid, gid", uids)
		for m, err := range rows {
			if err != nil {
				return nil, nil, err
			}
			if m[0] != "" {
				in[m[0]] = append(in[m[0]], m[1])
			}
		}
	}
	return in, leads, nil
}

// Group returns one group.
func (d *Directory) Group(ctx context.Context, gid string) (Group, error) {
	if !sane(gid) {
		return Group{}, noGroup(gid)
	}
	g, err := db.One(ctx, d.db, func(r db.Row) (g Group, err error) { return g, r.Scan(&g.ID, &g.Display, &g.Source, &g.Members) },
		`SELECT g.gid, g.display, g.source, (SELECT COUNT(*) FROM grp_member m WHERE m.gid = g.gid AND m.role = ?) FROM grp g WHERE g.gid = ?`,
		member, gid)
	if errors.Is(err, fault.NotFound) {
		return g, noGroup(gid)
	}
	return g, err
}

// GroupsOf returns the ids of the groups an account is in, as it was at most a
// second ago.
func (d *Directory) GroupsOf(ctx context.Context, uid string) ([]string, error) {
	p, err := d.person(ctx, uid)
	if err != nil {
		return nil, err
	}
	return p.groups, nil
}

// Administers returns the ids of the groups an account administers without
// being an administrator of the server.
func (d *Directory) Administers(ctx context.Context, uid string) ([]string, error) {
	p, err := d.person(ctx, uid)
	if err != nil {
		return nil, err
	}
	return p.administers, nil
}

// GroupAdmins returns the ids of the accounts that administer a group.
func (d *Directory) GroupAdmins(ctx context.Context, gid string) ([]string, error) {
	if err := hasGroup(ctx, d.db, gid); err != nil {
		return nil, err
	}
	return db.List(ctx, d.db, db.Scan1[string], "SELECT uid FROM grp_member WHERE gid = ? AND role = ? ORDER BY uid", gid, groupAdmin)
}
