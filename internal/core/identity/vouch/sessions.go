package vouch

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

// Session ties a session of ours to one at a provider.
type Session struct {
	Token    int64  // of ours
	Provider int64  // its number
	Subject  string // who it is there
	SID      string // which session there; "" where the provider has no names for them
	UID      string
	Note     string // what the provider needs to hear at logout; kept sealed
}

// Sessions keeps in a table of one way in which sessions came from where. The table
// has the columns token, provider, subject, sid, uid, sealed and created; subjects and
// sessions of providers stand in it as hashes.
type Sessions struct {
	Now func() time.Time

	db    *db.DB
	dir   *identity.Directory
	box   *seal.Box
	table string
}

// kept is how long a session can last here (signin: 15 days without use). What is
// older than this and has no session any more is swept away.
const kept = 16 * 24 * time.Hour

// NewSessions returns those in a table. It touches no database.
func NewSessions(d *db.DB, dir *identity.Directory, box *seal.Box, table string) *Sessions {
	s := &Sessions{Now: time.Now, db: d, dir: dir, box: box, table: table}
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		_, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE uid = ?", uid)
		return err
	})
	return s
}

// Keep notes where a new session came from.
func (s *Sessions) Keep(ctx context.Context, a Session) error {
	_, err := s.db.Exec(ctx, "INSERT INTO "+s.table+" (token, provider, subject, sid, uid, sealed, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
		a.Token, a.Provider, s.box.Hash(a.Subject), s.box.Hash(a.SID), a.UID, s.box.Seal([]byte(a.Note), s.sealedFor(a.Token)), s.Now().Unix())
	return err
}

func (s *Sessions) sealedFor(token int64) string {
	return strings.ReplaceAll(s.table, "_", " ") + " " + strconv.FormatInt(token, 10)
}

// Renewed keeps track of a session that has taken the place of another.
func (s *Sessions) Renewed(ctx context.Context, was, is int64) error {
	a, err := s.Of(ctx, was)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, "UPDATE "+s.table+" SET token = ?, sealed = ? WHERE token = ?", is, s.box.Seal([]byte(a.Note), s.sealedFor(is)), was)
	return err
}

// Of tells where a session came from, without the hashes; fault.NotFound when it came
// from elsewhere.
func (s *Sessions) Of(ctx context.Context, token int64) (*Session, error) {
	return db.One(ctx, s.db, func(r db.Row) (*Session, error) {
		a := Session{Token: token}
		var sealed string
		if err := r.Scan(&a.Provider, &a.UID, &sealed); err != nil {
			return nil, err
		}
		note, err := s.box.Open(sealed, s.sealedFor(token))
		a.Note = string(note)
		return &a, err
	}, "SELECT provider, uid, sealed FROM "+s.table+" WHERE token = ?", token)
}

// Forget forgets where a session came from.
func (s *Sessions) Forget(ctx context.Context, token int64) error {
	_, err := s.db.Exec(ctx, "DELETE FROM "+s.table+" WHERE token = ?", token)
	return err
}

// Leave forgets a session that its owner ends here, and tells where it ends too, which
// endAt knows; "" for nowhere. A provider that cannot be told keeps nobody from logging
// out.
func (s *Sessions) Leave(ctx context.Context, token int64, log *slog.Logger, endAt func(ctx context.Context, a *Session) (string, error)) (string, error) {
	a, err := s.Of(ctx, token)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if err := s.Forget(ctx, token); err != nil {
		return "", err
	}
	to, err := endAt(ctx, a)
	if err != nil {
		log.Warn("a logout does not reach the provider", "provider", a.Provider, "error", err)
		return "", nil
	}
	return to, nil
}

// End ends the sessions here that came from one at a provider, or where sid is "" all
// those of a person there.
func (s *Sessions) End(ctx context.Context, provider int64, subject, sid string) error {
	where, value := "subject", s.box.Hash(subject)
	if sid != "" {
		where, value = "sid", s.box.Hash(sid)
	}
	all, err := db.List(ctx, s.db, scanWhose, "SELECT token, uid FROM "+s.table+" WHERE provider = ? AND "+where+" = ?", provider, value)
	if err != nil {
		return err
	}
	for _, a := range all {
		if err := s.dir.RemoveToken(ctx, a.UID, a.Token); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err := s.Forget(ctx, a.Token); err != nil {
			return err
		}
	}
	return nil
}

// Sweep forgets sessions that have ended here.
func (s *Sessions) Sweep(ctx context.Context) error {
	old, err := db.List(ctx, s.db, scanWhose, "SELECT token, uid FROM "+s.table+" WHERE created < ?", s.Now().Add(-kept).Unix())
	if err != nil {
		return err
	}
	for _, a := range old {
		_, err := s.dir.Token(ctx, a.UID, a.Token)
		if errors.Is(err, fault.NotFound) {
			err = s.Forget(ctx, a.Token)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func scanWhose(r db.Row) (a Session, err error) { return a, r.Scan(&a.Token, &a.UID) }
