package who

import (
	"slices"
	"testing"
)

func TestPresetsAreScopesThatCanBe(t *testing.T) {
	for _, p := range Presets() {
		if err := p.Scope.Check(); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
		if got, err := PresetOf(p.ID); err != nil || got.ID != p.ID {
			t.Errorf("%s: %v, %v", p.ID, got, err)
		}
	}
	if _, err := PresetOf("toaster"); err == nil {
		t.Error("there is a preset for toasters")
	}
}

func TestVerbsByName(t *testing.T) {
	for _, names := range [][]string{nil, {"read"}, {"read", "write"}, {"read", "share"}} {
		v, err := ParseVerbs(names)
		if got := v.Names(); err != nil || !slices.Equal(got, names) {
			t.Errorf("%v came back as %v, %v", names, got, err)
		}
	}
	if v, err := ParseVerbs([]string{"share", "write", "read"}); v != 0 || err != nil {
		t.Errorf("all verbs: %v, %v", v, err)
	}
	for _, names := range [][]string{{"write"}, {"share"}, {"execute"}} {
		if v, err := ParseVerbs(names); err == nil {
			t.Errorf("%v is %v", names, v)
		}
	}
}

func TestScopesThatCannotBe(t *testing.T) {
	many := make([]int64, maxScopeFolders+1)
	for _, s := range []Scope{{Rooms: []string{""}}, {Rooms: []string{"Files"}}, {But: []string{SelfRoom}}, {Folders: many}, {But: []string{"a b"}}} {
		if s.Check() == nil {
			t.Errorf("%+v passes", s)
		}
	}
}
