package who

import "slices"

// Verb is what a request does to what it reaches.
type Verb uint8

// The verbs; several may be joined.
const (
	Read Verb = 1 << iota
	Write
	Share // give others access

	Everything = Read | Write | Share
)

// The parts of the server that every instance has. Rooms name further ones, such
// as "calendar".
const (
	FilesRoom   = "files"
	AccountRoom = "account" // one's own: profile, credentials, what clients poll
	AdminRoom   = "admin"   // what only administrators may do
	SelfRoom    = "self"    // the credential itself: every one may end or renew itself
)

// Scope limits what a credential reaches. A nil Scope, and the zero one, limit
// nothing.
type Scope struct {
	Rooms   []string `json:"rooms,omitempty"`   // only these parts of the server; none: all
	But     []string `json:"but,omitempty"`     // all but these
	Verbs   Verb     `json:"verbs,omitempty"`   // 0: Everything
	Folders []int64  `json:"folders,omitempty"` // in the file tree only these nodes and what is below; none: all of it
}

// Limits tells whether the scope keeps anything out.
func (s *Scope) Limits() bool {
	return s != nil && (len(s.Rooms) > 0 || len(s.But) > 0 || s.Verbs != 0 && s.Verbs != Everything || len(s.Folders) > 0)
}

// FileRights is what the verbs of a scope leave of the rights to files.
func (s *Scope) FileRights() (r FileRight) {
	if s == nil || s.Verbs == 0 {
		return FileRead | FileUpdate | FileCreate | FileDelete | FileShare
	}
	if s.Verbs&Read != 0 {
		r |= FileRead
	}
	if s.Verbs&Write != 0 {
		r |= FileUpdate | FileCreate | FileDelete
	}
	if s.Verbs&Share != 0 {
		r |= FileShare
	}
	return r
}

// Allows tells whether the scope reaches a part of the server with a verb.
// Every credential may read its own account, since clients ask who they are.
// What would lift the limits, the account and the administration, must be named
// where other parts or folders are.
func (s *Scope) Allows(room string, v Verb) bool {
	if !s.Limits() || room == SelfRoom || room == AccountRoom && v == Read {
		return true
	}
	if s.Verbs != 0 && s.Verbs&v != v || slices.Contains(s.But, room) {
		return false
	}
	if slices.Contains(s.Rooms, room) {
		return true
	}
	return len(s.Rooms) == 0 && (len(s.Folders) == 0 || room != AccountRoom && room != AdminRoom)
}
