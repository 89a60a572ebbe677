package who

import (
	"slices"
	"strings"

	"atrium/internal/base/fault"
)

// Preset is what an app password is limited to by default, by the kind of device.
type Preset struct {
	ID      string
	Scope   *Scope // nil: nothing
	Folders bool   // whoever takes it names folders too
}

// Presets lists the kinds of devices, the commonest first.
func Presets() []Preset {
	return []Preset{
		{ID: "client"}, // the official clients reach everything
		{ID: "files", Scope: &Scope{Rooms: []string{FilesRoom}}},
		{ID: "folder", Scope: &Scope{Rooms: []string{FilesRoom}}, Folders: true},
		{ID: "backup", Scope: &Scope{Verbs: Read}},
		{ID: "calendar", Scope: &Scope{Rooms: []string{"calendar", "contacts"}}},
		{ID: "monitor", Scope: &Scope{Rooms: []string{"monitor"}, Verbs: Read}},
	}
}

// PresetOf finds a preset by its id.
func PresetOf(id string) (Preset, error) {
	for _, p := range Presets() {
		if p.ID == id {
			return p, nil
		}
	}
	return Preset{}, fault.New(fault.Invalid, "There is no such kind of device.")
}

// The bounds of a scope.
const (
	maxScopeRooms   = 20
	maxScopeFolders = 20
)

// verbNames are the verbs as people write them.
var verbNames = [...]string{"read", "write", "share"}

// ParseVerbs reads the names of verbs; none means all. Who may not read may do nothing.
func ParseVerbs(names []string) (v Verb, err error) {
	for _, n := range names {
		i := slices.Index(verbNames[:], n)
		if i < 0 {
			return 0, fault.New(fault.Invalid, "An app password may be allowed to read, write and share.")
		}
		v |= Read << i
	}
	if v != 0 && v&Read == 0 {
		return 0, fault.New(fault.Invalid, "An app password must be allowed to read.")
	}
	if v == Everything {
		v = 0
	}
	return v, nil
}

// Names is the opposite of ParseVerbs; nil for all.
func (v Verb) Names() (names []string) {
	if v == 0 || v == Everything {
		return nil
	}
	for i, n := range verbNames {
		if v&(Read<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// Check holds a new scope to what can be kept and understood.
func (s *Scope) Check() error {
	if s == nil {
		return nil
	}
	if len(s.Rooms)+len(s.But) > maxScopeRooms || len(s.Folders) > maxScopeFolders {
		return fault.New(fault.Invalid, "The app password is limited to too many things.")
	}
	for _, r := range slices.Concat(s.Rooms, s.But) {
		if r == "" || len(r) > 32 || strings.Trim(r, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" || r == SelfRoom {
			return fault.New(fault.Invalid, "There is no such part of the server.")
		}
	}
	return nil
}
