package davfiles

import (
	"context"
	"encoding/xml"
	"net/http"
	"strconv"

	"atrium/internal/proto/dav"
)

// uploadProps are what a client needs to go on with an upload.
type uploadProps struct{}

// Default implements dav.Props.
func (uploadProps) Default() []xml.Name {
	return []xml.Name{dv("getlastmodified"), dv("getcontentlength"), dv("resourcetype")}
}

// Open implements dav.Props.
func (uploadProps) Open(_ context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	for i, n := range want {
		switch n {
		case dv("resourcetype"):
			set.Writers[i] = dav.ResourceType
		case dv("getcontentlength"):
			set.Writers[i] = func(b []byte, r *dav.Resource) ([]byte, bool) {
				c, ok := r.Value.(chunk)
				if !ok {
					return b, false
				}
				return strconv.AppendInt(b, c.c.Size, 10), true
			}
		case dv("getlastmodified"):
			set.Writers[i] = func(b []byte, r *dav.Resource) ([]byte, bool) {
				return r.MTime.UTC().AppendFormat(b, http.TimeFormat), !r.MTime.IsZero()
			}
		}
	}
	return set, nil
}
