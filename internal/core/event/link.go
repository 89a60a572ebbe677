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
