package photos

import (
	"testing"

	"atrium/internal/proto/dav"
)

func FuzzCollaborators(f *testing.F) {
	f.Add(`[{"id":"bob","type":0}]`, "")
	f.Add("", `<nc:collaborator xmlns:nc="http://nextcloud.org/ns"><nc:id>bob</nc:id><nc:type>1</nc:type></nc:collaborator>`)
	f.Fuzz(func(t *testing.T, text, inner string) {
		list, err := parseCollaborators(dav.PropChange{Text: text, Inner: []byte(inner)})
		if err != nil {
			return
		}
		for _, c := range list {
			if c.id == "" || c.kind != person && c.kind != group {
				t.Errorf("%+v", c)
			}
		}
	})
}
