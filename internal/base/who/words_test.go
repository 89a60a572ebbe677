package who

import (
	"slices"
	"testing"
)

func TestWordsGiveWhatAllOfThemAllow(t *testing.T) {
	rooms := []string{FilesRoom, "calendar"}
	for said, want := range map[string]Words{
		"openid profile":                        {Scope: Scope{Verbs: Everything}},
		"files":                                 {Scope: Scope{Rooms: []string{"files"}, Verbs: Everything}, Any: true},
		"openid files:read calendar:read,write": {Scope: Scope{Rooms: []string{"files", "calendar"}, Verbs: Read}, Any: true},
		"files:read:/A files:read:/B/C":         {Scope: Scope{Rooms: []string{"files"}, Verbs: Read}, Folders: []string{"/A", "/B/C"}, Any: true},
		"files:read,write,share:/A":             {Scope: Scope{Rooms: []string{"files"}, Verbs: Everything}, Folders: []string{"/A"}, Any: true},
	} {
		got, err := ParseWords(said, rooms)
		if err != nil || !slices.Equal(got.Scope.Rooms, want.Scope.Rooms) || got.Scope.Verbs != want.Scope.Verbs || got.Any != want.Any || !slices.Equal(got.Folders, want.Folders) {
			t.Errorf("%q: %+v %v", said, got, err)
		}
	}
	for _, said := range []string{"files:", "files:fly", "files:write", "calendar:read:/A", "files:read:A", "files:read files:read:/A"} {
		if got, err := ParseWords(said, rooms); err == nil {
			t.Errorf("%q: %+v", said, got)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"files:read:/A", "files:read,write calendar", "openid files:", "files::/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, said string) {
		w, err := ParseWords(said, []string{FilesRoom})
		if err == nil && w.Any && (len(w.Scope.Rooms) == 0 || w.Scope.Verbs&Read == 0) {
			t.Errorf("%q: %+v", said, w)
		}
	})
}
