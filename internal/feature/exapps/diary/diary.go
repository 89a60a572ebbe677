// Package diary holds what was last logged of external apps, by the app: what they said,
// what went wrong with them, and which of their requests were refused. It sees lines on
// their way to the log, those of this process only, and knows no apps: a line of one has
// its id under the key "app", and a refusal its reason under "why".
package diary

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// The bounds of what is held.
const (
	lines    = 100     // of one app
	refusals = 500     // of all, for who claims to be an app need not be one
	apps     = 1000    // that have said anything
	longest  = 1 << 10 // bytes of a text
)

// Line is something that an app has said, or that was said of it.
type Line struct {
	At    time.Time
	Level slog.Level
	Text  string
}

// Refusal is a request that was refused, as often as it came again.
type Refusal struct {
	Why, Path, Addr string
	Times           int
	Last            time.Time
}

// Diary holds lines. Its zero value is empty.
type Diary struct {
	mu      sync.Mutex
	said    map[string][]Line
	refused map[refusal]*Refusal
}

type refusal struct{ app, why, path, addr string }

// Handler passes lines on to another handler, and holds those of apps, from slog.LevelInfo on.
func (d *Diary) Handler(next slog.Handler) slog.Handler { return handler{next, d} }

// Of returns what is held of an app, the newest first.
func (d *Diary) Of(app string) (said []Line, refused []Refusal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	said = slices.Clone(d.said[app])
	slices.Reverse(said)
	for key, r := range d.refused {
		if key.app == app {
			refused = append(refused, *r)
		}
	}
	slices.SortFunc(refused, func(a, b Refusal) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Path, b.Path), strings.Compare(a.Addr, b.Addr), strings.Compare(a.Why, b.Why))
	})
	return said, refused
}

// Forget drops what is held of an app.
func (d *Diary) Forget(app string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.said, app)
	for key := range d.refused {
		if key.app == app {
			delete(d.refused, key)
		}
	}
}

func (d *Diary) say(app string, l Line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.said == nil {
		d.said = map[string][]Line{}
	}
	all, known := d.said[app]
	if !known && len(d.said) >= apps {
		return
	}
	if len(all) >= lines {
		all = slices.Delete(all, 0, len(all)-lines+1)
	}
	d.said[app] = append(all, l)
}

func (d *Diary) refuse(key refusal, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refused == nil {
		d.refused = map[refusal]*Refusal{}
	}
	r := d.refused[key]
	if r == nil {
		d.room()
		r = &Refusal{Why: key.why, Path: key.path, Addr: key.addr}
		d.refused[key] = r
	}
	r.Times++
	r.Last = at
}

// room forgets the refusal that is longest ago, if there are as many as may be.
func (d *Diary) room() {
	if len(d.refused) < refusals {
		return
	}
	var oldest refusal
	var at time.Time
	for key, r := range d.refused {
		if at.IsZero() || r.Last.Before(at) {
			oldest, at = key, r.Last
		}
	}
	delete(d.refused, oldest)
}

type handler struct {
	slog.Handler
	diary *Diary
}

// Enabled implements slog.Handler: what a terse log leaves out is held all the same.
func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		h.diary.hold(r)
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs), h.diary}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.diary}
}

func (d *Diary) hold(r slog.Record) {
	said := map[string]string{}
	r.Attrs(func(a slog.Attr) bool {
		said[a.Key] = short(a.Value.String())
		return true
	})
	app := said["app"]
	switch {
	case app == "":
	case said["why"] != "":
		d.refuse(refusal{app, said["why"], said["path"], said["addr"]}, r.Time)
	default:
		text := cmp.Or(said["text"], r.Message)
		if said["error"] != "" {
			text += ": " + said["error"]
		}
		d.say(app, Line{r.Time, r.Level, text})
	}
}

// short cuts texts that nobody reads to their end.
func short(s string) string {
	if len(s) > longest {
		return strings.ToValidUTF8(s[:longest], "") + " …"
	}
	return s
}
