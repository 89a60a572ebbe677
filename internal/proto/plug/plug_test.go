package plug

import "testing"

func TestSocketsKeepTheirOrder(t *testing.T) {
	var s Sockets[int]
	s.Add("b", 1)
	s.Add("a", 2)
	got := ""
	for name, n := range s.All() {
		got += name + string(rune('0'+n))
	}
	if got != "b1a2" {
		t.Errorf("got %s", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a name was taken twice")
		}
	}()
	s.Add("a", 3)
}
