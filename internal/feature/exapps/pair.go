package exapps

import (
	"context"
	"strconv"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
)

// pair is a value that an app keeps here: of its own configuration, or for a person.
type pair struct {
	id        int64
	uid       string // "": the app's own
	name      string
	value     string
	sensitive bool
}

// The bounds of what an app may keep.
const (
	maxName  = 64
	maxValue = 100_000
	maxPairs = 10_000
)

// stored is a pair as it is answered when it is set (34-apps/362, 365).
type stored struct {
	ID        int64  `json:"id"`
	UID       string `json:"user_id,omitempty"`
	App       string `json:"appid"`
	Name      string `json:"configkey"`
	Value     string `json:"configvalue"`
	Sensitive int    `json:"sensitive"`
}

// named is a pair as it is answered when it is read (34-apps/363, 366).
type named struct {
	Name  string `json:"configkey"`
	Value string `json:"configvalue"`
}

// sealedFor is what a sensitive value is bound to.
func sealedFor(app, uid, name string) string {
	return "exapps value " + strconv.Quote(app) + strconv.Quote(uid) + strconv.Quote(name)
}

// pairs are the values of an app with these names, or all of them without names.
func (rm *Room) pairs(ctx context.Context, app, uid string, names []string) ([]pair, error) {
	all := 0
	if names == nil {
		all, names = 1, []string{""}
	}
	return db.List(ctx, rm.db, func(r db.Row) (p pair, err error) {
		var sensitive int64
		if err := r.Scan(&p.id, &p.name, &p.value, &sensitive); err != nil {
			return p, err
		}
		p.uid, p.sensitive = uid, sensitive != 0
		if p.sensitive {
			var plain []byte
			if plain, err = rm.box.Open(p.value, sealedFor(app, uid, p.name)); err == nil {
				p.value = string(plain)
			}
		}
		return p, err
	}, "SELECT id, name, value, secret FROM exapps_config WHERE app = ? AND uid = ? AND (? = 1 OR name IN (?)) ORDER BY name", app, uid, all, names)
}

// keep keeps a value, in place of one of the same name.
func (rm *Room) keep(ctx context.Context, app string, p *pair) error {
	if p.name == "" || len(p.name) > maxName || !utf8.ValidString(p.name) {
		return fault.New(fault.Invalid, "The key has from 1 to 64 letters.")
	}
	if len(p.value) > maxValue || !utf8.ValidString(p.value) {
		return fault.New(fault.Invalid, "The value is too long.")
	}
	value := p.value
	if p.sensitive {
		value = rm.box.Seal([]byte(value), sealedFor(app, p.uid, p.name))
	}
	id, err := rm.db.ID(ctx)
	if err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM exapps_config WHERE app = ? AND uid = ?", app, p.uid)
		if err != nil {
			return err
		}
		if n >= maxPairs {
			return fault.New(fault.Full, "The external app keeps too many values.")
		}
		if _, err := tx.Exec(ctx, "INSERT INTO exapps_config (app, uid, name, id, value, secret) VALUES (?, ?, ?, ?, ?, ?) {{on app, uid, name set value, secret}}",
			app, p.uid, p.name, id, value, oneIf(p.sensitive)); err != nil {
			return err
		}
		p.id, err = db.One(ctx, tx, db.Scan1[int64], "SELECT id FROM exapps_config WHERE app = ? AND uid = ? AND name = ?", app, p.uid, p.name)
		return err
	})
}

// drop forgets values, and tells how many there were.
func (rm *Room) drop(ctx context.Context, app, uid string, names []string) (int64, error) {
	return rm.db.Exec(ctx, "DELETE FROM exapps_config WHERE app = ? AND uid = ? AND name IN (?)", app, uid, names)
}

// setPair answers POST /ex-app/config and /ex-app/preference. A value that was sensitive
// stays so unless the call says otherwise.
func (rm *Room) setPair(ctx context.Context, c *call) (any, error) {
	in, err := c.Params()
	if err != nil {
		return nil, err
	}
	p := pair{uid: c.uid, name: in.Get("configKey"), value: in.Get("configValue")}
	if in.Has("sensitive") {
		if p.sensitive, err = c.Bool("sensitive"); err != nil {
			return nil, err
		}
	} else {
		was, err := rm.pairs(ctx, c.app.ID, c.uid, []string{p.name})
		if err != nil {
			return nil, err
		}
		p.sensitive = len(was) > 0 && was[0].sensitive
	}
	if err := rm.keep(ctx, c.app.ID, &p); err != nil {
		return nil, err
	}
	return stored{p.id, p.uid, c.app.ID, p.name, p.value, oneIf(p.sensitive)}, nil
}

// keys are the names that a call asks for.
func keys(c *call) ([]string, error) {
	names, err := c.List("configKeys")
	if err == nil && (len(names) == 0 || len(names) > 1000) {
		err = fault.New(fault.Invalid, "Please name from 1 to 1000 keys.")
	}
	return names, err
}

// getPairs answers POST …/get-values.
func (rm *Room) getPairs(ctx context.Context, c *call) (any, error) {
	names, err := keys(c)
	if err != nil {
		return nil, err
	}
	found, err := rm.pairs(ctx, c.app.ID, c.uid, names)
	if err != nil {
		return nil, err
	}
	out := []named{}
	for _, p := range found {
		out = append(out, named{p.name, p.value})
	}
	return out, nil
}

// deletePairs answers DELETE /ex-app/config and /ex-app/preference (34-apps/364).
func (rm *Room) deletePairs(ctx context.Context, c *call) (any, error) {
	names, err := keys(c)
	if err != nil {
		return nil, err
	}
	n, err := rm.drop(ctx, c.app.ID, c.uid, names)
	if err == nil && n == 0 {
		err = ocs.Fail(404, "No config values were deleted")
	}
	return n, err
}
