package main

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
)

// kind is what an operation does.
type kind string

const (
	put     kind = "PUT"
	chunked kind = "CHUNKED" // MKCOL, PUT of the chunks, MOVE
	mkcol   kind = "MKCOL"
	move    kind = "MOVE"
	copyTo  kind = "COPY"
	remove  kind = "DELETE"
	give    kind = "GIVE" // MOVE of an own file over a shared name
)

// op is one operation of a worker. Paths of its own tree are relative to it;
// to is a name in the shared folder when shared is set or the kind is give.
type op struct {
	n       int // of the worker's operations
	worker  int
	kind    kind   // one of the above
	from    string // move, copy, give
	to      string
	shared  bool
	seed    uint64 // makes the content
	size    int64
	sha     string
	mtime   int64 // X-OC-MTime; 0: not sent
	chunks  int
	id      string // of the upload
	answer  answer
	resumed bool // sent again after the server died
}

// answer is what the last response to an operation said.
type answer struct{ etag, id, text string }

func (o op) String() string {
	s := fmt.Sprintf("%s w%d#%d", o.kind, o.worker, o.n)
	if o.from != "" {
		s += " /" + o.from
	}
	s += " /" + o.to
	if o.shared {
		s += " (shared)"
	}
	if o.sha != "" {
		s += fmt.Sprintf(" %d bytes %s", o.size, o.sha)
	}
	return s
}

// body makes the content again from the seed; no two operations share one.
func (o op) body() []byte {
	var key [32]byte
	copy(key[:], fmt.Sprintf("%d/%d/%d", o.seed, o.worker, o.n))
	b := make([]byte, o.size)
	rand.NewChaCha8(key).Read(b)
	return b
}

// fill gives a writing operation its content.
func (o op) fill(r *rand.Rand, size int64) op {
	o.seed, o.size = r.Uint64(), size
	sum := sha1.Sum(o.body())
	o.sha = hex.EncodeToString(sum[:])
	if r.IntN(2) == 0 {
		o.mtime = 1_000_000_000 + r.Int64N(700_000_000)
	}
	return o
}

const (
	crowd       = 60 // nodes in a worker's tree, above which it rather deletes
	sharedNames = 12
)

// invent makes up the next operation, one that is sure to be possible in tree.
func invent(r *rand.Rand, tree *node, worker, n int) op {
	files, folders := paths(tree)
	o := op{n: n, worker: worker}
	fresh := func() string { return path.Join(pick(r, folders), fmt.Sprintf("%s-%d", pick(r, words[:]), n)) }
	dice := r.IntN(100)
	if len(files)+len(folders) > crowd {
		dice = 80 + r.IntN(10)
	}
	switch {
	case dice < 8:
		o.kind, o.shared, o.to = put, true, fmt.Sprintf("s%d", r.IntN(sharedNames))
		return o.fill(r, 1+r.Int64N(20_000))
	case dice < 10:
		o.kind, o.shared, o.to = remove, true, fmt.Sprintf("s%d", r.IntN(sharedNames))
		return o
	case dice < 12:
		o.kind, o.shared, o.to = mkcol, true, fmt.Sprintf("d%d", r.IntN(1000))
		return o
	case dice < 30 || len(files) < 3:
		o.kind, o.to = put, fresh()
		return o.fill(r, sizeOf(r))
	case dice < 42:
		o.kind, o.to = put, pick(r, files)
		return o.fill(r, sizeOf(r))
	case dice < 50:
		o.kind, o.to, o.chunks, o.id = chunked, fresh(), 1+r.IntN(4), fmt.Sprintf("up-%d-%d", worker, n)
		if r.IntN(3) == 0 {
			o.to = pick(r, files)
		}
		return o.fill(r, int64(o.chunks)+r.Int64N(600_000))
	case dice < 58:
		o.kind, o.to = mkcol, fresh()
	case dice < 80:
		return rearrange(r, o, files, folders, fresh())
	case dice < 88 || len(folders) < 2:
		o.kind, o.to = remove, pick(r, files)
	default:
		o.kind, o.to = remove, pick(r, folders[1:])
	}
	return o
}

// rearrange makes up a MOVE, COPY or GIVE; folders[0] is the top.
func rearrange(r *rand.Rand, o op, files, folders []string, fresh string) op {
	o.from, o.to = pick(r, files), fresh
	switch dice := r.IntN(22); {
	case dice < 7:
		o.kind = move
	case dice < 10: // over another file
		o.kind, o.to = move, pick(r, files)
	case dice < 15:
		o.kind = copyTo
	case dice < 17:
		o.kind, o.to = give, fmt.Sprintf("s%d", r.IntN(sharedNames))
	case len(folders) > 1:
		o.kind, o.from = move, pick(r, folders[1:])
		if dice > 20 {
			o.kind = copyTo
		}
	default:
		o.kind = move
	}
	if o.kind != give && (o.from == o.to || strings.HasPrefix(o.to+"/", o.from+"/")) {
		o.to = path.Base(fresh) // the top is below nothing
	}
	return o
}

var words = [...]string{"a", "note", "Übersicht", "two words", "日本", "x+y", "100%", "#1", "é.txt", ".hidden"}

// sizeOf favours small files, and knows the sizes at which code changes its mind.
func sizeOf(r *rand.Rand) int64 {
	switch r.IntN(10) {
	case 0:
		return 0
	case 1:
		return 1 << (r.IntN(8) + 10)
	case 2:
		return r.Int64N(1_500_000)
	default:
		return r.Int64N(30_000)
	}
}

// paths lists the files and the folders of a tree; folders[0] is "", the top.
func paths(tree *node) (files, folders []string) {
	tree.walk("", func(p string, n *node) {
		if n.dir() {
			folders = append(folders, p)
		} else {
			files = append(files, p)
		}
	})
	return files, folders
}

func pick[S ~[]string](r *rand.Rand, from S) string { return from[r.IntN(len(from))] }
