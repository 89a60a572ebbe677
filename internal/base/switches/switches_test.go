package switches

import "testing"

func TestPartsAreSwitchedTogether(t *testing.T) {
	var none *Set
	if none.Part().Off() {
		t.Error("without switches something is off")
	}
	var s Set
	house := s.Part()
	s.Begin("notes")
	notes := s.Part()
	s.Begin("bin")
	s.Keep()
	bin := s.Part()
	s.Begin("")
	if notes.Off() || bin.Off() || s.Turn(map[string]bool{}) {
		t.Error("at the start something is off")
	}
	if !s.Turn(map[string]bool{"notes": true, "bin": true}) || s.Turn(map[string]bool{"bin": true, "notes": true}) {
		t.Error("what is a change was mistaken")
	}
	if house.Off() || !notes.Off() || !bin.Off() {
		t.Errorf("off: house %v, notes %v, bin %v", house.Off(), notes.Off(), bin.Off())
	}
	if !notes.Rests() || bin.Rests() {
		t.Error("who keeps what others would lose goes on, and only he")
	}
	if !s.Turn(nil) || notes.Off() {
		t.Error("it is not on again")
	}
}
