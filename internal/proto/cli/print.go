package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// What is printed is made of nil, bool, int, int64, float64, string, and these.
type (
	// Map is an object whose members keep their order.
	Map []Member
	// Member is one member of a Map.
	Member struct {
		Key   string
		Value any
	}
	// List is a list of values.
	List []any
	// Table has one column for each member of its rows; in JSON it is a list.
	Table []Map
)

// Strings makes a List.
func Strings(ss []string) List {
	l := make(List, len(ss))
	for i, s := range ss {
		l[i] = s
	}
	return l
}

// MarshalJSON keeps the order.
func (m Map) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, e := range m {
		b.WriteByte("{,"[min(i, 1)])
		for j, v := range []any{e.Key, e.Value} {
			if j > 0 {
				b.WriteByte(':')
			}
			text, err := encode(v, "")
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}
	if len(m) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// MarshalJSON writes an empty list as such.
func (l List) MarshalJSON() ([]byte, error) {
	if l == nil {
		l = List{}
	}
	return encode([]any(l), "")
}

// MarshalJSON writes an empty table as a list.
func (t Table) MarshalJSON() ([]byte, error) {
	if t == nil {
		t = Table{}
	}
	return encode([]Map(t), "")
}

// encode leaves <, > and & as they are, which no script would escape.
func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Print prints a value in the format that was asked for. As plain text a Map or
// List has one line for each value, "  - key: value" or "  - value", those
// below another two columns further right; a Table has borders.
func Print(cmd *cobra.Command, v any) error { return show(cmd, v, "  - ") }

// PrintBare is Print without the bullets of the outermost lines.
func PrintBare(cmd *cobra.Command, v any) error { return show(cmd, v, "") }

// Plain tells whether the output is for people.
func Plain(cmd *cobra.Command) bool { return formatOf(cmd) == asText }

func formatOf(cmd *cobra.Command) string { return cmd.Flag(flagOutput).Value.String() }

// PreferPretty makes json_pretty the format of a command whose output is made to
// be read back, unless another one is asked for.
func PreferPretty(cmd *cobra.Command) error {
	if cmd.Flag(flagOutput).Changed {
		return nil
	}
	return cmd.Flag(flagOutput).Value.Set(asPretty)
}

func show(cmd *cobra.Command, v any, bullet string) error {
	var text []byte
	var err error
	switch formatOf(cmd) {
	case asJSON:
		text, err = encode(v, "")
	case asPretty:
		text, err = encode(v, "    ")
	default:
		var b bytes.Buffer
		write(&b, v, bullet)
		text = b.Bytes()
		if len(text) == 0 {
			return nil
		}
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", text)
	return err
}

// write writes v as plain text; lines begin with bullet.
func write(w io.Writer, v any, bullet string) {
	switch v := v.(type) {
	case Map:
		for _, m := range v {
			writeMember(w, m.Key, m.Value, bullet)
		}
	case List:
		for i, e := range v {
			if nested(e) {
				writeMember(w, fmt.Sprint(i), e, bullet)
				continue
			}
			fmt.Fprintf(w, "%s%s\n", bullet, word(e))
		}
	case Table:
		v.write(w)
	default:
		fmt.Fprintf(w, "%s\n", word(v))
	}
}

func writeMember(w io.Writer, key string, v any, bullet string) {
	switch {
	case nested(v):
		fmt.Fprintf(w, "%s%s:\n", bullet, key)
		write(w, v, "  "+bullet)
	case v == nil:
		fmt.Fprintf(w, "%s%s\n", bullet, key)
	default:
		fmt.Fprintf(w, "%s%s: %s\n", bullet, key, word(v))
	}
}

func nested(v any) bool {
	switch v.(type) {
	case Map, List, Table:
		return true
	}
	return false
}

// word is a plain value as text. Names come from strangers: what would make a
// terminal do things is struck out.
func word(v any) string {
	if v == nil {
		return "null"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, fmt.Sprint(v))
}

// write draws a table. All rows have the members of the first.
func (t Table) write(w io.Writer) {
	if len(t) == 0 {
		return
	}
	wide := make([]int, len(t[0]))
	head := make([]string, len(t[0]))
	for i, m := range t[0] {
		head[i] = m.Key
	}
	rows := [][]string{head}
	for _, m := range t {
		row := make([]string, len(m))
		for i, e := range m {
			row[i] = cell(e.Value)
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		for i, c := range row {
			wide[i] = max(wide[i], utf8.RuneCountInString(c))
		}
	}
	line := "+"
	for _, n := range wide {
		line += strings.Repeat("-", n+2) + "+"
	}
	fmt.Fprintln(w, line)
	for n, row := range rows {
		for i, c := range row {
			fmt.Fprintf(w, "| %s%s ", c, strings.Repeat(" ", wide[i]-utf8.RuneCountInString(c)))
		}
		fmt.Fprintln(w, "|")
		if n == 0 {
			fmt.Fprintln(w, line)
		}
	}
	fmt.Fprintln(w, line)
}

// cell is a value on one line.
func cell(v any) string {
	var parts []string
	switch v := v.(type) {
	case List:
		for _, e := range v {
			parts = append(parts, cell(e))
		}
	case Map:
		for _, m := range v {
			parts = append(parts, m.Key+"="+cell(m.Value))
		}
	case nil:
	default:
		return word(v)
	}
	return strings.Join(parts, ", ")
}
