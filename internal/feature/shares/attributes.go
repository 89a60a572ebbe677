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

// sealed tells whether attributes forbid downloads.
func sealed(text string) bool {
	as, err := ParseAttributes(text)
	for _, a := range as {
		if a.Scope == "permissions" && a.Key == "download" && a.Value == false {
			return true
		}
	}
	return err != nil // what cannot be read is not given away
}
