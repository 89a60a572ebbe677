package sharemail

import (
	"context"
	"errors"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

// The setting: so many days before a link that was sent by mail ends, its recipient
// is reminded; 0 is never.
const (
	settingsApp = "sharebymail"
	remindName  = "remind_days"
	maxRemind   = 60
)

func offered() []plug.Setting {
	return []plug.Setting{{App: settingsApp, Name: remindName, Kind: plug.SettingNumber, Default: "0", Min: 0, Max: maxRemind}}
}

// keepReminded is how long after its end it is known that a share was reminded of,
// so that one that was made to last longer is not reminded of again.
const keepReminded = 400 * 24 * time.Hour

// Remind writes to recipients whose links end within the days of the setting, once
// for each share. Links that were made for fewer days are not reminded of.
func (rm *Room) Remind(ctx context.Context) error {
	values, err := rm.settings.Recent(ctx, settingsApp)
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(values[remindName])
	if err != nil || days <= 0 || days > maxRemind || !rm.mail.Ready() {
		return nil
	}
	now, before := rm.Now(), time.Duration(days)*24*time.Hour
	if _, err := rm.db.Exec(ctx, "DELETE FROM share_reminded WHERE until < ?", now.Add(-keepReminded).Unix()); err != nil {
		return err
	}
	ids, err := rm.shares.Ending(ctx, now, now.Add(before))
	if err != nil || len(ids) == 0 {
		return err
	}
	done := map[int64]bool{}
	for id, err := range db.All(ctx, rm.db, db.Scan1[int64], "SELECT share FROM share_reminded WHERE share IN (?)", ids) {
		if err != nil {
			return err
		}
		done[id] = true
	}
	for _, id := range ids {
		if done[id] {
			continue
		}
		if err := rm.remind(ctx, id, before); err != nil {
			return err
		}
	}
	return nil
}

// remind writes to the recipient of one share; of one that opens nothing any more
// nobody hears.
func (rm *Room) remind(ctx context.Context, id int64, before time.Duration) error {
	s, err := rm.shares.ByLink(ctx, id)
	if errors.Is(err, fault.NotFound) || err == nil && s.Created.After(s.Expires.Add(-before)) {
		return nil
	}
	if err != nil {
		return err
	}
	u, err := rm.dir.User(ctx, s.Sharer)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := rm.letters.Write("ending", u.Language, map[string]any{"Sharer": nameOf(u), "Name": s.Name, "Folder": s.Folder, "Drop": s.Drop,
		"Until": day(s.Expires), "Link": rm.base + "/s/" + s.Token})
	if err != nil {
		return err
	}
	m.To, m.ReplyTo = s.To, u.Mail
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		_, err := tx.Exec(ctx, "INSERT INTO share_reminded (share, until) VALUES (?, ?)", id, s.Expires.Unix())
		if errors.Is(err, fault.Exists) { // another node was faster
			return nil
		}
		if err != nil {
			return err
		}
		return rm.mail.Queue(ctx, tx, m)
	})
}
