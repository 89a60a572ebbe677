package shares

import (
	"encoding/json"

	"atrium/internal/base/fault"
)

// Attribute is a switch that clients set on a share, such as
// {"scope":"permissions","key":"download","value":false}.
type Attribute struct {
	Scope string `json:"scope"`
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// ParseAttributes reads attributes as clients write them; "", null and [] are none.
func ParseAttributes(text string) ([]Attribute, error) {
	if text == "" {
		return nil, nil
	}
	var as []Attribute
	if err := json.Unmarshal([]byte(text), &as); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The attributes of the share are not understood.")
	}
	return as, nil
}

// Allows tells whether attributes leave something allowed, such as "permissions",
// "comment": all is that is not switched off.
func (s *Share) Allows(scope, key string) bool {
	as, err := ParseAttributes(s.Attributes)
	for _, a := range as {
		if a.Scope == scope && a.Key == key {
			return a.Value != false
		}
	}
	return err == nil
}

// Requests tells whether a link asks strangers for files, who say who they are.
func (s *Share) Requests() bool {
	as, _ := ParseAttributes(s.Attributes) // what cannot be read asks for nothing
	for _, a := range as {
		if a.Scope == "fileRequest" && a.Key == "enabled" {
			return a.Value == true
		}
	}
	return false
}

// Allows tells whether any of the shares by which somebody has a mount allows
// something, such as "permissions", "comment". Rooms that know the Tag of a mount by
// this method ask it.
func (r *Received) Allows(scope, key string) bool {
	for i := range r.Shares {
		if r.Worths[i].Perms != 0 && r.Shares[i].Allows(scope, key) {
			return true
		}
	}
	return false
}

// sealed tells whether attributes forbid downloads.
func sealed(attributes string) bool {
	s := Share{Attributes: attributes}
	return !s.Allows("permissions", "download") // what cannot be read is not given away
}
