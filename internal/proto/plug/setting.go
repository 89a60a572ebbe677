package plug

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
)

// Setting is a value that administrators may change while the server runs, as the
// room that reads it describes it. What it means in words is the client's.
type Setting struct {
	App, Name string // where core/settings keeps it
	Kind      SettingKind
	Default   string   // what holds when nothing is set, written as Kind says
	Min, Max  int64    // of a number
	OneOf     []string // of a choice
	// Check tells what is wrong with a value beyond its kind, and may be nil.
	Check func(value string) error
}

// SettingKind is how a value is written.
type SettingKind string

// The kinds of settings.
const (
	SettingYes    SettingKind = "yes"    // "yes" or "no"
	SettingOne    SettingKind = "one"    // "1" or "0"
	SettingNumber SettingKind = "number" // from Min to Max
	SettingText   SettingKind = "text"
	SettingChoice SettingKind = "choice" // one of OneOf
	SettingGroups SettingKind = "groups" // a JSON list of ids of groups
)

// maxText bounds a setting that is text, and maxGroups a list of groups.
const (
	maxText   = 2000
	maxGroups = 1000
)

// Parse returns a value as it is kept, or fault.Invalid with what is wrong.
func (s Setting) Parse(value string) (string, error) {
	value = strings.TrimSpace(value)
	var err error
	switch s.Kind {
	case SettingYes, SettingOne:
		value, err = s.truth(value)
	case SettingNumber:
		var n int64
		if n, err = strconv.ParseInt(value, 10, 64); err != nil || n < s.Min || n > s.Max {
			err = fault.New(fault.Invalid, "This must be a whole number from {min} to {max}.", "min", s.Min, "max", s.Max)
		}
		value = strconv.FormatInt(n, 10)
	case SettingChoice:
		err = fault.New(fault.Invalid, "This must be one of: {values}.", "values", strings.Join(s.OneOf, ", "))
		for _, o := range s.OneOf {
			if o == value {
				err = nil
			}
		}
	case SettingGroups:
		var ids []string
		if json.Unmarshal([]byte(value), &ids) != nil || len(ids) > maxGroups {
			err = fault.New(fault.Invalid, "This must be a list of groups.")
		}
	case SettingText:
		if len(value) > maxText || strings.ContainsRune(value, 0) {
			err = fault.New(fault.Invalid, "This text is too long.")
		}
	}
	if err == nil && s.Check != nil {
		err = s.Check(value)
	}
	return value, err
}

func (s Setting) truth(value string) (string, error) {
	on, off := "yes", "no"
	if s.Kind == SettingOne {
		on, off = "1", "0"
	}
	switch strings.ToLower(value) {
	case "yes", "true", "1", "on":
		return on, nil
	case "no", "false", "0", "off", "":
		return off, nil
	}
	return "", fault.New(fault.Invalid, "This can only be on or off.")
}

// Finding is what a look at a part of the server found.
type Finding struct {
	State FindingState  `json:"state"`
	Text  tongue.Saying `json:"text"` // what is the matter
	Fix   tongue.Saying `json:"fix"`  // what to do about it, zero for nothing
}

// FindingState is how a part is.
type FindingState string

// The states of parts.
const (
	Fine   FindingState = "ok"
	Warn   FindingState = "warn"
	Broken FindingState = "fail"
)

// Look looks at a part of the running server.
type Look func(ctx context.Context) Finding
