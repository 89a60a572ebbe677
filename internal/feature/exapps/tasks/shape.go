package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// form is what a slot of a task holds, in the numbers of the API.
type form int

// The forms. From lists on, a form is a list of the one that is ten less.
const (
	number form = 0
	text   form = 1
	image  form = 2
	audio  form = 3
	video  form = 4
	file   form = 5
	enum   form = 6
	lists  form = 10
)

// String is the name of a form, "" of none.
func (f form) String() string {
	known := map[form]string{number: "Number", text: "Text", image: "Image", audio: "Audio", video: "Video", file: "File", enum: "Enum",
		10: "ListOfNumbers", 11: "ListOfTexts", 12: "ListOfImages", 13: "ListOfAudios", 14: "ListOfVideos", 15: "ListOfFiles"}
	return known[f]
}

func (f form) known() bool { return f.String() != "" }

// one is the form of the items of a list, or f.
func (f form) one() form {
	if f >= lists {
		return f - lists
	}
	return f
}

// isFile tells whether a slot names files by their ids.
func (f form) isFile() bool { one := f.one(); return one >= image && one <= file }

// table is a JSON object. Without members it is written as an empty list, as PHP does,
// and read from one.
type table[V any] map[string]V

// MarshalJSON implements json.Marshaler.
func (t table[V]) MarshalJSON() ([]byte, error) {
	if len(t) == 0 {
		return []byte("[]"), nil
	}
	return json.Marshal(map[string]V(t))
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *table[V]) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); bytes.Equal(b, []byte("[]")) {
		return nil
	}
	return json.Unmarshal(b, (*map[string]V)(t))
}

// slot is a value that a task takes or gives.
type slot struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`

	form form
}

// option is a value that a slot of the form enum may have.
type option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// What there is to say of slots, by their names.
type (
	shape   = table[slot]
	options = table[[]option]
)

// kind is a type of tasks as somebody offers it (30-core/106).
type kind struct {
	Name             string     `json:"name"`
	Description      string     `json:"description"`
	Input            shape      `json:"inputShape"`
	InputEnums       options    `json:"inputShapeEnumValues"`
	InputDefaults    table[any] `json:"inputShapeDefaults"`
	Optional         shape      `json:"optionalInputShape"`
	OptionalEnums    options    `json:"optionalInputShapeEnumValues"`
	OptionalDefaults table[any] `json:"optionalInputShapeDefaults"`
	Output           shape      `json:"outputShape"`
	OutputEnums      options    `json:"outputShapeEnumValues"`
	MoreOutput       shape      `json:"optionalOutputShape"`
	MoreOutputEnums  options    `json:"optionalOutputShapeEnumValues"`

	takers []taker
}

// values are what slots hold, as JSON.
type values map[string]json.RawMessage

// maxItems bounds the items of a list.
const maxItems = 100

// hold keeps of given values those that there are slots for, and checks each.
func hold(given values, must, may shape, choices ...options) (values, error) {
	out := values{}
	for _, s := range []shape{must, may} {
		for name, want := range s {
			v, ok := given[name]
			if !ok || string(v) == "null" {
				continue
			}
			if err := want.check(name, v, choices); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out[name] = v
		}
	}
	for name := range must {
		if out[name] == nil {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	return out, nil
}

func (s slot) check(name string, v json.RawMessage, choices []options) error {
	if s.form < lists {
		return checkOne(s.form, name, v, choices)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(v, &items); err != nil {
		return errors.New("this is no list")
	}
	if len(items) > maxItems {
		return errors.New("the list is too long")
	}
	for _, v := range items {
		if err := checkOne(s.form, name, v, choices); err != nil {
			return err
		}
	}
	return nil
}

func checkOne(f form, name string, v json.RawMessage, choices []options) error {
	switch one := f.one(); {
	case one == number:
		var n float64
		if json.Unmarshal(v, &n) != nil {
			return errors.New("this is no number")
		}
	case one == text, one == enum:
		var t string
		if json.Unmarshal(v, &t) != nil {
			return errors.New("this is no text")
		}
		if one == enum && !among(t, name, choices) {
			return errors.New("this is none of the values that can be chosen")
		}
	case one.isFile():
		if id, err := fileID(v); err != nil || id <= 0 {
			return errors.New("a file is named by its id, a number")
		}
	}
	return nil
}

// among tells whether a value may be chosen. Of a slot without choices any may.
func among(value, slot string, choices []options) bool {
	free := true
	for _, o := range choices {
		if len(o[slot]) == 0 {
			continue
		}
		if slices.ContainsFunc(o[slot], func(o option) bool { return o.Value == value }) {
			return true
		}
		free = false
	}
	return free
}

func fileID(v json.RawMessage) (id int64, err error) { return id, json.Unmarshal(v, &id) }

// filesIn are the ids of the files that values name.
func filesIn(s shape, v values) (ids []int64) {
	for name, want := range s {
		if !want.form.isFile() || v[name] == nil {
			continue
		}
		var many []int64
		if json.Unmarshal(v[name], &many) == nil {
			ids = append(ids, many...)
		} else if id, err := fileID(v[name]); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
