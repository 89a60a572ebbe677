package logs

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Recent holds the last warnings and errors of this process, for administrators
// who look at them in the browser. Secrets are struck out as everywhere.
type Recent struct {
	mu    sync.Mutex
	lines [][]byte // JSON
	next  int      // the oldest, once all are there
}

// The bounds of what is held: lines of a few hundred bytes as a rule.
const (
	held    = 500
	longest = 1 << 10 // bytes of a text
)

// Record is one warning or error.
type Record struct {
	At      time.Time
	Level   slog.Level
	Message string
	More    []Attr // by key
}

// Attr is what a record says besides its message.
type Attr struct{ Key, Value string }

// handler writes lines for Recent to hold.
func (l *Recent) handler() slog.Handler {
	return slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		return short(redact(groups, a))
	}})
}

// short cuts texts that nobody reads to their end.
func short(a slog.Attr) slog.Attr {
	s := ""
	switch v := a.Value.Any().(type) {
	case string:
		s = v
	case error:
		s = v.Error()
	}
	if len(s) > longest {
		return slog.String(a.Key, strings.ToValidUTF8(s[:longest], "")+" …")
	}
	return a
}

// Write implements io.Writer for handlers, which write a line at a time.
func (l *Recent) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) < held {
		l.lines = append(l.lines, slices.Clone(line))
	} else {
		l.lines[l.next] = slices.Clone(line)
		l.next = (l.next + 1) % held
	}
	return len(line), nil
}

var _ io.Writer = (*Recent)(nil)

// Records returns what is held of a level and above, the newest first.
func (l *Recent) Records(least slog.Level) ([]Record, error) {
	l.mu.Lock()
	lines := append(slices.Clone(l.lines[l.next:]), l.lines[:l.next]...)
	l.mu.Unlock()
	out := []Record{}
	for _, line := range slices.Backward(lines) {
		r, err := parse(line)
		if err != nil {
			return nil, err
		}
		if r.Level >= least {
			out = append(out, r)
		}
	}
	return out, nil
}

func parse(line []byte) (r Record, err error) {
	var known struct {
		Time  time.Time
		Level slog.Level
		Msg   string
	}
	if err := json.Unmarshal(line, &known); err != nil {
		return r, err
	}
	more := map[string]json.RawMessage{}
	if err := json.Unmarshal(line, &more); err != nil {
		return r, err
	}
	r = Record{At: known.Time, Level: known.Level, Message: known.Msg}
	for _, key := range slices.Sorted(maps.Keys(more)) {
		if key != slog.TimeKey && key != slog.LevelKey && key != slog.MessageKey {
			r.More = append(r.More, Attr{key, plain(more[key])})
		}
	}
	return r, nil
}

// plain is a value without the quotes of JSON.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
