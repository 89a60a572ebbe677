// Package names decides what a file may be called and cleans paths. All names
// in the tree are NFC, at most 255 bytes, and never contain a slash, a
// backslash or a control character. It does no I/O.
package names

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"atrium/internal/base/fault"
)

// Max is the longest name in bytes, what local file systems hold, so that the
// readable tree can show it. (The recorded server stops at 250.)
const Max = 255

// forbidden are whole names that no file may bear, compared without case.
var forbidden = map[string]bool{".htaccess": true}

// forbiddenSuffixes mark the half-written files of other programs.
var forbiddenSuffixes = []string{".part", ".filepart"}

// Clean checks one name and returns it in NFC. A byte sequence that is not
// UTF-8 is read as Latin-1, as clients on old file systems send it.
func Clean(name string) (string, error) {
	if !utf8.ValidString(name) {
		name = latin1(name)
	}
	name = norm.NFC.String(name)
	switch {
	case name == "" || name == "." || name == "..":
		return "", fault.New(fault.Invalid, "This is not a valid file name.")
	case len(name) > Max:
		return "", fault.New(fault.Invalid, "The file name is too long.")
	case forbidden[strings.ToLower(name)]:
		return "", fault.New(fault.Invalid, "\"{name}\" is a forbidden file or folder name.", "name", name)
	}
	for _, s := range forbiddenSuffixes {
		if len(name) > len(s) && strings.EqualFold(name[len(name)-len(s):], s) {
			return "", fault.New(fault.Invalid, "\"{type}\" is a forbidden file type.", "type", s)
		}
	}
	for _, r := range name {
		if r < 0x20 || r == 0x7f || r == '/' || r == '\\' {
			return "", fault.New(fault.Invalid, "The file name contains a character that is not allowed.")
		}
	}
	return name, nil
}

// Split cleans a slash-separated path into its names. Empty and "." segments
// vanish; ".." is refused rather than resolved, since no client sends one in
// good faith. An existing file is looked up by Split too, so a name that Clean
// refuses is never found.
func Split(path string) ([]string, error) {
	var out []string
	for seg := range strings.SplitSeq(path, "/") {
		if seg == "" || seg == "." {
			continue
		}
		name, err := Clean(seg)
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

func latin1(s string) string {
	out := make([]rune, 0, len(s))
	for i := range len(s) {
		out = append(out, rune(s[i]))
	}
	return string(out)
}
