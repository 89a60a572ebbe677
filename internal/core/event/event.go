// Package event is the vocabulary of facts that one room tells the others. An
// event is published in the transaction that made it true and is small: ids
// and names, never bytes. It knows no subscribers.
package event

// By tells who did something. The zero value is the server itself.
type By struct {
	Actor string `json:",omitempty"` // user id; "" for a visitor of a public link
	Link  int64  `json:",omitempty"` // the id of the public link that they came by
	Guest string `json:",omitempty"` // the name that such a visitor gave
}

// FileWritten tells that a file has a new content, or is new.
type FileWritten struct {
	Space, Node, Parent int64
	Name                string
	Content             int64
	Made                bool // a new file; else one that was there has a new content
	By
}

// EventName implements bus.Event.
func (FileWritten) EventName() string { return "file.written" }

// NodeMade tells that a folder was made, or a tree copied to a place.
type NodeMade struct {
	Space, Node, Parent int64
	Name                string
	Copied              bool // what is in it came with it, and nothing else tells of that
	By
}

// EventName implements bus.Event.
func (NodeMade) EventName() string { return "node.made" }

// NodeMoved tells that a file or folder lies elsewhere or has another name.
type NodeMoved struct {
	Space, Parent int64 // where it lies now
	Name          string
	Node          int64
	OldSpace      int64
	OldParent     int64
	OldName       string
	Returned      bool // it comes back from the trash, which OldSpace is
	By
}

// EventName implements bus.Event.
func (NodeMoved) EventName() string { return "node.moved" }

// NodeTouched tells that the times of a file or folder were changed and nothing
// else.
type NodeTouched struct {
	Space, Node, Parent int64
	Name                string
	By
}

// EventName implements bus.Event.
func (NodeTouched) EventName() string { return "node.touched" }

// NodeRemoved tells that a file or folder is gone from its space. It may come back
// from the trash with the same id, so that what hangs on the id is kept until the
// node is gone for good (files.Hooks.Erased). Of a home that went with its owner,
// Parent is 0 and Name the owner's id.
type NodeRemoved struct {
	Space, Node, Parent int64
	Name                string
	Dir                 bool
	By
}

// EventName implements bus.Event.
func (NodeRemoved) EventName() string { return "node.removed" }
