// Package switches keeps which parts of the server are switched off. What parts
// register, such as routes, properties, subscriptions and jobs, lies in
// registries that note the part and ask before each use, so that one store of a
// pointer switches all of it at once, and what is under way goes on. The package
// knows no part by name, and does not know who decides.
package switches

import (
	"maps"
	"sync/atomic"
)

// Set is the switches of all parts. In the zero value all are on.
type Set struct {
	// Both are of the start only, when one goroutine registers everything.
	now   string
	keeps map[string]bool

	off atomic.Pointer[map[string]bool]
}

// Part is a part of the server, as registries note it. The zero value is the house
// itself, which is always on.
type Part struct {
	set  *Set
	name string
}

// Begin says that all that registers from now on belongs to a part; "" is the
// house. It is called at start only.
func (s *Set) Begin(name string) { s.now = name }

// Keep says that the part that registers now holds what others would lose: its
// background work goes on while it is switched off.
func (s *Set) Keep() {
	if s.now == "" {
		return
	}
	if s.keeps == nil {
		s.keeps = map[string]bool{}
	}
	s.keeps[s.now] = true
}

// Part is the one that registers now. Of no Set it is the house.
func (s *Set) Part() Part {
	if s == nil || s.now == "" {
		return Part{}
	}
	return Part{s, s.now}
}

// Turn switches these parts off and all others on, and tells whether that is a
// change. The map is the Set's from then on.
func (s *Set) Turn(off map[string]bool) bool {
	old := s.off.Swap(&off)
	return old == nil && len(off) > 0 || old != nil && !maps.Equal(*old, off)
}

// Off tells whether the part is switched off.
func (p Part) Off() bool {
	if p.set == nil {
		return false
	}
	off := p.set.off.Load()
	return off != nil && (*off)[p.name]
}

// Rests tells whether the part's background work is to wait.
func (p Part) Rests() bool { return p.Off() && !p.set.keeps[p.name] }
