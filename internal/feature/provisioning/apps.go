package provisioning

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// plugApps: the parts of the server, and their settings.
func (rm *Room) plugApps(m *ocs.Mux) {
	apps, settings := web.Right("apps"), web.Right("settings")
	ocs.Handle(m, "GET /cloud/apps", web.Admin, rm.appList, apps)
	ocs.Handle(m, "GET /cloud/apps/{app}", web.Admin, rm.appInfo, apps)
	ocs.Handle(m, "POST /cloud/apps/{app}", web.Admin|web.Confirmed, rm.appEnable, apps)
	ocs.Handle(m, "DELETE /cloud/apps/{app}", web.Admin|web.Confirmed, rm.appDisable, apps)
	ocs.Handle(m, "GET /apps/administration/api/v1/parts", web.Admin, rm.parts, apps)
	const config = "/apps/provisioning_api/api/v1/config/"
	ocs.Handle(m, "GET "+config+"apps", web.Admin, rm.configApps, settings)
	ocs.Handle(m, "GET "+config+"apps/{app}", web.Admin, rm.configKeys, settings)
	ocs.Handle(m, "GET "+config+"apps/{app}/{key}", web.Admin, rm.configGet, settings)
	ocs.Handle(m, "POST "+config+"apps/{app}/{key}", web.Admin|web.Confirmed, rm.configSet, settings)
	ocs.Handle(m, "DELETE "+config+"apps/{app}/{key}", web.Admin|web.Confirmed, rm.configDelete, settings)
	for _, method := range []string{"POST ", "DELETE "} {
		ocs.Handle(m, method+config+"users/{app}", web.User, noPreference)
	}
	ocs.Handle(m, "POST "+config+"users/{app}/{key}", web.User, rm.choose)
	ocs.Handle(m, "DELETE "+config+"users/{app}/{key}", web.User, rm.unchoose)
}

// Preferences keeps what people choose for themselves. What may not be chosen is
// fault.Invalid.
type Preferences interface {
	Choose(ctx context.Context, uid, app, name, value string) error
	Forget(ctx context.Context, uid, app, name string) error
}

// noPreference refuses to choose several things at once, and what nobody may choose
// (31-provisioning/249 to 254).
func noPreference(context.Context, *ocs.Request) (any, error) { return nil, ocs.Fail(400, "") }

func (rm *Room) choose(ctx context.Context, r *ocs.Request) (any, error) {
	value, err := r.Param("configValue")
	if err != nil {
		return nil, err
	}
	return rm.chosen(ctx, r, func(p Preferences) error { return p.Choose(ctx, r.Caller().ID, r.Path("app"), r.Path("key"), value) })
}

func (rm *Room) unchoose(ctx context.Context, r *ocs.Request) (any, error) {
	return rm.chosen(ctx, r, func(p Preferences) error { return p.Forget(ctx, r.Caller().ID, r.Path("app"), r.Path("key")) })
}

func (rm *Room) chosen(ctx context.Context, r *ocs.Request, act func(p Preferences) error) (any, error) {
	if rm.Preferences == nil {
		return noPreference(ctx, r)
	}
	if err := act(rm.Preferences); errors.Is(err, fault.Invalid) {
		return noPreference(ctx, r)
	} else if err != nil {
		return nil, err
	}
	return nothing, nil
}

type appIDs struct {
	Apps []string `json:"apps"`
}

func (rm *Room) appsWhere(ctx context.Context, wanted func(a App) bool) (any, error) {
	all, err := rm.apps.List(ctx)
	out := appIDs{[]string{}}
	for _, a := range all {
		if wanted(a) {
			out.Apps = append(out.Apps, a.ID)
		}
	}
	return out, err
}

func (rm *Room) appList(ctx context.Context, r *ocs.Request) (any, error) {
	filter, err := r.Param("filter")
	if err != nil {
		return nil, err
	}
	switch filter {
	case "":
		return rm.appsWhere(ctx, func(App) bool { return true })
	case "enabled":
		return rm.appsWhere(ctx, func(a App) bool { return a.Enabled })
	case "disabled":
		return rm.appsWhere(ctx, func(a App) bool { return !a.Enabled })
	}
	return nil, ocs.Fail(101, "")
}

// parts tells of all parts whether they are on, and whether they must be.
func (rm *Room) parts(ctx context.Context, _ *ocs.Request) (any, error) {
	type part struct {
		ID     string `json:"id"`
		On     bool   `json:"on"`
		Always bool   `json:"always"`
	}
	all, err := rm.apps.List(ctx)
	out := []part{}
	for _, a := range all {
		out = append(out, part{a.ID, a.Enabled, a.Always})
	}
	return out, err
}

// userApps lists what is switched on, for who administers groups.
func (rm *Room) userApps(ctx context.Context, _ *ocs.Request) (any, error) {
	return rm.appsWhere(ctx, func(a App) bool { return a.Enabled })
}

// errNoApp is the recorded answer (31-provisioning/225 and 229).
var errNoApp = ocs.Fail(998, "The request app was not found")

func (rm *Room) appInfo(ctx context.Context, r *ocs.Request) (any, error) {
	all, err := rm.apps.List(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(a App) bool { return a.ID == r.Path("app") })
	if i < 0 {
		return nil, errNoApp
	}
	return struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Summary string `json:"summary"`
		Version string `json:"version"`
		Active  bool   `json:"active"`
	}{all[i].ID, all[i].Name, all[i].Summary, all[i].Version, all[i].Enabled}, nil
}

func (rm *Room) appEnable(ctx context.Context, r *ocs.Request) (any, error) {
	err := rm.apps.Enable(ctx, r.Path("app"))
	if errors.Is(err, fault.NotFound) {
		return nil, errNoApp
	}
	return nothing, err
}

// errAlwaysOn is the recorded answer (31-provisioning/231).
var errAlwaysOn = ocs.Fail(996, "Internal Server Error\n")

// appDisable is content when there is no such app (31-provisioning/230).
func (rm *Room) appDisable(ctx context.Context, r *ocs.Request) (any, error) {
	err := rm.apps.Disable(ctx, r.Path("app"))
	switch {
	case errors.Is(err, fault.NotFound):
		err = nil
	case errors.Is(err, fault.Denied):
		err = errAlwaysOn
	}
	return nothing, err
}

// nested is how the settings interface wraps its data once more.
type nested struct {
	Data any `json:"data"`
}

func forbidden(message string) error {
	return &ocs.Failure{Code: 403, Data: nested{struct {
		Message string `json:"message"`
	}{message}}}
}

var (
	appName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	secret  = regexp.MustCompile(`(?i)secret|passw|token|private|credential|_?key$`)
)

// configApp is the app that a request names. Settings of the system are none of
// an app's.
func configApp(r *ocs.Request) (string, error) {
	app := r.Path("app")
	if !appName.MatchString(app) || app == "system" {
		return "", forbidden("Invalid app id given")
	}
	return app, nil
}

// kept are the names that no client changes: what an app is itself, and on what
// the instance hangs.
func kept(app, name string) bool {
	switch name {
	case "enabled", "installed_version", "types":
		return true
	}
	return app == "core" && slices.Contains([]string{"secret", "store", "instanceid"}, name)
}

func (rm *Room) configApps(ctx context.Context, _ *ocs.Request) (any, error) {
	out := []string{}
	for s, err := range rm.settings.All(ctx, "") {
		if err != nil {
			return nil, err
		}
		if s.App != "system" && !slices.Contains(out, s.App) {
			out = append(out, s.App)
		}
	}
	return nested{out}, nil
}

func (rm *Room) configKeys(ctx context.Context, r *ocs.Request) (any, error) {
	app, err := configApp(r)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for s, err := range rm.settings.All(ctx, app) {
		if err != nil {
			return nil, err
		}
		out = append(out, s.Name)
	}
	return nested{out}, nil
}

// configGet reads a setting, "" when it is not set. Secrets are not told.
func (rm *Room) configGet(ctx context.Context, r *ocs.Request) (any, error) {
	app, err := configApp(r)
	if err != nil {
		return nil, err
	}
	def, err := r.Param("defaultValue")
	if err != nil {
		return nil, err
	}
	name := r.Path("key")
	if secret.MatchString(name) {
		return nil, forbidden("The given key can not be read")
	}
	v, err := rm.settings.Default(ctx, app, name, def)
	return nested{v}, err
}

func (rm *Room) configSet(ctx context.Context, r *ocs.Request) (any, error) {
	app, err := configApp(r)
	if err != nil {
		return nil, err
	}
	must, err := given(r, "value")
	if err != nil {
		return nil, err
	}
	name := r.Path("key")
	if kept(app, name) {
		return nil, forbidden("The given key can not be set")
	}
	if len(name) > 64 || strings.ContainsRune(name, 0) {
		return nil, forbidden("Invalid key given")
	}
	return nothing, rm.settings.Set(ctx, app, name, must[0])
}

func (rm *Room) configDelete(ctx context.Context, r *ocs.Request) (any, error) {
	app, err := configApp(r)
	if err != nil {
		return nil, err
	}
	if kept(app, r.Path("key")) {
		return nil, forbidden("The given key can not be set")
	}
	err = rm.settings.Delete(ctx, app, r.Path("key"))
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return nothing, err
}
