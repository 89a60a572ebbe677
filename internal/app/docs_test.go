package app

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testNames  = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9_]*)`")
	makeVerbs  = regexp.MustCompile("`make ([a-z0-9]+)")
	hyperlinks = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
)

// A promise in the documents that no test holds, a link to nowhere or a verb
// that is not there would be worse than silence.
func TestLawDocumentsAreTrue(t *testing.T) {
	known := facts{tests: map[string]bool{}, verbs: map[string]bool{}, exists: func(p string) bool {
		_, err := os.Stat(filepath.Join(root, p))
		return err == nil
	}}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				known.tests[f.Name.Name] = s.test
			}
		}
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9]+):`).FindAllStringSubmatch(string(makefile), -1) {
		known.verbs[m[1]] = true
	}
	if n := strings.Count(string(makefile), "\n"); n > 60 {
		t.Errorf("Makefile: got %d lines, want at most 60", n)
	}
	obey(t, checkDocuments(texts(t, ".md"), known))

	none := facts{exists: func(string) bool { return false }}
	caught(t, checkDocuments(map[string]string{"README.md": "a\nheld by `TestNothing`\n"}, none), "README.md:2", "no test TestNothing")
	caught(t, checkDocuments(map[string]string{"README.md": "run `make tea`\n"}, none), "README.md:1", "no verb tea")
	caught(t, checkDocuments(map[string]string{"docs/x.md": "see [y](../y.md#z)\n"}, none), "docs/x.md:1", "leads nowhere: y.md")
	spared(t, checkDocuments(map[string]string{"docs/x.md": "see [y](https://example.org/)\n"}, none))
}

// facts are what documents may name.
type facts struct {
	tests, verbs map[string]bool
	exists       func(path string) bool
}

func checkDocuments(documents map[string]string, known facts) []breach {
	var found []breach
	for where, text := range maps.All(documents) {
		if strings.HasPrefix(where, "web/") {
			continue
		}
		n := 0
		for line := range strings.Lines(text) {
			n++
			report := func(rule string, args ...any) {
				found = append(found, breach{fmt.Sprintf("%s:%d", where, n), fmt.Sprintf(rule, args...)})
			}
			for _, m := range testNames.FindAllStringSubmatch(line, -1) {
				if !known.tests[m[1]] {
					report("there is no test %s", m[1])
				}
			}
			for _, m := range makeVerbs.FindAllStringSubmatch(line, -1) {
				if !known.verbs[m[1]] {
					report("the Makefile has no verb %s", m[1])
				}
			}
			for _, m := range hyperlinks.FindAllStringSubmatch(line, -1) {
				if to := path.Join(path.Dir(where), m[1]); !strings.Contains(m[1], ":") && !known.exists(to) {
					report("the link leads nowhere: %s", to)
				}
			}
		}
	}
	return found
}
