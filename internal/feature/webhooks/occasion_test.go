package webhooks

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/event"
	"atrium/internal/core/files"
)

// Each class is told with the facts that the house knows.
func TestClassesAndTheirFacts(t *testing.T) {
	each(t, func(g *rig) {
		rc := g.receiver(nil)
		for _, c := range Classes() {
			g.register(rc.URL, c, "")
		}
		v, ctx := g.view("olga"), t.Context()
		if _, err := v.Mkdir(ctx, "/dir"); err != nil {
			t.Fatal(err)
		}
		id := g.put("olga", "/dir/a.txt")
		e, err := v.Stat(ctx, "/dir/a.txt")
		if err != nil {
			t.Fatal(err)
		}
		g.drain()
		rc.take()
		for _, c := range tellings(id, e.Mount.Space, e.Parent) {
			g.say(c.ev)
			g.drain()
			got := map[string]any{}
			for _, r := range rc.take() {
				if diff := cmp.Diff(map[string]any{"uid": "olga", "displayName": "Olga Ö. Capture"}, r.json["user"]); diff != "" {
					t.Errorf("%T: %s", c.ev, diff)
				}
				e := r.json["event"].(map[string]any)
				got[e["class"].(string)] = e
			}
			want := map[string]any{}
			for _, w := range c.want {
				want[w["class"].(string)] = w
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%+v: %s", c.ev, diff)
			}
		}
	})
}

// told is an event, and what webhooks tell of it: event of each message.
type told struct {
	ev   interface{ EventName() string }
	want []map[string]any
}

// tellings are events about the file id, /dir/a.txt of olga's, in a folder, and what is
// told of each.
func tellings(id, space, folder int64) []told {
	by := event.By{Actor: "olga"}
	at := map[string]any{"id": float64(id), "path": "/olga/files/dir/a.txt"}
	comment := map[string]any{"id": "5", "objectType": "files", "objectId": fmt.Sprint(id), "actorType": "users", "actorId": "olga", "message": "Hi"}
	gone := map[string]any{"id": "5", "objectType": "files", "objectId": fmt.Sprint(id), "actorType": "users", "actorId": "olga"}
	shared := event.Shared{Share: 9, Kind: 1, Node: id, Owner: "olga", Sharer: "olga", Recipient: "staff", By: by}
	share := map[string]any{"id": "9", "shareType": 1.0, "shareOwner": "olga", "sharedBy": "olga", "sharedWith": "staff"}
	full := map[string]any{"permissions": 3.0, "note": "see"}
	for k, v := range share {
		full[k] = v
	}
	account := func(what, detail string) event.AccountChanged {
		return event.AccountChanged{UID: "otto", What: what, Detail: detail, Actor: "olga"}
	}
	otto := map[string]any{"uid": "otto"}
	return []told{
		{event.FileWritten{Node: id, Parent: folder, Name: "a.txt", Made: true, By: by}, []map[string]any{{"class": nodeCreated, "node": at}, {"class": nodeWritten, "node": at}}},
		{event.FileWritten{Node: id, Parent: folder, Name: "a.txt", By: by}, []map[string]any{{"class": nodeWritten, "node": at}}},
		{event.NodeMade{Node: id, Parent: folder, Name: "a.txt", Copied: true, By: by}, []map[string]any{{"class": nodeCopied, "target": at}}},
		{event.NodeTouched{Node: id, Parent: folder, Name: "a.txt", By: by}, []map[string]any{{"class": nodeTouched, "node": at}}},
		{event.NodeRemoved{Node: 77, Parent: folder, Name: "b.txt", By: by}, []map[string]any{{"class": nodeDeleted, "node": map[string]any{"id": 77.0, "path": "/olga/files/dir/b.txt"}}}},
		{event.NodeRemoved{Node: 78, Parent: 1 << 40, Name: "b.txt", By: by}, []map[string]any{{"class": nodeDeleted, "node": map[string]any{"id": 78.0}}}},
		{event.NodeRemoved{Node: 79, Name: "eve", By: by}, []map[string]any{{"class": nodeDeleted, "node": map[string]any{"id": 79.0, "path": "/eve/files"}}}},
		{event.NodeMoved{Node: id, Parent: folder, Name: "a.txt", OldParent: folder, OldName: "o.txt", By: by},
			[]map[string]any{{"class": nodeRenamed, "source": map[string]any{"path": "/olga/files/dir/o.txt"}, "target": at}}},
		{event.NodeMoved{Node: id, Space: space, Parent: folder, Name: "a.txt", OldName: "o.txt", Returned: true, By: by},
			[]map[string]any{{"class": nodeRestored, "source": map[string]any{"path": "/olga/files_trashbin/files/o.txt"}, "target": at}}},
		{event.FavoriteChanged{Node: id, On: true, By: by}, []map[string]any{{"class": favoriteOn, "node": at}}},
		{event.FavoriteChanged{Node: id, By: by}, []map[string]any{{"class": favoriteOff, "node": at}}},
		{event.TagChanged{Node: id, Tag: 4, What: event.TagPut, By: by}, []map[string]any{{"class": tagPut, "objectType": "files", "objectIds": []any{fmt.Sprint(id)}, "tagIds": []any{4.0}}}},
		{event.TagChanged{Node: id, Tag: 4, What: event.TagTaken, By: by}, []map[string]any{{"class": tagTaken, "objectType": "files", "objectIds": []any{fmt.Sprint(id)}, "tagIds": []any{4.0}}}},
		{event.CommentMade{Comment: 5, Node: id, Message: "Hi", By: by}, []map[string]any{{"class": commentMade, "comment": comment, "node": at}}},
		{event.CommentChanged{Comment: 5, Node: id, Message: "Hi", By: by}, []map[string]any{{"class": commentChanged, "comment": comment, "node": at}}},
		{event.CommentRemoved{Comment: 5, Node: id, By: by}, []map[string]any{{"class": commentRemoved, "comment": gone, "node": at}}},
		{event.ShareMade{Shared: shared, Perms: 3, Note: "see"}, []map[string]any{{"class": shareMade, "share": full, "node": at}}},
		{event.ShareChanged{Shared: shared, What: []string{event.ShareAccepted}, Perms: 3, Note: "see"}, []map[string]any{{"class": shareAccepted, "share": full, "node": at}}},
		{event.ShareChanged{Shared: shared, What: []string{event.ShareNote}}, nil},
		{event.ShareRemoved{Shared: shared, Why: event.ShareUnshared}, []map[string]any{{"class": shareDeleted, "share": share, "node": at}}},
		{event.ShareRemoved{Shared: shared, Why: event.ShareLeft}, []map[string]any{{"class": shareLeft, "share": share, "node": at}}},
		{account(event.AccountMade, ""), []map[string]any{{"class": userCreated, "user": otto}}},
		{account(event.AccountRemoved, ""), []map[string]any{{"class": userDeleted, "user": otto}}},
		{account(event.PasswordSet, ""), []map[string]any{{"class": passwordUpdated, "user": otto}}},
		{account(event.AccountDisabled, ""), []map[string]any{{"class": userChanged, "user": otto, "feature": "enabled", "value": false, "oldValue": true}}},
		{account(event.AddressChanged, "o@x.org"), []map[string]any{{"class": userChanged, "user": otto, "feature": "eMailAddress", "oldValue": "o@x.org"}}},
		{account(event.MadeAdmin, ""), nil},
	}
}

// Moved files are told with the path they have, removed ones with the one they had.
func TestPathsThroughTheTree(t *testing.T) {
	each(t, func(g *rig) {
		rc := g.receiver(nil)
		g.register(rc.URL, nodeRenamed, "")
		g.register(rc.URL, nodeDeleted, `, "eventFilter": {"event.node.path": "/^\\/olga\\/files\\/new /"}`)
		v, ctx := g.view("olga"), t.Context()
		g.put("olga", "/old.txt")
		e, err := v.Stat(ctx, "/old.txt")
		if err != nil {
			t.Fatal(err)
		}
		_, e, err = v.Move(ctx, e, "/new Ö.txt", files.Refuse, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Remove(ctx, e, nil); err != nil {
			t.Fatal(err)
		}
		g.drain()
		got := map[string]any{}
		for _, r := range rc.take() {
			e := r.json["event"].(map[string]any)
			got[e["class"].(string)] = e
		}
		want := map[string]any{
			nodeRenamed: map[string]any{"class": nodeRenamed, "source": map[string]any{"path": "/olga/files/old.txt"}, "target": map[string]any{"id": float64(e.ID), "path": "/olga/files/new Ö.txt"}},
			nodeDeleted: map[string]any{"class": nodeDeleted, "node": map[string]any{"id": float64(e.ID), "path": "/olga/files/new Ö.txt"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
