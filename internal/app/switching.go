package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/feature/provisioning"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// known is a room under the name that clients and scripts know it by. A room that
// is listed bare has its package's name, and is always on.
type known struct {
	plug.Room
	name string
	may  bool // be switched off
}

// always is a room on which the house stands.
func always(name string, r plug.Room) plug.Room { return known{r, name, false} }

// may is a room that may be switched off.
func may(name string, r plug.Room) plug.Room { return known{r, name, true} }

// nameOf is a room's name and whether it may be switched off.
func nameOf(r plug.Room) (name string, optional bool) {
	if k, ok := r.(known); ok {
		return k.name, k.may
	}
	name, _, _ = strings.Cut(strings.TrimPrefix(fmt.Sprintf("%T", r), "*"), ".")
	return name, false
}

// plug plugs a room in, and has all registries note whose the things are if it may
// be switched off. A room with a keeper is switched off for people only: what it
// keeps goes on being kept, and ends by its own rules.
func (h *house) plug(b *plug.Board, r plug.Room) {
	name, optional := nameOf(r)
	if optional {
		h.switches.Begin(name)
		defer h.switches.Begin("")
	}
	ways, keepers := len(*b.Auth), len(b.Hook.Keepers)
	r.Plug(b)
	b.Hook.Belong(h.switches.Part())
	if len(b.Hook.Keepers) > keepers {
		h.switches.Keep()
	}
	for i := ways; optional && i < len(*b.Auth); i++ {
		(*b.Auth)[i] = web.While((*b.Auth)[i], h.switches.Part())
	}
}

// enabledName is the setting, in each room's own name, that says "no" when the
// room is switched off.
const enabledName = "enabled"

// followEvery is how late other nodes notice that a room was switched.
const followEvery = 2 * time.Second

// turn switches the rooms as the settings say, and tells whether that is a change.
func (h *house) turn(ctx context.Context) (changed bool, err error) {
	off := map[string]bool{}
	for s, err := range h.settings.Named(ctx, enabledName) {
		if err != nil {
			return false, fmt.Errorf("which rooms are switched off: %w", err)
		}
		if s.Value == "no" {
			off[s.App] = true
		}
	}
	return h.switches.Turn(off), nil
}

// follow does what the settings say until ctx ends, whoever changed them.
func (h *house) follow(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		changed, err := h.turn(ctx)
		if changed {
			h.log.Info("rooms were switched by a command or another node")
		}
		if err != nil && ctx.Err() == nil {
			h.log.Error("rooms stay as they are", "error", err)
		}
	}
}

// apps tells the provisioning room of the rooms, and switches them.
type apps struct {
	h     *house
	rooms func() []plug.Room
}

// List implements provisioning.Apps, by name.
func (a apps) List(ctx context.Context) ([]provisioning.App, error) {
	off := map[string]bool{}
	for s, err := range a.h.settings.Named(ctx, enabledName) {
		if err != nil {
			return nil, err
		}
		off[s.App] = s.Value == "no"
	}
	var out []provisioning.App
	for _, r := range a.rooms() {
		name, optional := nameOf(r)
		out = append(out, provisioning.App{ID: name, Name: name, Version: a.h.version, Enabled: !optional || !off[name], Always: !optional})
	}
	slices.SortFunc(out, func(x, y provisioning.App) int { return strings.Compare(x.ID, y.ID) })
	return out, nil
}

// Enable implements provisioning.Apps.
func (a apps) Enable(ctx context.Context, id string) error { return a.set(ctx, id, "yes") }

// Disable implements provisioning.Apps.
func (a apps) Disable(ctx context.Context, id string) error { return a.set(ctx, id, "no") }

func (a apps) set(ctx context.Context, id, value string) error {
	i := slices.IndexFunc(a.rooms(), func(r plug.Room) bool { name, _ := nameOf(r); return name == id })
	if i < 0 {
		return fault.New(fault.NotFound, "There is no such app.")
	}
	if _, optional := nameOf(a.rooms()[i]); !optional {
		if value == "no" {
			return fault.New(fault.Denied, "This app cannot be switched off.")
		}
		return nil
	}
	if err := a.h.settings.Set(ctx, id, enabledName, value); err != nil {
		return err
	}
	_, err := a.h.turn(ctx)
	return err
}
