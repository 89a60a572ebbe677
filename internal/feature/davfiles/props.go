package davfiles

import (
	"context"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"strconv"
	"time"

	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

const (
	nsOCS = "http://open-collaboration-services.org/ns"
	nsOCM = "http://open-cloud-mesh.org/ns"
)

func dv(local string) xml.Name { return xml.Name{Space: dav.NSDAV, Local: local} }
func oc(local string) xml.Name { return xml.Name{Space: dav.NSOC, Local: local} }
func nc(local string) xml.Name { return xml.Name{Space: dav.NSNC, Local: local} }

// entryWriter appends a property of a file or folder.
type entryWriter func(b []byte, e *files.Entry) ([]byte, bool)

// static are the properties that need nothing but the entry.
var static = map[xml.Name]entryWriter{
	dv("getlastmodified"): func(b []byte, e *files.Entry) ([]byte, bool) {
		return e.MTime.UTC().AppendFormat(b, http.TimeFormat), true
	},
	dv("getetag"):          writeETag,
	dv("getcontentlength"): onFiles(func(b []byte, e *files.Entry) []byte { return strconv.AppendInt(b, e.Size, 10) }),
	dv("getcontenttype"):   onFiles(func(b []byte, e *files.Entry) []byte { return append(b, e.Mime...) }),
	dv("creationdate"): func(b []byte, e *files.Entry) ([]byte, bool) {
		return time.Unix(e.Created, 0).UTC().AppendFormat(b, "2006-01-02T15:04:05-07:00"), true
	},
	oc("fileid"):        func(b []byte, e *files.Entry) ([]byte, bool) { return strconv.AppendInt(b, e.ID, 10), true },
	oc("size"):          func(b []byte, e *files.Entry) ([]byte, bool) { return strconv.AppendInt(b, e.Size, 10), true },
	oc("permissions"):   func(b []byte, e *files.Entry) ([]byte, bool) { return appendLetters(b, e), true },
	oc("checksums"):     writeChecksums,
	oc("downloadURL"):   onFiles(func(b []byte, _ *files.Entry) []byte { return b }),
	oc("owner-id"):      func(b []byte, e *files.Entry) ([]byte, bool) { return dav.AppendText(b, e.Mount.Owner), true },
	oc("tags"):          constant(""),
	nc("is-federated"):  constant(""),
	nc("hidden"):        constant("false"),
	nc("mount-type"):    func(b []byte, e *files.Entry) ([]byte, bool) { return append(b, mountType(e)...), true },
	nc("is-mount-root"): func(b []byte, e *files.Entry) ([]byte, bool) { return strconv.AppendBool(b, e.IsMountRoot()), true },
	nc("creation_time"): func(b []byte, e *files.Entry) ([]byte, bool) { return strconv.AppendInt(b, e.Created, 10), true },
	nc("upload_time"):   onFiles(func(b []byte, e *files.Entry) []byte { return strconv.AppendInt(b, e.Uploaded, 10) }),
	{Space: nsOCS, Local: "share-permissions"}: writeSharePermissions,
	{Space: nsOCM, Local: "share-permissions"}: writeOCMPermissions,
}

// lifted are the static properties as the engine calls them.
var lifted = liftAll()

func liftAll() map[xml.Name]dav.Writer {
	out := map[xml.Name]dav.Writer{}
	for n, w := range static {
		out[n] = lift(w)
	}
	return out
}

// dynamic are the properties that depend on the request; open makes them.
var dynamic = []xml.Name{dv("resourcetype"), dv("displayname"), dv("quota-used-bytes"), dv("quota-available-bytes"),
	dv("current-user-principal"), oc("id"), oc("favorite"), oc("data-fingerprint")}

// absent are live properties that other rooms tell, or nobody yet: not to be set
// by PROPPATCH.
var absent = []xml.Name{dv("lockdiscovery"), dv("supportedlock"), nc("lock"), nc("lock-owner"), nc("lock-owner-displayname"),
	nc("lock-owner-type"), nc("lock-owner-editor"), nc("lock-time"), nc("lock-timeout"), nc("lock-token"), nc("system-tags"),
	oc("comments-unread"), oc("comments-count"), oc("comments-href"), oc("dDC"), nc("is-encrypted"), nc("note"), nc("hide-download"),
	nc("has-preview"), nc("metadata-photos-size"), nc("metadata-photos-original_date_time"), nc("metadata-photos-gps"),
	nc("metadata-photos-exif"), nc("metadata-photos-ifd0"), nc("metadata-files-live-photo"), nc("rich-workspace-file"), nc("share-download-limits"),
	nc("reminder-due-date"), nc("rich-workspace"), oc("share-types"), nc("sharees"), nc("share-attributes"), oc("owner-display-name")}

// live are all names that clients may not set freely.
var live = liveNames()

func liveNames() map[xml.Name]bool {
	out := map[xml.Name]bool{}
	for n := range static {
		out[n] = true
	}
	for _, n := range append(append([]xml.Name{}, dynamic...), absent...) {
		out[n] = true
	}
	return out
}

func constant(s string) entryWriter {
	return func(b []byte, _ *files.Entry) ([]byte, bool) { return append(b, s...), true }
}

func onFiles(f func([]byte, *files.Entry) []byte) entryWriter {
	return func(b []byte, e *files.Entry) ([]byte, bool) {
		if e.IsDir() {
			return b, false
		}
		return f(b, e), true
	}
}

func writeETag(b []byte, e *files.Entry) ([]byte, bool) {
	b = append(b, "&quot;"...)
	var raw [8]byte
	for i := range raw {
		raw[i] = byte(uint64(e.ETag) >> (56 - 8*i))
	}
	b = hex.AppendEncode(b, raw[:])
	return append(b, "&quot;"...), true
}

func writeChecksums(b []byte, e *files.Entry) ([]byte, bool) {
	if e.SHA1 == nil {
		return b, false
	}
	b = append(b, "<oc:checksum>SHA1:"...)
	b = hex.AppendEncode(b, e.SHA1)
	return append(b, "</oc:checksum>"...), true
}

// appendLetters writes oc:permissions in the order of client-api 3.2.
func appendLetters(b []byte, e *files.Entry) []byte {
	p := e.Perm()
	add := func(on bool, letters string) {
		if on {
			b = append(b, letters...)
		}
	}
	root := e.IsMountRoot()
	add(e.Mount.Kind == "shared", "S")
	add(p&files.Share != 0, "R")
	add(e.Mount.Kind != "" && e.Mount.Kind != "shared", "M")
	add(p&files.Read != 0, "G")
	add(p&files.Delete != 0 || root, "D")
	add(p&files.Update != 0 || root, "NV")
	if e.IsDir() {
		add(p&files.Create != 0, "CK")
	} else {
		add(p&files.Update != 0, "W")
	}
	return b
}

func mountType(e *files.Entry) string {
	if e.Mount.Kind == "shared" && !e.IsMountRoot() {
		return ""
	}
	return e.Mount.Kind
}

func sharePermissions(e *files.Entry) files.Perm {
	if e.IsDir() {
		return e.Perm()
	}
	return e.Perm() &^ (files.Create | files.Delete)
}

func writeSharePermissions(b []byte, e *files.Entry) ([]byte, bool) {
	return strconv.AppendInt(b, int64(sharePermissions(e)), 10), true
}

func writeOCMPermissions(b []byte, e *files.Entry) ([]byte, bool) {
	p := sharePermissions(e)
	b = append(b, '[')
	for _, r := range []struct {
		on   bool
		name string
	}{{p&files.Share != 0, "share"}, {p&files.Read != 0, "read"}, {p&(files.Update|files.Create) != 0, "write"}} {
		if !r.on {
			continue
		}
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		b = append(append(append(b, "&quot;"...), r.name...), "&quot;"...)
	}
	return append(b, ']'), true
}

// props knows everything about files that DAV clients ask.
type props struct{ *Room }

// Default implements dav.Props (10-dav-files/005).
func (props) Default() []xml.Name {
	return []xml.Name{dv("getlastmodified"), dv("getcontentlength"), dv("resourcetype"), dv("quota-used-bytes"),
		dv("quota-available-bytes"), dv("getetag"), dv("getcontenttype")}
}

// Open implements dav.Props.
func (p props) Open(ctx context.Context, top dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	o := &opening{room: p.Room, ctx: ctx, top: top}
	for i, name := range want {
		if w, ok := lifted[name]; ok {
			set.Writers[i] = w
			continue
		}
		w, err := o.writer(name)
		if err != nil {
			return set, err
		}
		set.Writers[i] = w
	}
	set.Load = o.load(set.Writers, want)
	return set, nil
}

// lift makes an entry's writer one of resources; what is no entry has nothing.
func lift(w entryWriter) dav.Writer {
	return func(b []byte, r *dav.Resource) ([]byte, bool) {
		e, ok := r.Value.(*files.Entry)
		if !ok {
			return b, false
		}
		return w(b, e)
	}
}

// dead are the dead properties of one batch of resources.
type dead map[int64]map[string]string

// load fetches dead properties batch by batch, if any name may be one.
func (o *opening) load(ws []dav.Writer, want []xml.Name) func(context.Context, []dav.Resource) error {
	var names []string
	cur := dead{}
	for i, n := range want {
		if ws[i] != nil || live[n] {
			continue
		}
		key := deadKey(n)
		names = append(names, key)
		ws[i] = lift(func(b []byte, e *files.Entry) ([]byte, bool) {
			v, ok := cur[e.ID][key]
			return append(b, v...), ok
		})
	}
	if names == nil {
		return nil
	}
	return func(ctx context.Context, batch []dav.Resource) error {
		clear(cur)
		ids := make([]int64, 0, len(batch))
		for _, r := range batch {
			if e, ok := r.Value.(*files.Entry); ok {
				ids = append(ids, e.ID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		return o.room.fetchDead(ctx, cur, ids, names)
	}
}

func (rm *Room) fetchDead(ctx context.Context, into dead, ids []int64, names []string) error {
	type row struct {
		node        int64
		name, value string
	}
	scan := func(r db.Row) (v row, err error) { return v, r.Scan(&v.node, &v.name, &v.value) }
	for v, err := range db.All(ctx, rm.db, scan, "SELECT node, name, value FROM deadprop WHERE node IN (?) AND name IN (?)", ids, names) {
		if err != nil {
			return err
		}
		if into[v.node] == nil {
			into[v.node] = map[string]string{}
		}
		into[v.node][v.name] = v.value
	}
	return nil
}

var _ dav.Props = props{}
