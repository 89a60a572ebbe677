package passwords

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// leaked looks for a password among those known to have leaked, without asking
// anybody. path is a file of SHA-1 hashes in upper or lower case hex, sorted,
// one a line, a count after a colon ignored, as pwnedpasswords.com publishes it;
// or a folder of the same cut by prefix: files 00000.txt to FFFFF.txt (or
// without .txt), whose lines are the other 35 digits.
func leaked(path, password string) (bool, error) {
	sum := sha1.Sum([]byte(password)) // the format of the lists
	hash := strings.ToUpper(hex.EncodeToString(sum[:]))
	info, err := os.Stat(path)
	if err != nil {
		return false, unreadable(err)
	}
	if info.IsDir() {
		return inRange(path, hash)
	}
	f, err := os.Open(path)
	if err != nil {
		return false, unreadable(err)
	}
	defer f.Close()
	found, err := inSorted(f, info.Size(), hash)
	if err != nil {
		return false, unreadable(err)
	}
	return found, nil
}

// inRange looks into the file of a hash's first five digits. A prefix without a
// file is an error: a list that is not whole answers nothing.
func inRange(folder, hash string) (bool, error) {
	f, err := os.Open(filepath.Join(folder, hash[:5]+".txt"))
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(filepath.Join(folder, hash[:5]))
	}
	if err != nil {
		return false, unreadable(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); ; {
		if !lines.Scan() {
			if err := lines.Err(); err != nil {
				return false, unreadable(err)
			}
			return false, nil
		}
		if key(lines.Bytes()) == hash[5:] {
			return true, nil
		}
	}
}

// key is the hash at the beginning of a line.
func key(line []byte) string {
	k, _, _ := bytes.Cut(line, []byte(":"))
	return strings.ToUpper(string(bytes.TrimSpace(k)))
}

// longest bounds a line: 40 digits, a colon, a count.
const longest = 128

// inSorted searches a sorted file by halving it: the first line that begins
// after a place is compared.
func inSorted(f io.ReaderAt, size int64, want string) (bool, error) {
	var bad error
	lineAt := func(off int64) string { // the first whole line behind off; "~" sorts behind all
		buf := make([]byte, 2*longest)
		n, err := f.ReadAt(buf, off)
		if err != nil && err != io.EOF {
			bad = err
		}
		b := buf[:n]
		if off > 0 {
			_, rest, ok := bytes.Cut(b, []byte("\n"))
			if !ok {
				return "~"
			}
			b = rest
		}
		line, _, _ := bytes.Cut(b, []byte("\n"))
		if len(line) == 0 {
			return "~"
		}
		return key(line)
	}
	at := int64(sort.Search(int(size), func(i int) bool { return bad != nil || lineAt(int64(i)) >= want }))
	return bad == nil && at < size && lineAt(at) == want, bad
}
