package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
)

// sample is a message of a class as one is sent, with things made up; nil for no
// class of ours.
func (rm *Room) sample(class string) message {
	if !slices.Contains(Classes(), class) {
		return nil
	}
	ev := map[string]any{"class": class}
	maps.Copy(ev, sampleFacts(class))
	return message{"event": ev, "user": map[string]any{"uid": "olga", "displayName": "Olga"}, "time": rm.Now().Unix()}
}

// sampleFacts are what the events of a class tell.
func sampleFacts(class string) map[string]any {
	node := map[string]any{"id": 27355, "path": "/olga/files/Inbox/a.txt"}
	user := map[string]any{"uid": "otto"}
	switch class {
	case nodeRenamed:
		return map[string]any{"source": map[string]any{"path": "/olga/files/old.txt"}, "target": node}
	case nodeRestored:
		return map[string]any{"source": map[string]any{"path": "/olga/files_trashbin/files/a.txt"}, "target": node}
	case nodeCopied:
		return map[string]any{"target": node}
	case tagPut, tagTaken:
		return map[string]any{"objectType": "files", "objectIds": []string{"27355"}, "tagIds": []int64{3}}
	case commentMade, commentChanged, commentRemoved:
		c := map[string]any{"id": "12", "objectType": "files", "objectId": "27355", "actorType": "users", "actorId": "olga"}
		if class != commentRemoved {
			c["message"] = "Well done"
		}
		return map[string]any{"comment": c, "node": node}
	case shareMade, shareAccepted, shareDeleted, shareLeft:
		s := map[string]any{"id": "8", "shareType": 0, "shareOwner": "olga", "sharedBy": "olga", "sharedWith": "otto"}
		if class == shareMade || class == shareAccepted {
			s["permissions"], s["note"] = 17, ""
		}
		return map[string]any{"share": s, "node": node}
	case userChanged:
		return map[string]any{"user": user, "feature": "enabled", "value": false, "oldValue": true}
	case userCreated, userDeleted, passwordUpdated:
		return map[string]any{"user": user}
	}
	return map[string]any{"node": node}
}

// Trial is how a test of a webhook went.
type Trial struct {
	Delivered bool   `json:"delivered"` // the receiver answered with a 2xx
	Took      int64  `json:"took"`      // milliseconds
	Err       string `json:"error"`
	Private   bool   `json:"private"` // the address is in a private network, which is not allowed
}

// Test sends a webhook a message with things made up, once and at once. Its member test
// is true, by which receivers tell it from what has happened.
func (rm *Room) Test(ctx context.Context, id int64) (*Trial, error) {
	h, err := rm.hook(ctx, id)
	if err != nil {
		return nil, err
	}
	m := rm.sample(h.Event)
	m["test"] = true
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	out, err := rm.client(ctx)
	if err != nil {
		return nil, err
	}
	began := rm.Now()
	err = rm.send(ctx, out, h, Delivery{Hook: h.ID, Message: "msg_test_" + seal.Token(22), Event: h.Event, Body: string(body)})
	t := &Trial{Delivered: err == nil, Took: rm.Now().Sub(began).Milliseconds(), Private: errors.Is(err, errPrivate)}
	if err != nil {
		t.Err = strings.ToValidUTF8(err.Error()[:min(len(err.Error()), maxErr)], "")
	}
	return t, nil
}

// testHook answers POST …/webhooks/{id}/test.
func (rm *Room) testHook(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := number(r.Path("id"))
	if err != nil {
		return nil, errNoHook
	}
	return rm.Test(ctx, id)
}

// kind is an event that webhooks may be registered for, with a message of it.
type kind struct {
	Class  string  `json:"class"`
	Sample message `json:"sample"`
}

// listEvents answers GET …/events.
func (rm *Room) listEvents(context.Context, *ocs.Request) (any, error) {
	out := []kind{}
	for _, c := range Classes() {
		out = append(out, kind{c, rm.sample(c)})
	}
	return out, nil
}

// tryFilter answers POST …/filter eventFilter= event= message=: {"failure": what is wrong
// with the filter, "matches": whether it lets a message through}. Without a message it
// is tried with one that is made up.
func (rm *Room) tryFilter(_ context.Context, r *ocs.Request) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	m := rm.sample(in.Get("event"))
	said := in.Get("message")
	if said == "" {
		if m == nil {
			return nil, fault.New(fault.Invalid, "There is no such event.")
		}
		raw, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		said = string(raw)
	}
	m = nil // as filters see it: of JSON's types only
	if err := json.Unmarshal([]byte(said), &m); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The message is no JSON object.")
	}
	f, err := ParseFilter(in.Get("eventFilter"))
	if err != nil {
		return map[string]any{"failure": fault.Text(err), "matches": false}, nil
	}
	return map[string]any{"failure": "", "matches": f.Match(m)}, nil
}

// listBacklogs answers GET …/backlog: of each webhook that has any, what did not arrive.
func (rm *Room) listBacklogs(ctx context.Context, _ *ocs.Request) (any, error) {
	out := []Backlog{}
	for b, err := range rm.Backlogs(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// retryAll and dropAll answer with how many messages that were given up are sent again,
// or forgotten.
func (rm *Room) retryAll(ctx context.Context, _ *ocs.Request) (any, error) {
	n, err := rm.Retry(ctx)
	return map[string]int64{"count": n}, err
}

func (rm *Room) dropAll(ctx context.Context, _ *ocs.Request) (any, error) {
	n, err := rm.Bury(ctx)
	return map[string]int64{"count": n}, err
}
