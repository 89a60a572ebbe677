package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"atrium/tools/drive"
)

// node is what we believe to stand at a path: the sum of everything that the
// server has acknowledged.
type node struct {
	children map[string]*node // nil for a file
	sha      string           // hex sha1 of a file's content
	size     int64
	mtime    int64  // seconds; 0: never told
	etag     string // as last seen or answered; "" not known
	id       string // oc:id; "" not known
	touched  bool   // acknowledged writes in or below since etag was seen: it must have changed
	read     bool   // the content was read back at this etag
}

func folder() *node { return &node{children: map[string]*node{}} }

func (n *node) dir() bool { return n.children != nil }

// clone copies a tree, so that an operation can be tried on it.
func (n *node) clone() *node {
	c := *n
	if n.dir() {
		c.children = make(map[string]*node, len(n.children))
		for name, child := range n.children {
			c.children[name] = child.clone()
		}
	}
	return &c
}

// fresh is a clone as a COPY makes it: new ids, new etags, nothing read back.
func (n *node) fresh() *node {
	c := n.clone()
	c.walk("", func(_ string, n *node) {
		n.id, n.etag, n.mtime, n.touched, n.read = "", "", 0, false, false
	})
	return c
}

// walk visits n and all below it, parents first, names in order.
func (n *node) walk(at string, f func(path string, n *node)) {
	f(at, n)
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		n.children[name].walk(path.Join(at, name), f)
	}
}

// total is the size of all files in and below n.
func (n *node) total() int64 {
	if !n.dir() {
		return n.size
	}
	var sum int64
	for _, c := range n.children {
		sum += c.total()
	}
	return sum
}

// find returns the node at a path, nil when there is none.
func (n *node) find(p string) *node {
	for name := range strings.SplitSeq(p, "/") {
		if p != "" && n != nil {
			n = n.children[name]
		}
	}
	return n
}

// touch marks all folders from n down to the parent of p.
func (n *node) touch(p string) {
	for name := range strings.SplitSeq(p, "/") {
		if n == nil || !n.dir() {
			return
		}
		n.touched = true
		n = n.children[name]
	}
}

// put sets the node at p; nil removes. The parent must be there.
func (n *node) put(p string, child *node) {
	n.touch(p)
	parent := n.find(up(p))
	if child == nil {
		delete(parent.children, path.Base(p))
		return
	}
	parent.children[path.Base(p)] = child
}

// up is the folder of a path, "" for the top.
func up(p string) string {
	i := strings.LastIndexByte(p, '/')
	return p[:max(i, 0)]
}

// apply does to the model what a completed operation does to the server.
// Operations are only made up where they make sense, so nothing can fail.
func (o op) apply(tree *node) {
	if o.shared {
		return
	}
	old := tree.find(o.to)
	switch o.kind {
	case put, chunked:
		f := &node{sha: o.sha, size: o.size, mtime: o.mtime}
		if old != nil { // same id, and an etag that must not come back
			f.id, f.etag, f.touched = old.id, old.etag, true
		}
		tree.put(o.to, f)
	case mkcol:
		tree.put(o.to, folder())
	case move:
		n := tree.find(o.from)
		tree.put(o.from, nil)
		tree.put(o.to, n)
	case copyTo:
		tree.put(o.to, tree.find(o.from).fresh())
	case remove:
		tree.put(o.to, nil)
	case give: // the other end is the registers' business
		tree.put(o.from, nil)
	}
}

// compare lists how what is there differs from the model; read gives the sha1
// of the content at a path and is asked only when the etag does not vouch for it.
func (n *node) compare(there map[string]drive.Entry, full bool, read func(path string) string) []string {
	var bad []string
	seen := 0
	n.walk("", func(p string, n *node) {
		e, ok := there[p]
		if !ok {
			bad = append(bad, fmt.Sprintf("/%s is missing", p))
			return
		}
		seen++
		wrong := n.differs(p, e)
		bad = append(bad, wrong...)
		if len(wrong) == 0 && !n.dir() && (full || !n.read || e.ETag != n.etag) {
			if got := read(p); got != n.sha {
				bad = append(bad, fmt.Sprintf("/%s has content %s, want %s", p, got, n.sha))
			}
		}
	})
	if seen != len(there) {
		for p := range there {
			if n.find(p) == nil {
				bad = append(bad, fmt.Sprintf("/%s is there, but was never acknowledged or is deleted", p))
			}
		}
	}
	return bad
}

// differs compares one node with its entry.
func (n *node) differs(p string, e drive.Entry) []string {
	var bad []string
	report := func(what string, got, want any) {
		bad = append(bad, fmt.Sprintf("/%s has %s %v, want %v", p, what, got, want))
	}
	if e.Dir != n.dir() {
		report("folder", e.Dir, n.dir())
		return bad
	}
	if want := n.total(); e.Size != want {
		report("size", e.Size, want)
	}
	if n.mtime != 0 && e.MTime != n.mtime {
		report("mtime", e.MTime, n.mtime)
	}
	if n.id != "" && e.ID != n.id {
		report("id", e.ID, n.id)
	}
	switch {
	case e.ETag == "":
		report("etag", "none", "one")
	case n.touched && e.ETag == n.etag:
		report("etag", e.ETag, "a new one: something below was written")
	case !n.dir() && !n.touched && n.etag != "" && e.ETag != n.etag:
		report("etag", e.ETag, n.etag+": nothing was written")
	}
	return bad
}

// adopt takes over the etags and ids that are there, once compare found nothing.
func (n *node) adopt(there map[string]drive.Entry) {
	n.walk("", func(p string, n *node) {
		e := there[p]
		n.etag, n.id, n.mtime, n.touched, n.read = e.ETag, e.ID, e.MTime, false, true
		if n.dir() {
			n.mtime = 0
		}
	})
}
