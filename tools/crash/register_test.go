package main

import (
	"fmt"
	"testing"
	"time"
)

// at makes an event that was sent and answered at seconds; end 0: no answer.
func at(start, end int, sets value) event {
	e := event{o: &op{}, start: time.Unix(int64(start), 0), sets: sets}
	if end != 0 {
		e.end = time.Unix(int64(end), 0)
	}
	return e
}

func TestWhatASharedNameMayHold(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []event
		want   []value
	}{
		{"nothing sent", nil, []value{"old"}},
		{"one write", []event{at(1, 2, "a")}, []value{"a"}},
		{"one after the other", []event{at(1, 2, "a"), at(3, 4, "b")}, []value{"b"}},
		{"at the same time", []event{at(1, 3, "a"), at(2, 4, "b")}, []value{"a", "b"}},
		{"never answered", []event{at(1, 2, "a"), at(3, 0, "b")}, []value{"a", "b"}},
		{"never answered, then a write", []event{at(1, 0, "b"), at(3, 4, "a")}, []value{"b", "a"}},
		{"only one, never answered", []event{at(1, 0, "a")}, []value{"old", "a"}},
		{"deleted", []event{at(1, 2, "a"), at(3, 4, "")}, []value{""}},
		{"a long one may win", []event{at(1, 9, "a"), at(2, 3, "b"), at(4, 5, "c")}, []value{"a", "c"}},
	} {
		r := newRegisters()
		r.settled["x"] = event{sets: "old"}
		for _, e := range c.events {
			r.add("x", e)
		}
		if got := r.possible("x"); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSettleForgetsThePast(t *testing.T) {
	r := newRegisters()
	r.add("x", at(1, 2, "a"))
	if err := r.settle("x", "b"); err == nil {
		t.Error("got no error for a value that nobody wrote")
	}
	if err := r.settle("x", "a"); err != nil {
		t.Error(err)
	}
	if got := r.possible("x"); fmt.Sprint(got) != "[a]" {
		t.Errorf("got %q, want [a]", got)
	}
	if got := fmt.Sprint(r.names()); got != "[x]" {
		t.Errorf("got names %s", got)
	}
}

func TestDecideDropsWhatDidNotHappen(t *testing.T) {
	r := newRegisters()
	e := at(3, 0, "gift")
	r.add("x", at(1, 2, "a"))
	r.add("x", e)
	r.decide("x", e.o, true)
	if got := r.possible("x"); fmt.Sprint(got) != "[a gift]" {
		t.Errorf("got %q", got)
	}
	r.decide("x", e.o, false)
	if got := r.possible("x"); fmt.Sprint(got) != "[a]" {
		t.Errorf("got %q", got)
	}
}
