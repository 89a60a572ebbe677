// Package stats counts what the process does, for Prometheus. Each Stats has
// a registry of its own. Labels take few values only: never a user, a path or
// anything else that clients choose.
package stats

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Stats is the set of figures of one process.
type Stats struct {
	reg      *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	received prometheus.Counter
	sent     prometheus.Counter
	answered atomic.Int64
	failed   atomic.Int64
}

// New makes an empty set, with the Go runtime's and the process's own figures.
func New() *Stats {
	s := &Stats{
		reg: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "atrium_http_requests_total", Help: "Requests answered.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "atrium_http_request_seconds", Help: "Time from a request's header to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"method", "route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "atrium_http_requests_in_flight", Help: "Requests being answered.",
		}),
		received: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atrium_http_received_bytes_total", Help: "Bytes of request bodies.",
		}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atrium_http_sent_bytes_total", Help: "Bytes of answers' bodies.",
		}),
	}
	s.reg.MustRegister(s.requests, s.seconds, s.inFlight, s.received, s.sent,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return s
}

// Request is one answered request.
type Request struct {
	Method   string // as sent; unknown ones are counted together
	Route    string // class of route: "dav/files", "ocs", …; from our route table only
	Status   int
	Took     time.Duration
	Received int64 // bytes of its body
	Sent     int64 // bytes of the answer's body
}

// Begin counts a request as being in flight until done is called.
func (s *Stats) Begin() (done func(Request)) {
	s.inFlight.Inc()
	return func(r Request) {
		s.inFlight.Dec()
		m := method(r.Method)
		s.requests.WithLabelValues(m, r.Route, strconv.Itoa(r.Status)).Inc()
		s.seconds.WithLabelValues(m, r.Route).Observe(r.Took.Seconds())
		s.received.Add(float64(r.Received))
		s.sent.Add(float64(r.Sent))
		s.answered.Add(1)
		if r.Status >= http.StatusInternalServerError {
			s.failed.Add(1)
		}
	}
}

// Answered tells how many requests were answered, and how many of them with a
// failure of our own: a status of 500 and above.
func (s *Stats) Answered() (all, failed int64) { return s.answered.Load(), s.failed.Load() }

func method(m string) string {
	switch m {
	case "GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS",
		"PROPFIND", "PROPPATCH", "MKCOL", "MKCALENDAR", "MOVE", "COPY", "LOCK", "UNLOCK", "REPORT", "SEARCH", "ACL":
		return m
	default:
		return "other"
	}
}

// Gauge shows what f gives whenever somebody asks. The name begins with
// "atrium_" and ends with its unit.
func (s *Stats) Gauge(name, help string, f func() float64) {
	s.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
}

// Counter makes a figure that only grows; name it "atrium_…_total". With
// labels, add gets their values in that order.
func (s *Stats) Counter(name, help string, labels ...string) (add func(n float64, values ...string)) {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	s.reg.MustRegister(c)
	return func(n float64, values ...string) { c.WithLabelValues(values...).Add(n) }
}

// upTimeout bounds how long one part may keep a scrape waiting.
const upTimeout = 2 * time.Second

// Up shows as atrium_up{part="db"} whether a part that we depend on answers,
// asked at each scrape: 1 or 0.
func (s *Stats) Up(part string, alive func(context.Context) error) {
	s.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atrium_up", Help: "Whether a part that we depend on answers.",
		ConstLabels: prometheus.Labels{"part": part},
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), upTimeout)
		defer cancel()
		if alive(ctx) != nil {
			return 0
		}
		return 1
	}))
}

// Handler answers a scrape.
func (s *Stats) Handler() http.Handler {
	return promhttp.HandlerFor(s.reg, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}
