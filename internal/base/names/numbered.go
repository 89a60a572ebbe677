package names

import (
	"fmt"
	"path"
	"strings"
)

// Numbered is a name with a number before its suffix: "a (2).txt" for "a.txt", and
// ".profile (2)" for ".profile". A stem that would make it too long is cut.
func Numbered(name string, n int) string {
	suffix := path.Ext(name)
	stem := strings.TrimSuffix(name, suffix)
	if stem == "" {
		stem, suffix = name, ""
	}
	number := fmt.Sprintf(" (%d)", n)
	for len(stem) > 1 && len(stem)+len(number)+len(suffix) > Max {
		r := []rune(stem)
		stem = string(r[:len(r)-1])
	}
	return stem + number + suffix
}
