package event

// NoticesChanged tells that somebody's list of notifications is another.
type NoticesChanged struct {
	UIDs   []string `json:",omitempty"`
	Groups []string `json:",omitempty"`
	All    bool     `json:",omitempty"` // everybody's
}

// EventName implements bus.Event.
func (NoticesChanged) EventName() string { return "notices.changed" }

// ActivityGrew tells that there is something new in the activity stream of these
// people, of the members of these groups,
// and of all who see these nodes.
type ActivityGrew struct {
	Nodes  []int64  `json:",omitempty"`
	UIDs   []string `json:",omitempty"`
	Groups []string `json:",omitempty"`
}

// EventName implements bus.Event.
func (ActivityGrew) EventName() string { return "activity.grew" }
