package logs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/infra/logs"
)

func TestLineCarriesTheRequestAndNoSecrets(t *testing.T) {
	var out bytes.Buffer
	log, _, err := logs.New(&out, "json", "info")
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
	log, _, err := logs.New(&out, "text", "warn")
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
		if _, _, err := logs.New(&bytes.Buffer{}, x[0], x[1]); err == nil {
			t.Errorf("New(%q, %q) is no error", x[0], x[1])
		}
	}
}

func TestOutsideARequestThereIsNoID(t *testing.T) {
	if got := logs.RequestOf(t.Context()); got != "" {
		t.Errorf("RequestOf = %q", got)
	}
}

func TestWarningsAndErrorsAreHeld(t *testing.T) {
	log, recent, err := logs.New(io.Discard, "text", "error")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("quiet")
	for i := range 600 {
		log.Warn("a warning", "n", i)
	}
	long := errors.New(strings.Repeat("é", 3000))
	log.With(logs.Part, "mail").ErrorContext(logs.WithRequest(t.Context(), "r1"), "it broke", logs.Err, long, "token", "hush", slog.Group("dsn", "host", "hush"))
	all, err := recent.Records(slog.LevelWarn)
	if err != nil || len(all) != 500 || all[1].Message != "a warning" || all[1].More[0] != (logs.Attr{Key: "n", Value: "599"}) || all[499].More[0].Value != "101" {
		t.Fatalf("%d are held: %v", len(all), err)
	}
	bad, err := recent.Records(slog.LevelError)
	if err != nil || len(bad) != 1 || bad[0].Message != "it broke" || time.Since(bad[0].At) > time.Minute {
		t.Fatalf("%+v, %v", bad, err)
	}
	got := map[string]string{}
	for _, a := range bad[0].More {
		got[a.Key] = a.Value
	}
	if got[logs.Part] != "mail" || got[logs.Request] != "r1" || got["token"] != logs.Redacted || strings.Contains(got["dsn"], "hush") || len(got[logs.Err]) > 1100 || !strings.HasSuffix(got[logs.Err], "é …") {
		t.Errorf("%v", got)
	}
}
