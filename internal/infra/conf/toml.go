package conf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// toml sets what a file says. path is for messages only.
func (l *loader) toml(path string, text []byte) {
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		where := path
		if d, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, _ := d.Position()
			where = fmt.Sprintf("%s:%d", path, row)
		}
		l.problem(where, "%s", strings.TrimPrefix(err.Error(), "toml: "))
		return
	}
	l.table("", tree, lines{path, keyLines(text)})
}

// table sets the keys of one section, in the order of their lines.
func (l *loader) table(section string, tree map[string]any, at lines) {
	names := slices.Collect(maps.Keys(tree))
	slices.SortFunc(names, func(a, b string) int {
		if d := at.line[section+a] - at.line[section+b]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		full := section + name
		sub, isTable := tree[name].(map[string]any)
		k, ok := l.key(full)
		switch isSection := slices.Contains(l.sections(), full); {
		case isSection && isTable:
			l.table(full+".", sub, at)
		case isSection:
			l.problem(at.of(full), "%s is a section: write [%s]", full, full)
		case !ok && isTable:
			l.problem(at.of(full), "%s: %s", full, unknown("section", nearest(full, l.sections())))
		case !ok:
			l.problem(at.of(full), "%s: %s", full, unknown("key", nearest(full, l.names())))
		default:
			text, err := fileText(tree[name])
			if err != nil {
				l.problem(at.of(full), "%s: %v", full, err)
				continue
			}
			l.set(k, text, at.of(full))
		}
	}
}

func (l *loader) sections() []string {
	var all []string
	for _, k := range l.keys {
		if section, _, ok := strings.Cut(k.Name, "."); ok && !slices.Contains(all, section) {
			all = append(all, section)
		}
	}
	return all
}

// lines tells where keys stand in a file.
type lines struct {
	path string
	line map[string]int // full name of a key or table → its first line
}

// of gives "path:line" of a key, or of the inline table around it.
func (s lines) of(name string) string {
	for name != "" {
		if n, ok := s.line[name]; ok {
			return fmt.Sprintf("%s:%d", s.path, n)
		}
		name = name[:max(0, strings.LastIndexByte(name, '.'))]
	}
	return s.path
}

// keyLines finds the lines of all keys and tables of a text that was decoded
// without an error.
func keyLines(text []byte) map[string]int {
	found := map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	section := ""
	for p.NextExpression() {
		e := p.Expression()
		isTable := e.Kind == unstable.Table || e.Kind == unstable.ArrayTable
		if !isTable && e.Kind != unstable.KeyValue {
			continue
		}
		full := section
		if isTable {
			full = ""
		}
		for parts := e.Key(); parts.Next(); {
			n := parts.Node()
			full += string(n.Data)
			if _, ok := found[full]; !ok {
				found[full] = p.Shape(n.Raw).Start.Line
			}
			full += "."
		}
		if isTable {
			section = full
		}
	}
	return found
}
