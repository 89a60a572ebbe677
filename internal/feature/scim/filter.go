package scim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// The bounds of filters and paths.
const (
	maxFilter  = 8 << 10 // bytes
	maxNesting = 20
)

// test tells whether a resource, or one value of many, meets a condition.
type test func(v map[string]any) bool

// filter is a condition as RFC 7644, section 3.4.2.2, writes it.
type filter struct {
	match test
	names []string // of attributes that it looks at, in small letters
	// eq is set when the whole of it is that one attribute equals one text.
	eq *equation
}

type equation struct{ name, value string }

func (f *filter) mentions(name string) bool { return slices.Contains(f.names, strings.ToLower(name)) }

// path is what a change is about (RFC 7644, section 3.5.2): an attribute, one inside
// it, and which of many values.
type path struct {
	urn    string // enterpriseURN, or "" for the core
	attr   string // "": the whole extension
	sub    string
	values *filter // nil: all
	// like is what a value has that values finds, when that can be told: {"type": "work"}.
	like map[string]any
}

// parseFilter reads a filter; what is none is invalidFilter.
func parseFilter(text string) (*filter, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	t, err := p.or(maxNesting)
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, invalid("invalidFilter", "The filter goes on where it should end.")
	}
	f := &filter{match: t, names: p.names}
	if len(p.equations) == 1 && p.terms == 1 {
		f.eq = &p.equations[0]
	}
	return f, nil
}

// parsePath reads a path; what is none is invalidPath.
func parsePath(text string) (path, error) {
	bad := invalid("invalidPath", "The path cannot be understood.")
	if strings.EqualFold(text, enterpriseURN) {
		return path{urn: enterpriseURN}, nil
	}
	p, err := newParser(text)
	if err != nil || len(p.tokens) == 0 || !p.tokens[0].isName() {
		return path{}, bad
	}
	out := pathOf(p.next().text)
	if p.accept("[") {
		t, err := p.or(maxNesting)
		if err != nil || !p.accept("]") {
			return path{}, bad
		}
		out.values, out.like = &filter{match: t, names: p.names}, map[string]any{}
		if p.terms == len(p.equations) && p.conjunct {
			for _, e := range p.equations {
				out.like[e.name] = e.value
			}
		}
		if len(p.tokens) > 0 && strings.HasPrefix(p.tokens[0].text, ".") {
			out.sub = p.next().text[1:]
		}
	}
	if len(p.tokens) > 0 || out.attr == "" || strings.Contains(out.sub, ".") {
		return path{}, bad
	}
	return out, nil
}

// pathOf splits the name of an attribute: "name.familyName", or with the URN of its
// schema before it.
func pathOf(name string) (out path) {
	if len(name) > 4 && strings.EqualFold(name[:4], "urn:") {
		i := strings.LastIndexByte(name, ':')
		if strings.EqualFold(name[:i], enterpriseURN) {
			out.urn = enterpriseURN
		}
		name = name[i+1:]
	}
	out.attr, out.sub, _ = strings.Cut(name, ".")
	return out
}

// token is a word, a text in quotes, or a bracket.
type token struct {
	text   string
	quoted bool
}

func (t token) isName() bool {
	return !t.quoted && t.text != "" && (t.text[0] == '$' || t.text[0]|0x20 >= 'a' && t.text[0]|0x20 <= 'z')
}

type parser struct {
	tokens    []token
	names     []string
	terms     int
	equations []equation
	conjunct  bool // all terms must hold
}

func newParser(text string) (*parser, error) {
	if len(text) > maxFilter {
		return nil, invalid("invalidFilter", "The filter is too long.")
	}
	p := &parser{conjunct: true}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ':
			i++
		case strings.IndexByte("()[]", c) >= 0:
			p.tokens = append(p.tokens, token{text: text[i : i+1]})
			i++
		case c == '"':
			n := quotedLen(text[i:])
			var s string
			if n == 0 || json.Unmarshal([]byte(text[i:i+n]), &s) != nil {
				return nil, invalid("invalidFilter", "A text in the filter has no end.")
			}
			p.tokens = append(p.tokens, token{s, true})
			i += n
		default:
			n := strings.IndexAny(text[i:], ` ()[]"`)
			if n < 0 {
				n = len(text) - i
			}
			p.tokens = append(p.tokens, token{text: text[i : i+n]})
			i += n
		}
	}
	return p, nil
}

// quotedLen is the length of the text in quotes at the start of s, 0 when it has no end.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

func (p *parser) next() (t token) {
	if len(p.tokens) > 0 {
		t, p.tokens = p.tokens[0], p.tokens[1:]
	}
	return t
}

// accept takes the next token if it is this word or bracket.
func (p *parser) accept(word string) bool {
	if len(p.tokens) == 0 || p.tokens[0].quoted || !strings.EqualFold(p.tokens[0].text, word) {
		return false
	}
	p.next()
	return true
}

func (p *parser) or(depth int) (test, error) {
	a, err := p.and(depth)
	for err == nil && p.accept("or") {
		p.conjunct = false
		var b test
		b, err = p.and(depth)
		first := a
		a = func(v map[string]any) bool { return first(v) || b(v) }
	}
	return a, err
}

func (p *parser) and(depth int) (test, error) {
	a, err := p.term(depth)
	for err == nil && p.accept("and") {
		var b test
		b, err = p.term(depth)
		first := a
		a = func(v map[string]any) bool { return first(v) && b(v) }
	}
	return a, err
}

func (p *parser) term(depth int) (test, error) {
	if depth == 0 {
		return nil, invalid("invalidFilter", "The filter is nested too deeply.")
	}
	if p.accept("not") {
		p.conjunct = false
		t, err := p.term(depth - 1)
		return func(v map[string]any) bool { return !t(v) }, err
	}
	if p.accept("(") {
		t, err := p.or(depth - 1)
		if err == nil && !p.accept(")") {
			err = invalid("invalidFilter", "A bracket is not closed.")
		}
		return t, err
	}
	if len(p.tokens) == 0 || !p.tokens[0].isName() {
		return nil, invalid("invalidFilter", "The filter has no attribute where one should be.")
	}
	name := p.next().text
	at := pathOf(name)
	p.names = append(p.names, strings.ToLower(at.attr))
	p.terms++
	if p.accept("[") {
		p.conjunct = false
		inner, err := p.or(depth - 1)
		if err == nil && !p.accept("]") {
			err = invalid("invalidFilter", "A bracket is not closed.")
		}
		return func(v map[string]any) bool { return slices.ContainsFunc(at.objects(v), inner) }, err
	}
	return p.comparison(at)
}

// comparison is the operator and the value after an attribute.
func (p *parser) comparison(at path) (test, error) {
	op := strings.ToLower(p.next().text)
	if op == "pr" {
		return func(v map[string]any) bool { return slices.ContainsFunc(at.find(v), present) }, nil
	}
	if !slices.Contains([]string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"}, op) {
		return nil, invalid("invalidFilter", "The filter has an operator that is none.")
	}
	if len(p.tokens) == 0 {
		return nil, invalid("invalidFilter", "The filter has no value where one should be.")
	}
	t := p.next()
	var want any = t.text
	if !t.quoted && json.Unmarshal([]byte(t.text), &want) != nil {
		return nil, invalid("invalidFilter", "A text in a filter stands in quotes.")
	}
	if s, ok := want.(string); ok && op == "eq" && at.urn == "" {
		name := at.attr
		if at.sub != "" {
			name += "." + at.sub
		}
		p.equations = append(p.equations, equation{name, s})
	}
	exact := slices.Contains([]string{"id", "externalid"}, strings.ToLower(at.attr))
	some := func(v map[string]any) bool {
		found := at.find(v)
		if want == nil && op != "pr" {
			return !slices.ContainsFunc(found, present)
		}
		return slices.ContainsFunc(found, func(v any) bool { return holds(op, v, want, exact) })
	}
	if op == "ne" {
		op = "eq"
		return func(v map[string]any) bool { return !some(v) }, nil
	}
	return some, nil
}

func present(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// holds compares a value to what is asked for.
func holds(op string, v, want any, exact bool) bool {
	a, b := written(v), written(want)
	if !exact {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	switch op {
	case "eq":
		return a == b
	case "co":
		return strings.Contains(a, b)
	case "sw":
		return strings.HasPrefix(a, b)
	case "ew":
		return strings.HasSuffix(a, b)
	case "gt":
		return a > b
	case "ge":
		return a >= b
	case "lt":
		return a < b
	}
	return a <= b
}

// written is a simple value as text.
func written(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// member is what an object has under a name in any spelling.
func member(o map[string]any, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	for k, v := range o {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

// at is what a resource has under the attribute of a path.
func (p path) at(v map[string]any) any {
	if p.urn != "" {
		o, ok := v[p.urn].(map[string]any)
		if !ok {
			return nil
		}
		v = o
	}
	return member(v, p.attr)
}

// objects are the values of an attribute that are objects.
func (p path) objects(v map[string]any) (out []map[string]any) {
	list, ok := p.at(v).([]any)
	if !ok {
		list = []any{p.at(v)}
	}
	for _, e := range list {
		if o, ok := e.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}

// find are the simple values that a path means. Of an object without a name behind it
// that is its value.
func (p path) find(v map[string]any) (out []any) {
	list, ok := p.at(v).([]any)
	if !ok {
		list = []any{p.at(v)}
	}
	sub := p.sub
	if sub == "" {
		sub = "value"
	}
	for _, e := range list {
		o, isObject := e.(map[string]any)
		switch {
		case isObject && p.sub == "" && member(o, sub) == nil:
			out = append(out, o)
		case isObject:
			out = append(out, member(o, sub))
		case p.sub == "":
			out = append(out, e)
		}
	}
	return out
}
