package activity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/logs"
	"atrium/internal/infra/mail"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// prefs are what somebody wants to read. The zero value is the whole stream, and
// no mail.
type prefs struct {
	Hidden map[string]bool `json:"hidden,omitempty"` // types that are not in the stream
	Mailed map[string]bool `json:"mailed,omitempty"` // types that are in the mail
	Batch  batchTime       `json:"batch"`
	Own    bool            `json:"own"` // what one did oneself is in the mail
}

func (p prefs) streams(kind string) bool { return !p.Hidden[kind] }

// batchTime is how often mail comes, in the numbers of Nextcloud's form.
type batchTime int

const (
	hourly batchTime = 0
	daily  batchTime = 1
	weekly batchTime = 2
	soon   batchTime = 3
)

// next is when mail comes next: at a full hour, in the morning, on Monday morning,
// or in a few minutes. Mornings are those of the account.
func (b batchTime) next(now time.Time, zone string) time.Time {
	if b == soon {
		return now.Add(5 * time.Minute)
	}
	if b == hourly {
		return now.Truncate(time.Hour).Add(time.Hour)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	local := now.In(loc)
	for day := 0; ; day++ {
		at := time.Date(local.Year(), local.Month(), local.Day()+day, 8, 0, 0, 0, loc)
		if at.After(now) && (b == daily || at.Weekday() == time.Monday) {
			return at
		}
	}
}

func (rm *Room) prefsOf(ctx context.Context, uid string) (p prefs, err error) {
	text, err := db.One(ctx, rm.db, db.Scan1[string], "SELECT prefs FROM activity_pref WHERE uid = ?", uid)
	if errors.Is(err, fault.NotFound) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &p)
	}
	return p, err
}

// knownTypes are the types of this room; others belong to rooms that tell of them.
var knownTypes = [...]string{"file_created", "file_changed", "file_deleted", "file_restored", "shared", "public_links", "public_links_upload", "file_downloaded", "comments", "favorite", "security"}

// isType tells whether a text can be the name of a type.
func isType(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

var errSettings = fault.New(fault.Invalid, "The settings cannot be read.")

// change applies a form: TYPE_stream and TYPE_email with 1 or 0, and Nextcloud's
// notify_setting_batchtime and notify_setting_selfemail. What it does not name stays.
func (p prefs) change(form map[string][]string) (prefs, error) {
	out := prefs{copyOf(p.Hidden), copyOf(p.Mailed), p.Batch, p.Own}
	for name, values := range form {
		on := len(values) > 0 && (values[0] == "1" || values[0] == "true" || values[0] == "yes" || values[0] == "on")
		switch {
		case name == "notify_setting_batchtime":
			n, err := strconv.Atoi(values[0])
			if err != nil || n < int(hourly) || n > int(soon) {
				return p, errSettings
			}
			out.Batch = batchTime(n)
		case name == "notify_setting_selfemail":
			out.Own = on
		case strings.HasSuffix(name, "_stream"):
			if kind := strings.TrimSuffix(name, "_stream"); !isType(kind) {
				return p, errSettings
			} else if delete(out.Hidden, kind); !on {
				out.Hidden[kind] = true
			}
		case strings.HasSuffix(name, "_email"):
			if kind := strings.TrimSuffix(name, "_email"); !isType(kind) {
				return p, errSettings
			} else if delete(out.Mailed, kind); on {
				out.Mailed[kind] = true
			}
		}
	}
	if len(out.Hidden)+len(out.Mailed) > 200 {
		return p, errSettings
	}
	return out, nil
}

func copyOf(m map[string]bool) map[string]bool {
	out := map[string]bool{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// setSettings answers POST /apps/activity/settings (33-notify-activity/079).
func (rm *Room) setSettings(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The settings cannot be read.")
	}
	u, err := rm.userOf(r.Context(), who.From(r.Context()))
	if err != nil {
		return err
	}
	old, err := rm.prefsOf(r.Context(), u.ID)
	if err != nil {
		return err
	}
	p, err := old.change(r.PostForm)
	if err != nil {
		return err
	}
	if err := rm.keep(r.Context(), u, p); err != nil {
		return err
	}
	said(w, map[string]string{"message": "Your settings have been updated."})
	return nil
}

// said answers as the recorded forms do.
func said(w http.ResponseWriter, data any) {
	web.WriteJSON(w, http.StatusOK, map[string]any{"data": data})
}

// keep writes the settings down. Mail begins with what comes after.
func (rm *Room) keep(ctx context.Context, u *identity.User, p prefs) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	last, err := db.One(ctx, rm.db, db.Scan1[int64], "SELECT COALESCE(MAX(id), 0) FROM activity")
	if err != nil {
		return err
	}
	due := int64(0)
	if len(p.Mailed) > 0 {
		due = p.Batch.next(rm.Now(), u.Timezone).Unix()
	}
	_, err = rm.db.Exec(ctx, `INSERT INTO activity_pref (uid, prefs, mailed, due) VALUES (?, ?, ?, ?)
		{{on uid set prefs,mailed,due}}`, u.ID, string(text), last, due)
	return err
}

// showSettings answers GET /apps/activity/settings, which is ours.
func (rm *Room) showSettings(w http.ResponseWriter, r *http.Request) error {
	p, err := rm.prefsOf(r.Context(), who.From(r.Context()).ID)
	if err != nil {
		return err
	}
	feeds, err := db.One(r.Context(), rm.db, db.Scan1[int], "SELECT COUNT(*) FROM activity_feed WHERE uid = ?", who.From(r.Context()).ID)
	if err != nil {
		return err
	}
	type choice struct {
		Type   string `json:"type"`
		Stream bool   `json:"stream"`
		Email  bool   `json:"email"`
	}
	out := struct {
		Types []choice  `json:"types"`
		Batch batchTime `json:"notify_setting_batchtime"`
		Own   bool      `json:"notify_setting_selfemail"`
		Feed  bool      `json:"feed"`
	}{Batch: p.Batch, Own: p.Own, Feed: feeds > 0}
	for _, kind := range knownTypes {
		out.Types = append(out.Types, choice{kind, p.streams(kind), p.Mailed[kind]})
	}
	said(w, out)
	return nil
}

func (rm *Room) days(ctx context.Context) (int, error) {
	text, err := rm.settings.Default(ctx, settingsApp, daysSetting, strconv.Itoa(defaultDays))
	if err != nil {
		return 0, err
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 1 || days > 36500 {
		return 0, fmt.Errorf("setting %s/%s is %q: it must be a number of days", settingsApp, daysSetting, text)
	}
	return days, nil
}

// wanted is somebody whose mail is due.
type wanted struct {
	uid    string
	mailed int64
}

// The bounds of mail: letters between two looks at who is due, entries that are read
// for one, and lines that it has.
const (
	mailsAtOnce = 200
	maxRead     = 1000
	maxLines    = 50
)

// Mail writes to those whose mail is due what is new in their streams.
func (rm *Room) Mail(ctx context.Context) error {
	_, err := rm.sendDue(ctx)
	return err
}

func (rm *Room) sendDue(ctx context.Context) (sent int, err error) {
	if !rm.mail.Ready() {
		return 0, nil
	}
	now := rm.Now()
	for {
		due, err := db.List(ctx, rm.db, func(r db.Row) (w wanted, err error) { return w, r.Scan(&w.uid, &w.mailed) },
			"SELECT uid, mailed FROM activity_pref WHERE due > 0 AND due <= ? ORDER BY due LIMIT ?", now.Unix(), mailsAtOnce)
		if err != nil || len(due) == 0 {
			return sent, err
		}
		for _, w := range due {
			wrote, err := rm.mailTo(ctx, w, now)
			if ctx.Err() != nil {
				return sent, err
			}
			if err != nil { // one account shall not keep the mail of all others
				rm.Log.WarnContext(ctx, "activity mail waits", "user", w.uid, logs.Err, err)
				if _, err := rm.db.Exec(ctx, "UPDATE activity_pref SET due = ? WHERE uid = ?", now.Add(10*time.Minute).Unix(), w.uid); err != nil {
					return sent, err
				}
			}
			if wrote {
				sent++
			}
		}
	}
}

func (rm *Room) mailTo(ctx context.Context, w wanted, now time.Time) (wrote bool, err error) {
	u, err := rm.dir.User(ctx, w.uid)
	if err != nil {
		return false, err
	}
	p, err := rm.prefsOf(ctx, w.uid)
	if err != nil {
		return false, err
	}
	lines, upTo, err := rm.linesFor(ctx, u, p, w.mailed)
	if err != nil {
		return false, err
	}
	site := rm.mail.Site(ctx)
	return len(lines) > 0, rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "UPDATE activity_pref SET mailed = ?, due = ? WHERE uid = ?", upTo, p.Batch.next(now, u.Timezone).Unix(), w.uid); err != nil {
			return err
		}
		if len(lines) == 0 {
			return nil
		}
		more := max(0, len(lines)-maxLines)
		m, err := rm.digest(plug.Sample{Site: site, Language: u.Language, Name: u.Display}, lines[:len(lines)-more], more)
		if err != nil {
			return err
		}
		m.To, m.Name = u.Mail, u.Display
		if err := rm.mail.Queue(ctx, tx, m); !errors.Is(err, fault.Invalid) { // an address that is none
			return err
		}
		return nil
	})
}

// digest writes the letter that tells what happened, and of how much more.
func (rm *Room) digest(s plug.Sample, lines []string, more int) (mail.Message, error) {
	return rm.letters.WriteList("digest", s.Language, map[string]any{"Site": s.Site, "Name": s.Name, "Count": len(lines) + more, "More": more,
		"Link": rm.Base + "/apps/activity/"}, lines)
}

// sampleDigest is the letter with things that were made up.
func (rm *Room) sampleDigest(s plug.Sample) (mail.Message, error) {
	in := tongue.All().For(s.Language)
	made := strings.NewReplacer("{user}", "Olga", "{actor}", "Olga", "{file}", "Regatta 2027.pdf")
	return rm.digest(s, []string{made.Replace(fileWords["share-user-me"].In(in)), made.Replace(fileWords["changed-other"].In(in))}, 0)
}

// linesFor are the lines of somebody's next letter, and up to which fact they go.
func (rm *Room) linesFor(ctx context.Context, u *identity.User, p prefs, after int64) (lines []string, upTo int64, err error) {
	upTo = after
	if u.Mail == "" || !u.Enabled {
		return nil, upTo, nil
	}
	pr, err := rm.principal(ctx, u)
	if err != nil {
		return nil, upTo, err
	}
	me, err := rm.readerOf(ctx, u, pr)
	if err != nil {
		return nil, upTo, err
	}
	me.prefs = prefs{} // the stream may show less than the mail
	got, err := rm.read(ctx, me, filter{}, oldest, after, maxRead)
	if err != nil {
		return nil, upTo, err
	}
	var fresh []entry
	for _, e := range got.entries {
		if p.Mailed[typeOf(e.fact)] && (p.Own || !me.did(e.fact)) {
			fresh = append(fresh, e)
		}
	}
	n := names{rm, map[string]known{}}
	for _, e := range fresh {
		s, err := n.say(ctx, e, me, rm.Base, whole)
		if err != nil {
			return nil, upTo, err
		}
		lines = append(lines, s.plain())
	}
	return lines, max(after, got.last), nil
}

func (rm *Room) sendCommand() *cobra.Command {
	return &cobra.Command{Use: "activity:send-mails", Short: "Send the mail about activities that is due now", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !rm.mail.Ready() {
				return fault.New(fault.Unsupported, "This server sends no mail: no mail server is set up.")
			}
			n, err := rm.sendDue(cmd.Context())
			if err != nil {
				return err
			}
			cli.Say(cmd, "%d letters are on their way", n)
			return nil
		}}
}
