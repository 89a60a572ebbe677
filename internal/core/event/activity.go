package event

// Activity tells of something that people shall find in their activity stream and
// that no other event tells of.
type Activity struct {
	App    string // whose it is: "dav"
	Type   string // of the settings of each account: "calendar_event"
	Actor  string // user id; "" for the server
	To     []string
	Groups []string `json:",omitempty"`

	ObjectType string `json:",omitempty"` // "files", "calendar"
	ObjectID   int64  `json:",omitempty"`
	ObjectName string `json:",omitempty"`

	Self    Words                 // what the actor reads: "You created event {event}"
	Others  Words                 // what others read; {actor} is the actor
	Message Words                 `json:",omitzero"`
	Params  map[string]RichObject `json:",omitempty"`
	Link    string                `json:",omitempty"` // a path on this server
	Icon    string                `json:",omitempty"` // a path on this server
}

// EventName implements bus.Event.
func (Activity) EventName() string { return "activity" }
