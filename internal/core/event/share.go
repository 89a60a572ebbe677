package event

// Shared is what the events of shares have in common.
type Shared struct {
	Share     int64
	Kind      int16 // in the numbers of the OCS share API: 0 user, 1 group, 3 link, 4 mail
	Node      int64
	Owner     string // whose home the node lies in
	Sharer    string // who shared it
	Recipient string // user id, group id or mail address; "" for a link
	By
}

// ShareMade tells that something was shared.
type ShareMade struct {
	Shared
	Perms uint8 // read 1, update 2, create 4, delete 8, share 16
	Note  string
	// Pending: recipients must accept it first.
	Pending bool
}

// EventName implements bus.Event.
func (ShareMade) EventName() string { return "share.made" }

// What changed of a share.
const (
	SharePerms      = "permissions"
	SharePassword   = "password"
	ShareExpiry     = "expiry"
	ShareNote       = "note"
	ShareLabel      = "label"
	ShareToken      = "token"
	ShareAttributes = "attributes"
	ShareLimit      = "limit"    // of downloads
	ShareAccepted   = "accepted" // by the actor
	ShareOwner      = "owner"    // the node lies in another home now
)

// ShareChanged tells that a share is another now.
type ShareChanged struct {
	Shared
	What  []string // of the constants above
	Perms uint8
	Note  string
}

// EventName implements bus.Event.
func (ShareChanged) EventName() string { return "share.changed" }

// Why a share ended.
const (
	ShareUnshared = "unshared" // by who may
	ShareLeft     = "left"     // the actor, a recipient, does not want it; with a group the share itself goes on
	ShareExpired  = "expired"
	ShareOrphaned = "orphaned" // its maker holds nothing of the node any more, or the node is gone
)

// ShareRemoved tells that a share has ended, or one recipient has left it.
type ShareRemoved struct {
	Shared
	Why string
}

// EventName implements bus.Event.
func (ShareRemoved) EventName() string { return "share.removed" }
