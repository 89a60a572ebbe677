package stats_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"atrium/internal/infra/stats"
)

// scrape gives the lines of our own figures.
func scrape(t *testing.T, s *stats.Stats) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func want(t *testing.T, page string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(page, l+"\n") {
			t.Errorf("the page lacks %q", l)
		}
	}
}

func TestRequestsAreCounted(t *testing.T) {
	s := stats.New()
	one, two := s.Begin(), s.Begin()
	want(t, scrape(t, s), "atrium_http_requests_in_flight 2")
	one(stats.Request{Method: "PUT", Route: "dav/files", Status: 201, Took: 3 * time.Millisecond, Received: 10, Sent: 1})
	two(stats.Request{Method: "BREW", Route: "none", Status: 405})
	s.Begin()(stats.Request{Method: "GET", Route: "none", Status: 500})
	if all, failed := s.Answered(); all != 3 || failed != 1 {
		t.Errorf("%d answered, %d failed", all, failed)
	}
	want(t, scrape(t, s),
		"atrium_http_requests_in_flight 0",
		`atrium_http_requests_total{method="PUT",route="dav/files",status="201"} 1`,
		`atrium_http_requests_total{method="other",route="none",status="405"} 1`,
		`atrium_http_request_seconds_bucket{method="PUT",route="dav/files",le="0.0025"} 0`,
		`atrium_http_request_seconds_bucket{method="PUT",route="dav/files",le="0.005"} 1`,
		"atrium_http_received_bytes_total 10",
		"atrium_http_sent_bytes_total 1")
}

func TestPartsShowWhetherTheyAnswer(t *testing.T) {
	s := stats.New()
	s.Up("db", func(context.Context) error { return nil })
	s.Up("blob", func(context.Context) error { return errors.New("gone") })
	s.Gauge("atrium_blob_free_bytes", "Room on the disk.", func() float64 { return 42 })
	add := s.Counter("atrium_bus_events_total", "Events.", "event")
	add(2, "file.written")
	want(t, scrape(t, s), `atrium_up{part="db"} 1`, `atrium_up{part="blob"} 0`, "atrium_blob_free_bytes 42", `atrium_bus_events_total{event="file.written"} 2`)
}

func TestEachStatsStandsAlone(t *testing.T) {
	stats.New().Gauge("atrium_x", "X.", func() float64 { return 1 })
	stats.New().Gauge("atrium_x", "X.", func() float64 { return 1 })
}
