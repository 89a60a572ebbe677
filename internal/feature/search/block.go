package search

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// item is one file or folder in the index.
type item struct {
	node  int64
	mtime int64 // Unix seconds
	size  int64
	mime  int32
	name  string // folded; has neither "/" nor a zero byte
}

// blockMost is how many names one block has at most: about 130 KB.
const blockMost = 4096

// A block is many names in one row. Its body is
//
//	uvarint count, uvarint length of the names,
//	names, each followed by a zero byte,
//	for each, newest first: node, mtime, size, mime as varints, the first two as
//	differences from the one before
//
// so that a word is looked for in all names at once, at the speed of memory. Two
// sets of marks tell which words it cannot have: the coarse ones have a bit for each
// piece of one, two and three bytes that some name has, and for each media type; the
// fine ones, twice as large, for each piece of five bytes, as all numbers look alike
// in threes.

// pack makes a block of at most blockMost items. It sorts them.
func pack(items []item) (coarse, fine marks, body []byte) {
	slices.SortFunc(items, func(a, b item) int {
		if a.mtime != b.mtime {
			return compareNewest(a.mtime, b.mtime)
		}
		return compareNewest(a.node, b.node)
	})
	total := 0
	for _, it := range items {
		total += len(it.name) + 1
	}
	body = binary.AppendUvarint(make([]byte, 0, total+16*len(items)), uint64(len(items)))
	body = binary.AppendUvarint(body, uint64(total))
	for _, it := range items {
		body = append(append(body, it.name...), 0)
	}
	var last item
	for _, it := range items {
		body = binary.AppendVarint(body, it.node-last.node)
		body = binary.AppendVarint(body, it.mtime-last.mtime)
		body = binary.AppendVarint(body, it.size)
		body = binary.AppendVarint(body, int64(it.mime))
		last = it
	}
	coarse, fine = marksOf(items)
	return coarse, fine, body
}

func compareNewest(a, b int64) int {
	if a > b {
		return -1
	}
	return 1
}

var errBlock = errors.New("search: a block of the index is damaged")

// unpack yields the items of a block whose names have all the words, newest
// first. An empty list of words means all.
func unpack(body []byte, parts [][]byte, yield func(item) bool) error {
	count, n := binary.Uvarint(body)
	length, m := binary.Uvarint(body[max(n, 0):])
	if n <= 0 || m <= 0 || length > uint64(len(body)-n-m) || count > length {
		return errBlock
	}
	names, rest := body[n+m:n+m+int(length)], body[n+m+int(length):]
	r := reader{names: names, rest: rest, left: int(count)}
	if len(parts) == 0 {
		parts = [][]byte{nil}
	}
	for {
		at := bytes.Index(r.names, parts[0])
		if at < 0 || len(r.names) == 0 {
			return nil
		}
		if err := r.skip(bytes.Count(r.names[:at], zero)); err != nil {
			return err
		}
		it, name, err := r.next()
		if err != nil {
			return err
		}
		if !hasAll(name, parts[1:]) {
			continue
		}
		it.name = string(name)
		if !yield(it) {
			return nil
		}
	}
}

var zero = []byte{0}

func hasAll(name []byte, parts [][]byte) bool {
	return !slices.ContainsFunc(parts, func(p []byte) bool { return !bytes.Contains(name, p) })
}

// reader walks through a block's names and what goes with them.
type reader struct {
	names, rest []byte
	left        int
	last        item
}

func (r *reader) skip(n int) error {
	for range n {
		if _, _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) next() (item, []byte, error) {
	end := bytes.IndexByte(r.names, 0)
	if end < 0 || r.left == 0 {
		return item{}, nil, errBlock
	}
	name := r.names[:end]
	var v [4]int64
	for i := range v {
		x, n := binary.Varint(r.rest)
		if n <= 0 {
			return item{}, nil, errBlock
		}
		v[i], r.rest = x, r.rest[n:]
	}
	r.names, r.left = r.names[end+1:], r.left-1
	r.last = item{node: r.last.node + v[0], mtime: r.last.mtime + v[1], size: v[2], mime: int32(v[3])}
	return r.last, name, nil
}

// marks are the bits of a block; their number is a power of two.
type marks []byte

// Bounds of marks, in bytes. A quarter of the bits is set at most, or a little more:
// a word of seven letters that is not there passes the fine ones one time in fifty.
const (
	marksLeast = 256
	coarseMost = 4096
	fineMost   = 8192
	finePiece  = 5
)

func marksOf(items []item) (coarse, fine marks) {
	short, long := map[uint32]struct{}{}, map[uint32]struct{}{}
	for _, it := range items {
		short[mimePiece(it.mime)] = struct{}{}
		for i := range len(it.name) {
			for n := 1; n <= 3 && i+n <= len(it.name); n++ {
				short[piece(it.name[i:i+n])] = struct{}{}
			}
			if i+finePiece <= len(it.name) {
				long[piece(it.name[i:i+finePiece])] = struct{}{}
			}
		}
	}
	return newMarks(short, coarseMost), newMarks(long, fineMost)
}

func newMarks(pieces map[uint32]struct{}, most int) marks {
	m := make(marks, min(max(1<<bits.Len(uint(len(pieces)/2)), marksLeast), most))
	for p := range pieces {
		at := m.bit(p)
		m[at/8] |= 1 << (at % 8)
	}
	return m
}

// piece numbers some bytes, one to three without loss.
func piece[T string | []byte](s T) uint32 {
	p := uint32(len(s))
	for i := range len(s) {
		p = bits.RotateLeft32(p, 8) ^ uint32(s[i])*(1+uint32(i/3)*0x9e3779b0)
	}
	return p
}

// mimePiece numbers a media type, beyond all pieces of names.
func mimePiece(mime int32) uint32 { return 1<<31 | uint32(mime) }

func (m marks) bit(p uint32) uint32 {
	return (p * 2654435761) >> (32 - uint(bits.Len(uint(len(m)*8-1))))
}

func (m marks) has(p uint32) bool {
	at := m.bit(p)
	return m[at/8]&(1<<(at%8)) != 0
}

// mayHave tells whether some name of the block may have a word.
func (m marks) mayHave(word []byte) bool {
	if len(word) < 3 {
		return len(word) == 0 || m.has(piece(word))
	}
	return m.hasPieces(word, 3)
}

func (m marks) hasPieces(word []byte, n int) bool {
	for i := range len(word) - n + 1 {
		if !m.has(piece(word[i : i+n])) {
			return false
		}
	}
	return true
}

// sane tells whether marks that were read are ones that pack made.
func (m marks) sane() bool { return len(m) >= marksLeast && len(m)&(len(m)-1) == 0 }
