package administration

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/infra/conf"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
)

// The places that values come from.
const (
	byDefault   = "default"
	here        = "here" // set in the browser or by a command
	file        = "file"
	environment = "environment"
	commandLine = "command-line"
)

// confApp is the app under which the keys of the configuration are listed. They
// are read once, at the start, and not changed here.
const confApp = "conf"

// shown is a setting with its value.
type shown struct {
	App     string           `json:"app"`
	Name    string           `json:"name"`
	Kind    plug.SettingKind `json:"kind"`
	Value   string           `json:"value"`
	Default string           `json:"default"`
	Min     int64            `json:"min"`
	Max     int64            `json:"max"`
	OneOf   []string         `json:"oneOf"`
	Source  string           `json:"source"`
	Place   string           `json:"place"`   // of the value: "atrium.toml:12", "ATRIUM_URL"
	Command string           `json:"command"` // that does the same; VALUE stands for the value
	Doc     string           `json:"doc"`     // of a key of the configuration
	Fixed   bool             `json:"fixed"`   // not changed here
}

func (rm *Room) list(ctx context.Context, _ *ocs.Request) (any, error) {
	set := map[[2]string]string{}
	for s, err := range rm.settings.All(ctx, "") {
		if err != nil {
			return nil, err
		}
		set[[2]string{s.App, s.Name}] = s.Value
	}
	out := []shown{}
	for s := range rm.all() {
		value, ok := set[[2]string{s.App, s.Name}]
		out = append(out, show(s, value, ok))
	}
	return append(out, rm.configured()...), nil
}

// all yields what the rooms offer.
func (rm *Room) all() iter.Seq[plug.Setting] {
	return func(yield func(plug.Setting) bool) {
		for _, list := range rm.offered.All() {
			for _, s := range list {
				if !yield(s) {
					return
				}
			}
		}
	}
}

func show(s plug.Setting, value string, set bool) shown {
	out := shown{App: s.App, Name: s.Name, Kind: s.Kind, Value: s.Default, Default: s.Default, Min: s.Min, Max: s.Max, OneOf: s.OneOf,
		Source: byDefault, Command: fmt.Sprintf("atrium config:app:set %s %s --value=VALUE", s.App, s.Name)}
	if out.OneOf == nil {
		out.OneOf = []string{}
	}
	if s.App == "system" {
		out.Command = fmt.Sprintf("atrium config:system:set %s --value=VALUE", s.Name)
	}
	if set {
		out.Source, out.Value = here, value
		if clean, err := s.Parse(value); err == nil { // "true" is shown as "yes"
			out.Value = clean
		}
	}
	return out
}

// configured are the keys of the configuration with what the process began with.
func (rm *Room) configured() []shown {
	where := conf.Where(rm.source)
	var out []shown
	for _, v := range rm.config.Values() {
		s := shown{App: confApp, Name: v.Name, Kind: plug.SettingText, Value: v.Text, Default: v.Default, OneOf: v.OneOf, Source: byDefault,
			Place: where[v.Name], Command: v.Env[0] + "=VALUE", Doc: v.Doc, Fixed: true}
		if s.OneOf == nil {
			s.OneOf = []string{}
		}
		switch {
		case s.Place == "":
		case strings.HasPrefix(s.Place, "--"):
			s.Source = commandLine
		case strings.HasPrefix(s.Place, "ATRIUM_"):
			s.Source = environment
		default:
			s.Source = file
		}
		out = append(out, s)
	}
	return out
}

// named is the setting of a request.
func (rm *Room) named(r *ocs.Request) (plug.Setting, error) {
	for s := range rm.all() {
		if s.App == r.Path("app") && s.Name == r.Path("name") {
			return s, nil
		}
	}
	return plug.Setting{}, fault.New(fault.NotFound, "There is no such setting.")
}

// set takes {value} and answers with the setting as it is then.
func (rm *Room) set(ctx context.Context, r *ocs.Request) (any, error) {
	s, err := rm.named(r)
	if err != nil {
		return nil, err
	}
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	if !p.Has("value") {
		return nil, fault.New(fault.Invalid, "The parameter value is missing.")
	}
	value, err := s.Parse(p.Get("value"))
	if err != nil {
		return nil, err
	}
	if err := rm.settings.Set(ctx, s.App, s.Name, value); err != nil {
		return nil, err
	}
	return show(s, value, true), nil
}

// reset goes back to the default.
func (rm *Room) reset(ctx context.Context, r *ocs.Request) (any, error) {
	s, err := rm.named(r)
	if err != nil {
		return nil, err
	}
	if err := rm.settings.Delete(ctx, s.App, s.Name); err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	return show(s, "", false), nil
}
