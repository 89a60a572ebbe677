package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLimitsOfRoutesCanBeWidened(t *testing.T) {
	for factor, want := range map[float64]int{0: 4, 2: 8, .5: 2, -1: 20} {
		m := NewMux()
		m.Handle("GET", "/slow", Anyone, func(http.ResponseWriter, *http.Request) error { return nil }, PerMinute(4))
		d := NewDoor(Config{Routes: factor}, m)
		let := 0
		for range 20 {
			w := httptest.NewRecorder()
			if d.ServeHTTP(w, httptest.NewRequest("GET", "/slow", nil)); w.Code == http.StatusOK {
				let++
			}
		}
		if let != want {
			t.Errorf("factor %v: %d calls at once, want %d", factor, let, want)
		}
	}
}
