package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// nothing encodes to null.
type nothing struct{}

// noSuch is the answer where there is no such notice, or account
// (33-notify-activity/007, 018).
func noSuch() error { return &ocs.Failure{Code: http.StatusNotFound, Data: (*nothing)(nil)} }

// unfit is the answer to what cannot be (33-notify-activity/008).
func unfit() error { return &ocs.Failure{Code: http.StatusBadRequest, Data: (*nothing)(nil)} }

var errNoImage = fault.New(fault.NotFound, "There is nothing at this address.")

func (rm *Room) caller(ctx context.Context, r *ocs.Request) (reader, error) {
	u, err := rm.dir.User(ctx, r.Caller().ID)
	if err != nil {
		return reader{}, err
	}
	return rm.reader(ctx, u)
}

// list answers GET …/notifications (33-notify-activity/002, 011 to 014). The ETag
// is that of the ids and the language, whatever the format, and the caller's
// status stands in a header also when nothing is new.
func (rm *Room) list(ctx context.Context, r *ocs.Request, old bool) (any, error) {
	me, err := rm.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	found, err := rm.listOf(ctx, me)
	if err != nil {
		return nil, err
	}
	status := "online"
	if rm.Presence != nil {
		if status, err = rm.Presence.Presence(ctx, me.uid); err != nil {
			return nil, err
		}
	}
	head := http.Header{"X-Nextcloud-User-Status": {status}}
	base := web.VisitOf(ctx).Base()
	if old {
		short := make([]shortItem, len(found))
		for i, n := range found {
			short[i] = n.show(me, base).short()
		}
		return ocs.Answer{Data: short, Header: head}, nil
	}
	tag := tagOf(found, me.tongue.Code)
	head["Etag"] = []string{tag}
	if r.Header.Get("If-None-Match") == tag {
		return ocs.Answer{Status: http.StatusNotModified, Header: head}, nil
	}
	full := make([]fullItem, len(found))
	for i, n := range found {
		full[i] = n.show(me, base)
	}
	return ocs.Answer{Data: full, Header: head}, nil
}

func tagOf(found []item, lang string) string {
	h := sha256.New()
	for _, n := range found {
		h.Write(strconv.AppendInt(nil, n.id, 10))
		h.Write([]byte{' '})
	}
	h.Write([]byte(lang))
	return `"` + hex.EncodeToString(h.Sum(nil)[:16]) + `"`
}

// get answers GET …/notifications/{id} (33-notify-activity/017, 018, 024).
func (rm *Room) get(ctx context.Context, r *ocs.Request, old bool) (any, error) {
	me, err := rm.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.Path("id"), 10, 64)
	if err != nil {
		return nil, noSuch()
	}
	n, err := rm.one(ctx, me, id)
	if errors.Is(err, fault.NotFound) {
		return nil, noSuch()
	}
	if err != nil {
		return nil, err
	}
	out := n.show(me, web.VisitOf(ctx).Base())
	if old {
		return out.short(), nil
	}
	return out, nil
}

// dismiss answers DELETE …/notifications/{id}; one that is gone is fine
// (33-notify-activity/022, 023).
func (rm *Room) dismiss(ctx context.Context, r *ocs.Request) (any, error) {
	me, err := rm.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.Path("id"), 10, 64)
	if err != nil || id <= 0 {
		return nil, noSuch()
	}
	return nil, rm.Dismiss(ctx, me, id)
}

func (rm *Room) dismissAll(ctx context.Context, r *ocs.Request) (any, error) {
	me, err := rm.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	return nil, rm.DismissAll(ctx, me)
}

// maxExists is how many ids may be asked about at once (33-notify-activity/021).
const maxExists = 200

// exists answers which of some ids are still on the list (33-notify-activity/019).
func (rm *Room) exists(ctx context.Context, r *ocs.Request) (any, error) {
	texts, err := r.List("ids")
	if err != nil {
		return nil, err
	}
	if len(texts) > maxExists {
		return nil, ocs.Fail(http.StatusBadRequest, "")
	}
	var ids []int64
	for _, t := range texts {
		if id, err := strconv.ParseInt(t, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return []int64{}, nil
	}
	me, err := rm.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	found, err := rm.existing(ctx, me, ids)
	if found == nil {
		found = []int64{}
	}
	return found, err
}

// testSelf lets people see whether notices arrive (33-notify-activity/010).
func (rm *Room) testSelf(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := rm.tell(ctx, item{plain: true, Notice: event.Notice{To: []string{r.Caller().ID}, App: adminApp, Type: adminApp,
		Object: newObject(), Subject: event.Say("Testing push notifications")}})
	return struct {
		Message string `json:"message"`
		ID      int64  `json:"nid"`
	}{noPush, id}, err
}

const noPush = "Clients hear of it at the websocket. No push proxy is set up, so phones hear of it when they look.\n"

// registerPush answers a phone that wants to be pushed to by a proxy
// (33-notify-activity/028 to 031). What it says is checked in the recorded order,
// so that a wrong client learns what is wrong with it; and then there is no proxy
// that this server would send to.
func (rm *Room) registerPush(_ context.Context, r *ocs.Request) (any, error) {
	if !byDevice(r.Caller()) {
		return nil, badPush("INVALID_SESSION_TOKEN")
	}
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	switch {
	case !isHash(p.Get("pushTokenHash")):
		return nil, badPush("INVALID_PUSHTOKEN_HASH")
	case !isDeviceKey(p.Get("devicePublicKey")):
		return nil, badPush("INVALID_DEVICE_KEY")
	}
	return nil, badPush("INVALID_PROXY_SERVER")
}

// removePush answers a phone that wants no more (33-notify-activity/036, 037). None
// is registered.
func (rm *Room) removePush(_ context.Context, r *ocs.Request) (any, error) {
	if !byDevice(r.Caller()) {
		return nil, badPush("INVALID_SESSION_TOKEN")
	}
	return nil, nil
}

func badPush(why string) error {
	return &ocs.Failure{Code: http.StatusBadRequest, Data: map[string]string{"message": why}}
}

// objectParams reads rich objects from a JSON object of them.
func objectParams(text string) (map[string]event.RichObject, error) {
	if text == "" || text == "[]" {
		return nil, nil
	}
	var out map[string]event.RichObject
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, unfit()
	}
	for name, o := range out {
		if name == "" || len(name) > 64 || o["type"] == "" || o["id"] == "" || o["name"] == "" {
			return nil, unfit()
		}
		if link := o["link"]; link != "" && !safePath(link) {
			return nil, unfit()
		}
	}
	return out, nil
}
