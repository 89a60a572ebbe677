// Package logs sets up slog: text or JSON lines, secrets struck out by their
// keys, and the request's id on every line that is logged under its context.
// It also holds the few keys that all packages share.
package logs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// The keys of log lines. A new one is added here, so that lines stay searchable.
const (
	Request = "request" // request id; set by the context
	User    = "user"    // user id
	Method  = "method"
	Path    = "path"
	Status  = "status"
	Took    = "took" // a duration
	Bytes   = "bytes"
	Client  = "client" // address of the client
	Agent   = "agent"  // the client's User-Agent
	Part    = "part"   // of us: a room, job or subscriber
	Err     = "err"
)

// Redacted stands for a secret.
const Redacted = "***"

// New makes a logger, and keeps the last warnings and errors. Format is text or
// json, level debug, info, warn or error, as package conf checks them.
func New(w io.Writer, format, level string) (*slog.Logger, *Recent, error) {
	var lv slog.Level
	if err := lv.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, fmt.Errorf("log level %q: %w", level, err)
	}
	o := &slog.HandlerOptions{Level: lv, ReplaceAttr: redact}
	var lines slog.Handler
	switch format {
	case "text":
		lines = slog.NewTextHandler(w, o)
	case "json":
		lines = slog.NewJSONHandler(w, o)
	default:
		return nil, nil, fmt.Errorf("log format %q is neither text nor json", format)
	}
	recent := &Recent{}
	return slog.New(handler{slog.NewMultiHandler(lines, recent.handler())}), recent, nil
}

type requestKey struct{}

// WithRequest returns a context whose log lines carry the request's id.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestOf is the request id of ctx, "" outside of requests.
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// handler adds what the context knows.
type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestOf(ctx); id != "" {
		r.AddAttrs(slog.String(Request, id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

// redact strikes out the values of keys that sound like secrets, whole groups
// of that name included.
func redact(groups []string, a slog.Attr) slog.Attr {
	if secret(a.Key) {
		return slog.String(a.Key, Redacted)
	}
	for _, g := range groups {
		if secret(g) {
			return slog.String(a.Key, Redacted)
		}
	}
	return a
}

func secret(key string) bool {
	key = strings.ToLower(key)
	for _, word := range [...]string{"password", "passwd", "secret", "token", "authorization", "cookie", "credential", "private", "dsn"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}
