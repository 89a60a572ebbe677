package event

// CommentMade tells that somebody wrote a comment on a file or folder.
type CommentMade struct {
	Comment, Node int64
	Message       string
	Mentions      []string `json:",omitempty"` // user ids of those who are there, whether or not they see the file
	By
}

// EventName implements bus.Event.
func (CommentMade) EventName() string { return "comment.made" }

// CommentChanged tells that the author of a comment wrote it anew.
type CommentChanged struct {
	Comment, Node int64
	Message       string
	Mentions      []string `json:",omitempty"` // who was not mentioned before
	By
}

// EventName implements bus.Event.
func (CommentChanged) EventName() string { return "comment.changed" }

// CommentRemoved tells that the author of a comment took it back.
type CommentRemoved struct {
	Comment, Node int64
	By
}

// EventName implements bus.Event.
func (CommentRemoved) EventName() string { return "comment.removed" }
