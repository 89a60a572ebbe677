package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps"
	"atrium/internal/proto/ocs"
)

// described is a slot as an app describes it.
type described struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Form        form   `json:"shape_type"`
}

// custom is a type that an app brings.
type custom struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Input       []described `json:"input_shape"`
	Output      []described `json:"output_shape"`
}

// provider is what an app says of one way in which it takes tasks.
type provider struct {
	ID               string      `json:"id"`
	Name             string      `json:"name"`
	Type             string      `json:"task_type"`
	Runtime          int64       `json:"expected_runtime"` // seconds
	InputEnums       options     `json:"input_shape_enum_values"`
	InputDefaults    table[any]  `json:"input_shape_defaults"`
	Optional         []described `json:"optional_input_shape"`
	OptionalEnums    options     `json:"optional_input_shape_enum_values"`
	OptionalDefaults table[any]  `json:"optional_input_shape_defaults"`
	OutputEnums      options     `json:"output_shape_enum_values"`
	MoreOutput       []described `json:"optional_output_shape"`
	MoreOutputEnums  options     `json:"optional_output_shape_enum_values"`

	app    string
	custom *custom
}

// The bounds of what an app says.
const (
	maxID      = 120
	maxSlots   = 50
	maxRuntime = 7 * 24 * 3600
)

// parseProvider reads a provider and the type it brings, if any ("" or "null": none).
func parseProvider(said, brought string) (p provider, err error) {
	if err := json.Unmarshal([]byte(said), &p); err != nil {
		return p, fault.Wrap(fault.Invalid, err, "The provider cannot be read.")
	}
	if brought != "" && brought != "null" && brought != "[]" {
		if err := json.Unmarshal([]byte(brought), &p.custom); err != nil {
			return p, fault.Wrap(fault.Invalid, err, "The type of tasks cannot be read.")
		}
	}
	if err := p.check(); err != nil {
		return p, fault.Wrap(fault.Invalid, err, "This is no provider: "+err.Error()+".")
	}
	return p, nil
}

func (p provider) check() error {
	all := [][]described{p.Optional, p.MoreOutput}
	if p.custom != nil {
		if p.custom.ID != p.Type {
			return errors.New("the type that it brings is not its own")
		}
		if p.custom.Name == "" || len(p.custom.Output) == 0 {
			return errors.New("the type that it brings needs a name and an output")
		}
		all = append(all, p.custom.Input, p.custom.Output)
	}
	for what, v := range map[string]string{"id": p.ID, "name": p.Name, "task_type": p.Type} {
		if v == "" || len(v) > maxID || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' }) {
			return fmt.Errorf("its %s must have from 1 to %d letters", what, maxID)
		}
	}
	if p.Runtime < 0 || p.Runtime > maxRuntime {
		return errors.New("its expected_runtime must be from 0 to 604800 seconds")
	}
	for _, slots := range all {
		if len(slots) > maxSlots {
			return errors.New("it has too many slots")
		}
		for _, s := range slots {
			if s.Name == "" || len(s.Name) > maxID || !s.Form.known() {
				return fmt.Errorf("the slot %q has no name or no shape_type that is known", s.Name)
			}
		}
	}
	return nil
}

// register answers POST /ai_provider/task_processing: provider and customTaskType, both
// JSON. A type that nobody knows is kept too, and not offered.
func (rm *Room) register(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	said, brought := in.Get("provider"), in.Get("customTaskType")
	p, err := parseProvider(said, brought)
	if err != nil {
		return nil, err
	}
	return []string{}, rm.apps.Declare(ctx, exapps.Part{App: from.App, Kind: "task_processing", Name: p.ID, Body: map[string]any{
		"app_id": from.App, "name": p.ID, "display_name": p.Name, "task_type": p.Type, "provider": said, "custom_task_type": brought}})
}

// providers are those of all enabled apps.
func (rm *Room) providers(ctx context.Context) (out []provider, err error) {
	all, err := rm.apps.Declared(ctx, "task_processing")
	for _, part := range all {
		said, _ := part.Body["provider"].(string)
		brought, _ := part.Body["custom_task_type"].(string)
		p, err := parseProvider(said, brought)
		if err != nil {
			return nil, fmt.Errorf("provider %s of %s: %w", part.Name, part.App, err)
		}
		p.app = part.App
		out = append(out, p)
	}
	return out, err
}

// unregister answers DELETE: it forgets a provider by its name.
func (rm *Room) unregister(path string) func(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	return func(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
		name, err := r.Param("name")
		if err != nil {
			return nil, err
		}
		return []string{}, rm.apps.Retract(ctx, from.App, path, name)
	}
}

// show answers GET: a provider by its name, or all of the app's without one.
func (rm *Room) show(path string) func(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	return func(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
		name, err := r.Param("name")
		if err != nil {
			return nil, err
		}
		all, err := rm.apps.Declared(ctx, path)
		if err != nil {
			return nil, err
		}
		mine := []map[string]any{}
		for _, p := range all {
			if p.App == from.App && p.Name == name {
				return p.Body, nil
			}
			if p.App == from.App {
				mine = append(mine, p.Body)
			}
		}
		if name != "" {
			return nil, fault.New(fault.NotFound, "The external app has no such provider.")
		}
		return mine, nil
	}
}

// former is a kind of providers from before there was one API for all.
type former struct {
	path   string
	fields map[string]string // as they are kept, by their parameters
	lists  map[string]string // those that are JSON objects
	types  []string          // what taskType may be
}

func formerKinds() []former {
	named := func(more ...string) map[string]string {
		out := map[string]string{"name": "name", "displayName": "display_name", "actionHandler": "action_handler"}
		for i := 0; i+1 < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	return []former{
		{path: "text_processing", fields: named("taskType", "task_type"), types: []string{"free_prompt", "headline", "summary", "topics"}},
		{path: "translation", fields: named("actionDetectLang", "action_detect_lang"), lists: map[string]string{"fromLanguages": "from_languages", "toLanguages": "to_languages"}},
		{path: "speech_to_text", fields: named()},
	}
}

// registerFormer answers POST of a provider of a former kind.
func (rm *Room) registerFormer(k former) func(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
	return func(ctx context.Context, r *ocs.Request, from exapps.Caller) (any, error) {
		in, err := r.Params()
		if err != nil {
			return nil, err
		}
		body := map[string]any{}
		for param, as := range k.fields {
			body[as] = in.Get(param)
		}
		for _, param := range slices.Sorted(maps.Keys(k.lists)) {
			var languages table[string]
			if err := json.Unmarshal([]byte(in.Get(param)), &languages); err != nil || len(languages) == 0 {
				return nil, fault.New(fault.Invalid, "Please say in "+param+" which languages there are.")
			}
			body[k.lists[param]] = languages
		}
		name := in.Get("name")
		if name == "" || len(name) > maxID || in.Get("displayName") == "" || in.Get("actionHandler") == "" {
			return nil, fault.New(fault.Invalid, "A provider needs name, displayName and actionHandler.")
		}
		if k.types != nil && !slices.Contains(k.types, in.Get("taskType")) {
			return nil, fault.New(fault.Invalid, "The types of tasks are: "+strings.Join(k.types, ", ")+".")
		}
		return []string{}, rm.apps.Declare(ctx, exapps.Part{App: from.App, Kind: k.path, Name: name, Body: body})
	}
}
