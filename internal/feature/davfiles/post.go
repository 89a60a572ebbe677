package davfiles

import (
	"bytes"
	"context"
	"encoding/hex"
	"net/http"
	"strings"

	"atrium/internal/base/checksum"
	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// Post implements dav.Poster: PATCH with X-Recalculate-Hash has a file's
// checksum computed anew from the bytes that are there, which clients ask for
// when a download did not match (client-api 3, 10-dav-files/065).
func (c collection) Post(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) error {
	e, ok := r.Value.(*files.Entry)
	if req.Method != http.MethodPatch || !ok || e.IsDir() {
		return &dav.Error{Status: http.StatusNotImplemented, Exception: "NotImplemented",
			Text: "There was no plugin in the system that was willing to handle this " + req.Method + " method."}
	}
	name := strings.ToUpper(req.Header.Get("X-Recalculate-Hash"))
	h := checksum.New(name)
	if h == nil {
		return fault.New(fault.Invalid, "X-Recalculate-Hash must name a checksum: SHA1, MD5, SHA256, SHA3-256 or ADLER32.")
	}
	v, err := c.view(ctx)
	if err != nil {
		return err
	}
	sum, err := v.Sum(ctx, e, h)
	if err != nil {
		return err
	}
	if raw, err := hex.DecodeString(sum); name == "SHA1" && e.SHA1 != nil && (err != nil || !bytes.Equal(raw, e.SHA1)) {
		return fault.New(fault.Unavailable, "The content of this file is damaged on the server.")
	}
	w.Header()["Oc-Checksum"] = []string{name + ":" + sum}
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(http.StatusNoContent)
	return nil
}
