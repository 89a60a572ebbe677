// Package pasted reads what administrators paste to try a way in.
package pasted

import (
	"net/http"
	"strings"

	"atrium/internal/base/fault"
)

// Headers reads those of a proxy: one on each line, as in "X-Remote-User: ada"; else
// fault.Invalid.
func Headers(text string) (http.Header, error) {
	h := http.Header{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fault.New(fault.Invalid, "Headers stand on a line each, such as X-Remote-User: ada.")
		}
		h.Add(name, strings.TrimSpace(value))
	}
	return h, nil
}
