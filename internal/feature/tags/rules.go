package tags

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

// maxName is how many characters a name has at most; a longer one is cut
// (16-dav-systemtags/011).
const maxName = 64

// low is a name as names are compared.
func low(name string) string { return strings.ToLower(name) }

func newETag() int64 { return rand.Int64() }

// viewer is somebody, with the restricted tags that their groups may assign.
type viewer struct {
	who    *who.Principal
	opened map[int64]bool
}

// viewerOf asks for the groups' tags: one statement, and none for administrators
// and who is in no group.
func (rm *Room) viewerOf(ctx context.Context, p *who.Principal) (viewer, error) {
	v := viewer{who: p}
	if v.admin() || len(p.Groups) == 0 {
		return v, nil
	}
	v.opened = map[int64]bool{}
	for id, err := range db.All(ctx, rm.db, db.Scan1[int64], "SELECT tag FROM systemtag_group WHERE gid IN (?)", p.Groups) {
		if err != nil {
			return v, err
		}
		v.opened[id] = true
	}
	return v, nil
}

func (v viewer) admin() bool { return v.who.Role == who.Admin }

func (v viewer) sees(t Tag) bool { return t.Visible || v.admin() }

func (v viewer) mayAssign(t Tag) bool {
	return v.admin() || t.Visible && (t.Assignable || v.opened[t.ID])
}

// Draft is a tag that is to be made.
type Draft struct {
	Name       string
	Visible    bool
	Assignable bool
	Groups     []string // who may assign it when it is restricted
}

// clean checks a name and cuts it to its length.
func clean(name string) (string, error) {
	name = strings.TrimSpace(norm.NFC.String(name))
	if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", fault.New(fault.Invalid, "A tag needs a name.")
	}
	if r := []rune(name); len(r) > maxName {
		name = strings.TrimSpace(string(r[:maxName]))
	}
	return name, nil
}

// onlyAdmins tells whether the administration keeps making tags to itself, with
// the setting of Nextcloud's name.
func (rm *Room) onlyAdmins(ctx context.Context) (bool, error) {
	s, err := rm.settings.Default(ctx, "systemtags", "restrict_creation_to_admin", "")
	return s == "1" || s == "yes" || s == "true", err
}

// Create makes a tag. also runs in its transaction; it may be nil.
func (rm *Room) Create(ctx context.Context, p *who.Principal, d Draft, also func(tx *db.DB, t Tag) error) (Tag, error) {
	if v := (viewer{who: p}); !v.admin() {
		if !d.Visible || !d.Assignable || len(d.Groups) > 0 {
			return Tag{}, fault.New(fault.Invalid, "Not sufficient permissions")
		}
		if only, err := rm.onlyAdmins(ctx); only || err != nil {
			return Tag{}, cmp.Or(err, fault.New(fault.Denied, "Only administrators make tags here."))
		}
	}
	name, err := clean(d.Name)
	if err != nil {
		return Tag{}, err
	}
	id, err := rm.db.ID(ctx)
	if err != nil {
		return Tag{}, err
	}
	t := Tag{ID: id, Name: name, Visible: d.Visible, Assignable: d.Visible && d.Assignable, etag: newETag()}
	return t, rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := insert(ctx, tx, t); err != nil {
			return err
		}
		if err := setGroups(ctx, tx, t.ID, d.Groups); err != nil || also == nil {
			return err
		}
		return also(tx, t)
	})
}

// Edit is what is to change of a tag; nil stays.
type Edit struct {
	Name                *string
	Color               *string
	Visible, Assignable *bool
	Groups              *[]string
}

var color = regexp.MustCompile(`^[0-9a-fA-F]{6}$`)

// Edit changes a tag, if somebody may.
func (rm *Room) Edit(ctx context.Context, p *who.Principal, id int64, e Edit) error {
	v, err := rm.viewerOf(ctx, p)
	if err != nil {
		return err
	}
	t, err := rm.tag(ctx, id)
	if err != nil {
		return err
	}
	if err := rm.mayEdit(ctx, v, t, e); err != nil {
		return err
	}
	if e.Name != nil {
		if t.Name, err = clean(*e.Name); err != nil {
			return err
		}
	}
	if e.Color != nil {
		if t.Color = strings.TrimPrefix(*e.Color, "#"); t.Color != "" && !color.MatchString(t.Color) {
			return fault.New(fault.Invalid, "Color must be a 6-digit hexadecimal value")
		}
	}
	if e.Visible != nil {
		t.Visible = *e.Visible
	}
	if e.Assignable != nil {
		t.Assignable = *e.Assignable
	}
	t.Assignable = t.Assignable && t.Visible
	t.etag = newETag()
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := update(ctx, tx, t); err != nil || e.Groups == nil {
			return err
		}
		return setGroups(ctx, tx, id, *e.Groups)
	})
}

// mayEdit: whoever may assign a tag may name and colour it; its kind is the
// administration's (16-dav-systemtags/021…028).
func (rm *Room) mayEdit(ctx context.Context, v viewer, t Tag, e Edit) error {
	if v.admin() {
		return nil
	}
	only, err := rm.onlyAdmins(ctx)
	switch {
	case err != nil:
		return err
	case !v.sees(t):
		return missing(t.ID)
	case only || !t.Assignable:
		return fault.New(fault.Denied, fmt.Sprintf("No permission to update tag %d", t.ID))
	case e.Visible != nil && *e.Visible != t.Visible || e.Assignable != nil && *e.Assignable != t.Assignable || e.Groups != nil:
		return fault.New(fault.Denied, fmt.Sprintf("No permission to update permissions for tag %d", t.ID))
	}
	return nil
}

// Delete deletes a tag and takes it off all files. Only administrators may.
func (rm *Room) Delete(ctx context.Context, p *who.Principal, id int64) error {
	if !(viewer{who: p}).admin() {
		return fault.New(fault.Denied, fmt.Sprintf("No permission to delete tag %d", id))
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error { return drop(ctx, tx, id) })
}

// file finds a node that somebody sees, and may change.
func (rm *Room) file(ctx context.Context, p *who.Principal, node int64) (*files.Entry, error) {
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	seen, err := v.Seen(ctx, []int64{node})
	if err == nil && seen[node] == nil {
		err = fault.New(fault.NotFound, "Entity does not exist or is not available")
	}
	return seen[node], err
}

// errReadOnly: tags are part of what a share may forbid to change.
var errReadOnly = fault.New(fault.Denied, "You don't have permissions to update tags")

// Assign puts a tag on a file or folder. One that is there is fault.Exists.
func (rm *Room) Assign(ctx context.Context, p *who.Principal, e *files.Entry, t Tag) error {
	if e.Perm()&files.Update == 0 {
		return errReadOnly
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.put(ctx, tx, p, e, t) })
}

func (rm *Room) put(ctx context.Context, tx *db.DB, p *who.Principal, e *files.Entry, t Tag) error {
	if err := attach(ctx, tx, e.ID, t.ID); err != nil {
		return err
	}
	if err := remember(ctx, tx, p.ID, t.ID, rm.Now().UnixMilli()); err != nil {
		return err
	}
	if err := touch(ctx, tx, t.ID, newETag()); err != nil {
		return err
	}
	return rm.tell(ctx, tx, p, e.ID, t, event.TagPut)
}

// Unassign takes a tag off; one that is not there is fault.NotFound.
func (rm *Room) Unassign(ctx context.Context, p *who.Principal, e *files.Entry, t Tag) error {
	if e.Perm()&files.Update == 0 {
		return errReadOnly
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error { return rm.take(ctx, tx, p, e.ID, t) })
}

func (rm *Room) take(ctx context.Context, tx *db.DB, p *who.Principal, node int64, t Tag) error {
	n, err := detach(ctx, tx, t.ID, []int64{node})
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, fmt.Sprintf("Tag with id %d not present for object %d", t.ID, node))
	}
	if err != nil {
		return err
	}
	if err := touch(ctx, tx, t.ID, newETag()); err != nil {
		return err
	}
	return rm.tell(ctx, tx, p, node, t, event.TagTaken)
}

func (rm *Room) tell(ctx context.Context, tx *db.DB, p *who.Principal, node int64, t Tag, what event.TagChange) error {
	return rm.publish(ctx, tx, event.TagChanged{Node: node, Tag: t.ID, Name: t.Name, Hidden: !t.Visible, What: what, By: event.By{Actor: p.ID}})
}

// Replace makes nodes, and of what somebody sees no others, carry a tag
// (16-dav-systemtags/049…053).
func (rm *Room) Replace(ctx context.Context, p *who.Principal, t Tag, nodes []int64) error {
	view, err := rm.files.As(ctx, p)
	if err != nil {
		return err
	}
	before, err := rm.carriers(ctx, t.ID)
	if err != nil {
		return err
	}
	seen, err := seen(ctx, view, append(slices.Clone(before), nodes...))
	if err != nil {
		return err
	}
	keep, had := map[int64]bool{}, map[int64]bool{}
	for _, id := range before {
		had[id] = true
	}
	var add, gone []*files.Entry
	for _, id := range nodes {
		e := seen[id]
		if e == nil || !had[id] && e.Perm()&files.Update == 0 {
			return errReadOnly
		}
		if !had[id] && !keep[id] {
			add = append(add, e)
		}
		keep[id] = true
	}
	for _, id := range before {
		if e := seen[id]; e != nil && !keep[id] {
			if e.Perm()&files.Update == 0 {
				return errReadOnly
			}
			gone = append(gone, e)
		}
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		for _, e := range add {
			if err := rm.put(ctx, tx, p, e, t); errors.Is(err, fault.Exists) {
				return fault.Wrap(fault.Stale, err, "Somebody else tagged these files at the same time.")
			} else if err != nil {
				return err
			}
		}
		for _, e := range gone {
			if err := rm.take(ctx, tx, p, e.ID, t); err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
		}
		return nil
	})
}

// visibleCarriers lists the nodes with a tag that somebody sees.
func (rm *Room) visibleCarriers(ctx context.Context, p *who.Principal, t Tag) ([]int64, error) {
	all, err := rm.carriers(ctx, t.ID)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	there, err := seen(ctx, v, all)
	return slices.DeleteFunc(all, func(id int64) bool { return there[id] == nil }), err
}

// seen looks for nodes in a view, some at a time.
func seen(ctx context.Context, v *files.View, ids []int64) (map[int64]*files.Entry, error) {
	out := make(map[int64]*files.Entry, len(ids))
	for part := range slices.Chunk(ids, 500) {
		es, err := v.Seen(ctx, part)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, es)
	}
	return out, nil
}
