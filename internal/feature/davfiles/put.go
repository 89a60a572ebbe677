package davfiles

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/checksum"
	"atrium/internal/base/fault"
	"atrium/internal/core/files"
)

// putOf reads what the headers of an upload say of the file, and begins the
// answer's headers (client-api 3.3, 4.1).
func putOf(req *http.Request) (files.Put, http.Header, error) {
	put := files.Put{Body: req.Body, Size: req.ContentLength}
	h := http.Header{}
	if s := req.Header.Get("X-OC-MTime"); s != "" {
		sec, nanos, ok := parseSeconds(s)
		if !ok {
			return put, nil, fault.New(fault.Invalid, "X-OC-MTime is not a time in seconds between 1901 and 2106.")
		}
		put.MTime = time.Unix(sec, nanos)
		h["X-Oc-Mtime"] = []string{"accepted"}
	}
	if s := req.Header.Get("X-OC-CTime"); s != "" {
		sec, _, ok := parseSeconds(s)
		if !ok {
			return put, nil, fault.New(fault.Invalid, "X-OC-CTime is not a time in seconds between 1901 and 2106.")
		}
		put.Created = sec
		h["X-Oc-Ctime"] = []string{"accepted"}
	}
	if s := req.Header.Get("OC-Total-Length"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return put, nil, fault.New(fault.Invalid, "OC-Total-Length is not a number of bytes.")
		}
		put.Total = n
	}
	put.Sums = checksum.Parse(req.Header.Get("OC-Checksum"))
	return put, h, nil
}

// hashes are what X-Hash asks to be told (10-dav-files/069).
type hashes struct {
	names []string
	sums  []checksum.Sum
}

func hashesOf(h http.Header) (hashes, error) {
	var out hashes
	switch want := strings.ToLower(h.Get("X-Hash")); want {
	case "":
	case "all":
		out.names = []string{"MD5", "SHA1", "SHA256"}
	case "md5", "sha1", "sha256":
		out.names = []string{strings.ToUpper(want)}
	default:
		return out, fault.New(fault.Invalid, "X-Hash must be md5, sha1, sha256 or all.")
	}
	for _, n := range out.names {
		out.sums = append(out.sums, checksum.Sum{Hash: checksum.New(n)})
	}
	return out, nil
}

func (s hashes) report(h http.Header) {
	for i, n := range s.names {
		h.Set("X-Hash-"+n, hex.EncodeToString(s.sums[i].Hash.Sum(nil)))
	}
}
