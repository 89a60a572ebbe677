package webhooks

import (
	"fmt"
	"slices"
	"strconv"

	"atrium/internal/core/event"
	"atrium/internal/infra/bus"
)

// The names under which webhooks are registered: those that Nextcloud's events have,
// where the house knows the fact.
const (
	nodeCreated  = `OCP\Files\Events\Node\NodeCreatedEvent`
	nodeWritten  = `OCP\Files\Events\Node\NodeWrittenEvent`
	nodeTouched  = `OCP\Files\Events\Node\NodeTouchedEvent`
	nodeDeleted  = `OCP\Files\Events\Node\NodeDeletedEvent`
	nodeRenamed  = `OCP\Files\Events\Node\NodeRenamedEvent`
	nodeCopied   = `OCP\Files\Events\Node\NodeCopiedEvent`
	nodeRestored = `OCA\Files_Trashbin\Events\NodeRestoredEvent`
	favoriteOn   = `OCP\Files\Events\NodeAddedToFavorite`
	favoriteOff  = `OCP\Files\Events\NodeRemovedFromFavorite`

	tagPut   = `OCP\SystemTag\TagAssignedEvent`
	tagTaken = `OCP\SystemTag\TagUnassignedEvent`

	commentMade    = `OCP\Comments\Events\CommentAddedEvent`
	commentChanged = `OCP\Comments\Events\CommentUpdatedEvent`
	commentRemoved = `OCP\Comments\Events\CommentDeletedEvent`

	shareMade     = `OCP\Share\Events\ShareCreatedEvent`
	shareAccepted = `OCP\Share\Events\ShareAcceptedEvent`
	shareDeleted  = `OCP\Share\Events\ShareDeletedEvent`
	shareLeft     = `OCP\Share\Events\ShareDeletedFromSelfEvent`

	userCreated     = `OCP\User\Events\UserCreatedEvent`
	userDeleted     = `OCP\User\Events\UserDeletedEvent`
	userChanged     = `OCP\User\Events\UserChangedEvent`
	passwordUpdated = `OCP\User\Events\PasswordUpdatedEvent`
)

// Classes are the events that webhooks may be registered for.
func Classes() []string {
	return []string{nodeCreated, nodeWritten, nodeTouched, nodeDeleted, nodeRenamed, nodeCopied, nodeRestored, favoriteOn, favoriteOff,
		tagPut, tagTaken, commentMade, commentChanged, commentRemoved, shareMade, shareAccepted, shareDeleted, shareLeft,
		userCreated, userDeleted, userChanged, passwordUpdated}
}

// occasion is a fact as webhooks tell it: its class, who did it, what is known of it,
// and the files and folders in it, whose paths are looked up before it is sent.
type occasion struct {
	Class string
	Actor string           // user id; "": a visitor, or the server itself
	Facts map[string]any   `json:",omitempty"`
	Nodes map[string]place `json:",omitempty"` // by the fact that each is: "node", "source", "target"
}

// place is where a node lies or lay: in a folder under a name, or, without one, where
// the node is found.
type place struct {
	Node   int64  `json:",omitempty"`
	Parent int64  `json:",omitempty"`
	Name   string `json:",omitempty"`
	Trash  int64  `json:",omitempty"` // it came from the trash of who owns this space
}

// occasions are what an event is to webhooks: nothing for most kinds.
func occasions(ev bus.Event) []occasion {
	switch ev := ev.(type) {
	case event.FileWritten:
		at := place{Node: ev.Node, Parent: ev.Parent, Name: ev.Name}
		if ev.Made {
			return onNode(ev.By, at, nodeCreated, nodeWritten)
		}
		return onNode(ev.By, at, nodeWritten)
	case event.NodeMade:
		at := place{Node: ev.Node, Parent: ev.Parent, Name: ev.Name}
		if ev.Copied {
			return []occasion{{Class: nodeCopied, Actor: ev.Actor, Nodes: map[string]place{"target": at}}}
		}
		return onNode(ev.By, at, nodeCreated, nodeWritten)
	case event.NodeMoved:
		return []occasion{moved(ev)}
	case event.NodeTouched:
		return onNode(ev.By, place{Node: ev.Node, Parent: ev.Parent, Name: ev.Name}, nodeTouched)
	case event.NodeRemoved:
		return onNode(ev.By, place{Node: ev.Node, Parent: ev.Parent, Name: ev.Name}, nodeDeleted)
	case event.FavoriteChanged:
		return onNode(ev.By, place{Node: ev.Node}, either(ev.On, favoriteOn, favoriteOff))
	case event.TagChanged:
		return []occasion{{Class: either(ev.What == event.TagPut, tagPut, tagTaken), Actor: ev.Actor,
			Facts: map[string]any{"objectType": "files", "objectIds": []string{strconv.FormatInt(ev.Node, 10)}, "tagIds": []int64{ev.Tag}}}}
	case event.AccountChanged:
		return onAccount(ev)
	}
	return onTalk(ev)
}

// onTalk are the occasions of comments and shares.
func onTalk(ev bus.Event) []occasion {
	switch ev := ev.(type) {
	case event.CommentMade:
		return onComment(commentMade, ev.By, ev.Comment, ev.Node, ev.Message)
	case event.CommentChanged:
		return onComment(commentChanged, ev.By, ev.Comment, ev.Node, ev.Message)
	case event.CommentRemoved:
		return onComment(commentRemoved, ev.By, ev.Comment, ev.Node, "")
	case event.ShareMade:
		return onShare(shareMade, ev.Shared, map[string]any{"permissions": ev.Perms, "note": ev.Note})
	case event.ShareChanged:
		if slices.Contains(ev.What, event.ShareAccepted) {
			return onShare(shareAccepted, ev.Shared, map[string]any{"permissions": ev.Perms, "note": ev.Note})
		}
	case event.ShareRemoved:
		return onShare(either(ev.Why == event.ShareLeft, shareLeft, shareDeleted), ev.Shared, map[string]any{})
	}
	return nil
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func onNode(by event.By, at place, classes ...string) (out []occasion) {
	for _, c := range classes {
		out = append(out, occasion{Class: c, Actor: by.Actor, Nodes: map[string]place{"node": at}})
	}
	return out
}

// moved is a node under another name, in another folder, or back from the trash. What
// it was called there no longer has an id, as in what Nextcloud sends.
func moved(ev event.NodeMoved) occasion {
	to := place{Node: ev.Node, Parent: ev.Parent, Name: ev.Name}
	if ev.Returned {
		return occasion{Class: nodeRestored, Actor: ev.Actor, Nodes: map[string]place{"source": {Trash: ev.Space, Name: ev.OldName}, "target": to}}
	}
	return occasion{Class: nodeRenamed, Actor: ev.Actor, Nodes: map[string]place{"source": {Parent: ev.OldParent, Name: ev.OldName}, "target": to}}
}

func onComment(class string, by event.By, id, node int64, message string) []occasion {
	facts := map[string]any{"id": fmt.Sprint(id), "objectType": "files", "objectId": fmt.Sprint(node), "actorType": "users", "actorId": by.Actor}
	if class != commentRemoved {
		facts["message"] = message
	}
	return []occasion{{Class: class, Actor: by.Actor, Facts: map[string]any{"comment": facts}, Nodes: map[string]place{"node": {Node: node}}}}
}

func onShare(class string, s event.Shared, facts map[string]any) []occasion {
	facts["id"], facts["shareType"], facts["shareOwner"], facts["sharedBy"], facts["sharedWith"] = fmt.Sprint(s.Share), s.Kind, s.Owner, s.Sharer, s.Recipient
	return []occasion{{Class: class, Actor: s.Actor, Facts: map[string]any{"share": facts}, Nodes: map[string]place{"node": {Node: s.Node}}}}
}

// onAccount are the occasions of an account. Of a changed one the new value of what
// the event does not tell is left out.
func onAccount(ev event.AccountChanged) []occasion {
	class, facts := "", map[string]any{"user": map[string]any{"uid": ev.UID}}
	switch ev.What {
	case event.AccountMade:
		class = userCreated
	case event.AccountRemoved:
		class = userDeleted
	case event.PasswordSet:
		class = passwordUpdated
	case event.AccountDisabled, event.AccountEnabled:
		on := ev.What == event.AccountEnabled
		class, facts["feature"], facts["value"], facts["oldValue"] = userChanged, "enabled", on, !on
	case event.AddressChanged:
		class, facts["feature"], facts["oldValue"] = userChanged, "eMailAddress", ev.Detail
	default:
		return nil
	}
	return []occasion{{Class: class, Actor: ev.Actor, Facts: facts}}
}
