package conf

import (
	"reflect"
	"strings"
)

// Key describes one key, for help texts and the reference page.
type Key struct {
	Name    string   // "http.listen": section and name in the file; --http.listen as a flag
	Env     []string // names in the environment, the documented one first
	Secret  bool     // never shown, and read from a file with <Env>_FILE
	OneOf   []string // all allowed values; nil: not a choice
	Default string   // as one would write it
	Doc     string   // one or two sentences

	min   string
	index []int
}

// Keys lists all keys in the order of Config.
func Keys() []Key {
	def := Default()
	return collect(reflect.ValueOf(def), "", nil)
}

func collect(v reflect.Value, section string, index []int) []Key {
	var keys []Key
	for i := range v.NumField() {
		f := v.Type().Field(i)
		at := append(append([]int(nil), index...), i)
		name := section + f.Tag.Get("key")
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, collect(v.Field(i), name+".", at)...)
			continue
		}
		long := "ATRIUM_" + strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
		env := []string{long}
		if short := f.Tag.Get("env"); short != "" {
			env = []string{short, long}
		}
		keys = append(keys, Key{
			Name: name, Env: env, Secret: f.Tag.Get("secret") == "true",
			OneOf:   strings.Fields(f.Tag.Get("oneof")),
			Default: format(v.Field(i)), Doc: f.Tag.Get("doc"),
			min: f.Tag.Get("min"), index: at,
		})
	}
	return keys
}

// Value is one key with what it is set to.
type Value struct {
	Key
	Text string // as one would write it; Redacted for a secret that is set
}

// Redacted stands for a secret.
const Redacted = "***"

// Values lists all keys with their values; secrets are redacted.
func (c Config) Values() []Value {
	var values []Value
	for _, k := range Keys() {
		values = append(values, Value{k, c.show(k)})
	}
	return values
}

// Get gives one value by its name; a secret is redacted. It is false for a key
// that nobody knows.
func (c Config) Get(name string) (string, bool) {
	for _, k := range Keys() {
		if k.Name == name {
			return c.show(k), true
		}
	}
	return "", false
}

func (c Config) show(k Key) string {
	text := format(reflect.ValueOf(c).FieldByIndex(k.index))
	if k.Secret && text != "" {
		return Redacted
	}
	return text
}

// nearest finds the name most like word, "" when none is.
func nearest(word string, names []string) string {
	best, at := "", len(word)/2+1
	for _, n := range names {
		d := distance(word, n)
		// A key under the wrong section, or under none, is near as well.
		if tail := distance(last(word), last(n)) + 1; tail < d {
			d = tail
		}
		if d < at {
			best, at = n, d
		}
	}
	return best
}

func last(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// distance counts the insertions, deletions and replacements that turn a
// into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
