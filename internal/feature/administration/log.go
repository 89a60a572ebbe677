package administration

import (
	"context"
	"log/slog"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
)

// record is a warning or an error that the server logged.
type record struct {
	At      string `json:"at"` // RFC 3339, UTC
	Level   string `json:"level"`
	Message string `json:"message"`
	More    []attr `json:"more"`
}

type attr struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// showLog answers GET …/log?level=warn|error with what this process logged of that
// level and above, the newest first.
func (rm *Room) showLog(_ context.Context, r *ocs.Request) (any, error) {
	least := slog.LevelWarn
	switch r.URL.Query().Get("level") {
	case "", "warn":
	case "error":
		least = slog.LevelError
	default:
		return nil, fault.New(fault.Invalid, "level is warn or error.")
	}
	all, err := rm.Log.Records(least)
	if err != nil {
		return nil, err
	}
	out := []record{}
	for _, l := range all {
		line := record{At: l.At.UTC().Format(time.RFC3339), Level: "warn", Message: l.Message, More: []attr{}}
		if l.Level >= slog.LevelError {
			line.Level = "error"
		}
		for _, a := range l.More {
			line.More = append(line.More, attr(a))
		}
		out = append(out, line)
	}
	return out, nil
}
