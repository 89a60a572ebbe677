package who

import (
	"slices"
	"strings"

	"atrium/internal/base/fault"
)

// Words are scopes as OAuth has them, between blanks: "files", "files:read",
// "files:read,write:/Photos". A room alone means all verbs; folders are paths in
// the file tree, and only the room of files has any. Words without a room that is
// known are somebody else's and left alone.
type Words struct {
	Scope   Scope    // without Folders
	Folders []string // paths; none: all
	Any     bool     // whether there was a word for us at all
}

// ParseWords reads scopes. Where words differ in their verbs, or in whether they
// name folders, the scope is what all of them allow: one scope has one set of
// verbs, and nobody must get more than what was agreed to.
func ParseWords(scopes string, rooms []string) (Words, error) {
	w := Words{Scope: Scope{Verbs: Everything}}
	whole := false // files without a folder
	for _, word := range strings.Fields(scopes) {
		room, rest, hasVerbs := strings.Cut(word, ":")
		if !slices.Contains(rooms, room) {
			continue
		}
		w.Any = true
		if !slices.Contains(w.Scope.Rooms, room) {
			w.Scope.Rooms = append(w.Scope.Rooms, room)
		}
		names, folder, hasFolder := strings.Cut(rest, ":")
		verbs := Everything
		if hasVerbs {
			var err error
			if verbs, err = ParseVerbs(strings.Split(names, ",")); err != nil {
				return Words{}, err
			}
			if verbs == 0 {
				verbs = Everything
			}
		}
		w.Scope.Verbs &= verbs
		switch {
		case hasFolder && (room != FilesRoom || !strings.HasPrefix(folder, "/")):
			return Words{}, fault.New(fault.Invalid, "The scope “{scope}” names no folder of files.", "scope", word)
		case hasFolder:
			w.Folders = append(w.Folders, folder)
		case room == FilesRoom:
			whole = true
		}
	}
	if w.Any && w.Scope.Verbs == 0 {
		return Words{}, fault.New(fault.Invalid, "The scopes have no verb in common.")
	}
	if whole && len(w.Folders) > 0 {
		return Words{}, fault.New(fault.Invalid, "The scopes name both all files and some.")
	}
	return w, nil
}
