package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

// managed is the setting that leaves pictures to the service that an account comes from.
var managed = plug.Setting{App: "core", Name: "avatars_managed", Kind: plug.SettingOne, Default: "0"}

// errManaged is a picture that its owner may not change.
var errManaged = fault.New(fault.Denied, "Your picture comes from where your account comes from, and is changed there.")

// portrait is what a service has said last of somebody's picture.
type portrait struct {
	source, mark string
	tag          string // of the avatar that was made of it; "": none was
	checked      time.Time
}

func (rm *Room) portraitOf(ctx context.Context, uid string) (p portrait, err error) {
	p, err = db.One(ctx, rm.db, func(r db.Row) (p portrait, err error) {
		var checked int64
		err = r.Scan(&p.source, &p.mark, &p.tag, &checked)
		p.checked = time.Unix(checked, 0)
		return p, err
	}, "SELECT source, mark, tag, checked FROM cloud_portrait WHERE uid = ?", uid)
	if errors.Is(err, fault.NotFound) {
		return portrait{}, nil
	}
	return p, err
}

// Portrait tells by what mark a service knew the picture that it gave last for an account,
// and when it was asked; "" for none.
func (rm *Room) Portrait(ctx context.Context, uid, source string) (mark string, checked time.Time, err error) {
	p, err := rm.portraitOf(ctx, uid)
	if err != nil || p.source != source {
		return "", time.Time{}, err
	}
	return p.mark, p.checked, nil
}

// SetPortrait takes the picture that a service has of an account, a PNG or JPEG of any
// size, and a mark of at most 255 bytes that is another when the picture is; an empty
// picture is none any more. One with the mark of the last is the same and is looked
// at no further, unless its owner has put another in its place and pictures are managed.
// Else a picture that its owner has set stays.
// What cannot be read is fault.Invalid, and keeps the mark: it is not tried again.
func (rm *Room) SetPortrait(ctx context.Context, uid, source, mark string, raw []byte) error {
	was, err := rm.portraitOf(ctx, uid)
	if err != nil {
		return err
	}
	if len(raw) == 0 && was == (portrait{}) {
		return nil
	}
	now := portrait{source: source, mark: mark, tag: was.tag}
	has, err := rm.tagOf(ctx, uid)
	if err != nil {
		return err
	}
	managed, err := rm.managed(ctx)
	if err != nil {
		return err
	}
	own := has != "" && has != was.tag
	same := was.source == source && was.mark == mark
	if own && !managed || same && !(own && len(raw) > 0) {
		return rm.keepPortrait(ctx, uid, now)
	}
	now.tag = ""
	if len(raw) == 0 {
		return errors.Join(rm.drop(ctx, uid), rm.keepPortrait(ctx, uid, now))
	}
	img, why := decode(raw)
	if why != "" {
		return errors.Join(fault.New(fault.Invalid, why), rm.keepPortrait(ctx, uid, now))
	}
	if now.tag, err = rm.keep(ctx, uid, img); err != nil {
		return err
	}
	return rm.keepPortrait(ctx, uid, now)
}

// tagOf tells somebody's avatar from others; "": there is none.
func (rm *Room) tagOf(ctx context.Context, uid string) (string, error) {
	tag, err := db.One(ctx, rm.db, db.Scan1[string], "SELECT tag FROM cloud_avatar WHERE uid = ?", uid)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return tag, err
}

func (rm *Room) keepPortrait(ctx context.Context, uid string, p portrait) error {
	_, err := rm.db.Exec(ctx, "INSERT INTO cloud_portrait (uid, source, mark, tag, checked) VALUES (?, ?, ?, ?, ?) {{on uid set source, mark, tag, checked}}",
		uid, p.source, p.mark, p.tag, rm.Now().Unix())
	if err != nil {
		return fmt.Errorf("portrait of %s: %w", uid, err)
	}
	return nil
}

func (rm *Room) managed(ctx context.Context) (bool, error) {
	v, err := rm.settings.Default(ctx, managed.App, managed.Name, managed.Default)
	return v == "1", err
}

// mayChange refuses who wants to change a picture that a service has given while pictures
// are managed.
func (rm *Room) mayChange(ctx context.Context, uid string) error {
	on, err := rm.managed(ctx)
	if err != nil || !on {
		return err
	}
	p, err := rm.portraitOf(ctx, uid)
	if err == nil && p.tag != "" {
		return errManaged
	}
	return err
}
