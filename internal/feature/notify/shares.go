package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
)

// What a share is called here, and the kinds of shares whose recipients have an
// account, in the numbers of the OCS share API.
const (
	shareApp   = "files_sharing"
	shareType  = "share"
	kindUser   = 0
	kindGroup  = 1
	sharesPath = "/ocs/v2.php/apps/files_sharing/api/v1/shares/pending/"
)

// shared tells recipients that something was shared with them. Where they must
// accept it first, they can do so right there.
func (rm *Room) shared(ctx context.Context, ev event.ShareMade) error {
	n, ok, err := rm.shareNotice(ctx, ev.Shared)
	if err != nil || !ok {
		return err
	}
	if ev.Note != "" {
		n.Message = event.Written(ev.Note)
	}
	if ev.Pending {
		link := sharesPath + strconv.FormatInt(ev.Share, 10)
		n.Params["file"] = event.RichObject{"type": "highlight", "id": n.Params["file"]["id"], "name": n.Params["file"]["name"]}
		n.Link = "/apps/files/pendingshares"
		n.Actions = []event.NoticeAction{
			{Label: event.Say("Accept"), Link: link, Method: "POST", Primary: true},
			{Label: event.Say("Decline"), Link: link, Method: "DELETE"},
		}
	}
	return rm.Tell(ctx, n)
}

// shareNotice is what recipients of a share are told; false: there are none who
// read notices, or what was shared is gone.
func (rm *Room) shareNotice(ctx context.Context, s event.Shared) (event.Notice, bool, error) {
	n := event.Notice{App: shareApp, Type: shareType, Object: strconv.FormatInt(s.Share, 10), Icon: imgPath + "share-dark.svg",
		Subject: event.Say("{user} shared {file} with you"),
		Link:    fmt.Sprintf("/f/%d", s.Node), But: []string{s.Sharer}}
	switch s.Kind {
	case kindUser:
		n.To = []string{s.Recipient}
	case kindGroup:
		n.Groups = []string{s.Recipient}
		n.Subject = event.Say("{user} shared {file} with the group {group}")
	default:
		return n, false, nil
	}
	chains, err := rm.storage.Chains(ctx, s.Node)
	if err != nil || len(chains[s.Node]) == 0 {
		return n, false, err
	}
	name := chains[s.Node][len(chains[s.Node])-1].Name
	n.Params = map[string]event.RichObject{"file": {"type": "file", "id": strconv.FormatInt(s.Node, 10), "name": name, "path": name, "link": n.Link}}
	if n.Params["user"], err = rm.person(ctx, s.Sharer); err != nil {
		return n, false, err
	}
	if s.Kind == kindGroup {
		n.Params["group"] = event.RichObject{"type": "user-group", "id": s.Recipient, "name": s.Recipient}
		if g, err := rm.dir.Group(ctx, s.Recipient); err == nil {
			n.Params["group"]["name"] = g.Display
		} else if !errors.Is(err, fault.NotFound) {
			return n, false, err
		}
	}
	return n, true, nil
}

// person is an account as a parameter of words.
func (rm *Room) person(ctx context.Context, uid string) (event.RichObject, error) {
	u, err := rm.dir.User(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return event.RichObject{"type": "user", "id": uid, "name": uid}, nil
	}
	if err != nil {
		return nil, err
	}
	return event.RichObject{"type": "user", "id": uid, "name": u.Display}, nil
}

func overOf(s event.Shared, to ...string) event.NoticeOver {
	return event.NoticeOver{App: shareApp, Type: shareType, Object: strconv.FormatInt(s.Share, 10), To: to}
}

// shareChanged takes the question back from who has answered it.
func (rm *Room) shareChanged(ctx context.Context, ev event.ShareChanged) error {
	if ev.Actor == "" || !slices.Contains(ev.What, event.ShareAccepted) {
		return nil
	}
	return rm.TakeBack(ctx, overOf(ev.Shared, ev.Actor))
}

// shareRemoved takes back what is over: for who left, or for all.
func (rm *Room) shareRemoved(ctx context.Context, ev event.ShareRemoved) error {
	if ev.Why == event.ShareLeft && ev.Actor != "" {
		return rm.TakeBack(ctx, overOf(ev.Shared, ev.Actor))
	}
	return rm.TakeBack(ctx, overOf(ev.Shared))
}
