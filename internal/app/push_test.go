package app

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"atrium/internal/infra/db/dbtest"
)

// A client that waits at the socket hears of a change, sees a new etag when it
// looks, and is cut off when its account is locked by a command, in another
// process. With -v the test tells how soon.
func TestPush(t *testing.T) {
	dbtest.EachDSN(t, schemas, func(t *testing.T, dsn string) {
		environ := []string{"ATRIUM_DB=" + dsn, "ATRIUM_DATA=" + t.TempDir(), "ATRIUM_STORAGE_DURABILITY=none", "ATRIUM_LOG_LEVEL=error"}
		c := newConsole(t, environ...)
		r := start(t, environ...)
		defer r.stop()
		t.Setenv("OC_PASS", horse)
		c.must("user:add olga --password-from-env")
		olga := r.visitor("olga", horse)
		conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(r.url, "http")+"/push/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.CloseNow() }()
		hear := func() (string, error) { // of what is not the activity stream
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			defer func() { t.Logf("heard after %v", time.Since(began).Round(time.Millisecond)) }()
			for {
				_, text, err := conn.Read(ctx)
				if err != nil || string(text) != "notify_activity" {
					return string(text), err
				}
			}
		}
		for _, s := range []string{"olga", horse} {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(s)); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := hear(); text != "authenticated" || err != nil {
			t.Fatalf("heard %q, %v", text, err)
		}
		before := olga.etag()
		if code, body := olga.ask("PUT", "/remote.php/dav/files/olga/a.txt", "a"); code != 201 {
			t.Fatalf("PUT: %d %s", code, body)
		}
		if text, err := hear(); text != "notify_file" || err != nil {
			t.Errorf("heard %q, %v", text, err)
		}
		if after := olga.etag(); after == before {
			t.Errorf("the etag is still %s", after)
		}
		c.must("user:disable olga")
		text, err := hear()
		if err == nil && text == "err: Invalid credentials" {
			_, err = hear()
		}
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("heard %q, %v", text, err)
		}
	})
}

// etag is that of the home.
func (v *visitor) etag() string {
	v.Helper()
	res, err := v.send("PROPFIND", "/remote.php/dav/files/"+v.uid, nil)
	if err != nil {
		v.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	_, rest, ok := strings.Cut(string(b), "getetag>")
	tag, _, _ := strings.Cut(rest, "<")
	if err != nil || !ok {
		v.Fatalf("PROPFIND: %d %v %s", res.StatusCode, err, b)
	}
	return tag
}
