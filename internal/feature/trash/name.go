package trash

import (
	"context"
	"errors"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/files"
)

// freeName is a path beside the given one that is not taken: "x (restored).txt",
// "x (restored 2).txt" … (13-dav-trash/021).
func freeName(ctx context.Context, v *files.View, p string) (string, error) {
	dir, base := path.Split(p)
	ext := path.Ext(base)
	if ext == base || len(ext) > maxExt {
		ext = ""
	}
	stem := strings.TrimSuffix(base, ext)
	for n := 1; n <= maxNames; n++ {
		suffix := " (restored)"
		if n > 1 {
			suffix = " (restored " + strconv.Itoa(n) + ")"
		}
		at := dir + shortened(stem, names.Max-len(suffix)-len(ext)) + suffix + ext
		_, err := v.Stat(ctx, at)
		if errors.Is(err, fault.NotFound) {
			return at, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", fault.New(fault.Conflict, "There is no free name for it in its folder.")
}

// maxExt is up to what length the end of a name is taken for its type.
const maxExt = 20

// maxNames is how many names freeName tries.
const maxNames = 1000

// shortened cuts a name to at most so many bytes, between two characters.
func shortened(s string, most int) string {
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
