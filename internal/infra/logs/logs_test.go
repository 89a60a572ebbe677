package logs_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/infra/logs"
)

func TestLineCarriesTheRequestAndNoSecrets(t *testing.T) {
	var out bytes.Buffer
	log, err := logs.New(&out, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	ctx := logs.WithRequest(t.Context(), "r1")
	log.With("AppPassword", "hush").InfoContext(ctx, "signed in", logs.User, "alice", "token", "hush",
		slog.Group("tokens", "a", "hush"), slog.Group("mail", "dsn", "hush", "host", "h"))
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "signed in", "request": "r1", "user": "alice",
		"AppPassword": "***", "token": "***", "tokens": map[string]any{"a": "***"}, "mail": map[string]any{"dsn": "***", "host": "h"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTextAndLevel(t *testing.T) {
	var out bytes.Buffer
	log, err := logs.New(&out, "text", "warn")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("quiet")
	log.WithGroup("g").Warn("loud\nsecond line", "k", 1)
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `level=WARN msg="loud\nsecond line" g.k=1`) {
		t.Errorf("logged %q", got)
	}
}

func TestUnknownFormatAndLevel(t *testing.T) {
	for _, x := range [][2]string{{"xml", "info"}, {"text", "loud"}} {
		if _, err := logs.New(&bytes.Buffer{}, x[0], x[1]); err == nil {
			t.Errorf("New(%q, %q) is no error", x[0], x[1])
		}
	}
}

func TestOutsideARequestThereIsNoID(t *testing.T) {
	if got := logs.RequestOf(t.Context()); got != "" {
		t.Errorf("RequestOf = %q", got)
	}
}
