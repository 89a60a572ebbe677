package shelf

import (
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"atrium/internal/base/names"
)

// Aside gives what stands under a name another one that is free, and returns it.
func (d Dir) Aside(name string, now time.Time) (as string, err error) {
	for try := range 100 {
		as = Beside(name, now, try)
		if err = d.Rename(name, d, as); !Taken(err) {
			return as, err
		}
	}
	return "", err
}

// Beside is a name for a second file that wants the same one.
func Beside(name string, now time.Time, try int) string {
	ext := path.Ext(name)
	if len(ext) == len(name) || len(ext) > 32 { // .profile, or no extension at all
		ext = ""
	}
	base, tail := strings.TrimSuffix(name, ext), now.Format(" (2006-01-02 150405)")
	if try > 0 {
		tail = fmt.Sprintf("%s %d", tail, try)
	}
	for len(base)+len(tail)+len(ext) > names.Max {
		_, n := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-n]
	}
	return base + tail + ext
}
