package transfer

import (
	"context"
	"errors"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
)

// offer is something of one account's that another one may have: a row of the table
// handover.
type offer struct {
	id               int64
	owner, recipient string
	node             int64
	name             string
	taken            int64 // Unix time at which it was accepted, 0: not yet
}

const columns = "id, owner, recipient, node, name, taken"

func scanOffer(r db.Row) (o offer, err error) {
	return o, r.Scan(&o.id, &o.owner, &o.recipient, &o.node, &o.name, &o.taken)
}

// The notices about an offer, and how long an accepted one can be accepted again
// with the same answer.
const (
	app      = "files"
	kind     = "transfer"
	told     = "transfer-answer"
	path     = "/ocs/v2.php/apps/files/api/v1/transferownership/"
	keepDone = 24 * time.Hour
)

// notice asks the recipient (34-apps/083).
func (o offer) notice(display string) event.Notice {
	at := path + strconv.FormatInt(o.id, 10)
	return event.Notice{To: []string{o.recipient}, App: app, Type: kind, Object: strconv.FormatInt(o.id, 10), Icon: "/apps/files/img/folder-move.svg",
		Subject: event.Say("{user} offers you {path}"),
		Message: event.Say("Once you accept, it is yours and counts against your storage."),
		Params: map[string]event.RichObject{"user": {"type": "user", "id": o.owner, "name": display},
			"path": {"type": "highlight", "id": o.recipient + "::" + o.name, "name": o.name}},
		Actions: []event.NoticeAction{
			{Label: event.Say("Accept"), Link: at, Method: "POST", Primary: true},
			{Label: event.Say("Reject"), Link: at, Method: "DELETE"},
		}}
}

// over takes the question back.
func (o offer) over() event.NoticeOver {
	return event.NoticeOver{App: app, Type: kind, Object: strconv.FormatInt(o.id, 10)}
}

// answer tells the owner what became of an offer.
func (o offer) answer(display string, words event.Words) event.Notice {
	return event.Notice{To: []string{o.owner}, App: app, Type: told, Object: strconv.FormatInt(o.id, 10), Icon: "/apps/files/img/folder-move.svg", Subject: words,
		Params: map[string]event.RichObject{"user": {"type": "user", "id": o.recipient, "name": display},
			"path": {"type": "highlight", "id": o.owner + "::" + o.name, "name": o.name}}}
}

// ask offers what lies at a path of the caller's to somebody they may know of, for
// {recipient, path} (34-apps/080 to 082). A new offer of the same thing takes the
// place of a former one.
func (rm *Room) ask(ctx context.Context, r *ocs.Request) (any, error) {
	me := r.Caller()
	to, err := r.Param("recipient")
	if err != nil {
		return nil, err
	}
	at, err := r.Param("path")
	if err != nil {
		return nil, err
	}
	taker, err := rm.known(ctx, me, to)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Wrap(fault.Invalid, err, "There is nobody of this name.")
	}
	if err != nil {
		return nil, err
	}
	if err := differ(me.ID, taker.ID); err != nil {
		return nil, err
	}
	e, err := rm.own(ctx, me, at)
	if err != nil {
		return nil, err
	}
	o := offer{owner: me.ID, recipient: taker.ID, node: e.ID, name: e.Base()}
	if o.id, err = rm.db.ID(ctx); err != nil {
		return nil, err
	}
	return nil, rm.db.Tx(ctx, func(tx *db.DB) error {
		if err := rm.withdraw(ctx, tx, "owner = ? AND node = ? AND taken = 0", o.owner, o.node); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO handover ("+columns+") VALUES (?, ?, ?, ?, ?, 0)", o.id, o.owner, o.recipient, o.node, o.name); err != nil {
			return err
		}
		return rm.publish(ctx, tx, o.notice(me.Display))
	})
}

// own is what the caller may give away: their own, and not all of it at once.
func (rm *Room) own(ctx context.Context, p *who.Principal, path string) (*files.Entry, error) {
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	e, err := v.Stat(ctx, path)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, fault.Wrap(fault.Invalid, err, "There is no such file or folder.")
	case err != nil:
		return nil, err
	case e.IsRoot():
		return nil, fault.New(fault.Invalid, "Name the file or folder to hand over.")
	case len(e.Mount.Path) > 0 || e.Mount.Owner != p.ID:
		return nil, fault.New(fault.Denied, "This belongs to somebody else.")
	case !may(p, files.Delete|files.Share):
		return nil, fault.New(fault.Denied, "You may not give this away.")
	}
	return e, nil
}

// may tells whether roles and the credential leave somebody rights to their files.
func may(p *who.Principal, want files.Perm) bool {
	return (p.Scope.FileRights()&^p.Withheld)&want == want
}

// withdraw removes offers and takes their questions back.
func (rm *Room) withdraw(ctx context.Context, tx *db.DB, where string, args ...any) error {
	old, err := db.List(ctx, tx, scanOffer, "SELECT "+columns+" FROM handover WHERE "+where, args...)
	if err != nil {
		return err
	}
	for _, o := range old {
		if _, err := tx.Exec(ctx, "DELETE FROM handover WHERE id = ?", o.id); err != nil {
			return err
		}
		if err := rm.publish(ctx, tx, o.over()); err != nil {
			return err
		}
	}
	return nil
}

// errNone is the same for an offer that is not there and one to somebody else.
var errNone = fault.New(fault.NotFound, "There is no such offer.")

func (rm *Room) offer(ctx context.Context, r *ocs.Request) (offer, error) {
	id, err := strconv.ParseInt(r.Path("id"), 10, 64)
	if err != nil {
		return offer{}, errNone
	}
	o, err := db.One(ctx, rm.db, scanOffer, "SELECT "+columns+" FROM handover WHERE id = ?", id)
	if errors.Is(err, fault.NotFound) || err == nil && o.recipient != r.Caller().ID && o.owner != r.Caller().ID {
		return offer{}, errNone
	}
	return o, err
}

// accept moves what was offered to the caller; asked again, it says the same
// (34-apps/084, 085).
func (rm *Room) accept(ctx context.Context, r *ocs.Request) (any, error) {
	o, err := rm.offer(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case o.recipient != r.Caller().ID:
		return nil, errNone
	case o.taken != 0:
		return nil, nil
	case !may(r.Caller(), files.Create) || r.Caller().Scope != nil && len(r.Caller().Scope.Folders) > 0:
		return nil, fault.New(fault.Denied, "You may not add files here.")
	}
	if err := rm.move(ctx, o); err != nil {
		return nil, err
	}
	return nil, rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "UPDATE handover SET taken = ? WHERE id = ? AND taken = 0", rm.Now().Unix(), o.id)
		if err != nil || n == 0 {
			return err
		}
		if err := rm.publish(ctx, tx, o.over()); err != nil {
			return err
		}
		return rm.publish(ctx, tx, o.answer(r.Caller().Display, event.Say("{user} accepted {path}")))
	})
}

// move hands over what was offered, wherever it is by now, if there is room for it.
// What the recipient has already stays where it is.
func (rm *Room) move(ctx context.Context, o offer) error {
	owner, err := rm.files.As(ctx, &who.Principal{ID: o.owner})
	if err != nil {
		return err
	}
	e, err := owner.ByID(ctx, o.node)
	if errors.Is(err, fault.NotFound) {
		return rm.moved(ctx, o)
	}
	if err != nil {
		return err
	}
	if len(e.Mount.Path) > 0 || e.Mount.Owner != o.owner {
		return rm.moved(ctx, o)
	}
	used, total, err := rm.files.Usage(ctx, o.recipient)
	if err != nil {
		return err
	}
	if total < 0 || e.Size <= total-used { // else not even the folder for it is made
		_, _, err = rm.carry(ctx, o.owner, o.recipient, e.Path, rm.files.Give)
	} else {
		err = fault.Full
	}
	if errors.Is(err, fault.Full) {
		err = fault.Wrap(fault.Full, err, "There is no room for {name} in your storage.", "name", o.name)
	}
	return err
}

// moved tells whether an earlier, interrupted call has moved what was offered; else
// it is gone.
func (rm *Room) moved(ctx context.Context, o offer) error {
	v, err := rm.files.As(ctx, &who.Principal{ID: o.recipient})
	if err != nil {
		return err
	}
	e, err := v.ByID(ctx, o.node)
	if err == nil && len(e.Mount.Path) == 0 && e.Mount.Owner == o.recipient {
		return nil
	}
	if err == nil || errors.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "What was offered is no longer there.")
	}
	return err
}

// reject ends an offer that was not accepted: its recipient declines it, or its
// owner takes it back (34-apps/086).
func (rm *Room) reject(ctx context.Context, r *ocs.Request) (any, error) {
	o, err := rm.offer(ctx, r)
	if err == nil && o.taken != 0 {
		err = errNone
	}
	if err != nil {
		return nil, err
	}
	return nil, rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM handover WHERE id = ? AND taken = 0", o.id)
		if err != nil || n == 0 {
			return err
		}
		if err := rm.publish(ctx, tx, o.over()); err != nil || o.owner == r.Caller().ID {
			return err
		}
		return rm.publish(ctx, tx, o.answer(r.Caller().Display, event.Say("{user} declined {path}")))
	})
}

// Tidy forgets offers that were accepted a while ago.
func (rm *Room) Tidy(ctx context.Context) error {
	_, err := rm.db.Exec(ctx, "DELETE FROM handover WHERE taken > 0 AND taken < ?", rm.Now().Add(-keepDone).Unix())
	return err
}
