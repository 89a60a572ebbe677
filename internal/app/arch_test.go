package app

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// floors from the ground up; imports go down only.
var floors = map[string]int{"base": 0, "infra": 1, "core": 2, "proto": 3, "feature": 4, "app": 5, "e2e": 6}

// doors are the only ways from one room into another, each with its reason.
// Fewer than ten is the aim.
var doors = map[string]string{
	// "federation → shares": "a remote share is a share",
}

// driverShelves are the packages of infra whose subfolders are concrete drivers.
var driverShelves = []string{"blob", "remote", "bus", "lock", "cache"}

func TestLawImportsGoDown(t *testing.T) {
	obey(t, checkFloors(sources(t), doors))

	below := parse(t, "internal/core/tree/x.go", "package tree\n\nimport \"atrium/internal/proto/dav\"\n")
	caught(t, checkFloors([]*source{below}, nil), "internal/core/tree/x.go:3", "core may not import proto")

	up := parse(t, "internal/proto/dav/x.go", "package dav\nimport \"atrium/internal/core/files\"\n")
	spared(t, checkFloors([]*source{up}, nil))

	tool := parse(t, "tools/bench/x.go", "package main\nimport \"atrium/internal/base/names\"\n")
	caught(t, checkFloors([]*source{tool}, nil), "tools/bench/x.go:2", "black box")
}

func TestLawRoomsUseDoors(t *testing.T) {
	room := parse(t, "internal/feature/federation/x.go", "package federation\nimport \"atrium/internal/feature/shares\"\n")
	caught(t, checkFloors([]*source{room}, nil), "internal/feature/federation/x.go:2", "no door federation → shares")
	spared(t, checkFloors([]*source{room}, map[string]string{"federation → shares": "a remote share is a share"}))

	spared(t, checkFloors([]*source{parse(t, "internal/feature/federation/x_test.go", "package federation\nimport \"atrium/internal/feature/shares\"\n")}, nil))

	own := parse(t, "internal/feature/shares/links/x.go", "package links\nimport \"atrium/internal/feature/shares\"\n")
	spared(t, checkFloors([]*source{own}, nil))

	if len(doors) >= 10 {
		t.Errorf("got %d doors, want fewer than 10", len(doors))
	}
	for _, door := range slices.Sorted(maps.Keys(doors)) {
		if !doorUsed(sources(t), door) {
			t.Errorf("nobody uses the door %s: wall it up", door)
		}
	}
}

// checkFloors finds imports that go up, or sideways between rooms without a door.
// Tests may furnish the rooms beside theirs: what hangs on files shows over DAV
// only where files do.
func checkFloors(all []*source, doors map[string]string) []breach {
	var found []breach
	for _, s := range all {
		from, fromRoom := place(s.pkg)
		for imp, pos := range s.imports() {
			rest, ours := strings.CutPrefix(imp, module+"/")
			if !ours {
				continue
			}
			to, toRoom := place(rest)
			switch {
			case strings.HasPrefix(s.pkg, "tools/") && strings.HasPrefix(rest, "internal/"):
				found = append(found, s.breach(pos, "tools drive the server as a black box and may not import %s", rest))
			case from == "" || to == "": // cmd may import app; nobody can import cmd
			case floors[to] > floors[from]:
				found = append(found, s.breach(pos, "%s may not import %s, which is a floor above (%s)", from, to, rest))
			case from == "feature" && to == "feature" && fromRoom != toRoom && !s.test && doors[fromRoom+" → "+toRoom] == "":
				found = append(found, s.breach(pos, "there is no door %s → %s", fromRoom, toRoom))
			}
		}
	}
	return found
}

// place tells the floor and the room of a package: internal/core/tree is core, tree.
func place(pkg string) (floor, room string) {
	parts := append(strings.Split(pkg, "/"), "", "")
	if parts[0] != "internal" {
		return "", ""
	}
	return parts[1], parts[2]
}

func doorUsed(all []*source, door string) bool {
	return slices.ContainsFunc(all, func(s *source) bool {
		for imp := range s.imports() {
			_, from := place(s.pkg)
			if s.test {
				break
			}
			if _, to := place(strings.TrimPrefix(imp, module+"/")); from+" → "+to == door {
				return true
			}
		}
		return false
	})
}

func TestLawEveryFolderHasAFloor(t *testing.T) {
	check := func(all []*source) (found []breach) {
		for _, s := range all {
			floor, _ := place(s.pkg)
			if _, known := floors[floor]; !known && strings.HasPrefix(s.pkg, "internal/") {
				found = append(found, s.breach(s.file.Package, "%q is no floor of the house", floor))
			}
		}
		return found
	}
	obey(t, check(sources(t)))
	caught(t, check([]*source{parse(t, "internal/utils/x.go", "package utils\n")}), "internal/utils/x.go:1", "no floor")
}

// forbidden says what a floor must not know, by import path or a prefix of it.
var forbidden = map[string][]string{
	"base":  {"net/http", "database/sql", "os"},
	"core":  {"net/http"},
	"proto": {"database/sql", module + "/internal/infra/db"},
}

func TestLawCoreKnowsNoHTTPAndProtoNoSQL(t *testing.T) {
	obey(t, checkForbidden(sources(t)))

	http := parse(t, "internal/core/files/x.go", "package files\n\nimport (\n\t\"net/http/httptest\"\n)\n")
	caught(t, checkForbidden([]*source{http}), "internal/core/files/x.go:4", "core may not know net/http/httptest")
	sql := parse(t, "internal/proto/web/x.go", "package web\nimport \"atrium/internal/infra/db\"\n")
	caught(t, checkForbidden([]*source{sql}), "internal/proto/web/x.go:2", "proto may not know")
	spared(t, checkForbidden([]*source{parse(t, "internal/core/files/x.go", "package files\nimport \"net/url\"\n")}))
}

func checkForbidden(all []*source) []breach {
	var found []breach
	for _, s := range all {
		floor, _ := place(s.pkg)
		for imp, pos := range s.imports() {
			for _, no := range forbidden[floor] {
				if !s.test && (imp == no || strings.HasPrefix(imp, no+"/")) {
					found = append(found, s.breach(pos, "%s may not know %s", floor, imp))
				}
			}
		}
	}
	return found
}

func TestLawOnlyAppKnowsDrivers(t *testing.T) {
	obey(t, checkDrivers(sources(t)))

	user := parse(t, "internal/core/content/x.go", "package content\nimport \"atrium/internal/infra/blob/disk\"\n")
	caught(t, checkDrivers([]*source{user}), "internal/core/content/x.go:2", "only app may choose")
	fake := parse(t, "internal/feature/trash/x.go", "package trash\nimport \"atrium/internal/infra/db/dbtest\"\n")
	caught(t, checkDrivers([]*source{fake}), "internal/feature/trash/x.go:2", "only tests")
	spared(t, checkDrivers([]*source{
		parse(t, "internal/core/content/x_test.go", "package content\nimport \"atrium/internal/infra/blob/mem\"\n"),
		parse(t, "internal/app/x.go", "package app\nimport \"atrium/internal/infra/blob/disk\"\n"),
		parse(t, "internal/infra/lock/redis/x.go", "package redis\nimport \"atrium/internal/infra/lock/mem\"\n"),
	}))
}

// checkDrivers finds uses of a concrete driver outside app and tests, and of a
// test package outside tests.
func checkDrivers(all []*source) []breach {
	var found []breach
	for _, s := range all {
		floor, room := place(s.pkg)
		if s.test || floor == "app" || floor == "e2e" {
			continue
		}
		for imp, pos := range s.imports() {
			rest, ours := strings.CutPrefix(imp, module+"/internal/")
			if !ours {
				continue
			}
			parts := strings.Split(rest, "/")
			switch {
			case strings.HasSuffix(rest, "test"):
				found = append(found, s.breach(pos, "%s is for tests: only tests may import it", rest))
			case len(parts) > 2 && parts[0] == "infra" && slices.Contains(driverShelves, parts[1]) && (floor != "infra" || room != parts[1]):
				found = append(found, s.breach(pos, "only app may choose a driver such as %s", rest))
			}
		}
	}
	return found
}

func TestLawNoHiddenStart(t *testing.T) {
	obey(t, checkHiddenStart(sources(t)))

	start := parse(t, "internal/core/tree/x.go", "package tree\n\nfunc init() {}\n")
	caught(t, checkHiddenStart([]*source{start}), "internal/core/tree/x.go:3", "init")
	blank := parse(t, "internal/core/tree/x.go", "package tree\nimport _ \"modernc.org/sqlite\"\n")
	caught(t, checkHiddenStart([]*source{blank}), "internal/core/tree/x.go:2", "blank import")
	spared(t, checkHiddenStart([]*source{
		parse(t, "internal/infra/db/x.go", "package db\nimport _ \"modernc.org/sqlite\"\n"),
		parse(t, "internal/core/tree/x.go", "package tree\nimport _ \"embed\"\ntype a struct{}\nfunc (a) init() {}\n"),
	}))
}

// checkHiddenStart finds what runs because a package is linked, not because
// somebody called it.
func checkHiddenStart(all []*source) []breach {
	var found []breach
	for _, s := range all {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				found = append(found, s.breach(f.Pos(), "no init(): let app call it"))
			}
		}
		for _, i := range s.file.Imports {
			if i.Name != nil && i.Name.Name == "_" && i.Path.Value != `"embed"` && s.pkg != "internal/infra/db" {
				found = append(found, s.breach(i.Pos(), "no blank import of %s: SQL drivers belong in infra/db, others are called by name", i.Path.Value))
			}
		}
	}
	return found
}

func TestLawBoardIsNotKept(t *testing.T) {
	obey(t, checkBoard(sources(t)))

	kept := parse(t, "internal/feature/tags/x.go", "package tags\n\ntype Room struct {\n\tb *plug.Board\n}\n")
	caught(t, checkBoard([]*source{kept}), "internal/feature/tags/x.go:4", "handed to Plug")
	spared(t, checkBoard([]*source{parse(t, "internal/feature/tags/x.go", "package tags\nfunc (r *Room) Plug(b *plug.Board) {}\n")}))
}

// checkBoard finds struct fields that hold the Board, however wrapped.
func checkBoard(all []*source) []breach {
	var found []breach
	for _, s := range all {
		ast.Inspect(s.file, func(n ast.Node) bool {
			st, ok := n.(*ast.StructType)
			if !ok || s.test {
				return true
			}
			for _, field := range st.Fields.List {
				ast.Inspect(field.Type, func(n ast.Node) bool {
					if sel, ok := n.(*ast.SelectorExpr); ok && fmt.Sprint(sel.X) == "plug" && sel.Sel.Name == "Board" {
						found = append(found, s.breach(field.Pos(), "the Board is handed to Plug and not kept"))
					}
					_, isFunc := n.(*ast.FuncType) // a func(*plug.Board) keeps nothing
					return !isFunc
				})
			}
			return true
		})
	}
	return found
}

var (
	creates = regexp.MustCompile(`(?i)CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([a-z_][a-z0-9_]*)`)
	// House SQL has upper-case keywords, which keeps prose such as "moved from
	// content" out. After FROM comes a list: a, b AS c, d.
	names = regexp.MustCompile(`\b(?:FROM|INTO|UPDATE|JOIN)\s+([a-z_][a-z0-9_]*(?:\s+(?:AS\s+)?[a-z0-9_]+)?(?:\s*,\s*[a-z_][a-z0-9_]*(?:\s+(?:AS\s+)?[a-z0-9_]+)?)*)`)
)

func TestLawATableHasOneOwner(t *testing.T) {
	owners, found := tableOwners(texts(t, ".sql"))
	obey(t, found)
	obey(t, checkTables(sources(t), owners))

	_, twice := tableOwners(map[string]string{
		"internal/core/tree/schema/001_node.sql":     "CREATE TABLE node (id INTEGER)",
		"internal/feature/trash/schema/001_node.sql": "CREATE TABLE node (id INTEGER)",
	})
	caught(t, twice, "internal/feature/trash/schema/001_node.sql:1", "belongs to internal/core/tree")

	mine := map[string]string{"node": "internal/core/tree"}
	for _, q := range []string{"SELECT id FROM node", "SELECT 1 FROM tag AS t, node n", "UPDATE node SET name=?", "SELECT 1 FROM tag JOIN node ON 1=1"} {
		thief := parse(t, "internal/feature/tags/x.go", "package tags\n\nconst q = `"+q+"`\n")
		caught(t, checkTables([]*source{thief}, mine), "internal/feature/tags/x.go:3", "node belongs to internal/core/tree")
	}
	spared(t, checkTables([]*source{
		parse(t, "internal/core/tree/x.go", "package tree\nconst q = `SELECT id FROM node`\n"),
		parse(t, "internal/feature/tags/x.go", "package tags\nconst q = \"taken from node to node\"\n"),
	}, mine))
}

// tableOwners maps each table of internal/**/schema/*.sql to the package above schema.
func tableOwners(sql map[string]string) (map[string]string, []breach) {
	owners := map[string]string{}
	var found []breach
	for _, where := range slices.Sorted(maps.Keys(sql)) {
		if !strings.HasPrefix(where, "internal/") || !strings.Contains(where, "/schema/") {
			continue
		}
		pkg, _, _ := strings.Cut(where, "/schema/")
		for _, m := range creates.FindAllStringSubmatch(sql[where], -1) {
			if had := owners[m[1]]; had != "" && had != pkg {
				found = append(found, breach{where + ":1", fmt.Sprintf("table %s belongs to %s already", m[1], had)})
			}
			owners[m[1]] = pkg
		}
	}
	return owners, found
}

// checkTables finds SQL that names a table of another package.
func checkTables(all []*source, owners map[string]string) []breach {
	var found []breach
	for _, s := range all {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			for _, m := range names.FindAllStringSubmatch(lit.Value, -1) {
				for part := range strings.SplitSeq(m[1], ",") {
					table := strings.Fields(part)[0]
					if owner := owners[table]; owner != "" && !within(s.pkg, owner) {
						found = append(found, s.breach(lit.Pos(), "table %s belongs to %s: ask that package", table, owner))
					}
				}
			}
			return true
		})
	}
	return found
}

// within tells that a package is another one or lies below it.
func within(pkg, owner string) bool { return pkg == owner || strings.HasPrefix(pkg, owner+"/") }

func TestPlace(t *testing.T) {
	floor, room := place("internal/feature/shares/links")
	if floor != "feature" || room != "shares" {
		t.Errorf("got %s, %s", floor, room)
	}
	if floor, _ := place(path.Join("cmd", "atrium")); floor != "" {
		t.Errorf("got %q for cmd, want none", floor)
	}
}
