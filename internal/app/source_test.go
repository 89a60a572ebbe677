package app

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The laws read the sources themselves, in this process: a test that shells
// out to "go list" is cached by "go test" and stays green over a violation.

const (
	module = "atrium"
	root   = "../.." // of the repository, from this folder
)

// source is one parsed Go file.
type source struct {
	path string // from the root, with slashes: internal/core/tree/tree.go
	pkg  string // its folder: internal/core/tree
	test bool   // a _test.go file, or any file of a package such as dbtest
	text string
	file *ast.File
}

// places is where every parsed file stands; types are resolved across files, so they share one.
var places = token.NewFileSet()

// imports lists what s imports, by path, with the place of each.
func (s *source) imports() map[string]token.Pos {
	m := map[string]token.Pos{}
	for _, i := range s.file.Imports {
		m[strings.Trim(i.Path.Value, `"`)] = i.Pos()
	}
	return m
}

// breach is a law broken at a place.
type breach struct {
	where string // path:line
	rule  string
}

func (s *source) breach(pos token.Pos, rule string, args ...any) breach {
	return breach{fmt.Sprintf("%s:%d", s.path, places.Position(pos).Line), fmt.Sprintf(rule, args...)}
}

// parse makes a source of a text that claims to stand at a path.
func parse(t *testing.T, where, text string) *source {
	t.Helper()
	s := &source{path: where, pkg: path.Dir(where), text: text}
	s.test = strings.HasSuffix(where, "_test.go") || strings.HasSuffix(s.pkg, "test")
	f, err := parser.ParseFile(places, where, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	s.file = f
	return s
}

// sources parses every Go file of the module.
func sources(t *testing.T) []*source {
	t.Helper()
	var all []*source
	for where, text := range texts(t, ".go") {
		all = append(all, parse(t, where, text))
	}
	slices.SortFunc(all, func(a, b *source) int { return cmp.Compare(a.path, b.path) })
	if len(all) < 10 {
		t.Fatalf("only %d Go files found below %s: wrong folder?", len(all), root)
	}
	return all
}

// texts reads every file of the repository with an ending, by path from the root.
func texts(t *testing.T, ending string) map[string]string {
	t.Helper()
	m := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "data" && filepath.Dir(p) == root) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ending) {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		m[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// byPackage groups sources by folder.
func byPackage(all []*source) map[string][]*source {
	m := map[string][]*source{}
	for _, s := range all {
		m[s.pkg] = append(m[s.pkg], s)
	}
	return m
}

// obey fails the test with one line per breach.
func obey(t *testing.T, found []breach) {
	t.Helper()
	slices.SortFunc(found, func(a, b breach) int { return cmp.Compare(a.where, b.where) })
	for _, b := range found {
		t.Errorf("%s: %s", b.where, b.rule)
	}
}

// caught tells that a checker reports exactly one breach, at a line and with
// words; it is how each law proves that it is awake.
func caught(t *testing.T, found []breach, where, words string) {
	t.Helper()
	if len(found) != 1 {
		t.Fatalf("got %d breaches %v, want one at %s", len(found), found, where)
	}
	if found[0].where != where || !strings.Contains(found[0].rule, words) {
		t.Errorf("got %q, want %s: …%s…", found[0], where, words)
	}
}

// spared tells that a checker reports nothing.
func spared(t *testing.T, found []breach) {
	t.Helper()
	if len(found) != 0 {
		t.Errorf("got %v, want no breach", found)
	}
}
