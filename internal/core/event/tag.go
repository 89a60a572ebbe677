package event

// TagChange is what became of a tag on a file.
type TagChange string

// What may become of it.
const (
	TagPut   TagChange = "put"
	TagTaken TagChange = "taken"
)

// TagChanged tells that a tag was put on a file or folder, or taken off it.
type TagChanged struct {
	Node, Tag int64
	Name      string // of the tag
	Hidden    bool   // only administrators see the tag
	What      TagChange
	By
}

// EventName implements bus.Event.
func (TagChanged) EventName() string { return "tag.changed" }
