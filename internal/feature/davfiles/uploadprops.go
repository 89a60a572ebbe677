package davfiles

import (
	"context"
	"encoding/xml"
	"net/http"
	"strconv"

	"atrium/internal/proto/dav"
)

// uploadProps are what a client needs to go on with an upload
// (12-dav-upload/007, 008).
type uploadProps struct{}

// Default implements dav.Props.
func (uploadProps) Default() []xml.Name {
	return []xml.Name{dv("getlastmodified"), dv("getcontentlength"), dv("resourcetype"), dv("getetag"), dv("getcontenttype")}
}

// Open implements dav.Props.
func (uploadProps) Open(_ context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	for i, n := range want {
		set.Writers[i] = uploadWriters[n]
	}
	return set, nil
}

var uploadWriters = map[xml.Name]dav.Writer{
	dv("resourcetype"): dav.ResourceType,
	dv("getcontentlength"): func(b []byte, r *dav.Resource) ([]byte, bool) {
		switch v := r.Value.(type) {
		case chunk:
			return strconv.AppendInt(b, v.c.Size, 10), true
		case whole:
			return strconv.AppendInt(b, v.size, 10), true
		}
		return b, false
	},
	dv("getlastmodified"): func(b []byte, r *dav.Resource) ([]byte, bool) {
		return r.MTime.UTC().AppendFormat(b, http.TimeFormat), !r.MTime.IsZero()
	},
	dv("getetag"): func(b []byte, r *dav.Resource) ([]byte, bool) {
		switch v := r.Value.(type) {
		case chunk:
			return dav.AppendText(b, etagText(v.c.ID)), true
		case whole:
			return dav.AppendText(b, etagText(v.id<<20^v.size)), true
		}
		return b, false
	},
	dv("getcontenttype"): func(b []byte, r *dav.Resource) ([]byte, bool) {
		return append(b, "application/octet-stream"...), !r.Dir
	},
}
