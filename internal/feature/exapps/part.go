package exapps

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
)

// kind is a kind of part that an app adds to the server: an entry of the menu, a command.
type kind struct {
	name   string
	paths  []string // below the root of the protocol
	find   []string // the parameters that tell one from another
	fields []field
}

// field is one thing that is said of a part.
type field struct {
	in, out string
	form    form
	def     any // when nothing is said
}

// form is how a field is written.
type form uint8

const (
	text form = iota
	number
	list
	object
)

const occKind = "occ-command"

// The kinds of what people see of an app: the entries in the menus of files, those of the
// main menu with what their pages are made of, and the forms of its settings.
const (
	ActionKind = "files-action"
	MenuKind   = "top-menu"
	StateKind  = "initial-state"
	ScriptKind = "script"
	StyleKind  = "style"
	FormKind   = "settings"
)

// partKinds are the kinds of parts (34-apps/369 to 372).
func partKinds() []kind {
	name, display, icon := field{in: "name", out: "name", def: ""}, field{in: "displayName", out: "display_name", def: ""}, field{in: "icon", out: "icon", def: ""}
	kindOf, path := field{in: "type", out: "type", def: ""}, field{in: "path", out: "path", def: ""}
	ui := func(s string) []string { return []string{"/api/v1/ui/" + s} }
	return []kind{
		{MenuKind, ui("top-menu"), []string{"name"}, []field{name, display, icon, {"adminRequired", "admin_required", number, 0}}},
		{ActionKind, append(ui("files-actions-menu"), "/api/v2/ui/files-actions-menu"), []string{"name"}, []field{name, display, icon,
			{"actionHandler", "action_handler", text, ""}, {"mime", "mime", text, "file"}, {"permissions", "permissions", text, "31"},
			{"order", "order", number, 0}, {"defaultAction", "default_action", text, ""}}},
		{StateKind, ui("initial-state"), []string{"type", "name", "key"}, []field{kindOf, name, {"key", "key", text, ""}, {"value", "value", object, nil}}},
		{ScriptKind, ui("script"), []string{"type", "name", "path"}, []field{kindOf, name, path, {"afterAppId", "after_app_id", text, ""}}},
		{StyleKind, ui("style"), []string{"type", "name", "path"}, []field{kindOf, name, path}},
		{FormKind, ui("settings"), []string{"formId"}, []field{{"formScheme", "scheme", object, nil}}},
		{occKind, []string{"/api/v1/occ_command"}, []string{"name"}, []field{name, {"description", "description", text, ""}, {"hidden", "hidden", number, 0},
			{"arguments", "arguments", list, nil}, {"options", "options", list, nil}, {"usages", "usages", list, nil},
			{"execute_handler", "execute_handler", text, ""}}},
	}
}

// maxParts bounds how many parts an app may add, and maxPart each of them, in bytes.
const (
	maxParts = 500
	maxPart  = 50_000
)

var errNoPart = fault.New(fault.NotFound, "The external app has not added this.")

// part is one as it is kept.
type part struct {
	id   int64
	app  string
	kind string
	name string
	body map[string]any
}

func scanPart(r db.Row) (p part, err error) {
	var body string
	if err := r.Scan(&p.id, &p.app, &p.kind, &p.name, &body); err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(body), &p.body)
}

const partColumns = "id, app, kind, name, body"

// show is a part as it is answered.
func (p part) show() map[string]any {
	p.body["id"], p.body["appid"] = p.id, p.app
	return p.body
}

// read reads a field of a call.
func (f field) read(c *call) (any, error) {
	in, err := c.Params()
	if err != nil {
		return nil, err
	}
	said := in.Get(f.in)
	switch f.form {
	case number:
		if b, err := strconv.ParseBool(said); err == nil {
			return oneIf(b), nil
		}
		return c.Int(f.in, 0)
	case list:
		all, err := c.List(f.in)
		out := []any{}
		for _, s := range all {
			out = append(out, valueOf(s))
		}
		return out, err
	case object:
		return valueOf(said), nil
	}
	if said == "" {
		return f.def, nil
	}
	return said, nil
}

// valueOf is a JSON value that came as a text, or the text.
func valueOf(s string) any {
	var v any
	if json.Unmarshal([]byte(s), &v) == nil {
		return v
	}
	return s
}

// nameIn is what tells a part from others of its kind.
func (k kind) nameIn(c *call) (string, error) {
	in, err := c.Params()
	if err != nil {
		return "", err
	}
	var parts []string
	for _, f := range k.find {
		v := in.Get(f)
		if f == "formId" && in.Has("formScheme") {
			var scheme struct{ ID string }
			if json.Unmarshal([]byte(in.Get("formScheme")), &scheme) != nil {
				return "", fault.New(fault.Invalid, "The form cannot be read.")
			}
			v = scheme.ID
		}
		parts = append(parts, strings.TrimPrefix(v, "/"))
	}
	name := strings.Join(parts, "\n")
	if slices.Contains(parts, "") || len(name) > 200 || strings.ContainsRune(name, 0) {
		return "", fault.New(fault.Invalid, "Please say what it is by: {names}.", "names", strings.Join(k.find, ", "))
	}
	return name, nil
}

// addPart answers POST: it adds a part or takes the place of one.
func (rm *Room) addPart(k kind) appEndpoint {
	return func(ctx context.Context, c *call) (any, error) {
		name, err := k.nameIn(c)
		if err != nil {
			return nil, err
		}
		body := map[string]any{}
		for _, f := range k.fields {
			if body[f.out], err = f.read(c); err != nil {
				return nil, err
			}
		}
		switch k.name {
		case FormKind:
			body["formid"] = name
		case ActionKind: // which says in what shape the app wants the files
			body["version"] = "1.0"
			if strings.Contains(c.URL.Path, "/api/v2/") {
				body["version"] = "2.0"
			}
		}
		return nothing(), rm.keepPart(ctx, part{app: c.app.ID, kind: k.name, name: name, body: body})
	}
}

func (rm *Room) keepPart(ctx context.Context, p part) error {
	for _, handler := range []string{"action_handler", "execute_handler"} {
		if s, ok := p.body[handler].(string); ok {
			if _, err := handlerTarget(s); err != nil {
				return err
			}
		}
	}
	body, err := json.Marshal(p.body)
	if err != nil {
		return err
	}
	if len(body) > maxPart {
		return fault.New(fault.TooLarge, "What the external app adds is too long.")
	}
	id, err := rm.db.ID(ctx)
	if err != nil {
		return err
	}
	return rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM exapps_part WHERE app = ?", p.app)
		if err != nil {
			return err
		}
		if n >= maxParts {
			return fault.New(fault.Full, "The external app adds too many things.")
		}
		_, err = tx.Exec(ctx, "INSERT INTO exapps_part (app, kind, name, id, body) VALUES (?, ?, ?, ?, ?) {{on app, kind, name set body}}",
			p.app, p.kind, p.name, id, string(body))
		return err
	})
}

// removePart answers DELETE.
func (rm *Room) removePart(k kind) appEndpoint {
	return func(ctx context.Context, c *call) (any, error) {
		name, err := k.nameIn(c)
		if err != nil {
			return nil, err
		}
		return nothing(), rm.dropPart(ctx, c.app.ID, k.name, name)
	}
}

func (rm *Room) dropPart(ctx context.Context, app, kind, name string) error {
	n, err := rm.db.Exec(ctx, "DELETE FROM exapps_part WHERE app = ? AND kind = ? AND name = ?", app, kind, name)
	if err == nil && n == 0 {
		return errNoPart
	}
	return err
}

// getPart answers GET (34-apps/370).
func (rm *Room) getPart(k kind) appEndpoint {
	return func(ctx context.Context, c *call) (any, error) {
		name, err := k.nameIn(c)
		if err != nil {
			return nil, err
		}
		p, err := db.One(ctx, rm.db, scanPart, "SELECT "+partColumns+" FROM exapps_part WHERE app = ? AND kind = ? AND name = ?", c.app.ID, k.name, name)
		if errors.Is(err, fault.NotFound) {
			return nil, errNoPart
		}
		if err != nil {
			return nil, err
		}
		return p.show(), nil
	}
}

// partsOf are the parts of all enabled apps, of some kinds or of all without kinds.
func (rm *Room) partsOf(ctx context.Context, kinds ...string) ([]part, error) {
	return db.List(ctx, rm.db, scanPart, "SELECT p.id, p.app, p.kind, p.name, p.body FROM exapps_part p JOIN exapps_app a ON a.app = p.app WHERE a.enabled = 1 AND (? = 1 OR p.kind IN (?)) ORDER BY p.kind, p.app, p.name",
		oneIf(len(kinds) == 0), append(kinds, ""))
}

// listParts answers GET /ui: what enabled apps add to the pages, by kind. What an app adds
// for administrators is told to them alone.
func (rm *Room) listParts(ctx context.Context, r *ocs.Request) (any, error) {
	all, err := rm.partsOf(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string][]map[string]any{}
	for _, k := range partKinds() {
		if k.name != occKind {
			out[k.name] = []map[string]any{}
		}
	}
	for _, p := range all {
		admins, _ := p.body["admin_required"].(float64)
		if _, ui := out[p.kind]; ui && (admins == 0 || r.Caller().Role == who.Admin) {
			out[p.kind] = append(out[p.kind], p.show())
		}
	}
	return out, nil
}

// addSeedAction answers POST /files/actions/menu of the signed protocol.
func (rm *Room) addSeedAction(ctx context.Context, c *call) (any, error) {
	said, err := c.Param("fileActionMenuParams")
	if err != nil {
		return nil, err
	}
	body := map[string]any{}
	if err := json.Unmarshal([]byte(said), &body); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The file action cannot be read.")
	}
	name, _ := body["name"].(string)
	if name == "" || len(name) > 200 {
		return nil, fault.New(fault.Invalid, "A file action needs a name.")
	}
	if err := rm.keepPart(ctx, part{app: c.app.ID, kind: ActionKind, name: name, body: body}); err != nil {
		return nil, err
	}
	return map[string]any{"success": true, "registeredFileActionMenu": body}, nil
}

// removeSeedAction answers DELETE /files/actions/menu of the signed protocol.
func (rm *Room) removeSeedAction(ctx context.Context, c *call) (any, error) {
	name, err := c.Param("fileActionMenuName")
	if err != nil {
		return nil, err
	}
	if err := rm.dropPart(ctx, c.app.ID, ActionKind, name); err != nil {
		return nil, err
	}
	return map[string]any{"success": true}, nil
}
