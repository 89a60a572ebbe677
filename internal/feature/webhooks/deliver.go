package webhooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
)

const (
	atOnce    = 4                   // requests to one host
	maxAnswer = 64 << 10            // bytes that are read of an answer
	keepDead  = 30 * 24 * time.Hour // what was given up
	grain     = 10 * time.Second    // to which times of repeats are rounded up, to wake less often
	maxErr    = 500                 // bytes kept of an error
)

// pauses are the times after the first, second, … failure of a delivery, as Standard
// Webhooks proposes. After one more it is given up.
func pauses() []time.Duration {
	return []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour}
}

// lane is all that goes to one host.
type lane struct{ Host string }

// start has what is due for a host delivered, unless that is about to happen anyway.
func (rm *Room) start(ctx context.Context, tx *db.DB, host string) error {
	return rm.delivering.Add(ctx, tx, lane{host}, jobs.Unique(host))
}

// tell makes a delivery of an occasion for each webhook that wants it. Done again, it
// makes none of those that are still on their way twice.
func (rm *Room) tell(ctx context.Context, h heard) error {
	hooks, err := db.List(ctx, rm.db, scanHook, "SELECT "+hookColumns+" FROM webhook WHERE event = ? AND (userfilter = '' OR userfilter = ?)", h.What.Class, h.What.Actor)
	if err != nil || len(hooks) == 0 {
		return err
	}
	m, err := rm.compose(ctx, h)
	if err != nil {
		return err
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	var out []Delivery
	for _, k := range hooks {
		f, err := ParseFilter(k.Filter)
		if err != nil {
			return fmt.Errorf("filter of webhook %d: %w", k.ID, err)
		}
		if !f.Match(m) {
			continue
		}
		u, err := url.Parse(k.URI)
		if err != nil {
			return fmt.Errorf("address of webhook %d: %w", k.ID, err)
		}
		out = append(out, Delivery{Hook: k.ID, Host: strings.ToLower(u.Host), Message: fmt.Sprintf("msg_%s_%d", h.ID, k.ID), Event: h.What.Class, Body: string(body)})
	}
	return rm.post(ctx, out)
}

func (rm *Room) post(ctx context.Context, out []Delivery) error {
	if len(out) == 0 {
		return nil
	}
	first, err := rm.db.IDs(ctx, int64(len(out)))
	if err != nil {
		return err
	}
	now := rm.Now().UnixMilli()
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		for i, v := range out {
			if _, err := tx.Exec(ctx, `INSERT INTO webhook_delivery (id, hook, host, message, event, body, made, due, tries, died, err)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '') {{on message ignore}}`, first+int64(i), v.Hook, v.Host, v.Message, v.Event, v.Body, now, now); err != nil {
				return err
			}
			if err := rm.start(ctx, tx, v.Host); err != nil {
				return err
			}
		}
		return nil
	})
}

// deliver sends some of what is due for a host, and then lets others have a turn. A
// host that kept us waiting has a rest first, longer and longer.
func (rm *Room) deliver(ctx context.Context, l lane) error {
	due, err := db.List(ctx, rm.db, scanDelivery, "SELECT "+deliveryColumns+` FROM webhook_delivery
		WHERE host = ? AND died = 0 AND due <= ? ORDER BY due, id LIMIT ?`, l.Host, rm.Now().UnixMilli(), atOnce)
	if err != nil || len(due) == 0 {
		return err
	}
	hooks, err := rm.hooksOf(ctx, due)
	if err != nil {
		return err
	}
	outside, err := rm.client(ctx)
	if err != nil {
		return err
	}
	errs := make([]error, len(due))
	var wg sync.WaitGroup
	for i, v := range due {
		wg.Go(func() { errs[i] = rm.send(ctx, outside, hooks[v.Hook], v) })
	}
	wg.Wait()
	if ctx.Err() != nil { // this says nothing about the receiver
		return context.Cause(ctx)
	}
	rest := time.Duration(0)
	for i, v := range due {
		if err := rm.settle(ctx, v, errs[i]); err != nil {
			return err
		}
		if timedOut(errs[i]) {
			rest = max(rest, min(time.Duration(v.Tries+1)*time.Minute/2, 5*time.Minute))
		}
	}
	return jobs.Again(rest)
}

func (rm *Room) hooksOf(ctx context.Context, vs []Delivery) (map[int64]Hook, error) {
	var ids []int64
	for _, v := range vs {
		ids = append(ids, v.Hook)
	}
	out := map[int64]Hook{}
	for h, err := range db.All(ctx, rm.db, scanHook, "SELECT "+hookColumns+" FROM webhook WHERE id IN (?)", ids) {
		if err != nil {
			return nil, err
		}
		out[h.ID] = h
	}
	return out, nil
}

// client is how webhooks go out, as the administrator allows at the moment.
func (rm *Room) client(ctx context.Context) (*http.Client, error) {
	v, err := rm.settings.Default(ctx, app, allowLocal.Name, allowLocal.Default)
	if err != nil {
		return nil, err
	}
	if v, err = allowLocal.Parse(v); err != nil || v != "yes" {
		return rm.outside, err
	}
	return rm.inside, nil
}

// settle notes how a delivery went.
func (rm *Room) settle(ctx context.Context, v Delivery, failed error) error {
	if failed == nil {
		_, err := rm.db.Exec(ctx, "DELETE FROM webhook_delivery WHERE id = ?", v.ID)
		return err
	}
	why := failed.Error()
	why = strings.ToValidUTF8(why[:min(len(why), maxErr)], "")
	now := rm.Now()
	if v.Tries >= len(pauses()) {
		_, err := rm.db.Exec(ctx, "UPDATE webhook_delivery SET tries = ?, died = ?, err = ? WHERE id = ?", v.Tries+1, now.UnixMilli(), why, v.ID)
		return err
	}
	due := now.Add(pauses()[v.Tries] + grain - 1).Truncate(grain)
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "UPDATE webhook_delivery SET tries = ?, due = ?, err = ? WHERE id = ?", v.Tries+1, due.UnixMilli(), why, v.ID); err != nil {
			return err
		}
		return rm.waking.Add(ctx, tx, lane{v.Host}, jobs.After(due.Sub(now)), jobs.Unique(v.Host+" "+strconv.FormatInt(due.Unix(), 10)))
	})
}

// send makes one try. The receiver has it when it answers with a 2xx.
func (rm *Room) send(ctx context.Context, c *http.Client, h Hook, v Delivery) error {
	r, err := rm.request(ctx, h, v)
	if err != nil {
		return err
	}
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	// What is read leaves the connection to the next; it tells us nothing.
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answered %s", answer.Status)
	}
	return err
}

func (rm *Room) request(ctx context.Context, h Hook, v Delivery) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, h.Method, h.URI, bytes.NewReader([]byte(v.Body)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Atrium")
	for name, value := range h.Headers {
		r.Header.Set(name, value)
	}
	auth, err := rm.auth(h)
	if err != nil {
		return nil, err
	}
	for name, value := range auth {
		r.Header.Set(name, value)
	}
	secret, err := rm.box.Open(h.secret, belongs(h.ID))
	if err != nil {
		return nil, err
	}
	at := strconv.FormatInt(rm.Now().Unix(), 10)
	signature, err := Sign(string(secret), v.Message, at, v.Body)
	r.Header.Set("Webhook-Id", v.Message)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", signature)
	return r, err
}

// Sign is the signature of a message as Standard Webhooks defines it: "v1," and the
// base64 of the HMAC-SHA256 of id, time in Unix seconds and body, under the secret,
// which is "whsec_" and base64.
func Sign(secret, id, at, body string) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "This is no secret of a webhook.")
	}
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%s.%s", id, at, body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)), nil
}

// sweep forgets what was given up long ago, and starts what nobody has started.
func (rm *Room) sweep(ctx context.Context) error {
	now := rm.Now()
	if _, err := rm.db.Exec(ctx, "DELETE FROM webhook_delivery WHERE died > 0 AND died < ?", now.Add(-keepDead).UnixMilli()); err != nil {
		return err
	}
	hosts, err := db.List(ctx, rm.db, db.Scan1[string], "SELECT DISTINCT host FROM webhook_delivery WHERE died = 0 AND due <= ?", now.UnixMilli())
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if err := rm.start(ctx, rm.db, h); err != nil {
			return err
		}
	}
	return nil
}
