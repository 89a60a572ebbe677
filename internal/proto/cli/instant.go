package cli

import (
	"strconv"
	"time"
)

// Instant reads a time that somebody gives: RFC 3339, or Unix seconds.
func Instant(text string) (time.Time, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 && n < 1<<40 {
		return time.Unix(n, 0), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, Usage("%q is no time such as 2026-01-31T12:00:00Z", text)
	}
	return t, nil
}
