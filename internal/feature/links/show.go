package links

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/web"
)

// frame is what all pages of a link show.
type frame struct {
	Version, Nonce string
	Title          string // the label, or the name of what is shared
	Owner          string // display name
	Note           string
	Expires        *moment
}

// moment is a time as people and machines read it.
type moment struct{ Text, Stamp string }

func momentOf(t time.Time) *moment {
	t = t.UTC()
	return &moment{t.Format("2 January 2006, 15:04") + " UTC", t.Format(time.RFC3339)}
}

// step is a folder on the way to the one that is shown.
type crumb struct{ Name, URL string }

// folderPage lists a folder.
type folderPage struct {
	frame
	Crumbs     []crumb
	Columns    []column
	Rows       []row
	Archive    string // where the whole folder can be downloaded; "": it cannot
	Uploader   *uploader
	Drop       bool
	Prev, Next string
	Count      int
}

// column is one by which the rows can be sorted.
type column struct{ Name, URL, Sorted string }

type row struct {
	Name, URL, Download, Thumb, Icon string
	Dir                              bool
	Size                             string
	Time                             *moment
}

// uploader is the form to add files.
type uploader struct {
	Action, Dir string
	Asks        bool // for a name of the visitor
	Must        bool // which they have to give
}

// filePage shows one file.
type filePage struct {
	frame
	Crumbs         []crumb
	Name, Size     string
	Time           *moment
	Kind           string // "image", "text", "pdf", "audio", "video"; "": cannot be shown
	Src, Text      string
	Cut            bool // the text is longer
	Download, Open string
	Sealed         bool
}

// topName is what the thing is called that a link opens.
func topName(ctx context.Context, v *files.View, e *files.Entry) (string, error) {
	if e.IsRoot() {
		return e.Base(), nil
	}
	top, err := v.Stat(ctx, "/")
	if err != nil {
		return "", err
	}
	return top.Base(), nil
}

func (rm *Room) frameOf(w http.ResponseWriter, r *http.Request, name string) frame {
	l := linkOf(r.Context())
	f := frame{Version: rm.pages.version, Nonce: web.Nonce(w, r), Title: cmp.Or(l.Label, name), Owner: rm.displayName(r.Context(), l.Sharer), Note: l.Note}
	if !l.Expires.IsZero() {
		f.Expires = momentOf(l.Expires)
	}
	return f
}

// displayName is what people call somebody; of an account that is gone it is "".
func (rm *Room) displayName(ctx context.Context, uid string) string {
	u, err := rm.people.User(ctx, uid)
	if err != nil {
		return ""
	}
	return cmp.Or(u.Display, u.ID)
}

// view is the tree of the visitor of a request.
func (rm *Room) view(r *http.Request) (*files.View, error) {
	return rm.files.As(r.Context(), who.From(r.Context()))
}

// page answers GET /s/{token}?path=&sort=&order=&page=.
func (rm *Room) page(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	at := cmp.Or(q.Get("path"), q.Get("dir"), "/")
	r, v, e, err := rm.look(w, r, at)
	switch {
	case err != nil || e == nil:
		return err
	case linkOf(r.Context()).Drop():
		return rm.showDrop(w, r, e)
	case e.IsDir():
		return rm.showFolder(w, r, v, e)
	}
	return rm.showFile(w, r, v, e)
}

func (rm *Room) showDrop(w http.ResponseWriter, r *http.Request, e *files.Entry) error {
	l := linkOf(r.Context())
	p := folderPage{frame: rm.frameOf(w, r, e.Base()), Drop: true, Uploader: uploaderOf(l, "/")}
	return rm.pages.folder.Render(w, r, http.StatusOK, p.Title, p)
}

// uploaderOf is the form of a link that lets visitors add files; nil of others.
func uploaderOf(l *Link, dir string) *uploader {
	if !l.Adds() {
		return nil
	}
	return &uploader{Action: pageURL(l, "/upload"), Dir: dir, Asks: l.Drop(), Must: l.Request}
}

// perPage is how many rows a page has.
const perPage = 1000

func (rm *Room) showFolder(w http.ResponseWriter, r *http.Request, v *files.View, e *files.Entry) error {
	l, q := linkOf(r.Context()), r.URL.Query()
	name, err := topName(r.Context(), v, e)
	if err != nil {
		return err
	}
	var es []*files.Entry
	for c, err := range v.List(r.Context(), e) {
		if err != nil {
			return err
		}
		es = append(es, c)
	}
	by := sortOf(q.Get("sort"), q.Get("order"))
	slices.SortStableFunc(es, by.compare)
	p := folderPage{frame: rm.frameOf(w, r, name), Crumbs: crumbs(l, e), Columns: by.columns(l, e.Path), Uploader: uploaderOf(l, e.Path), Count: len(es)}
	if !l.HideDownload && !l.Mount.Sealed && len(es) > 0 {
		p.Archive = davURL(l, e.Path) + "/?accept=zip"
	}
	n, _ := strconv.Atoi(q.Get("page"))
	n = min(max(n, 1), max(1, (len(es)+perPage-1)/perPage))
	at := func(n int) string {
		return pageURL(l, "", "path", e.Path, "sort", by.key, "order", by.order(), "page", strconv.Itoa(n))
	}
	if n > 1 {
		p.Prev = at(n - 1)
	}
	if n*perPage < len(es) {
		p.Next = at(n + 1)
	}
	for _, c := range es[(n-1)*perPage : min(n*perPage, len(es))] {
		one, err := rm.rowOf(r.Context(), l, c)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, one)
	}
	return rm.pages.folder.Render(w, r, http.StatusOK, p.Title, p)
}

func (rm *Room) rowOf(ctx context.Context, l *Link, e *files.Entry) (row, error) {
	one := row{Name: e.Base(), URL: pageURL(l, "", "path", e.Path), Dir: e.IsDir(), Size: size(e.Size), Time: momentOf(e.MTime), Icon: icon(e)}
	if e.IsDir() {
		return one, nil
	}
	if !l.HideDownload && !l.Mount.Sealed {
		one.Download = davURL(l, e.Path)
	}
	if rm.Previews == nil {
		return one, nil
	}
	shows, err := rm.Previews.HasPreview(ctx, e)
	if shows {
		one.Thumb = pageURL(l, "/preview", "file", e.Path, "x", "64", "y", "64", "a", "0", "c", strconv.FormatInt(e.ETag, 36))
	}
	return one, err
}

// crumbs are the folders from the link's down to an entry.
func crumbs(l *Link, e *files.Entry) []crumb {
	if e.IsRoot() {
		return nil
	}
	out, at := []crumb{{"", pageURL(l, "")}}, ""
	for seg := range strings.SplitSeq(strings.TrimPrefix(path.Dir(e.Path), "/"), "/") {
		if seg != "" {
			at += "/" + seg
			out = append(out, crumb{seg, pageURL(l, "", "path", at)})
		}
	}
	return append(out, crumb{e.Base(), ""})
}

// sorting is an order of the rows; folders come first in each.
type sorting struct {
	key  string
	down bool
}

func sortOf(key, order string) sorting {
	if key != "size" && key != "time" {
		key = "name"
	}
	return sorting{key, order == "desc"}
}

func (s sorting) order() string {
	if s.down {
		return "desc"
	}
	return "asc"
}

func (s sorting) compare(a, b *files.Entry) int {
	if a.IsDir() != b.IsDir() {
		if a.IsDir() {
			return -1
		}
		return 1
	}
	n := 0
	switch s.key {
	case "size":
		n = cmp.Compare(a.Size, b.Size)
	case "time":
		n = a.MTime.Compare(b.MTime)
	}
	if n == 0 {
		n = names.Natural(strings.ToLower(a.Base()), strings.ToLower(b.Base()))
	}
	if s.down {
		return -n
	}
	return n
}

func (s sorting) columns(l *Link, at string) []column {
	out := []column{{Name: "Name"}, {Name: "Size"}, {Name: "Changed"}}
	for i, key := range []string{"name", "size", "time"} {
		order := ""
		if key == s.key {
			out[i].Sorted = "ascending"
			if order = "desc"; s.down {
				out[i].Sorted, order = "descending", ""
			}
		}
		out[i].URL = pageURL(l, "", "path", at, "sort", key, "order", order)
	}
	return out
}

// maxText is how much of a text is shown, in bytes.
const maxText = 512 << 10

// kindOf is how a file can be shown in a page. What could run there cannot.
func kindOf(mime string) string {
	kind, _, _ := strings.Cut(mime, "/")
	switch {
	case mime == "application/pdf":
		return "pdf"
	case mime == "image/svg+xml":
		return ""
	case mime == "application/json" || mime == "application/xml" || mime == "application/javascript" || mime == "application/yaml":
		return "text"
	case kind == "image" || kind == "text" || kind == "audio" || kind == "video":
		return kind
	}
	return ""
}

func (rm *Room) showFile(w http.ResponseWriter, r *http.Request, v *files.View, e *files.Entry) error {
	l, ctx := linkOf(r.Context()), r.Context()
	name, err := topName(ctx, v, e)
	if err != nil {
		return err
	}
	p := filePage{frame: rm.frameOf(w, r, name), Crumbs: crumbs(l, e), Name: e.Base(), Size: size(e.Size), Time: momentOf(e.MTime), Sealed: l.Mount.Sealed}
	free := !l.Mount.Sealed && l.Limit == 0 // showing the file itself neither is forbidden nor uses a download up
	if !l.HideDownload && !l.Mount.Sealed {
		p.Download = davURL(l, e.Path)
	}
	preview := false
	if rm.Previews != nil {
		var err error
		if preview, err = rm.Previews.HasPreview(ctx, e); err != nil {
			return err
		}
	}
	tag := strconv.FormatInt(e.ETag, 36)
	inline := pageURL(l, "/inline", "path", e.Path, "c", tag)
	switch kind := kindOf(e.Mime); {
	case preview && (kind == "image" || kind == "" || !free):
		p.Kind, p.Src = "image", pageURL(l, "/preview", "file", e.Path, "x", "1600", "y", "1600", "a", "1", "c", tag)
	case kind == "text" && free:
		text, err := rm.text(r, v, e)
		if err != nil {
			return err
		}
		p.Kind, p.Text, p.Cut = "text", text, e.Size > maxText
	case kind != "" && kind != "text" && free:
		p.Kind, p.Src = kind, inline
	}
	if p.Kind == "pdf" {
		p.Open = inline
	}
	return rm.pages.file.Render(w, r, http.StatusOK, p.Title, p)
}

// text reads the beginning of a text. Of what is no UTF-8, strange bytes are shown
// as such.
func (rm *Room) text(r *http.Request, v *files.View, e *files.Entry) (string, error) {
	if err := rm.read(r, e, true); err != nil {
		return "", err
	}
	rc, err := v.Open(r.Context(), e, 0, min(e.Size, maxText))
	if err != nil {
		return "", err
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	for i := 0; i < utf8.UTFMax && len(b) > 0 && !utf8.Valid(b[max(0, len(b)-utf8.UTFMax):]) && e.Size > maxText; i++ {
		b = b[:len(b)-1] // of a rune that was cut
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00", "\uFFFD"), err
}

// size is a number of bytes as people read it.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n)/1000, []string{"kB", "MB", "GB", "TB"}
	for len(units) > 1 && f >= 999.5 {
		f, units = f/1000, units[1:]
	}
	if f < 10 {
		return fmt.Sprintf("%.1f %s", f, units[0])
	}
	return fmt.Sprintf("%.0f %s", f, units[0])
}

// icon names the picture of a kind of file.
func icon(e *files.Entry) string {
	kind, _, _ := strings.Cut(e.Mime, "/")
	switch {
	case e.IsDir():
		return "folder"
	case kind == "image" || kind == "video" || kind == "audio":
		return kind
	case kind == "text" || e.Mime == "application/pdf":
		return "text"
	}
	return "file"
}
