package app

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The house limits. They are low because a reader's patience is.
const (
	maxFile      = 500  // lines
	maxFunc      = 60   // lines
	maxTestFunc  = 80   // lines: a story may be longer than a step of it
	maxPackage   = 3000 // lines without tests
	maxInterface = 8    // methods
)

func TestLawPackagesHaveDocs(t *testing.T) {
	obey(t, checkDocs(sources(t)))

	mute := parse(t, "internal/core/tree/x.go", "package tree\n")
	caught(t, checkDocs([]*source{mute}), "internal/core/tree/x.go:1", "no doc comment")
	odd := parse(t, "internal/core/tree/x.go", "// This is a tree.\npackage tree\n")
	caught(t, checkDocs([]*source{odd}), "internal/core/tree/x.go:2", "begins with")
	spared(t, checkDocs([]*source{
		parse(t, "internal/core/tree/x.go", "package tree\n"),
		parse(t, "internal/core/tree/y.go", "// Package tree keeps nodes.\npackage tree\n"),
	}))
}

func checkDocs(all []*source) []breach {
	var found []breach
	for _, files := range byPackage(all) {
		first := files[0]
		documented := slices.IndexFunc(files, func(s *source) bool { return s.file.Doc != nil })
		if documented < 0 {
			found = append(found, first.breach(first.file.Package, "package %s has no doc comment", first.file.Name))
			continue
		}
		s := files[documented]
		if name := s.file.Name.Name; name != "main" && !strings.HasPrefix(s.file.Doc.Text(), "Package "+name) {
			found = append(found, s.breach(s.file.Package, "the doc comment begins with %q", "Package "+name))
		}
	}
	return found
}

func TestLawFilesFunctionsAndPackagesAreSmall(t *testing.T) {
	obey(t, checkSizes(sources(t)))

	file := parse(t, "internal/core/tree/x.go", "package tree\n"+strings.Repeat("\n", maxFile))
	caught(t, checkSizes([]*source{file}), "internal/core/tree/x.go:1", "501 lines")
	fn := parse(t, "internal/core/tree/x.go", "package tree\n\nfunc f() {\n"+strings.Repeat("\n", maxFunc-1)+"}\n")
	caught(t, checkSizes([]*source{fn}), "internal/core/tree/x.go:3", "f has 61 lines")
	story := parse(t, "internal/core/tree/x_test.go", "package tree\n\nfunc f() {\n"+strings.Repeat("\n", maxTestFunc-1)+"}\n")
	caught(t, checkSizes([]*source{story}), "internal/core/tree/x_test.go:3", "f has 81 lines")

	var pkg []*source
	for i := range 7 {
		pkg = append(pkg, parse(t, fmt.Sprintf("internal/core/tree/x%d.go", i), "package tree\n"+strings.Repeat("\n", 450)))
	}
	caught(t, checkSizes(pkg), "internal/core/tree:0", "3157 lines")
	pkg[6] = parse(t, "internal/core/tree/x_test.go", pkg[6].text)
	spared(t, checkSizes(pkg))
}

func checkSizes(all []*source) []breach {
	var found []breach
	for _, s := range all {
		if n := strings.Count(s.text, "\n"); n > maxFile {
			found = append(found, s.breach(s.file.Package, "the file has %d lines, at most %d", n, maxFile))
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			limit := maxFunc
			if s.test {
				limit = maxTestFunc
			}
			if n := places.Position(f.End()).Line - places.Position(f.Pos()).Line + 1; n > limit {
				found = append(found, s.breach(f.Pos(), "function %s has %d lines, at most %d", f.Name, n, limit))
			}
		}
	}
	for pkg, files := range byPackage(all) {
		sum := 0
		for _, s := range files {
			if !s.test {
				sum += strings.Count(s.text, "\n")
			}
		}
		if sum > maxPackage {
			found = append(found, breach{pkg + ":0", fmt.Sprintf("the package has %d lines without tests, at most %d", sum, maxPackage)})
		}
	}
	return found
}

func TestLawInterfacesAreSmall(t *testing.T) {
	obey(t, checkInterfaces(sources(t)))

	wide := "package tree\n\ntype half interface { A(); B(); C(); D(); E() }\n\ntype wide interface {\n\thalf\n\tF(); G(); H(); I()\n}\n"
	caught(t, checkInterfaces([]*source{parse(t, "internal/core/tree/x.go", wide)}), "internal/core/tree/x.go:5", "wide has 9 methods")
	spared(t, checkInterfaces([]*source{parse(t, "internal/core/tree/x.go", strings.Replace(wide, "I()", "", 1))}))
}

func checkInterfaces(all []*source) []breach {
	var found []breach
	for _, files := range byPackage(all) {
		named := map[string]*ast.InterfaceType{}
		for _, s := range files {
			eachType(s, func(spec *ast.TypeSpec) {
				if i, ok := spec.Type.(*ast.InterfaceType); ok {
					named[spec.Name.Name] = i
				}
			})
		}
		for _, s := range files {
			eachType(s, func(spec *ast.TypeSpec) {
				i, ok := spec.Type.(*ast.InterfaceType)
				if !ok {
					return
				}
				if n := methods(i, named); n > maxInterface {
					found = append(found, s.breach(spec.Pos(), "interface %s has %d methods, at most %d", spec.Name, n, maxInterface))
				}
			})
		}
	}
	return found
}

// methods counts those of i, with what it embeds from its own package; an
// interface embedded from elsewhere counts as one.
func methods(i *ast.InterfaceType, named map[string]*ast.InterfaceType) int {
	n := 0
	for _, m := range i.Methods.List {
		id, embedded := m.Type.(*ast.Ident)
		if inner := named[fmt.Sprint(id)]; embedded && inner != nil && inner != i {
			n += methods(inner, named)
			continue
		}
		n += max(1, len(m.Names))
	}
	return n
}

func eachType(s *source, f func(*ast.TypeSpec)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			f(spec)
		}
		return true
	})
}

func TestLawPackageVariablesStay(t *testing.T) {
	obey(t, checkVariables(sources(t)))

	for _, change := range []string{"x.n = 1", "m[1] = 2", "i++", "i, _ = 1, 2", "delete(m, 1)", "p = &i", "for i = range 3 {}"} {
		text := "package tree\n\nvar (\n\ti int\n\tp *int\n\tm = map[int]int{}\n\tx struct{ n int }\n)\n\nfunc f() {\n\t" + change + "\n}\n"
		found := checkVariables([]*source{parse(t, "internal/core/tree/x.go", text)})
		if len(found) == 0 || found[0].where != "internal/core/tree/x.go:11" {
			t.Errorf("%s: got %v, want a breach in line 11", change, found)
		}
	}
	other := []*source{
		parse(t, "internal/core/tree/x.go", "package tree\n\nvar i int\n"),
		parse(t, "internal/core/tree/y.go", "package tree\n\nfunc f() { i = 1 }\n"),
	}
	caught(t, checkVariables(other), "internal/core/tree/y.go:3", "i changes")
	mutex := parse(t, "internal/core/tree/x.go", "package tree\n\nimport \"sync\"\n\nvar mu sync.Mutex\n")
	caught(t, checkVariables([]*source{mutex}), "internal/core/tree/x.go:5", "sync.Mutex")
	spared(t, checkVariables([]*source{
		parse(t, "internal/core/tree/x.go", "package tree\n\nimport \"sync\"\n\nvar i int\n\nvar pool = sync.Pool{}\n\nfunc f(j int) int {\n\ti := j\n\ti++\n\treturn i\n}\n"),
	}))
}

// checkVariables finds package variables that change after their declaration,
// or are made to (locks, atomics). A sync.Pool holds nothing that one could see.
func checkVariables(all []*source) []breach {
	var found []breach
	for _, files := range byPackage(all) {
		files = slices.DeleteFunc(slices.Clone(files), func(s *source) bool { return s.test })
		if len(files) == 0 {
			continue
		}
		scope, uses := resolve(files)
		for _, s := range files {
			found = append(found, restless(s)...)
			changes(s, func(target ast.Expr) {
				id := base(target)
				if id == nil {
					return
				}
				if v, ok := uses[id].(*types.Var); ok && v.Parent() == scope {
					found = append(found, s.breach(target.Pos(), "package variable %s changes: keep it in a value that somebody owns", id.Name))
				}
			})
		}
	}
	return found
}

// resolve type-checks a package without its imports, which is enough to tell
// a package's variables from local ones of the same name.
func resolve(files []*source) (*types.Scope, map[*ast.Ident]types.Object) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	var parsed []*ast.File
	for _, s := range files {
		parsed = append(parsed, s.file)
	}
	conf := types.Config{Error: func(error) {}, Importer: blind{}}
	pkg, _ := conf.Check(files[0].pkg, places, parsed, info)
	return pkg.Scope(), info.Uses
}

// blind is an importer that finds nothing.
type blind struct{}

func (blind) Import(string) (*types.Package, error) { return nil, errors.New("not looked for") }

// changes calls f with every expression in s that is assigned to, counted up,
// deleted from, cleared, or has its address taken.
func changes(s *source, f func(ast.Expr)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, l := range n.Lhs {
					f(l)
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				f(n.Key)
				if n.Value != nil {
					f(n.Value)
				}
			}
		case *ast.IncDecStmt:
			f(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				f(n.X)
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") && len(n.Args) > 0 {
				f(n.Args[0])
			}
		}
		return true
	})
}

// base is the variable at the root of an expression such as x.y[3].
func base(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return base(e.X)
	case *ast.IndexExpr:
		return base(e.X)
	case *ast.StarExpr:
		return base(e.X)
	case *ast.ParenExpr:
		return base(e.X)
	}
	return nil
}

// restless finds package variables whose type exists to change.
func restless(s *source) []breach {
	var found []breach
	for _, d := range s.file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			sel, ok := v.Type.(*ast.SelectorExpr)
			if !ok {
				continue
			}
			name := fmt.Sprint(sel.X) + "." + sel.Sel.Name
			if fmt.Sprint(sel.X) == "atomic" || slices.Contains([]string{"sync.Mutex", "sync.RWMutex", "sync.Map", "sync.Once", "sync.WaitGroup"}, name) {
				found = append(found, s.breach(v.Pos(), "a package variable of type %s is there to change", name))
			}
		}
	}
	return found
}

func TestByPackage(t *testing.T) {
	got := byPackage([]*source{parse(t, "a/x.go", "package a\n"), parse(t, "b/y.go", "package b\n"), parse(t, "a/z.go", "package a\n")})
	if len(got["a"]) != 2 || len(got["b"]) != 1 {
		t.Errorf("got %v", slices.Sorted(maps.Keys(got)))
	}
}
