package event

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// Notice asks to tell people something, until they have dismissed it or
// NoticeOver takes it back. A second one about the same object takes the place of
// the first.
type Notice struct {
	To     []string `json:",omitempty"` // user ids
	Groups []string `json:",omitempty"`
	All    bool     `json:",omitempty"` // everybody
	But    []string `json:",omitempty"` // not these, though they are members

	App    string // whose it is: "files_sharing", "comments"
	Type   string // of the object: "share", "comment"
	Object string // its id

	Subject Words
	Message Words                 `json:",omitzero"`
	Params  map[string]RichObject `json:",omitempty"` // what {name} stands for in the words
	Link    string                `json:",omitempty"` // a path on this server
	Icon    string                `json:",omitempty"` // a path on this server; "": the bell
	Actions []NoticeAction        `json:",omitempty"`
}

// RichObject is what a parameter stands for, as clients show it: type, id and
// name, and for files path and link.
type RichObject map[string]string

// MarshalJSON writes type, id, name, path and link first, as clients are used to see them.
func (o RichObject) MarshalJSON() ([]byte, error) {
	keys := slices.Sorted(maps.Keys(o))
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	out := []byte{'{'}
	for i, k := range keys {
		pair, err := json.Marshal(map[string]string{k: o[k]})
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, pair[1:len(pair)-1]...)
	}
	return append(out, '}'), nil
}

func rank(key string) int {
	if i := slices.Index([]string{"type", "id", "name", "path", "link"}, key); i >= 0 {
		return i
	}
	return 5
}

// NoticeAction is a button.
type NoticeAction struct {
	Label   Words
	Link    string // a path on this server
	Method  string // GET, POST, PUT, DELETE, or WEB: a page to open
	Primary bool
}

// EventName implements bus.Event.
func (Notice) EventName() string { return "notice" }

// NoticeOver takes back the notices about an object.
type NoticeOver struct {
	App, Type, Object string
	To                []string `json:",omitempty"` // from these people only
}

// EventName implements bus.Event.
func (NoticeOver) EventName() string { return "notice.over" }
