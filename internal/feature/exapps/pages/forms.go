package pages

import (
	"cmp"
	"context"
	"encoding/json"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/feature/exapps"
	"atrium/internal/proto/ocs"
)

// The sections in which forms stand.
const (
	personal  = "personal"
	forAdmins = "admin"
)

// form is one as apps declare it, and as it is told.
type form struct {
	ID          string  `json:"id"`
	Title       string  `json:"title"`
	Description string  `json:"description,omitempty"`
	Section     string  `json:"section_type"`
	SectionID   string  `json:"section_id"`
	Storage     string  `json:"storage_type"`
	Priority    int     `json:"priority"`
	DocURL      string  `json:"doc_url,omitempty"`
	Fields      []field `json:"fields"`
	App         string  `json:"app"`
}

// field is something that is asked.
type field struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Type        string   `json:"type"`
	Default     any      `json:"default"`
	Placeholder string   `json:"placeholder,omitempty"`
	Label       string   `json:"label,omitempty"`
	Options     []option `json:"options,omitempty"`
	Sensitive   bool     `json:"sensitive,omitempty"`
	Value       any      `json:"value"`          // what is kept, or the default; never a secret
	Kept        bool     `json:"kept,omitempty"` // whether there is a secret
}

// option is what can be chosen, as an object or a text.
type option struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *option) UnmarshalJSON(b []byte) error {
	type plain option
	if json.Unmarshal(b, (*plain)(o)) == nil {
		return nil
	}
	if err := json.Unmarshal(b, &o.Value); err != nil {
		return err
	}
	o.Name = written(o.Value)
	return nil
}

// secret tells whether the value of a field is never shown again.
func (f field) secret() bool { return f.Sensitive || f.Type == "password" }

// formOf reads what an app has declared; not ok if it is no form, or has nothing that is
// known here.
func formOf(p exapps.Part) (f form, ok bool) {
	b, err := json.Marshal(p.Body["scheme"])
	if err != nil || json.Unmarshal(b, &f) != nil || f.Section != personal && f.Section != forAdmins {
		return form{}, false
	}
	f.ID, f.App, f.Title, f.Storage = p.Name, p.App, brief(cmp.Or(f.Title, p.Name)), "external"
	if u, err := url.Parse(f.DocURL); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		f.DocURL = ""
	}
	f.Fields = slices.DeleteFunc(f.Fields, func(x field) bool { return x.ID == "" || checks()[x.Type] == nil })
	return f, len(f.Fields) > 0
}

// forms answers GET /settings/api/declarative/forms: those that the person may fill in,
// with what is kept. Administrators' forms stand for the whole server.
func (rm *Room) forms(ctx context.Context, r *ocs.Request) (any, error) {
	parts, err := rm.apps.Declared(ctx, exapps.FormKind)
	if err != nil {
		return nil, err
	}
	out := []form{}
	for _, p := range parts {
		f, ok := formOf(p)
		if !ok || f.Section == forAdmins && r.Caller().Role != who.Admin {
			continue
		}
		if err := rm.fill(ctx, &f, owner(f, r)); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b form) int { return cmp.Compare(a.Priority, b.Priority) })
	return out, nil
}

// owner is whose values a form holds: a person's, or the app's own.
func owner(f form, r *ocs.Request) string {
	if f.Section == personal {
		return r.Caller().ID
	}
	return ""
}

// fill puts what is kept into the fields of a form.
func (rm *Room) fill(ctx context.Context, f *form, uid string) error {
	var names []string
	for _, x := range f.Fields {
		names = append(names, x.ID)
	}
	kept, err := rm.apps.Values(ctx, f.App, uid, names)
	for i := range f.Fields {
		x := &f.Fields[i]
		is, there := kept[x.ID]
		switch {
		case x.secret():
			x.Default, x.Value, x.Kept = "", "", there && is != ""
		case there:
			x.Value = is
		default:
			x.Value = written(x.Default)
		}
	}
	return err
}

// written is a value as apps keep it: a text, 1 or 0, or JSON.
func written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "1"
		}
		return "0"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// setValue answers POST …/value with app, formId, fieldId and value.
func (rm *Room) setValue(ctx context.Context, r *ocs.Request) (any, error) {
	return rm.set(ctx, r, false)
}

// setSecret answers POST …/value-sensitive, for what is not shown again.
func (rm *Room) setSecret(ctx context.Context, r *ocs.Request) (any, error) {
	return rm.set(ctx, r, true)
}

func (rm *Room) set(ctx context.Context, r *ocs.Request, secret bool) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	parts, err := rm.apps.Declared(ctx, exapps.FormKind)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		f, ok := formOf(p)
		i := slices.IndexFunc(f.Fields, func(x field) bool { return x.ID == in.Get("fieldId") })
		if !ok || i < 0 || p.App != in.Get("app") || p.Name != in.Get("formId") || f.Section == forAdmins && r.Caller().Role != who.Admin {
			continue
		}
		if f.Fields[i].secret() != secret {
			return nil, fault.New(fault.Invalid, "Secrets have an address of their own.")
		}
		value := in.Get("value")
		if err := f.Fields[i].check(value); err != nil {
			return nil, err
		}
		return struct{}{}, rm.apps.SetValue(ctx, p.App, owner(f, r), f.Fields[i].ID, value, secret)
	}
	return nil, fault.New(fault.NotFound, "There is no such setting.")
}

var errValue = fault.New(fault.Invalid, "This is not what the external app asks for.")

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// checks are the types of fields, and what each takes besides nothing.
func checks() map[string]func(field, string) bool {
	free := func(field, string) bool { return true }
	one := func(f field, s string) bool {
		return slices.ContainsFunc(f.Options, func(o option) bool { return written(o.Value) == s })
	}
	many := func(f field, s string) bool {
		var chosen []any
		err := json.Unmarshal([]byte(s), &chosen)
		return err == nil && !slices.ContainsFunc(chosen, func(c any) bool { return !one(f, written(c)) })
	}
	return map[string]func(field, string) bool{
		"text": free, "password": free, "tel": free, "radio": one, "select": one, "multi-checkbox": many, "multi-select": many,
		"color":    func(_ field, s string) bool { return colour.MatchString(s) },
		"checkbox": func(_ field, s string) bool { return s == "0" || s == "1" },
		"number":   func(_ field, s string) bool { _, err := strconv.ParseFloat(s, 64); return err == nil },
		"email":    func(_ field, s string) bool { a, err := mail.ParseAddress(s); return err == nil && a.Address == s },
		"url": func(_ field, s string) bool {
			u, err := url.Parse(s)
			return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
		},
	}
}

// check tells whether a field takes a value; nothing it always does.
func (f field) check(s string) error {
	switch {
	case strings.ContainsRune(s, 0):
		return errValue
	case s == "" || checks()[f.Type](f, s):
		return nil
	}
	return errValue
}
