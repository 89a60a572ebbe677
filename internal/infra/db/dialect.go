package db

import (
	"fmt"
	"math/bits"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

func (d Dialect) String() string { return [...]string{"sqlite", "postgres", "mysql"}[d] }

var macro = regexp.MustCompile(`\{\{(\w+) ?([^}]*)\}\}`)

// translate expands macros, slices and place holders. The result is kept per
// text and slice lengths, so that a statement is parsed once.
func (p *pool) translate(q string, args []any) (string, []any, error) {
	flat, lens, err := flatten(args)
	if err != nil {
		return "", nil, fmt.Errorf("%q: %w", short(q), err)
	}
	key := q
	if lens != nil {
		key = q + fmt.Sprint(lens)
	}
	if text, ok := p.expand.Load(key); ok {
		return text.(string), flat, nil
	}
	text := p.dialect.rebind(p.dialect.expandMacros(q), lens)
	p.expand.Store(key, text)
	return text, flat, nil
}

// flatten spreads slice arguments. Their lengths are padded to powers of two by
// repeating the last value, which changes no IN list and keeps the number of
// different statements small. lens is nil when there was no slice.
func flatten(args []any) (flat []any, lens []int, err error) {
	slices := false
	for _, a := range args {
		slices = slices || isSlice(a)
	}
	if !slices {
		return args, nil, nil
	}
	for _, a := range args {
		if !isSlice(a) {
			flat, lens = append(flat, a), append(lens, 1)
			continue
		}
		v := reflect.ValueOf(a)
		if v.Len() == 0 {
			return nil, nil, fmt.Errorf("an empty list in IN (?)")
		}
		n := 1 << bits.Len(uint(v.Len()-1))
		for i := range n {
			flat = append(flat, v.Index(min(i, v.Len()-1)).Interface())
		}
		lens = append(lens, n)
	}
	return flat, lens, nil
}

func isSlice(a any) bool {
	switch a.(type) {
	case nil, []byte, string, int64, int, bool:
		return false
	case []int64, []string:
		return true
	}
	return reflect.TypeOf(a).Kind() == reflect.Slice
}

func (d Dialect) rebind(q string, lens []int) string {
	if d != Postgres && lens == nil {
		return q
	}
	var b strings.Builder
	arg, n := 0, 0
	for i := range len(q) {
		if q[i] != '?' {
			b.WriteByte(q[i])
			continue
		}
		count := 1
		if arg < len(lens) {
			count = lens[arg]
		}
		arg++
		for j := range count {
			if j > 0 {
				b.WriteByte(',')
			}
			n++
			if d == Postgres {
				b.WriteString("$" + strconv.Itoa(n))
			} else {
				b.WriteByte('?')
			}
		}
	}
	return b.String()
}

func (d Dialect) expandMacros(q string) string {
	return macro.ReplaceAllStringFunc(q, func(m string) string {
		sub := macro.FindStringSubmatch(m)
		switch sub[1] {
		case "on":
			return d.onConflict(sub[2])
		case "greatest":
			if d == SQLite {
				return "MAX(" + sub[2] + ")"
			}
			return "GREATEST(" + sub[2] + ")"
		}
		return d.columnType(sub[1], sub[2], m)
	})
}

func (d Dialect) onConflict(spec string) string {
	keys, cols, update := strings.Cut(spec, " set ")
	keys = strings.TrimSuffix(keys, " ignore")
	if d == MySQL {
		if !update {
			first, _, _ := strings.Cut(keys, ",")
			return "ON DUPLICATE KEY UPDATE " + first + "=" + first
		}
		return "ON DUPLICATE KEY UPDATE " + assign(cols, "VALUES(%s)")
	}
	if !update {
		return "ON CONFLICT (" + keys + ") DO NOTHING"
	}
	return "ON CONFLICT (" + keys + ") DO UPDATE SET " + assign(cols, "excluded.%s")
}

func assign(cols, form string) string {
	var out []string
	for c := range strings.SplitSeq(cols, ",") {
		c = strings.TrimSpace(c)
		out = append(out, c+"="+fmt.Sprintf(form, c))
	}
	return strings.Join(out, ", ")
}

// columnType expands the macros of migrations; whole is the macro as written,
// given back when it is none of ours so that the database complains about it.
func (d Dialect) columnType(name, arg, whole string) string {
	types := map[string][3]string{ // SQLite, PostgreSQL, MySQL
		"id":        {"BIGINT", "BIGINT", "BIGINT"},
		"name":      {"TEXT", `VARCHAR(1024) COLLATE "C"`, "VARBINARY(1024)"},
		"key":       {"TEXT", `VARCHAR(255) COLLATE "C"`, "VARBINARY(255)"},
		"text":      {"TEXT", `TEXT COLLATE "C"`, "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"},
		"bytes":     {"BLOB", "BYTEA", "VARBINARY(" + arg + ")"},
		"blob":      {"BLOB", "BYTEA", "LONGBLOB"},
		"clustered": {"WITHOUT ROWID", "", ""},
		"absent":    {"", "IF NOT EXISTS", "IF NOT EXISTS"},
		"present":   {"", "IF EXISTS", "IF EXISTS"},
	}
	t, ok := types[name]
	if !ok {
		return whole
	}
	return t[d]
}
