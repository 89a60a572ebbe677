package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"atrium/internal/base/tongue"
)

// told are the functions that are given a text to be said later, by which argument
// it is.
var told = map[string]int{"tongue.Of": 0, "fault.New": 1, "fault.Wrap": 2, "ocs.Fail": 1}

// English are the places whose texts stay as they are, with why.
var english = map[string]string{
	"command":                              "commands speak English",
	"internal/app/":                        "the start speaks English",
	"internal/feature/admin/":              "commands speak English; browser.go and the doctor's findings are translated",
	"internal/feature/readable/":           "commands and jobs, told in the log",
	"internal/infra/blob/":                 "what went wrong on the disk, told in the log",
	"internal/infra/cage/":                 "what went wrong with a program, told in the log",
	"internal/infra/jobs/":                 "told in the log",
	"internal/infra/lock/":                 "told in the log",
	"internal/infra/seal/":                 "told in the log",
	"internal/infra/bus/":                  "told in the log",
	"internal/infra/db/":                   "told at the start; errors.go is translated",
	"internal/proto/dav/":                  "what a program sent wrongly",
	"internal/feature/proof/":              "what a program sent wrongly",
	"internal/feature/scim/":               "read by providers",
	"internal/feature/principals/":         "what a program sent wrongly",
	"internal/feature/davfiles/bulk.go":    "what a program sent wrongly",
	"internal/feature/davfiles/patch.go":   "what a program sent wrongly",
	"internal/feature/davfiles/post.go":    "what a program sent wrongly",
	"internal/feature/davfiles/put.go":     "what a program sent wrongly",
	"internal/feature/davfiles/report.go":  "what a program sent wrongly",
	"internal/feature/davfiles/search.go":  "what a program sent wrongly",
	"internal/feature/davfiles/archive.go": "what a program sent wrongly",
	"internal/feature/previews/":           "asked for by pictures of a page",
	"internal/proto/ocs/":                  "what a program sent wrongly",
	"internal/proto/web/allowed.go":        "programs look for these words",
	"internal/proto/web/csrf.go":           "programs look for these words",
	"internal/proto/web/proxy.go":          "said before anybody is known",
	"internal/proto/cli/":                  "commands speak English",
	"internal/infra/opensearch/":           "told in the log",
	"internal/feature/oauth2/token.go":     "RFC 6749 has it in ASCII",
}

// notYet are the rooms whose texts without values wait for their translation.
var notYet = []string{
	"internal/base/who/",
	"internal/core/content/",
	"internal/core/retention/",
	"internal/core/settings/",
	"internal/core/tree/",
	"internal/feature/",
}

// inEnglish tells whether a file is among them.
func inEnglish(path string) bool {
	for _, ours := range []string{"feature/admin/browser.go", "feature/admin/doctor", "infra/db/errors.go", "previews/tools.go"} {
		if strings.Contains(path, ours) {
			return false
		}
	}
	for place := range english {
		if place == "command" && strings.Contains(filepath.Base(path), place) || place != "command" && strings.HasPrefix(path, place) {
			return true
		}
	}
	return false
}

// TestLawWhatIsSaidLaterIsTranslated: texts of faults and findings stand where they
// are made, in quotes, with what is filled in beside them, and every catalogue has
// them.
func TestLawWhatIsSaidLaterIsTranslated(t *testing.T) {
	texts := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		for text, where := range laterTexts(t, path) {
			texts++
			for _, in := range tongue.All().Each() {
				if !in.Has(text) {
					t.Errorf("%s: %q is not there in %s", where, text, in.Name)
				}
			}
		}
		return nil
	})
	if err != nil || texts < 150 {
		t.Errorf("%d texts, %v", texts, err)
	}
	for place := range english {
		if found, err := filepath.Glob("../" + strings.TrimPrefix(place, "internal/")); place != "command" && (err != nil || len(found) == 0) {
			t.Errorf("%s is not there any more", place)
		}
	}
}

// laterTexts are the texts of a package, by where they are.
func laterTexts(t *testing.T, dir string) map[string]string {
	out, consts, files := map[string]string{}, map[string]ast.Expr{}, map[string]*ast.File{}
	found, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, path := range found {
		name := "internal/" + filepath.ToSlash(strings.TrimPrefix(path, "../"))
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(filepath.Base(filepath.Dir(name)), "test") || strings.HasPrefix(name, "internal/base/fault/") || strings.HasPrefix(name, "internal/base/tongue/") {
			continue
		}
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i, id := range v.Names {
					consts[id.Name] = v.Values[i]
				}
			}
			return true
		})
	}
	for name, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			arg := toldAt(call, f.Name.Name)
			if arg < 0 || arg >= len(call.Args) || inEnglish(name) {
				return true
			}
			text, ok := literal(call.Args[arg], consts)
			waits := arg > 0 && !strings.Contains(text, "{") && slices.ContainsFunc(notYet, func(place string) bool { return strings.HasPrefix(name, place) })
			switch {
			case waits:
			case ok:
				out[text] = name
			default:
				t.Errorf("%s: the text is no literal: write it out, with {names} for what is filled in", set.Position(call.Pos()))
			}
			return true
		})
	}
	delete(out, "")
	return out
}

// toldAt is which argument of a call is a text that is said later, -1 for none.
func toldAt(call *ast.CallExpr, pkg string) int {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			name = x.Name + "." + f.Sel.Name
		}
	case *ast.Ident:
		name = pkg + "." + f.Name
	}
	if at, ok := told[name]; ok {
		return at
	}
	return -1
}

// literal is a text in quotes, one put together of such, or a constant that is one.
func literal(e ast.Expr, consts map[string]ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		a, ok := literal(e.X, consts)
		b, also := literal(e.Y, consts)
		return a + b, ok && also && e.Op == token.ADD
	case *ast.Ident:
		if value, ok := consts[e.Name]; ok {
			return literal(value, nil)
		}
	}
	return "", false
}

func TestTextsThatAreNoLiteralsAreFound(t *testing.T) {
	for code, want := range map[string]string{`"a {n}"`: "a {n}", `"a" + "b"`: "ab", `"a" + name`: "-", `fmt.Sprintf("%d", n)`: "-", "`a`": "a", "known": "k"} {
		e, err := parser.ParseExpr(code)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := literal(e, map[string]ast.Expr{"known": &ast.BasicLit{Kind: token.STRING, Value: `"k"`}})
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
}
