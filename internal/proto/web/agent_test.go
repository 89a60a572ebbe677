package web

import (
	"net/http/httptest"
	"testing"
)

func TestBulkSafe(t *testing.T) {
	for agent, want := range map[string]bool{
		"Mozilla/5.0 (Linux) mirall/3.7.3git (Nextcloud, debian-6.1 ClientArchitecture: x86_64 OsArchitecture: x86_64)": false,
		"Mozilla/5.0 (Windows) mirall/3.9.50git (Nextcloud)":                                                            false,
		"Mozilla/5.0 (Linux) mirall/3.10.0git (Nextcloud)":                                                              true,
		"Mozilla/5.0 (Macintosh) mirall/4.0.1 (build 1) (Nextcloud)":                                                    true,
		"Mozilla/5.0 (Linux) mirall/x (Nextcloud)":                                                                      true,
		"curl/8": true,
		"":       true,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("User-Agent", agent)
		if got := BulkSafe(r); got != want {
			t.Errorf("%q: %v, want %v", agent, got, want)
		}
	}
}

func FuzzDesktopVersion(f *testing.F) {
	f.Add("mirall/3.7.3")
	f.Add("mirall/999999999999999999999.1")
	f.Fuzz(func(t *testing.T, agent string) {
		if a, b, ok := DesktopVersion(agent); ok && (a < 0 || b < 0) {
			t.Errorf("%q: %d.%d", agent, a, b)
		}
	})
}
