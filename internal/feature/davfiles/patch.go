package davfiles

import (
	"context"
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

// patch gathers the changes of a PROPPATCH before any is made.
type patch struct {
	room     *Room
	view     *files.View
	e        *files.Entry
	favorite *bool
	times    files.Times
	dead     []dav.PropChange
}

// take notes one change and tells what will become of it.
func (p *patch) take(ch dav.PropChange) int {
	okay := http.StatusOK
	if ch.Remove {
		okay = http.StatusNoContent
	}
	switch ch.Name {
	case oc("favorite"):
		if p.view.Who().Link != 0 { // a visitor is nobody of whom that could be kept
			return http.StatusForbidden
		}
		on := !ch.Remove && (strings.TrimSpace(ch.Text) == "1" || strings.TrimSpace(ch.Text) == "true")
		p.favorite = &on
		return okay
	case dv("lastmodified"):
		return p.takeTime(ch, func(t time.Time) { p.times.MTime = &t })
	case nc("creation_time"), dv("creationdate"):
		return p.takeTime(ch, func(t time.Time) { sec := t.Unix(); p.times.Created = &sec })
	}
	if live[ch.Name] {
		return http.StatusForbidden
	}
	p.dead = append(p.dead, ch)
	return okay
}

// takeTime reads Unix seconds, RFC 3339 or an HTTP date.
func (p *patch) takeTime(ch dav.PropChange, set func(time.Time)) int {
	text := strings.TrimSpace(ch.Text)
	if sec, nanos, ok := parseSeconds(text); ok && !ch.Remove {
		set(time.Unix(sec, nanos))
		return http.StatusOK
	}
	for _, layout := range []string{time.RFC3339Nano, http.TimeFormat, time.RFC1123Z} {
		if t, err := time.Parse(layout, text); err == nil && t.Unix() >= earliest && t.Unix() <= latest {
			set(t)
			return http.StatusOK
		}
	}
	return http.StatusForbidden
}

func (p *patch) apply(ctx context.Context, tx *db.DB, change tree.Change) error {
	if p.favorite != nil {
		if err := p.room.setFavorite(ctx, tx, p.view.Who(), p.e.ID, *p.favorite); err != nil {
			return err
		}
	}
	for _, ch := range p.dead {
		if err := setDead(ctx, tx, p.e.ID, ch); err != nil {
			return err
		}
	}
	if p.times == (files.Times{}) {
		return nil
	}
	return p.view.SetTimes(ctx, tx, change, p.e, p.times)
}

// setFavorite marks a node for somebody, or no more, and tells of it when it was not
// so before.
func (rm *Room) setFavorite(ctx context.Context, tx *db.DB, p *who.Principal, node int64, on bool) error {
	was, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM favorite WHERE uid = ? AND node = ?", p.ID, node)
	if err != nil || on == (was > 0) {
		return err
	}
	q := "DELETE FROM favorite WHERE uid = ? AND node = ?"
	if on {
		q = "INSERT INTO favorite (uid, node) VALUES (?, ?) {{on uid,node ignore}}"
	}
	if _, err := tx.Exec(ctx, q, p.ID, node); err != nil || rm.Publish == nil {
		return err
	}
	return rm.Publish(ctx, tx, event.FavoriteChanged{Node: node, On: on, By: event.By{Actor: p.ID}})
}

// Favorites are the ids of what somebody marked as such.
func (rm *Room) Favorites(ctx context.Context, uid string) (map[int64]bool, error) {
	out := map[int64]bool{}
	for id, err := range db.All(ctx, rm.db, db.Scan1[int64], "SELECT node FROM favorite WHERE uid = ?", uid) {
		if err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, nil
}

// maxDead bounds a dead property's value in bytes.
const maxDead = 64 << 10

func deadKey(n xml.Name) string { return n.Space + "\n" + n.Local }

func setDead(ctx context.Context, tx *db.DB, node int64, ch dav.PropChange) error {
	key := deadKey(ch.Name)
	if len(ch.Inner) > maxDead || len(key) > 1000 {
		return fault.New(fault.TooLarge, "The property is too large.")
	}
	if ch.Remove {
		_, err := tx.Exec(ctx, "DELETE FROM deadprop WHERE node = ? AND name = ?", node, key)
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO deadprop (node, name, value) VALUES (?, ?, ?) {{on node,name set value}}", node, key, string(ch.Inner))
	return err
}

// CopyProps gives copies the dead properties of their originals. It is a hook of
// core/files and runs in the copy's transaction.
func (rm *Room) CopyProps(ctx context.Context, tx *db.DB, from, to []int64) error {
	at := map[int64]int64{}
	for i := range from {
		at[from[i]] = to[i]
	}
	type prop struct {
		node        int64
		name, value string
	}
	props, err := db.List(ctx, tx, func(r db.Row) (p prop, err error) { return p, r.Scan(&p.node, &p.name, &p.value) },
		"SELECT node, name, value FROM deadprop WHERE node IN (?)", from)
	if err != nil {
		return err
	}
	for _, p := range props {
		if _, err := tx.Exec(ctx, "INSERT INTO deadprop (node, name, value) VALUES (?, ?, ?) {{on node,name set value}}", at[p.node], p.name, p.value); err != nil {
			return err
		}
	}
	return nil
}
