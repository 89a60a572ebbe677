package vouch

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxID is how long the id of an account or a group may be, in bytes.
const MaxID = 64

// Subject is what somebody whom a provider calls by a name is called in a source of
// many providers: at most 255 bytes.
func Subject(provider int64, name string) string {
	n := strconv.FormatInt(provider, 10)
	if s := n + "/" + name; len(s) <= 255 {
		return s
	}
	return n + "#" + Digest(name)
}

// Digest stands for a name that is too long to be an id (sso.md 1.5, 2.4).
func Digest(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// Clip cuts what is too long for a field, at a whole character.
func Clip(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), 255)])
}

// letters are those that have no accent to take off.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "Æ", "AE", "œ", "oe", "Œ", "OE", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L", "đ", "d", "Đ", "D",
	"ð", "d", "Ð", "D", "þ", "th", "Þ", "TH", "ı", "i")

// PlainName makes the id of an account of what another service calls somebody (sso.md
// 2.4, 4.2): ASCII letters, digits and _.@- are left.
func PlainName(s string) string {
	s = norm.NFD.String(letters.Replace(strings.TrimSpace(s)))
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return '_'
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_.@-", r):
			return r
		}
		return -1
	}, s)
}

// GUID writes an objectGUID of 16 bytes; "" for anything else. Its first three parts
// stand with the last byte first ([MS-DTYP], section 2.3.4).
func GUID(raw []byte) string {
	if len(raw) != 16 {
		return ""
	}
	b := slices.Clone(raw)
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	h := strings.ToUpper(hex.EncodeToString(b))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
