package event

// LinkRead tells that a visitor of a public link downloaded a file, or a folder as
// an archive. Going on with a download that broke off tells nothing more.
type LinkRead struct {
	Space, Node int64
	Name        string
	Dir         bool
	Sharer      string // who made the link
	By                 // Link is set
}

// EventName implements bus.Event.
func (LinkRead) EventName() string { return "link.read" }

// Downloaded tells that an account downloaded a file that somebody shared with it, or a
// folder as an archive. It is told only where an administrator wants it.
type Downloaded struct {
	Space, Node int64
	Name        string
	Dir         bool
	By
}

// EventName implements bus.Event.
func (Downloaded) EventName() string { return "file.downloaded" }
