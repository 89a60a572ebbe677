package webhooks

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// Hook is a registered webhook.
type Hook struct {
	ID         int64
	App        string // which external app it belongs to; "": none
	UID        string // who made it; "" when they have left
	Method     string
	URI        string
	Event      string // one of Classes
	Filter     string // JSON; "" for none
	UserFilter string // the id of whose doings are told; "": everybody's
	Headers    map[string]string
	AuthMethod string // "none", or "header"
	AuthData   string // sealed JSON of further headers; ""

	secret string // sealed
}

const hookColumns = "id, app, uid, method, uri, event, filter, userfilter, headers, authmethod, authdata, secret"

func scanHook(r db.Row) (h Hook, err error) {
	var headers string
	if err := r.Scan(&h.ID, &h.App, &h.UID, &h.Method, &h.URI, &h.Event, &h.Filter, &h.UserFilter, &headers, &h.AuthMethod, &h.AuthData, &h.secret); err != nil {
		return h, err
	}
	return h, json.Unmarshal([]byte(headers), &h.Headers)
}

func (h *Hook) values() ([]any, error) {
	headers, err := json.Marshal(h.Headers)
	return []any{h.Method, h.URI, h.Event, h.Filter, h.UserFilter, string(headers), h.AuthMethod, h.AuthData, h.ID}, err
}

var errNoHook = fault.New(fault.NotFound, "There is no such webhook.")

// Hooks yields the webhooks, to one address unless uri is "".
func (rm *Room) Hooks(ctx context.Context, uri string) iter.Seq2[Hook, error] {
	return db.All(ctx, rm.db, scanHook, "SELECT "+hookColumns+" FROM webhook WHERE uri = ? OR ? = '' ORDER BY id", uri, uri)
}

func (rm *Room) hook(ctx context.Context, id int64) (Hook, error) {
	h, err := db.One(ctx, rm.db, scanHook, "SELECT "+hookColumns+" FROM webhook WHERE id = ?", id)
	if fault.Of(err) == fault.NotFound && err != nil {
		return h, errNoHook
	}
	return h, err
}

// belongs is what the secrets of a webhook are sealed for.
func belongs(id int64) string { return fmt.Sprintf("webhook:%d", id) }

// newSecret makes the secret by which a receiver knows that we have sent something, as
// it is shown to people.
func newSecret() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return "whsec_" + base64.StdEncoding.EncodeToString(raw)
}

// add registers a webhook and returns its secret, which is told only now.
func (rm *Room) add(ctx context.Context, h *Hook, auth map[string]string) (string, error) {
	id, err := rm.db.ID(ctx)
	if err != nil {
		return "", err
	}
	secret := newSecret()
	h.ID = id
	h.secret = rm.box.Seal([]byte(secret), belongs(id))
	if err := rm.sealAuth(h, auth); err != nil {
		return "", err
	}
	v, err := h.values()
	if err != nil {
		return "", err
	}
	_, err = rm.db.Exec(ctx, `INSERT INTO webhook (method, uri, event, filter, userfilter, headers, authmethod, authdata, id, app, uid, secret)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(v, h.App, h.UID, h.secret)...)
	rm.wanted.Store(nil)
	return secret, err
}

func (rm *Room) sealAuth(h *Hook, auth map[string]string) error {
	h.AuthData = ""
	if h.AuthMethod != authHeader || len(auth) == 0 {
		return nil
	}
	raw, err := json.Marshal(auth)
	h.AuthData = rm.box.Seal(raw, belongs(h.ID)+"/auth")
	return err
}

// auth opens the headers of a webhook's authentication.
func (rm *Room) auth(h Hook) (map[string]string, error) {
	out := map[string]string{}
	if h.AuthData == "" {
		return out, nil
	}
	raw, err := rm.box.Open(h.AuthData, belongs(h.ID)+"/auth")
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(raw, &out)
}

// change writes what may be changed of a webhook.
func (rm *Room) change(ctx context.Context, h *Hook, auth map[string]string) error {
	if err := rm.sealAuth(h, auth); err != nil {
		return err
	}
	v, err := h.values()
	if err != nil {
		return err
	}
	n, err := rm.db.Exec(ctx, `UPDATE webhook SET method = ?, uri = ?, event = ?, filter = ?, userfilter = ?, headers = ?, authmethod = ?, authdata = ?
		WHERE id = ?`, v...)
	rm.wanted.Store(nil)
	if err == nil && n == 0 {
		return errNoHook
	}
	return err
}

// setSecret gives a webhook a new secret; the old one ends at once.
func (rm *Room) setSecret(ctx context.Context, id int64) (string, error) {
	secret := newSecret()
	n, err := rm.db.Exec(ctx, "UPDATE webhook SET secret = ? WHERE id = ?", rm.box.Seal([]byte(secret), belongs(id)), id)
	if err == nil && n == 0 {
		return "", errNoHook
	}
	return secret, err
}

// drop forgets webhooks with all that was yet to be sent, and tells how many.
func (rm *Room) drop(ctx context.Context, ids ...int64) (n int64, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM webhook_delivery WHERE hook IN (?)", ids); err != nil {
			return err
		}
		var err error
		n, err = tx.Exec(ctx, "DELETE FROM webhook WHERE id IN (?)", ids)
		return err
	})
	rm.wanted.Store(nil)
	return n, err
}

// forgetMaker forgets who made webhooks.
func forgetMaker(ctx context.Context, tx *db.DB, uid string) error {
	_, err := tx.Exec(ctx, "UPDATE webhook SET uid = '' WHERE uid = ?", uid)
	return err
}

// Delivery is a message on its way to a webhook.
type Delivery struct {
	ID      int64
	Hook    int64
	Host    string
	Message string // its id, the same with every try
	Event   string
	Body    string
	Made    time.Time
	Tries   int
	Died    time.Time // when it was given up; zero: it was not
	Err     string    // why the last try failed
}

const deliveryColumns = "id, hook, host, message, event, body, made, tries, died, err"

func scanDelivery(r db.Row) (v Delivery, err error) {
	var made, died int64
	err = r.Scan(&v.ID, &v.Hook, &v.Host, &v.Message, &v.Event, &v.Body, &made, &v.Tries, &died, &v.Err)
	v.Made = time.UnixMilli(made)
	if died > 0 {
		v.Died = time.UnixMilli(died)
	}
	return v, err
}

// Dead yields deliveries that were given up, the newest first, with smaller ids than
// before unless that is 0.
func (rm *Room) Dead(ctx context.Context, before int64, limit int) iter.Seq2[Delivery, error] {
	if before <= 0 {
		before = 1<<63 - 1
	}
	return db.All(ctx, rm.db, scanDelivery, "SELECT "+deliveryColumns+" FROM webhook_delivery WHERE died > 0 AND id < ? ORDER BY id DESC LIMIT ?", before, limit)
}

var errNoDead = fault.New(fault.NotFound, "No such delivery was given up.")

// Retry has deliveries that were given up sent again, all of them when no id is given,
// and tells how many.
func (rm *Room) Retry(ctx context.Context, ids ...int64) (n int64, err error) {
	where, args := "died > 0", []any{}
	if len(ids) > 0 {
		where, args = where+" AND id IN (?)", append(args, ids)
	}
	err = rm.db.Tx(ctx, func(tx *db.DB) error {
		hosts, err := db.List(ctx, tx, db.Scan1[string], "SELECT DISTINCT host FROM webhook_delivery WHERE "+where, args...)
		if err != nil {
			return err
		}
		n, err = tx.Exec(ctx, "UPDATE webhook_delivery SET died = 0, tries = 0, due = ? WHERE "+where, append([]any{rm.Now().UnixMilli()}, args...)...)
		if err != nil {
			return err
		}
		for _, h := range hosts {
			if err := rm.start(ctx, tx, h); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Bury forgets deliveries that were given up, all of them when no id is given, and
// tells how many.
func (rm *Room) Bury(ctx context.Context, ids ...int64) (int64, error) {
	if len(ids) == 0 {
		return rm.db.Exec(ctx, "DELETE FROM webhook_delivery WHERE died > 0")
	}
	return rm.db.Exec(ctx, "DELETE FROM webhook_delivery WHERE id IN (?) AND died > 0", ids)
}

// Backlog is what did not arrive yet at a webhook.
type Backlog struct {
	Hook    int64  `json:"webhook"`
	Waiting int64  `json:"waiting"`
	Dead    int64  `json:"dead"`  // given up
	Err     string `json:"error"` // of one of them; "" for none
}

// Backlogs yields those that there are.
func (rm *Room) Backlogs(ctx context.Context) iter.Seq2[Backlog, error] {
	scan := func(r db.Row) (b Backlog, err error) { return b, r.Scan(&b.Hook, &b.Waiting, &b.Dead, &b.Err) }
	return db.All(ctx, rm.db, scan, `SELECT hook, COUNT(CASE WHEN died = 0 THEN 1 END), COUNT(CASE WHEN died > 0 THEN 1 END), MAX(err)
		FROM webhook_delivery GROUP BY hook ORDER BY hook`)
}
