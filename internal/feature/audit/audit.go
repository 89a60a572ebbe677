// Package audit keeps a log of what happened to accounts: who did what to whom,
// when and from where. Each entry is sealed together with the one before, by the
// instance's key, so that one that was changed or taken out shows (audit:verify).
// It learns of everything from the bus and changes nothing but its own table.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table audit.
var Schema = db.Schema{Room: "audit", Files: schema}

// Room keeps the log.
type Room struct {
	Now func() time.Time

	db  *db.DB
	key []byte
}

// Entry is one line of the log.
type Entry struct {
	ID     int64 // 1, 2, 3 …
	At     time.Time
	Actor  string // who did it; "": a command on the server
	UID    string // to whom
	What   string // one of core/event's constants
	Detail string
	Addr   string
	Agent  string

	seal []byte
}

// New returns the room.
func New(d *db.DB, box *seal.Box) *Room {
	return &Room{Now: time.Now, db: d, key: box.Hash("audit log")}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	bus.On(b.Bus, "audit", rm.note)
	ocs.Handle(b.OCS, "GET /apps/audit/api/v1/entries", web.Admin, rm.entries, web.Right("audit"))
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

const columns = "id, at, actor, uid, what, detail, addr, agent, seal"

func scan(r db.Row) (e Entry, err error) {
	var at int64
	err = r.Scan(&e.ID, &at, &e.Actor, &e.UID, &e.What, &e.Detail, &e.Addr, &e.Agent, &e.seal)
	e.At = time.UnixMilli(at)
	return e, err
}

// note appends an entry. The bus calls it for one event after the other, on one
// node; should two come at once, one of them fails on the id and is tried again.
func (rm *Room) note(ctx context.Context, ev event.AccountChanged) error {
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		last, err := db.One(ctx, tx, scan, "SELECT "+columns+" FROM audit ORDER BY id DESC LIMIT 1")
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		e := Entry{ID: last.ID + 1, At: rm.Now(), Actor: ev.Actor, UID: ev.UID, What: ev.What, Detail: cut(ev.Detail), Addr: ev.Addr, Agent: cut(ev.Agent)}
		_, err = tx.Exec(ctx, "INSERT INTO audit (id, at, actor, uid, what, detail, addr, agent, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.ID, e.At.UnixMilli(), e.Actor, e.UID, e.What, e.Detail, e.Addr, e.Agent, rm.sum(last.seal, e))
		return err
	})
}

// cut keeps a text to what a column holds.
func cut(s string) string {
	const most = 900
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// sum seals an entry together with the one before.
func (rm *Room) sum(before []byte, e Entry) []byte {
	m := hmac.New(sha256.New, rm.key)
	m.Write(before)
	for _, s := range []string{fmt.Sprint(e.ID), fmt.Sprint(e.At.UnixMilli()), e.Actor, e.UID, e.What, e.Detail, e.Addr, e.Agent} {
		_ = binary.Write(m, binary.BigEndian, int64(len(s))) // a hash takes everything
		m.Write([]byte(s))
	}
	return m.Sum(nil)
}

// Filter chooses entries of the log. What is zero does not choose.
type Filter struct {
	UID    string    // to whom something was done
	Person string    // to whom, or who did it
	What   string    // one of core/event's constants
	Since  time.Time // then or later
	Until  time.Time // before that
	Before int64     // with a smaller id
	Limit  int
}

// Entries yields what a filter chooses, from the newest entry on.
func (rm *Room) Entries(ctx context.Context, f Filter) iter.Seq2[Entry, error] {
	const all = 1<<63 - 1
	until, before, limit := int64(all), int64(all), int64(all)
	if !f.Until.IsZero() {
		until = f.Until.UnixMilli()
	}
	if f.Before > 0 {
		before = f.Before
	}
	if f.Limit > 0 {
		limit = int64(f.Limit)
	}
	return db.All(ctx, rm.db, scan, "SELECT "+columns+` FROM audit WHERE (uid = ? OR ? = '') AND (uid = ? OR actor = ? OR ? = '') AND (what = ? OR ? = '')
		AND at >= ? AND at < ? AND id < ? ORDER BY id DESC LIMIT ?`,
		f.UID, f.UID, f.Person, f.Person, f.Person, f.What, f.What, max(f.Since.UnixMilli(), 0), until, before, limit)
}

// Verify looks through the whole log and tells how many entries it has. The first
// that was changed, or before which one is missing, is an error. Entries that
// were taken off the end do not show; compare the number with what was noted
// elsewhere.
func (rm *Room) Verify(ctx context.Context) (n int64, err error) {
	var before []byte
	for e, err := range db.All(ctx, rm.db, scan, "SELECT "+columns+" FROM audit ORDER BY id") {
		if err != nil {
			return n, err
		}
		if e.ID != n+1 || !hmac.Equal(e.seal, rm.sum(before, e)) {
			return n, fault.New(fault.Conflict, "Entry {id} of the audit log was changed, or the one before it is missing.", "id", e.ID)
		}
		before, n = e.seal, e.ID
	}
	return n, nil
}
