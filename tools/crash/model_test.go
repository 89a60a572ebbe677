package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"atrium/tools/drive"
)

// listing makes what a right server would list for a tree.
func listing(tree *node) map[string]drive.Entry {
	there := map[string]drive.Entry{}
	tree.walk("", func(p string, n *node) {
		there[p] = drive.Entry{
			Path: p, Dir: n.dir(), Size: n.total(), MTime: max(n.mtime, 1),
			ETag: "new" + fmt.Sprint(len(there)), ID: "id" + fmt.Sprint(len(there)),
		}
		e := there[p]
		if n.id != "" {
			e.ID = n.id
		}
		switch {
		case n.touched:
			e.ETag = n.etag + "+"
		case n.etag != "":
			e.ETag = n.etag
		}
		there[p] = e
	})
	return there
}

func sample() *node {
	tree := folder()
	for _, o := range []op{
		{kind: mkcol, to: "a"},
		{kind: mkcol, to: "a/b"},
		{kind: put, to: "a/b/f", sha: "s1", size: 3, mtime: 77},
		{kind: put, to: "g", sha: "s2", size: 4},
	} {
		o.apply(tree)
	}
	tree.adopt(listing(tree))
	return tree
}

// content reads from the model itself.
func content(tree *node) func(string) string {
	return func(p string) string { return tree.find(p).sha }
}

func TestOperationsOnTheModel(t *testing.T) {
	tree := sample()
	for _, o := range []op{
		{kind: move, from: "a/b", to: "c"},
		{kind: copyTo, from: "c", to: "a/d"},
		{kind: remove, to: "g"},
		{kind: chunked, to: "c/f", sha: "s3", size: 10},
		{kind: give, from: "a/d/f", to: "s1"},
	} {
		o.apply(tree)
	}
	var got []string
	tree.walk("", func(p string, n *node) { got = append(got, fmt.Sprintf("%s %s %d", p, n.sha, n.total())) })
	want := []string{"  10", "a  0", "a/d  0", "c  10", "c/f s3 10"}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("got %q, want %q", got, want)
	}
	if id := tree.find("c").id; id != "id2" {
		t.Errorf("got id %s for the moved folder, want the old one, id2", id)
	}
}

func TestACloneStaysAsItWas(t *testing.T) {
	tree := sample()
	then := tree.clone()
	op{kind: remove, to: "a/b/f"}.apply(tree)
	if then.find("a/b/f") == nil || then.find("a").touched {
		t.Error("the clone changed with the original")
	}
}

func TestAnythingDifferentIsNoticed(t *testing.T) {
	set := func(p string, f func(*drive.Entry)) func(map[string]drive.Entry) {
		return func(there map[string]drive.Entry) {
			e := there[p]
			f(&e)
			there[p] = e
		}
	}
	damages := map[string]func(map[string]drive.Entry){
		"is missing":             func(m map[string]drive.Entry) { delete(m, "a/b/f") },
		"never acknowledged":     set("z", func(e *drive.Entry) { e.ETag = "x" }),
		"size 9, want 3":         set("a/b/f", func(e *drive.Entry) { e.Size = 9 }),
		"size 0, want 7":         set("", func(e *drive.Entry) { e.Size = 0 }),
		"mtime 78, want 77":      set("a/b/f", func(e *drive.Entry) { e.MTime = 78 }),
		"id other":               set("a", func(e *drive.Entry) { e.ID = "other" }),
		"folder true":            set("g", func(e *drive.Entry) { e.Dir = true }),
		"etag x, want":           set("g", func(e *drive.Entry) { e.ETag = "x" }),
		"etag none":              set("a", func(e *drive.Entry) { e.ETag = "" }),
		"something below was wr": set("a", func(e *drive.Entry) { e.ETag = "+" }),
	}
	for words, damage := range damages {
		tree := sample()
		if strings.HasPrefix(words, "something") {
			op{kind: put, to: "a/b/h", sha: "s4"}.apply(tree)
		}
		there := listing(tree)
		damage(there)
		got := tree.compare(there, false, content(tree))
		if len(got) != 1 || !strings.Contains(got[0], words) {
			t.Errorf("got %q, want one difference with %q", got, words)
		}
	}
	tree := sample()
	if got := tree.compare(listing(tree), true, content(tree)); len(got) != 0 {
		t.Errorf("got %q for what is right", got)
	}
}

func TestContentIsReadWhenTheEtagDoesNotVouchForIt(t *testing.T) {
	tree := sample()
	op{kind: put, to: "g", sha: "new", size: 4}.apply(tree)
	var asked []string
	got := tree.compare(listing(tree), false, func(p string) string {
		asked = append(asked, p)
		return "old"
	})
	if len(got) != 1 || !strings.Contains(got[0], "/g has content old, want new") || len(asked) != 1 {
		t.Errorf("got %q after reading %q", got, asked)
	}
	tree = sample()
	if got := tree.compare(listing(tree), true, func(string) string { return "rotten" }); len(got) != 2 {
		t.Errorf("got %q, want both files when everything is read", got)
	}
}

func TestInventedOperationsAreAlwaysPossible(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tree := folder()
	kinds := map[kind]int{}
	for n := range 5000 {
		o := invent(r, tree, 1, n)
		kinds[o.kind]++
		if o.shared {
			continue
		}
		if o.from != "" && tree.find(o.from) == nil {
			t.Fatalf("%s: there is no source", o)
		}
		if parent := tree.find(up(o.to)); o.kind != give && (parent == nil || !parent.dir()) {
			t.Fatalf("%s: there is no parent", o)
		}
		if o.from == o.to || strings.HasPrefix(o.to, o.from+"/") && o.from != "" {
			t.Fatalf("%s: into itself", o)
		}
		o.apply(tree)
	}
	for _, k := range []kind{put, chunked, mkcol, move, copyTo, remove, give} {
		if kinds[k] < 50 {
			t.Errorf("%s was made up only %d times in 5000", k, kinds[k])
		}
	}
}

func TestBodiesAreTheirs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	a := op{n: 1}.fill(r, 100)
	b := op{n: 2}.fill(r, 100)
	first, second := string(a.body()), string(a.body())
	if a.sha == b.sha || first != second || len(first) != 100 {
		t.Error("two operations share a content, or one has two")
	}
	c := op{chunks: 3}.fill(r, 100)
	var joined []byte
	for n := range 3 {
		joined = append(joined, c.chunk(c.body(), n)...)
	}
	if string(joined) != string(c.body()) {
		t.Error("the chunks do not make the whole")
	}
}
