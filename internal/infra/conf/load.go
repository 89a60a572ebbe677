package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
)

// Source is where Load looks, besides the defaults.
type Source struct {
	File    string            // path of the TOML file; "": $ATRIUM_CONFIG, else ./atrium.toml if there is one
	Environ []string          // as os.Environ gives it
	Flags   map[string]string // key → text, such as "http.listen" → ":8080"
}

const (
	defaultFile = "atrium.toml"
	configEnv   = "ATRIUM_CONFIG"
	prefix      = "ATRIUM_"
	fileSuffix  = "_FILE"
	maxFile     = 1 << 20 // bytes of a configuration or secret file
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	Where string // "atrium.toml:12", "ATRIUM_DB", "--http.listen", or a key when the value came by default
	Text  string
}

// Problems is an error that tells all that is wrong at once.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = x.Where + ": " + x.Text
	}
	return strings.Join(lines, "\n")
}

// Load reads the configuration: flags win over the environment, that over the
// file, and that over the defaults. An empty variable counts as not set. The
// error is Problems; with it comes what could be read.
func Load(src Source) (Config, error) {
	l := read(src)
	if len(l.problems) > 0 {
		return l.c, l.problems
	}
	return l.c, nil
}

// Where tells where values come from, by the names of their keys: "atrium.toml:12",
// "ATRIUM_DB", "--http.listen". A key that is not there has its default.
func Where(src Source) map[string]string { return read(src).from }

// File is the path of the file that Load reads, whether or not it is there.
func File(src Source) string {
	path, _ := fileOf(src.File, ours(src.Environ))
	return path
}

func read(src Source) *loader {
	l := &loader{c: Default(), keys: Keys(), from: map[string]string{}}
	env := ours(src.Environ)
	l.file(src.File, env)
	l.environ(env)
	l.flags(src.Flags)
	l.check()
	return l
}

// ParseArgs takes "--key=value", "--key value" and "--config FILE" out of args
// and returns the source with the process's environment and the arguments it
// did not take. Flags it does not know stay in rest, for the command to judge.
func ParseArgs(args []string) (src Source, rest []string, err error) {
	src = Source{Environ: os.Environ(), Flags: map[string]string{}}
	known := map[string]bool{"config": true}
	for _, k := range Keys() {
		known[k.Name] = true
	}
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return src, append(rest, args[i:]...), nil
		}
		name, ok := strings.CutPrefix(args[i], "--")
		name, value, hasValue := strings.Cut(name, "=")
		if !ok || !known[name] {
			rest = append(rest, args[i])
			continue
		}
		if !hasValue {
			if i+1 == len(args) {
				return src, nil, Problems{{args[i], "needs a value"}}
			}
			i++
			value = args[i]
		}
		if name == "config" {
			src.File = value
			continue
		}
		src.Flags[name] = value
	}
	return src, rest, nil
}

type loader struct {
	c        Config
	keys     []Key
	from     map[string]string // key → where its value came from
	problems Problems
}

func (l *loader) problem(where, format string, args ...any) {
	l.problems = append(l.problems, Problem{where, fmt.Sprintf(format, args...)})
}

func (l *loader) set(k Key, text, where string) {
	v := reflect.ValueOf(&l.c).Elem().FieldByIndex(k.index)
	if err := parse(v, text); err != nil {
		l.problem(where, "%s: %v", k.Name, err)
		return
	}
	l.from[k.Name] = where
}

func (l *loader) key(name string) (Key, bool) {
	i := slices.IndexFunc(l.keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return l.keys[i], true
}

func (l *loader) names() []string {
	names := make([]string, len(l.keys))
	for i, k := range l.keys {
		names[i] = k.Name
	}
	return names
}

// file finds and reads the TOML file.
func (l *loader) file(path string, env map[string]string) {
	path, given := fileOf(path, env)
	text, err := readFile(path)
	if !given && errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.problem(path, "%v", err)
		return
	}
	l.toml(path, text)
}

// fileOf finds the file's path, and tells whether somebody asked for it.
func fileOf(path string, env map[string]string) (_ string, given bool) {
	if path == "" {
		path = env[configEnv]
	}
	if path == "" {
		return defaultFile, false
	}
	return path, true
}

// environ sets what the environment says.
func (l *loader) environ(env map[string]string) {
	known := map[string]bool{configEnv: true}
	all := []string{configEnv}
	for _, k := range l.keys {
		for _, name := range slices.Backward(k.Env) { // the documented name wins
			l.variable(k, name, env)
			known[name] = true
			all = append(all, name)
			if k.Secret {
				known[name+fileSuffix] = true
				all = append(all, name+fileSuffix)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !known[name] {
			l.problem(name, "%s", unknown("variable", nearest(name, all)))
		}
	}
}

// variable sets k from the variable of that name, or the file it points to.
func (l *loader) variable(k Key, name string, env map[string]string) {
	text, path := env[name], ""
	if k.Secret {
		path = env[name+fileSuffix]
	}
	switch {
	case text != "" && path != "":
		l.problem(name, "is set, and so is %s; keep one", name+fileSuffix)
	case text != "":
		l.set(k, text, name)
	case path != "":
		b, err := readFile(path)
		if err != nil {
			l.problem(name+fileSuffix, "%v", err)
			return
		}
		l.set(k, strings.TrimRight(string(b), "\r\n"), name+fileSuffix)
	}
}

func (l *loader) flags(flags map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		k, ok := l.key(name)
		if !ok {
			l.problem("--"+name, "%s", unknown("flag", nearest(name, l.names())))
			continue
		}
		l.set(k, flags[name], "--"+name)
	}
}

func unknown(what, near string) string {
	if near == "" {
		return "nobody knows this " + what
	}
	return "nobody knows this " + what + "; did you mean " + near + "?"
}

// ours picks the variables that are meant for us and not empty.
func ours(environ []string) map[string]string {
	env := map[string]string{}
	for _, e := range environ {
		if name, value, _ := strings.Cut(e, "="); strings.HasPrefix(name, prefix) && value != "" {
			env[name] = value
		}
	}
	return env
}

func readFile(path string) ([]byte, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if fi.Size() > maxFile {
		return nil, fmt.Errorf("%d bytes are too many for a configuration", fi.Size())
	}
	return os.ReadFile(path)
}
