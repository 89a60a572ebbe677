package webhooks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
)

// The bounds of a filter. With them one event costs a filter little, whatever it
// says: regular expressions are those of RE2, whose time is linear in the text.
const (
	maxFilter   = 16 << 10 // bytes
	maxNesting  = 8
	maxPattern  = 1000 // bytes of a regular expression
	maxPatterns = 20
)

// Filter chooses messages by their fields. It is written as a query for a document
// database is: {"user.uid": "bob", "event.node.path": {"$in": ["/a", "/b"]}}.
type Filter struct{ holds test }

// test tells whether a message, or a value in one, meets a condition. A field that is
// not there is nil.
type test func(v any) bool

// ParseFilter reads a filter; the empty text and [] are the one that all messages
// meet. What cannot be understood is fault.Invalid.
func ParseFilter(text string) (Filter, error) {
	if len(text) > maxFilter {
		return Filter{}, fault.New(fault.Invalid, "The filter is too long.")
	}
	if text = strings.TrimSpace(text); text == "" || text == "[]" {
		return Filter{all(nil)}, nil
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return Filter{}, fault.Wrap(fault.Invalid, err, "The filter is not JSON.")
	}
	p := filterParser{}
	holds, err := p.query(v, maxNesting)
	return Filter{holds}, err
}

// Match tells whether a message meets the filter.
func (f Filter) Match(message map[string]any) bool { return f.holds(message) }

type filterParser struct{ patterns int }

// query is an object whose members must all hold: logical operators and fields.
func (p *filterParser) query(v any, depth int) (test, error) {
	o, ok := v.(map[string]any)
	if !ok {
		return nil, fault.New(fault.Invalid, "A filter is an object.")
	}
	if depth == 0 {
		return nil, fault.New(fault.Invalid, "The filter is nested too deeply.")
	}
	var tests []test
	for key, value := range o {
		t, err := p.member(key, value, depth)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return all(tests), nil
}

func (p *filterParser) member(key string, value any, depth int) (test, error) {
	switch {
	case key == "$not":
		t, err := p.query(value, depth-1)
		return not(t), err
	case key == "$and", key == "$or", key == "$nor":
		tests, err := p.list(value, depth)
		if err != nil {
			return nil, err
		}
		switch key {
		case "$and":
			return all(tests), nil
		case "$or":
			return some(tests), nil
		}
		return not(some(tests)), nil
	case strings.HasPrefix(key, "$"):
		return nil, unknownOperator(key)
	}
	t, err := p.condition(value, depth)
	path := strings.Split(key, ".")
	return func(v any) bool { return t(field(v, path)) }, err
}

// list is the queries of $and, $or and $nor.
func (p *filterParser) list(value any, depth int) (tests []test, err error) {
	queries, ok := value.([]any)
	if !ok || len(queries) == 0 {
		return nil, fault.New(fault.Invalid, "$and, $or and $nor take a list of filters.")
	}
	for _, q := range queries {
		t, err := p.query(q, depth-1)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return tests, nil
}

// condition is what a field must be: a value, or an object of operators.
func (p *filterParser) condition(value any, depth int) (test, error) {
	o, ok := value.(map[string]any)
	if !ok {
		return p.equal(value)
	}
	if depth == 0 {
		return nil, fault.New(fault.Invalid, "The filter is nested too deeply.")
	}
	var tests []test
	for op, operand := range o {
		t, err := p.operator(op, operand, depth)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return all(tests), nil
}

func (p *filterParser) operator(op string, operand any, depth int) (test, error) {
	switch op {
	case "$e", "$eq", "$regex":
		return p.equal(operand)
	case "$ne":
		t, err := p.equal(operand)
		return not(t), err
	case "$in", "$nin":
		values, ok := operand.([]any)
		if !ok {
			return nil, fault.New(fault.Invalid, "{operator} takes a list.", "operator", op)
		}
		var tests []test
		for _, v := range values {
			t, err := p.equal(v)
			if err != nil {
				return nil, err
			}
			tests = append(tests, t)
		}
		if op == "$nin" {
			return not(some(tests)), nil
		}
		return some(tests), nil
	case "$gt", "$gte", "$lt", "$lte":
		return compare(op, operand)
	case "$not":
		t, err := p.condition(operand, depth-1)
		return not(t), err
	}
	return nil, unknownOperator(op)
}

func unknownOperator(op string) error {
	return fault.New(fault.Invalid, "The filter has no operator \"{operator}\".", "operator", fmt.Sprintf("%.40s", op))
}

// pattern is how a regular expression is written among the values.
var pattern = regexp.MustCompile(`(?s)^/(.*)/([a-zA-Z]*)$`)

// equal holds for a value, or for texts that a regular expression finds. Of a list
// one element is enough.
func (p *filterParser) equal(want any) (test, error) {
	one := func(v any) bool { return same(v, want) }
	switch w := want.(type) {
	case map[string]any, []any:
		return nil, fault.New(fault.Invalid, "A field of a filter is compared to a text, a number, true, false or null.")
	case string:
		if m := pattern.FindStringSubmatch(w); m != nil {
			re, err := p.compile(m[1], m[2])
			if err != nil {
				return nil, err
			}
			one = func(v any) bool { s, ok := v.(string); return ok && re.MatchString(s) }
		}
	}
	return func(v any) bool {
		if list, ok := v.([]any); ok {
			return slices.ContainsFunc(list, one)
		}
		return one(v)
	}, nil
}

func (p *filterParser) compile(expr, flags string) (*regexp.Regexp, error) {
	if p.patterns++; p.patterns > maxPatterns || len(expr) > maxPattern {
		return nil, fault.New(fault.Invalid, "The filter has too many regular expressions, or too long ones.")
	}
	flags = strings.ReplaceAll(flags, "u", "") // all texts are Unicode
	if strings.Trim(flags, "ims") != "" {
		return nil, fault.New(fault.Invalid, "Regular expressions know the flags i, m, s and u.")
	}
	if flags != "" {
		expr = "(?" + flags + ")" + expr
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The regular expression cannot be understood: {why}", "why", fmt.Sprintf("%.200s", err))
	}
	return re, nil
}

// compare orders numbers among numbers and texts among texts; nothing else is
// greater or smaller.
func compare(op string, than any) (test, error) {
	var order func(v any) (int, bool)
	switch w := than.(type) {
	case float64:
		order = func(v any) (int, bool) { n, ok := v.(float64); return sign(n - w), ok }
	case string:
		order = func(v any) (int, bool) { s, ok := v.(string); return strings.Compare(s, w), ok }
	default:
		return nil, fault.New(fault.Invalid, "{operator} takes a number or a text.", "operator", op)
	}
	return func(v any) bool {
		c, ok := order(v)
		switch op {
		case "$gt":
			return ok && c > 0
		case "$gte":
			return ok && c >= 0
		case "$lt":
			return ok && c < 0
		}
		return ok && c <= 0
	}, nil
}

func sign(n float64) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// same compares what JSON holds. A number is the same as the text that says it, since
// ids are written as either.
func same(v, want any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return v == want || written(v) != "" && written(v) == written(want)
}

// written is a text or number as text, "" for all else.
func written(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// field follows a path into objects, and into lists by numbers.
func field(v any, path []string) any {
	for _, name := range path {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func all(tests []test) test {
	return func(v any) bool { return !slices.ContainsFunc(tests, func(t test) bool { return !t(v) }) }
}

func some(tests []test) test {
	return func(v any) bool { return slices.ContainsFunc(tests, func(t test) bool { return t(v) }) }
}

func not(t test) test { return func(v any) bool { return !t(v) } }
