package links

import (
	"context"
	"encoding/xml"
	"strconv"

	"atrium/internal/proto/dav"
)

func dv(local string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: local} }
func oc(local string) xml.Name { return xml.Name{Space: dav.NSOC, Local: local} }
func nc(local string) xml.Name { return xml.Name{Space: dav.NSNC, Local: local} }

// passed are the properties of files that visitors may know (18-public-dav/001…004,
// 021). All others do not exist for them, whichever room brings them: tags,
// comments, places where photos were taken, who else the file is shared with.
var passed = map[xml.Name]bool{
	dv("resourcetype"): true, dv("getlastmodified"): true, dv("getcontentlength"): true, dv("getcontenttype"): true,
	dv("getetag"): true, dv("creationdate"): true, dv("displayname"): true,
	dv("quota-available-bytes"): true, dv("quota-used-bytes"): true,
	oc("id"): true, oc("fileid"): true, oc("size"): true, oc("permissions"): true, oc("owner-id"): true,
	oc("downloadURL"): true, oc("checksums"): true, oc("data-fingerprint"): true,
	nc("has-preview"): true, nc("mount-type"): true, nc("is-mount-root"): true, nc("hidden"): true, nc("is-federated"): true,
	nc("creation_time"): true, nc("upload_time"): true, nc("rich-workspace"): true, nc("rich-workspace-file"): true, nc("lock"): true,
}

// shown are the properties that visitors see.
type shown struct{ all dav.Props }

// Default implements dav.Props.
func (s shown) Default() []xml.Name { return s.all.Default() }

// Open implements dav.Props.
func (s shown) Open(ctx context.Context, top dav.Resource, want []xml.Name) (dav.PropSet, error) {
	var names []xml.Name
	var at []int
	for i, n := range want {
		if passed[n] {
			names, at = append(names, n), append(at, i)
		}
	}
	set, err := s.all.Open(ctx, top, names)
	if err != nil {
		return set, err
	}
	out := dav.PropSet{Writers: make([]dav.Writer, len(want)), Load: set.Load}
	for i, w := range set.Writers {
		out.Writers[at[i]] = w
	}
	for i, n := range want {
		if text, ok := linkOf(ctx).property(n); ok {
			out.Writers[i] = func(b []byte, _ *dav.Resource) ([]byte, bool) { return dav.AppendText(b, text), true }
		}
	}
	return out, nil
}

// property is what a link says of all that it shows.
func (l *Link) property(n xml.Name) (string, bool) {
	switch n {
	case nc("note"):
		return l.Note, true
	case nc("hide-download"):
		return strconv.FormatBool(l.HideDownload), true
	case nc("share-attributes"):
		if l.Attributes == "" {
			return "[]", true
		}
		return l.Attributes, true
	case nc("system-tags"):
		return "", true
	}
	return "", false
}
