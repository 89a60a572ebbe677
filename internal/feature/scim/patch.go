package scim

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// maxChanges bounds the operations of one request.
const maxChanges = 1000

// change is one operation of a PATCH (RFC 7644, section 3.5.2).
type change struct {
	op    string // "add", "replace", "remove"
	path  string // "": the whole resource
	value any    // nil: none
}

// parseChanges reads the body of a PATCH. Entra writes the operations with capitals.
func parseChanges(body []byte) (out []change, err error) {
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, invalid("invalidSyntax", "The request is no JSON.")
	}
	ops, ok := member(doc, "Operations").([]any)
	if !ok || len(ops) == 0 || len(ops) > maxChanges {
		return nil, invalid("invalidSyntax", fmt.Sprintf("A PATCH has 1 to %d operations.", maxChanges))
	}
	for _, o := range ops {
		o, ok := o.(map[string]any)
		if !ok {
			return nil, invalid("invalidSyntax", "An operation is an object.")
		}
		name, _ := member(o, "op").(string)
		at, isText := member(o, "path").(string)
		if !isText && member(o, "path") != nil {
			return nil, invalid("invalidPath", "A path is a text.")
		}
		c := change{strings.ToLower(name), at, member(o, "value")}
		if !slices.Contains([]string{"add", "replace", "remove"}, c.op) {
			return nil, invalid("invalidSyntax", "An operation is add, replace or remove.")
		}
		out = append(out, c)
	}
	return out, nil
}

// patch applies a change to a resource with these attributes.
func patch(doc map[string]any, as []attribute, c change) error {
	if c.path != "" {
		p, err := parsePath(c.path)
		if err != nil {
			return err
		}
		return p.apply(doc, as, c.op, c.value)
	}
	o, ok := c.value.(map[string]any)
	if !ok || c.op == "remove" {
		return invalid("noTarget", "Without a path the value is an object, and nothing is removed.")
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		p, err := parsePath(key) // Entra writes "name.givenName" there too
		if err != nil {
			continue // what nobody knows is left out, as with POST and PUT
		}
		if _, ok := known(p.schema(as), p.attr); !ok && p.attr != "" {
			continue
		}
		if err := p.apply(doc, as, c.op, o[key]); err != nil {
			return err
		}
	}
	return nil
}

// schema is the attributes among which a path begins.
func (p path) schema(as []attribute) []attribute {
	if p.urn != "" {
		return enterpriseAttributes()
	}
	return as
}

func (p path) apply(doc map[string]any, as []attribute, op string, value any) error {
	in := doc
	if p.urn != "" {
		if _, ok := known(as, "userName"); !ok {
			return invalid("invalidPath", "There is no such attribute.")
		}
		ext, ok := doc[p.urn].(map[string]any)
		if !ok {
			ext = map[string]any{}
		}
		in = ext
		defer func() {
			doc[p.urn] = ext
			if len(ext) == 0 {
				delete(doc, p.urn)
			}
		}()
	}
	if p.attr == "" {
		return p.whole(in, op, value)
	}
	a, ok := known(p.schema(as), p.attr)
	if !ok {
		return invalid("invalidPath", fmt.Sprintf("There is no attribute %.60q.", p.attr))
	}
	switch {
	case a.readOnly:
		return invalid("mutability", fmt.Sprintf("%s cannot be changed here.", a.name))
	case a.multi && (p.values != nil || p.sub != ""):
		return p.some(in, a, op, value)
	case p.values != nil:
		return invalid("invalidPath", fmt.Sprintf("%s has one value only.", a.name))
	case p.sub != "":
		return p.inner(in, a, op, value)
	}
	return a.set(in, op, value)
}

// whole changes an extension as such.
func (p path) whole(in map[string]any, op string, value any) error {
	if op == "remove" {
		clear(in)
		return nil
	}
	o, ok := value.(map[string]any)
	if !ok {
		return invalid("invalidValue", "An extension is an object.")
	}
	o, err := accept(enterpriseAttributes(), o)
	maps.Copy(in, o)
	return err
}

// set changes an attribute as a whole. Adding to many values joins them. Removing some
// values by naming them, instead of by a filter, is Entra's way.
func (a attribute) set(in map[string]any, op string, value any) error {
	if op == "remove" && (!a.multi || value == nil) || value == nil {
		delete(in, a.name)
		return nil
	}
	v, err := a.accept(value)
	if err != nil {
		return err
	}
	switch {
	case a.multi && op == "add":
		v = a.join(in, v.([]any))
	case a.multi && op == "remove":
		v = slices.DeleteFunc(values(in, a.name), func(e any) bool {
			return slices.ContainsFunc(v.([]any), func(x any) bool { return sameValue(e, x) })
		})
	case a.kind == "complex" && !a.multi: // what is not named stays
		if was, ok := in[a.name].(map[string]any); ok {
			was = maps.Clone(was)
			maps.Copy(was, v.(map[string]any))
			v = was
		}
	}
	in[a.name] = v
	if list, ok := v.([]any); ok && len(list) == 0 {
		delete(in, a.name)
	}
	return nil
}

// join adds values to those that are there. A new primary one takes the place of the
// old.
func (a attribute) join(in map[string]any, more []any) []any {
	list := values(in, a.name)
	has := make(map[string]bool, len(list)) // members of large groups
	for _, e := range list {
		has[key(e)] = true
	}
	for _, v := range more {
		if o, ok := v.(map[string]any); ok && o["primary"] == true {
			for _, e := range list {
				if e, ok := e.(map[string]any); ok {
					delete(e, "primary")
				}
			}
		}
		if k := key(v); k == "" || !has[k] {
			list, has[k] = append(list, v), true
			continue
		}
		i := slices.IndexFunc(list, func(e any) bool { return key(e) == key(v) })
		list[i] = v
	}
	return list
}

// key tells values apart: by value and type of an object.
func key(v any) string {
	o, ok := v.(map[string]any)
	if !ok {
		return written(v)
	}
	if written(o["value"]) == "" {
		return ""
	}
	return strings.ToLower(written(o["value"]) + "\n" + written(o["type"]))
}

func sameValue(a, b any) bool {
	x, okA := a.(map[string]any)
	y, okB := b.(map[string]any)
	if okA && okB && written(y["value"]) != "" {
		return strings.EqualFold(written(x["value"]), written(y["value"]))
	}
	return reflect.DeepEqual(a, b)
}

// values are those of an attribute with many, as a copy.
func values(in map[string]any, name string) []any {
	list, _ := in[name].([]any)
	return slices.Clone(list)
}

// inner changes an attribute inside another: name.familyName.
func (p path) inner(in map[string]any, a attribute, op string, value any) error {
	sub, ok := known(a.subs, p.sub)
	if !ok {
		return invalid("invalidPath", fmt.Sprintf("There is no attribute %.60q.", p.attr+"."+p.sub))
	}
	o, ok := in[a.name].(map[string]any)
	if !ok {
		o = map[string]any{}
	}
	o = maps.Clone(o)
	if err := sub.set(o, op, value); err != nil {
		return err
	}
	in[a.name] = o
	if len(o) == 0 {
		delete(in, a.name)
	}
	return nil
}

// some changes those of many values that a path finds. Where it finds none, a value is
// made of which that can be told: Entra replaces what is not there yet.
func (p path) some(in map[string]any, a attribute, op string, value any) error {
	list, found := values(in, a.name), false
	out := []any{}
	for _, e := range list {
		o, ok := e.(map[string]any)
		if !ok || p.values != nil && !p.values.match(o) {
			out = append(out, e)
			continue
		}
		found = true
		if op == "remove" && p.sub == "" {
			continue
		}
		o, err := p.altered(o, a, op, value)
		if err != nil {
			return err
		}
		out = append(out, o)
	}
	switch {
	case !found && op == "remove":
		return nil // it is as it shall be
	case !found && (p.values == nil || len(p.like) == 0):
		return invalid("noTarget", "The path finds no value.")
	case !found:
		fresh, err := accept(a.subs, p.like)
		if err != nil {
			return err
		}
		if fresh, err = p.altered(fresh, a, op, value); err != nil {
			return err
		}
		out = append(out, fresh)
	}
	in[a.name] = out
	if len(out) == 0 {
		delete(in, a.name)
	}
	return nil
}

// altered is one of many values after a change of it, or of what is inside it.
func (p path) altered(o map[string]any, a attribute, op string, value any) (map[string]any, error) {
	o = maps.Clone(o)
	if p.sub != "" {
		sub, ok := known(a.subs, p.sub)
		if !ok {
			return nil, invalid("invalidPath", fmt.Sprintf("There is no attribute %.60q.", p.attr+"."+p.sub))
		}
		return o, sub.set(o, op, value)
	}
	v, err := a.one(value)
	if err != nil {
		return nil, err
	}
	maps.Copy(o, v.(map[string]any))
	return o, nil
}
