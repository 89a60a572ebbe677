package diary

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLinesOfAppsAreHeld(t *testing.T) {
	var out bytes.Buffer
	d := &Diary{}
	log := slog.New(d.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log.Debug("an external app says", "app", "a", "text", "nothing of note")
	log.Info("an external app says", "app", "a", "text", "hello")
	log.Warn("an external app could not be enabled", "app", "a", "error", "no disk")
	log.Info("somebody signed in", "user", "a")
	for range 3 {
		log.Info("an external app was refused", "app", "a", "why", "disabled", "path", "/x", "addr", "192.0.2.1")
	}
	log.Info("an external app was refused", "app", "b", "why", "no scope", "path", "/x")

	said, refused := d.Of("a")
	if len(said) != 2 || said[0].Text != "an external app could not be enabled: no disk" || said[0].Level != slog.LevelWarn || said[1].Text != "hello" {
		t.Errorf("said %+v", said)
	}
	if len(refused) != 1 || refused[0].Times != 3 || refused[0].Why != "disabled" || refused[0].Path != "/x" || refused[0].Addr != "192.0.2.1" {
		t.Errorf("refused %+v", refused)
	}
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "could not be enabled") {
		t.Errorf("the log has %q", got)
	}
	d.Forget("a")
	if said, refused := d.Of("a"); len(said)+len(refused) > 0 {
		t.Errorf("after it is forgotten: %+v %+v", said, refused)
	}
	if _, refused := d.Of("b"); len(refused) != 1 {
		t.Errorf("of another: %+v", refused)
	}
}

// Neither an app that talks without end nor somebody who claims to be many fills the memory.
func TestNotTooMuchIsHeld(t *testing.T) {
	d := &Diary{}
	log := slog.New(d.Handler(slog.DiscardHandler))
	for i := range 3 * lines {
		log.Info("an external app says", "app", "a", "text", fmt.Sprint(i, strings.Repeat("é", longest)))
	}
	at := time.Unix(1_800_000_000, 0)
	for i := range 3 * refusals {
		d.refuse(refusal{app: fmt.Sprint("name", i)}, at.Add(time.Duration(i)*time.Second))
	}
	for i := range 2 * apps {
		log.Info("an external app says", "app", fmt.Sprint("app", i), "text", "hello")
	}
	said, _ := d.Of("a")
	if len(said) != lines || !strings.HasPrefix(said[0].Text, fmt.Sprint(3*lines-1)) || len(said[0].Text) > longest+10 || len(d.said) != apps {
		t.Errorf("%d lines of %d apps", len(said), len(d.said))
	}
	if _, last := d.Of(fmt.Sprint("name", 3*refusals-1)); len(d.refused) != refusals || len(last) != 1 {
		t.Errorf("%d refusals, %+v", len(d.refused), last)
	}
}
