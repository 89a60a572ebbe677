package who

import "testing"

func TestScopes(t *testing.T) {
	calendarOnly := &Scope{Rooms: []string{"calendar"}}
	noFiles := &Scope{But: []string{FilesRoom}}
	reader := &Scope{Verbs: Read}
	folder := &Scope{Folders: []int64{7}}
	admin := &Scope{Rooms: []string{AdminRoom, AccountRoom}, Verbs: Read | Write}
	for _, c := range []struct {
		name string
		s    *Scope
		room string
		v    Verb
		want bool
	}{
		{"none", nil, AdminRoom, Share, true},
		{"zero", &Scope{}, AdminRoom, Share, true},
		{"all verbs", &Scope{Verbs: Everything}, AdminRoom, Share, true},
		{"calendar", calendarOnly, "calendar", Share, true},
		{"calendar", calendarOnly, FilesRoom, Read, false},
		{"calendar, who am I", calendarOnly, AccountRoom, Read, true},
		{"calendar, a new password", calendarOnly, AccountRoom, Write, false},
		{"calendar", calendarOnly, AdminRoom, Read, false},
		{"no files", noFiles, FilesRoom, Read, false},
		{"no files", noFiles, AdminRoom, Write, true},
		{"reader", reader, FilesRoom, Read, true},
		{"reader", reader, FilesRoom, Write, false},
		{"reader", reader, FilesRoom, Share, false},
		{"folder", folder, FilesRoom, Share, true},
		{"folder", folder, "calendar", Write, true},
		{"folder, a new password", folder, AccountRoom, Write, false},
		{"folder", folder, AdminRoom, Read, false},
		{"admin", admin, AdminRoom, Write, true},
		{"admin", admin, AccountRoom, Write, true},
		{"admin", admin, AdminRoom, Share, false},
		{"admin", admin, FilesRoom, Read, false},
	} {
		if got := c.s.Allows(c.room, c.v); got != c.want {
			t.Errorf("%s: %s %d: %v", c.name, c.room, c.v, got)
		}
	}
}
