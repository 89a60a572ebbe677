package exapps

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"atrium/internal/feature/exapps/route"
	"atrium/internal/infra/db"
)

func TestAnAppStarts(t *testing.T) {
	each(t, func(g *rig) {
		a := g.registered(nil)
		if a.Enabled || a.Status.Action != "init" || a.Status.Type != "install" {
			g.Fatalf("after /init: %+v", a)
		}
		progress := func(body string) {
			w := g.serve(shared(request("PUT", "/ocs/v2.php/apps/app_api/ex-app/status?format=json", body), "", secret))
			if w.Code != http.StatusOK {
				g.Fatalf("%s: %d %s", body, w.Code, w.Body)
			}
		}
		progress(`{"progress":40}`)
		if a = g.get(); a.Enabled || a.Status.Init != 40 {
			g.Errorf("at 40: %+v", a.Status)
		}
		progress(`{"progress":100}`)
		g.must(g.jobs.Drain(g.Context()))
		if a = g.get(); !a.Enabled || a.Status.Action != "" {
			g.Errorf("at 100: %+v", a.Status)
		}
		if r, _ := g.app.last("/enabled"); r == nil || r.Method != http.MethodPut || r.URL.RawQuery != "enabled=1" || r.Header.Get(sharedHeader) == "" {
			g.Errorf("the app heard %+v", r)
		}
	})
}

// An app that does not answer is asked again, each second, and not for ever.
func TestAnAppThatComesLate(t *testing.T) {
	each(t, func(g *rig) {
		g.app.Close()
		a := g.registered(nil)
		if a.Status.Error != "" || a.Status.Action == "" {
			g.Fatalf("at once: %+v", a.Status)
		}
		g.now = g.now.Add(startWithin + time.Second)
		g.must(g.jobs.Drain(g.Context()))
		if a = g.get(); a.Enabled || a.Status.Error == "" || a.Status.Action != "" {
			g.Errorf("after ten minutes: %+v", a.Status)
		}
	})
}

func TestAnAppThatDoesNotWantToBeEnabled(t *testing.T) {
	each(t, func(g *rig) {
		g.app.init, g.app.enabled = http.StatusNotFound, `{"error":"no disk"}`
		if a := g.registered(nil); a.Enabled || !strings.Contains(a.Status.Error, "no disk") {
			g.Errorf("%+v", a)
		}
	})
}

func TestAnAppIsCheckedBeforeItIsKept(t *testing.T) {
	each(t, func(g *rig) {
		g.must(g.room.AddDaemon(g.Context(), &Daemon{Name: "manual", Deploy: manual, Protocol: "http"}))
		good := func() *App {
			return &App{ID: "x", Daemon: "manual", Version: "1", secret: secret, Settings: Settings{Name: "X", Scheme: "http", Host: "localhost", Port: 1}}
		}
		for name, change := range map[string]func(a *App){
			"id": func(a *App) { a.ID = "../x" }, "daemon": func(a *App) { a.Daemon = "nosuch" }, "version": func(a *App) { a.Version = "" },
			"name": func(a *App) { a.Name = "" }, "secret": func(a *App) { a.secret = "short" }, "scheme": func(a *App) { a.Scheme = "file" },
			"host": func(a *App) { a.Host = "a/b" }, "user in host": func(a *App) { a.Host = "a@b" }, "port": func(a *App) { a.Port = 0 },
			"scope": func(a *App) { a.Scopes = []string{"ROOT"} }, "route": func(a *App) { a.Routes = []route.Route{{URL: "("}} },
		} {
			a := good()
			change(a)
			if g.room.Register(g.Context(), a) == nil {
				g.Errorf("another %s passes", name)
			}
		}
		g.must(g.room.Register(g.Context(), good()))
		if g.room.Register(g.Context(), good()) == nil {
			g.Error("registered twice")
		}
		if _, err := g.room.RemoveDaemon(g.Context(), "manual"); err == nil {
			g.Error("the daemon of an app was removed")
		}
	})
}

// Secrets are nowhere in the tables as they are.
func TestSecretsAreSealed(t *testing.T) {
	each(t, func(g *rig) {
		a := g.enabled(nil)
		g.must(g.room.keep(g.Context(), a.ID, &pair{uid: "olga", name: "k", value: "very-sensitive", sensitive: true}))
		for q, plain := range map[string]string{"SELECT secret FROM exapps_app": secret, "SELECT settings FROM exapps_app": secret, "SELECT value FROM exapps_config": "very-sensitive"} {
			got, err := db.One(g.Context(), g.room.db, db.Scan1[string], q)
			if err != nil || strings.Contains(got, plain) {
				g.Errorf("%s: %q, %v", q, got, err)
			}
		}
		found, err := g.room.pairs(g.Context(), a.ID, "olga", nil)
		if err != nil || len(found) != 1 || found[0].value != "very-sensitive" {
			g.Errorf("%+v, %v", found, err)
		}
		g.must(g.dir.Remove(g.Context(), "olga"))
		if left, err := g.room.pairs(g.Context(), a.ID, "olga", nil); err != nil || len(left) != 0 {
			g.Errorf("after olga: %+v, %v", left, err)
		}
	})
}

// An app may change nothing of another's.
func TestAppsAreApart(t *testing.T) {
	each(t, func(g *rig) {
		a := g.enabled(nil)
		g.must(g.room.keep(g.Context(), "other", &pair{name: "k", value: "v"}))
		if n, err := g.room.drop(g.Context(), a.ID, "", []string{"k"}); n != 0 || err != nil {
			g.Errorf("%d, %v", n, err)
		}
		w := g.serve(shared(request("POST", "/ocs/v2.php/apps/app_api/api/v1/ex-app/config/get-values?format=json", `{"configKeys":["k"]}`), "", secret))
		if got := data[[]named](g, w); len(got) != 0 {
			g.Errorf("%+v", got)
		}
		if w := g.serve(shared(request("PUT", "/ocs/v2.php/apps/app_api/apps/status/other?format=json", `{"progress":1}`), "", secret)); w.Code != http.StatusUnauthorized {
			g.Errorf("of another app: %d", w.Code)
		}
	})
}

// What apps ask of people who are gone or locked is refused.
func TestPeopleMustBeThere(t *testing.T) {
	each(t, func(g *rig) {
		g.enabled(nil)
		g.must(g.dir.Disable(g.Context(), "otto"))
		for _, uid := range []string{"ghost", "otto", ""} {
			if w := g.serve(shared(request("GET", me, ""), uid, secret)); w.Code != http.StatusUnauthorized {
				g.Errorf("%q: %d", uid, w.Code)
			}
		}
	})
}
