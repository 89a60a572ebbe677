package sharemail

import (
	"maps"

	"atrium/internal/infra/mail"
	"atrium/internal/proto/plug"
)

// offerSamples lets administrators look at our letters.
func (rm *Room) offerSamples(b *plug.Board) {
	for _, l := range []struct {
		name, letter string
		data         map[string]any
	}{
		{"shared", "shared", nil},
		{"request", "shared", map[string]any{"Drop": true, "Note": ""}},
		{"password", "password", nil},
		{"ending", "ending", nil},
		{"read", "read", nil},
	} {
		b.Letters.Add("share."+l.name, func(s plug.Sample) (mail.Message, error) {
			data := map[string]any{"Site": s.Site, "Sharer": s.Name, "Hello": s.Name, "Name": "Regatta 2027", "Folder": true, "Drop": false, "Note": "", "Locked": true,
				"Apart": true, "Until": "2027-06-30", "At": "2027-05-01 14:02", "To": "olga@example.org", "Guest": "", "Link": rm.base + "/s/…", "Password": "Kqz7-rain-oboe"}
			maps.Copy(data, l.data)
			return rm.letters.Write(l.letter, s.Language, data)
		})
	}
}
