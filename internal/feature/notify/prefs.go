package notify

import (
	"context"
	"errors"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/core/event"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/mail"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
)

// pref is how somebody wants to be told.
type pref struct {
	Batch int64 `json:"batchSetting"` // mail at most so often, in seconds; 0: no mail
	Sound bool  `json:"soundNotification"`
	Talk  bool  `json:"soundTalk"`
}

// batches are the choices that the web pages of Nextcloud offer by number.
var batches = [...]int64{0, 3600, 3 * 3600, 24 * 3600, 7 * 24 * 3600}

// The least and most time between two mails, in seconds.
const (
	minBatch = 300
	maxBatch = 31 * 24 * 3600
)

// readPref reads what a call wants (33-notify-activity/038).
func readPref(r *ocs.Request) (p pref, err error) {
	params, err := r.Params()
	if err != nil {
		return p, err
	}
	for _, name := range []string{"batchSetting", "soundNotification", "soundTalk"} {
		if !params.Has(name) {
			return p, fault.New(fault.Invalid, "The parameter {name} is missing.", "name", name)
		}
	}
	if p.Batch, err = r.Int("batchSetting", 0); err != nil {
		return p, err
	}
	if p.Batch >= 0 && p.Batch < int64(len(batches)) {
		p.Batch = batches[p.Batch]
	}
	if p.Batch != 0 && (p.Batch < minBatch || p.Batch > maxBatch) {
		return p, fault.New(fault.Invalid, "Mail comes every five minutes at most and every month at least.")
	}
	if p.Sound, err = r.Bool("soundNotification"); err != nil {
		return p, err
	}
	p.Talk, err = r.Bool("soundTalk")
	return p, err
}

func number01(b bool) int {
	if b {
		return 1
	}
	return 0
}

// setPref keeps how the caller wants to be told. Mail begins with what comes after.
func (rm *Room) setPref(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := readPref(r)
	if err != nil {
		return nil, err
	}
	now, due := rm.Now().Unix(), int64(0)
	if p.Batch > 0 {
		due = now + p.Batch
	}
	_, err = rm.db.Exec(ctx, `INSERT INTO notice_pref (uid, batch, sound, talk, mailed, due) VALUES (?, ?, ?, ?, ?, ?)
		{{on uid set batch,sound,talk,mailed,due}}`, r.Caller().ID, p.Batch, number01(p.Sound), number01(p.Talk), now, due)
	return nil, err
}

// The settings of what those have who did not say.
const (
	settingsApp  = "notifications"
	soundSetting = "sound_notification"
	talkSetting  = "sound_talk"
	yes, no      = "yes", "no"
)

func (rm *Room) showPref(ctx context.Context, r *ocs.Request) (any, error) {
	var sound, talk int
	p, err := db.One(ctx, rm.db, func(row db.Row) (p pref, err error) { return p, row.Scan(&p.Batch, &sound, &talk) },
		"SELECT batch, sound, talk FROM notice_pref WHERE uid = ?", r.Caller().ID)
	if !errors.Is(err, fault.NotFound) {
		p.Sound, p.Talk = sound == 1, talk == 1
		return p, err
	}
	s, err := rm.settings.Default(ctx, settingsApp, soundSetting, yes)
	if err != nil {
		return nil, err
	}
	t, err := rm.settings.Default(ctx, settingsApp, talkSetting, yes)
	return pref{0, s == yes, t == yes}, err
}

// setDefaults keeps what those have who did not say (33-notify-activity/040). Mail
// is not among it: it comes to those who ask for it.
func (rm *Room) setDefaults(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := readPref(r)
	if err != nil {
		return nil, err
	}
	if p.Batch != 0 {
		return nil, fault.New(fault.Invalid, "Mail comes to those who ask for it.")
	}
	words := map[bool]string{true: yes, false: no}
	if err := rm.settings.Set(ctx, settingsApp, soundSetting, words[p.Sound]); err != nil {
		return nil, err
	}
	return nil, rm.settings.Set(ctx, settingsApp, talkSetting, words[p.Talk])
}

// wanted is somebody who is due for mail.
type wanted struct {
	uid           string
	batch, mailed int64
}

// mailsAtOnce is how many letters are written between two looks at who is due.
const mailsAtOnce = 200

// Mail writes to those who asked for it and whose time has come what is new on
// their lists.
func (rm *Room) Mail(ctx context.Context) error {
	if !rm.mail.Ready() {
		return nil
	}
	now := rm.Now().Unix()
	for {
		due, err := db.List(ctx, rm.db, func(r db.Row) (w wanted, err error) { return w, r.Scan(&w.uid, &w.batch, &w.mailed) },
			"SELECT uid, batch, mailed FROM notice_pref WHERE due > 0 AND due <= ? ORDER BY due LIMIT ?", now, mailsAtOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, w := range due {
			if err := rm.mailTo(ctx, w, now); err != nil {
				return err
			}
		}
	}
}

func (rm *Room) mailTo(ctx context.Context, w wanted, now int64) error {
	u, err := rm.dir.User(ctx, w.uid)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	var fresh []string
	var me reader
	if err == nil && u.Mail != "" && u.Enabled {
		if me, err = rm.reader(ctx, u); err != nil {
			return err
		}
		found, err := rm.listOf(ctx, me)
		if err != nil {
			return err
		}
		for _, n := range found {
			if n.at.Unix() >= w.mailed && n.at.Unix() < now {
				s := n.show(me, rm.Base)
				fresh = append(fresh, s.Subject)
			}
		}
	}
	site := rm.mail.Site(ctx)
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "UPDATE notice_pref SET mailed = ?, due = ? WHERE uid = ?", now, now+w.batch, w.uid); err != nil {
			return err
		}
		if len(fresh) == 0 {
			return nil
		}
		return rm.queueDigest(ctx, tx, u, site, fresh)
	})
}

// digest writes the letter that tells of several notices.
func (rm *Room) digest(s plug.Sample, lines []string) (mail.Message, error) {
	return rm.letters.WriteList("digest", s.Language, map[string]any{"Site": s.Site, "Name": s.Name, "Count": len(lines), "Link": rm.Base + "/"}, lines)
}

// sampleDigest is the letter with notices that were made up.
func (rm *Room) sampleDigest(s plug.Sample) (mail.Message, error) {
	in := tongue.All().For(s.Language)
	return rm.digest(s, []string{accountWords[event.MadeAdmin].In(in), accountWords[event.SignedInNewPlace].In(in)})
}

func (rm *Room) queueDigest(ctx context.Context, tx *db.DB, u *identity.User, site mail.Brand, lines []string) error {
	m, err := rm.digest(plug.Sample{Site: site, Language: u.Language, Name: u.Display}, lines)
	if err != nil {
		return err
	}
	m.To, m.Name = u.Mail, u.Display
	err = rm.mail.Queue(ctx, tx, m)
	if errors.Is(err, fault.Invalid) {
		return nil // an address that is none
	}
	return err
}

// looked is when spaces were last looked at, so that many writes cost one look.
type looked struct{ at map[int64]time.Time }

// lookAgain is after how long a home that is written to is looked at again.
const lookAgain = 5 * time.Minute

// The object of a notice about storage, and from how full on it is told.
const (
	storageApp  = "files"
	storageType = "storage"
	nearlyFull  = 90 // percent
	asGoodAs    = 99
)

// written looks whether the homes that were written to are nearly full. One
// subscriber runs at a time, so looked needs no lock.
func (rm *Room) written(ctx context.Context, evs []event.FileWritten) error {
	now := rm.Now()
	var spaces []int64
	for _, ev := range evs {
		if now.Sub(rm.looked.at[ev.Space]) >= lookAgain {
			rm.looked.at[ev.Space] = now
			spaces = append(spaces, ev.Space)
		}
	}
	if len(spaces) == 0 {
		return nil
	}
	if len(rm.looked.at) > 100_000 {
		clear(rm.looked.at)
	}
	owners, err := rm.storage.Owners(ctx, spaces...)
	if err != nil {
		return err
	}
	for _, uid := range owners {
		if err := rm.storageOf(ctx, uid); err != nil {
			return err
		}
	}
	return nil
}

// storageOf tells somebody that the storage is nearly full, once, and takes it
// back when it is not any more.
func (rm *Room) storageOf(ctx context.Context, uid string) error {
	used, total, err := rm.storage.Usage(ctx, uid)
	if err != nil {
		return err
	}
	percent := int64(0)
	if total > 0 {
		percent = used * 100 / total
	}
	told, err := db.List(ctx, rm.db, scanItem, "SELECT "+itemColumns+" FROM notice WHERE object = ? AND kind = ? AND app = ? AND audience = ?",
		uid, storageType, storageApp, person(uid))
	if err != nil {
		return err
	}
	level := ""
	switch {
	case percent >= asGoodAs:
		level = "full"
	case percent >= nearlyFull:
		level = "nearly"
	}
	switch {
	case level == "" && len(told) > 0:
		return rm.TakeBack(ctx, event.NoticeOver{App: storageApp, Type: storageType, Object: uid})
	case level == "" || len(told) > 0 && told[0].Params["level"]["id"] == level:
		return nil
	}
	return rm.Tell(ctx, event.Notice{To: []string{uid}, App: storageApp, Type: storageType, Object: uid, Subject: storageWords[level],
		Params: map[string]event.RichObject{"level": {"type": "highlight", "id": level, "name": level}}, Icon: imgPath + "storage-dark.svg", Link: "/apps/files/"})
}

var storageWords = map[string]event.Words{
	"nearly": event.Say("Your storage is nearly full"),
	"full":   event.Say("Your storage is full, files can no longer be uploaded"),
}
