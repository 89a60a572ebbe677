package plug

import (
	"errors"
	"testing"

	"atrium/internal/base/fault"
)

func TestSettingsAreKeptAsTheirRoomsReadThem(t *testing.T) {
	yes, one := Setting{Kind: SettingYes}, Setting{Kind: SettingOne}
	number, choice := Setting{Kind: SettingNumber, Min: 1, Max: 9}, Setting{Kind: SettingChoice, OneOf: []string{"a", "b"}}
	odd := Setting{Kind: SettingText, Check: func(v string) error { return fault.New(fault.Invalid, "no "+v) }}
	for _, c := range []struct {
		s        Setting
		in, want string
		bad      bool
	}{
		{yes, "true", "yes", false}, {yes, "0", "no", false}, {yes, "perhaps", "", true},
		{one, "yes", "1", false}, {one, "off", "0", false},
		{number, " 7 ", "7", false}, {number, "0", "", true}, {number, "10", "", true}, {number, "x", "", true},
		{choice, "b", "b", false}, {choice, "c", "", true},
		{Setting{Kind: SettingGroups}, `["staff"]`, `["staff"]`, false}, {Setting{Kind: SettingGroups}, "staff", "", true},
		{Setting{Kind: SettingText}, " as is ", "as is", false}, {Setting{Kind: SettingText}, "a\x00", "", true}, {odd, "x", "", true},
	} {
		got, err := c.s.Parse(c.in)
		if c.bad != errors.Is(err, fault.Invalid) || !c.bad && got != c.want {
			t.Errorf("%s %q: got %q, %v", c.s.Kind, c.in, got, err)
		}
	}
}
