package shares

import (
	"context"
	"errors"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

// taste is how somebody wants to receive.
type taste struct {
	said   bool  // there is a row
	ask    bool  // nothing appears unasked
	folder int64 // where what is new goes; 0: the top of the home
}

func tasteOf(ctx context.Context, d *db.DB, uid string) (taste, error) {
	t, err := db.One(ctx, d, func(r db.Row) (t taste, err error) { return t, r.Scan(&t.ask, &t.folder) },
		"SELECT ask, folder FROM share_taste WHERE uid = ?", uid)
	if errors.Is(err, fault.NotFound) {
		return taste{}, nil
	}
	t.said = true
	return t, err
}

// tastes lists the recipients of a new share whose wish differs from the share's
// default: who wants to be asked, and who does not.
func (rm *Room) tastes(ctx context.Context, s Share) (asked, unasked []string, err error) {
	type row struct {
		uid string
		ask bool
	}
	if s.Kind != User && s.Kind != Group {
		return nil, nil, nil
	}
	q, args := "SELECT uid, ask FROM share_taste WHERE ask <> ?", []any{number(s.Ask)}
	if s.Kind == User {
		q, args = q+" AND uid = ?", append(args, s.Recipient)
	}
	rows, err := db.List(ctx, rm.db, func(r db.Row) (v row, err error) { return v, r.Scan(&v.uid, &v.ask) }, q, args...)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	in := map[string]bool{s.Recipient: true}
	if s.Kind == Group {
		members, err := rm.members(ctx, s.Recipient)
		if err != nil {
			return nil, nil, err
		}
		for _, uid := range members {
			in[uid] = true
		}
	}
	for _, r := range rows {
		switch {
		case !in[r.uid]:
		case r.ask:
			asked = append(asked, r.uid)
		default:
			unasked = append(unasked, r.uid)
		}
	}
	return asked, unasked, nil
}

// SetAsk says whether shares wait for p to accept them. What p has stays.
func (rm *Room) SetAsk(ctx context.Context, p *who.Principal, ask bool) error {
	return rm.tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "INSERT INTO share_taste (uid, ask, folder) VALUES (?, ?, 0) {{on uid set ask}}", p.ID, number(ask))
		return err
	})
}

// SetFolder says in which folder of p's home new shares appear, which is made if
// need be; "/" is the home itself. What p has already stays where it is.
func (rm *Room) SetFolder(ctx context.Context, p *who.Principal, path string) error {
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return err
	}
	root, err := v.Stat(ctx, "/")
	if err != nil {
		return err
	}
	folder := root
	if segs, err := names.Split(path); err != nil {
		return err
	} else if len(segs) > 0 {
		if folder, err = madeFolder(ctx, v, segs); err != nil {
			return err
		}
	}
	if folder.Mount.Space != root.Mount.Space || folder.Mount.Kind != "" {
		return fault.New(fault.Denied, "What others share with you cannot be put into what belongs to somebody else.")
	}
	ms, err := rm.Mounts(ctx, p)
	if err != nil {
		return err
	}
	stay := map[int64]place{}
	for _, m := range ms {
		at := root
		if len(m.Path) > 1 {
			if at, err = v.Stat(ctx, "/"+strings.Join(m.Path[:len(m.Path)-1], "/")); err != nil {
				return err
			}
		}
		stay[m.Root] = place{at.ID, m.Path[len(m.Path)-1]}
	}
	ask, err := rm.asks(ctx, p.ID)
	if err != nil {
		return err
	}
	return rm.tx(ctx, func(tx *db.DB) error {
		for node, at := range stay {
			if err := setPlace(ctx, tx, p.ID, node, at); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "INSERT INTO share_taste (uid, ask, folder) VALUES (?, ?, ?) {{on uid set folder}}", p.ID, number(ask), folder.ID)
		return err
	})
}

// madeFolder finds a folder of a view, or makes it and those above it.
func madeFolder(ctx context.Context, v *files.View, segs []string) (*files.Entry, error) {
	for i := range segs {
		at := "/" + strings.Join(segs[:i+1], "/")
		if _, err := v.Mkdir(ctx, at); err != nil && !errors.Is(err, fault.Exists) {
			return nil, err
		}
	}
	e, err := v.Stat(ctx, "/"+strings.Join(segs, "/"))
	if err == nil && !e.IsDir() {
		err = fault.New(fault.Exists, "There is a file of this name.")
	}
	return e, err
}

// asks tells whether shares wait for somebody: what they said, or else the default.
func (rm *Room) asks(ctx context.Context, uid string) (bool, error) {
	t, err := tasteOf(ctx, rm.db, uid)
	if err != nil || t.said {
		return t.ask, err
	}
	pol, err := rm.Policy(ctx)
	return pol.Ask(), err
}

// Taste tells how p receives: whether shares wait to be accepted, and the folder in
// which new ones appear.
func (rm *Room) Taste(ctx context.Context, p *who.Principal) (ask bool, folder string, err error) {
	if ask, err = rm.asks(ctx, p.ID); err != nil {
		return false, "", err
	}
	t, err := tasteOf(ctx, rm.db, p.ID)
	if err != nil || t.folder == 0 {
		return ask, "/", err
	}
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return false, "", err
	}
	e, err := v.ByID(ctx, t.folder)
	if errors.Is(err, fault.NotFound) { // it was deleted: they appear at the top
		return ask, "/", nil
	}
	if err != nil {
		return false, "", err
	}
	return ask, e.Path, nil
}
