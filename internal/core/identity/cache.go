package identity

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/infra/db"
)

// fresh is how long an answer of the database is believed. It bounds how late a
// revocation on another node is noticed here; with the door's own asking while
// bytes flow it makes less than the second that is promised.
const fresh = time.Second / 2

// unusedFor is after how long without use a credential's verdict is forgotten,
// so that the next use of a password is hashed again.
const unusedFor = 10 * time.Minute

// maxSeen bounds how many credentials are remembered.
const maxSeen = 100_000

// fingerprint stands for a login and a secret in memory. It is of use in this
// process only.
type fingerprint [sha256.Size]byte

// print makes a fingerprint. Salting in front is enough, since it never leaves.
func (d *Directory) print(login, secret string) fingerprint {
	buf := make([]byte, 0, 192)
	buf = append(buf, d.secret...)
	buf = append(buf, login...)
	buf = append(buf, 0)
	buf = append(buf, secret...)
	return sha256.Sum256(buf)
}

// verdict is what is known of a credential that opened an account.
type verdict struct {
	p      *who.Principal
	pass   string // the account's hash that a password was checked against; "": a token
	source string // whose Verifier checked it, when not we
	change uint64 // Directory.changes when it was read
	at     time.Time
	until  time.Time    // when it ends: a token's end, or soon for passwords that a Source checked; zero: as long as it is used
	used   atomic.Int64 // unix seconds
}

// person is an account with its groups.
type person struct {
	User
	groups      []string
	administers []string
	role        who.Role
	second      bool // must show a second factor
	rights      []string
	withheld    who.FileRight
	change      uint64
	at          time.Time
}

// known returns the verdict on a credential and whether it is young enough to
// be believed as it is.
func (d *Directory) known(k fingerprint, now time.Time) (v *verdict, ok bool) {
	d.mu.Lock()
	v = d.seen[k]
	d.mu.Unlock()
	if v == nil {
		return nil, false
	}
	if v.change != d.changes.Load() || now.Sub(v.at) >= fresh || !v.until.IsZero() && !now.Before(v.until) {
		return v, false
	}
	d.touch(v, now)
	return v, true
}

// touch notes the use of a credential, at most once in half a minute.
func (d *Directory) touch(v *verdict, now time.Time) {
	at := v.used.Load()
	if now.Unix()-at < 30 || !v.used.CompareAndSwap(at, now.Unix()) || v.p.TokenID == 0 {
		return
	}
	d.mu.Lock()
	d.touched[v.p.TokenID] = use{at: now, from: d.touched[v.p.TokenID].from}
	d.mu.Unlock()
}

// use is when and from where a token was last used.
type use struct {
	at   time.Time
	from netip.Prefix
}

// Seen notes from which network a token is used. It is kept as coarse as web
// counts clients, and written down with the time of the use.
func (d *Directory) Seen(p *who.Principal, from netip.Prefix) {
	if p == nil || p.TokenID == 0 || !from.IsValid() {
		return
	}
	d.mu.Lock()
	if u, ok := d.touched[p.TokenID]; ok && u.from != from {
		d.touched[p.TokenID] = use{u.at, from}
	}
	d.mu.Unlock()
}

func (d *Directory) remember(k fingerprint, v *verdict) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seen) >= maxSeen {
		clear(d.seen)
	}
	if old := d.seen[k]; old != nil {
		v.used.Store(old.used.Load())
	}
	d.seen[k] = v
}

func (d *Directory) forget(k fingerprint) {
	d.mu.Lock()
	delete(d.seen, k)
	d.mu.Unlock()
}

// sweep forgets what nobody used for a while.
func (d *Directory) sweep() {
	now := d.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, v := range d.seen {
		if now.Sub(v.at) > unusedFor {
			delete(d.seen, k)
		}
	}
	for uid, p := range d.people {
		if now.Sub(p.at) > unusedFor {
			delete(d.people, uid)
		}
	}
	for k, r := range d.busy {
		if now.Sub(r.at) > fresh {
			delete(d.busy, k)
		}
	}
	d.throttle.Sweep(now)
	d.names.drop(now)
}

// person returns an account with its groups, at most a second old.
func (d *Directory) person(ctx context.Context, uid string) (*person, error) {
	now, change := d.Now(), d.changes.Load()
	d.mu.Lock()
	p := d.people[uid]
	d.mu.Unlock()
	if p != nil && p.change == change && now.Sub(p.at) < fresh {
		return p, nil
	}
	u, err := byID(ctx, d.db, uid)
	if err != nil {
		return nil, err
	}
	p = &person{User: *u, change: change, at: now}
	for row, err := range db.All(ctx, d.db, func(r db.Row) (m membership, err error) { return m, r.Scan(&m.gid, &m.role) },
		"SELECT gid, role FROM grp_member WHERE uid = ? ORDER BY gid", uid) {
		if err != nil {
			return nil, err
		}
		if row.role == groupAdmin {
			p.administers = append(p.administers, row.gid)
		} else {
			p.groups = append(p.groups, row.gid)
		}
	}
	switch {
	case slices.Contains(p.groups, AdminGroup):
		p.role = who.Admin
	case len(p.administers) > 0:
		p.role = who.GroupAdmin
	}
	if d.Roles != nil {
		if p.rights, p.withheld, err = d.Roles(ctx, uid, p.groups); err != nil {
			return nil, err
		}
	}
	if d.Second != nil {
		if p.second, err = d.Second(ctx, &p.User, p.groups); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	d.people[uid] = p
	d.mu.Unlock()
	return p, nil
}

type membership struct {
	gid  string
	role int
}
