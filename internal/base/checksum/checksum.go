// Package checksum computes the checksums of bytes that clients send and ask for,
// under the names that they give them. It does no I/O.
package checksum

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"hash"
	"hash/adler32"
	"strings"
)

// Sum is a checksum that bytes must have.
type Sum struct {
	Hash hash.Hash
	Want string // hex; "" only computes
}

// New returns the hash of a checksum type as clients name it, nil for types
// that we cannot compute.
func New(name string) hash.Hash {
	switch strings.ToUpper(name) {
	case "MD5":
		return md5.New()
	case "SHA1":
		return sha1.New()
	case "SHA256":
		return sha256.New()
	case "SHA3-256":
		return sha3.New256()
	case "ADLER32":
		return adler32.New()
	}
	return nil
}

// Parse reads checksums as clients send them: TYPE:hex, several apart by
// blanks or commas. Types that we cannot compute are left out.
func Parse(s string) (out []Sum) {
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == ',' }) {
		name, want, _ := strings.Cut(part, ":")
		if h := New(name); h != nil && want != "" {
			out = append(out, Sum{Hash: h, Want: want})
		}
	}
	return out
}
