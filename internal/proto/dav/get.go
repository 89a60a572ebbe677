package dav

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/blob"
)

// sayWhere answers a browser that came to an address of WebDAV.
func sayWhere(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("This is the WebDAV address of the server. Open it with a WebDAV program or a sync client.\n"))
	return err
}

func (c *call) get() error {
	res, err := c.stat()
	if err != nil {
		return err
	}
	g, ok := c.mount.c.(Getter)
	if !ok { // as in 16-dav-systemtags/063
		return sayWhere(c.w)
	}
	content, err := g.Get(c.r.Context(), res, c.w, c.r)
	if err != nil {
		return err
	}
	h := c.w.Header()
	if content == nil {
		if h.Get("Content-Disposition") != "" { // else it was a page
			c.downloaded(res)
		}
		return nil
	}
	if res.ETag != "" {
		h.Set("ETag", res.ETag)
	}
	h.Set("Last-Modified", res.MTime.UTC().Format(http.TimeFormat))
	if notModified(c.r, &res) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if err := simpleConditions(c.r.Header.Get("If-Match"), "", c.r.Header.Get("If-Unmodified-Since"), &res); err != nil {
		return err
	}
	off, n, status := int64(0), content.Size, http.StatusOK
	if spec := c.r.Header.Get("Range"); spec != "" && rangeApplies(c.r, &res) {
		switch at, length, ok, err := ParseRange(spec, content.Size); {
		case err != nil:
			h.Set("Content-Range", "bytes */"+strconv.FormatInt(content.Size, 10))
			return err
		case ok:
			off, n, status = at, length, http.StatusPartialContent
			h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, content.Size))
		}
	}
	for k, v := range content.Header {
		h[k] = v
	}
	h.Set("Content-Type", content.Type)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Length", strconv.FormatInt(n, 10))
	if err := c.send(content, off, n, status); err != nil {
		return err
	}
	if off == 0 { // what goes on with a download that broke off is none of its own
		c.downloaded(res)
	}
	return nil
}

func (c *call) send(content *Content, off, n int64, status int) error {
	if c.r.Method == http.MethodHead {
		c.w.WriteHeader(status)
		return nil
	}
	rc, err := content.Open(off, n)
	if err != nil {
		return err
	}
	defer rc.Close()
	c.w.WriteHeader(status)
	var src io.Reader = rc
	if f, ok := rc.(blob.Filer); ok {
		src = f.File()
	}
	// More than the length was promised is never sent, and less ends the connection.
	if sent, err := io.Copy(c.w, &io.LimitedReader{R: src, N: n}); err != nil || sent < n {
		return errors.Join(err, fmt.Errorf("sent %d of %d bytes: %w", sent, n, io.ErrUnexpectedEOF))
	}
	return nil
}

// notModified evaluates If-None-Match and If-Modified-Since of a read.
func notModified(r *http.Request, res *Resource) bool {
	if none := r.Header.Get("If-None-Match"); none != "" {
		return etagIn(none, res.ETag)
	}
	t, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !res.MTime.Truncate(time.Second).After(t)
}

// rangeApplies evaluates If-Range.
func rangeApplies(r *http.Request, res *Resource) bool {
	cond := r.Header.Get("If-Range")
	if cond == "" {
		return true
	}
	if t, err := http.ParseTime(cond); err == nil {
		return res.MTime.Truncate(time.Second).Equal(t)
	}
	return etagIn(cond, res.ETag)
}

// ParseRange reads a Range header of one range of bytes (RFC 9110 14.1.2). Not
// ok means that the whole is to be sent, as for several ranges or nonsense;
// an error that the range lies behind the end: 416.
func ParseRange(spec string, size int64) (off, n int64, ok bool, err error) {
	list, isBytes := strings.CutPrefix(strings.TrimSpace(spec), "bytes=")
	first, last, dash := strings.Cut(list, "-")
	if !isBytes || !dash || strings.Contains(list, ",") {
		return 0, 0, false, nil
	}
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	if first == "" {
		k, perr := parseOffset(last)
		if perr != nil {
			return 0, 0, false, nil
		}
		if k == 0 || size == 0 {
			return 0, 0, false, unsatisfiable(size, size)
		}
		k = min(k, size)
		return size - k, k, true, nil
	}
	from, perr := parseOffset(first)
	if perr != nil {
		return 0, 0, false, nil
	}
	to := size - 1
	if last != "" {
		end, perr := parseOffset(last)
		if perr != nil || end < from {
			return 0, 0, false, nil
		}
		to = min(to, end)
	}
	if from >= size {
		return 0, 0, false, unsatisfiable(from, size)
	}
	return from, to - from + 1, true, nil
}

func parseOffset(s string) (int64, error) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, fault.Invalid
	}
	return strconv.ParseInt(s, 10, 64)
}

func unsatisfiable(from, size int64) error {
	return &Error{Status: http.StatusRequestedRangeNotSatisfiable, Exception: "RequestedRangeNotSatisfiable",
		Text: fmt.Sprintf("The start offset (%d) exceeded the size of the entity (%d)", from, size)}
}
