package search

import (
	"cmp"
	"context"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/base/words"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/proto/plug"
)

// names is the provider of files by name.
type names struct{ *Room }

// About implements plug.Searcher (30-core/117).
func (names) About(_ context.Context, p *who.Principal) (plug.Provider, bool) {
	return plug.Provider{App: "files", Name: "Files", Icon: "/apps/files/img/app.svg", Order: 5, Filters: map[string]plug.FilterKind{
		"since": plug.FilterTime, "until": plug.FilterTime, "person": plug.FilterPerson, "min-size": plug.FilterInt, "max-size": plug.FilterInt,
		"mime": plug.FilterText, "type": plug.FilterText, "path": plug.FilterText, "is-favorite": plug.FilterFlag, "title-only": plug.FilterFlag,
		"tag": plug.FilterText,
	}}, p.MaySeeFiles()
}

// Search implements plug.Searcher: files and folders whose names have all words of
// the term, newest first (30-core/119, 127 to 129).
func (n names) Search(ctx context.Context, w plug.Wanted) (plug.Found, error) {
	if w.Cursor > farthest {
		return plug.Found{}, fault.New(fault.Invalid, "The parameter cursor is out of range.")
	}
	v, err := n.files.As(ctx, w.Who)
	if err != nil {
		return plug.Found{}, err
	}
	a, err := n.asked(ctx, v, w)
	if err != nil {
		return plug.Found{}, err
	}
	es, err := n.find(ctx, a, int(w.Cursor)+w.Limit)
	if err != nil {
		return plug.Found{}, err
	}
	es = es[min(int(w.Cursor), len(es)):]
	out := plug.Found{Paginated: true, Next: w.Cursor + int64(w.Limit)}
	for _, e := range es {
		out.Hits = append(out.Hits, HitOf(e))
	}
	return out, nil
}

// HitOf shows a file as clients expect it: they open it by fileId and path.
func HitOf(e *files.Entry) plug.Hit {
	id := strconv.FormatInt(e.ID, 10)
	h := plug.Hit{Title: e.Base(), URL: "/f/" + id, Icon: icon(e), Attributes: map[string]string{"fileId": id, "path": e.Path}}
	if dir := strings.Trim(path.Dir(e.Path), "/"); dir != "" {
		h.Subline = "in " + dir
	}
	if !e.IsDir() {
		h.Thumbnail = "/core/preview?x=32&y=32&fileId=" + id
	}
	return h
}

// icon is the picture of a kind of file.
func icon(e *files.Entry) string {
	name := "file"
	kind, _, _ := strings.Cut(e.Mime, "/")
	switch {
	case e.IsDir() && len(e.Mount.Path) > 0:
		name = "folder-shared"
	case e.IsDir():
		name = "folder"
	case e.Mime == "application/pdf":
		name = "application-pdf"
	case strings.Contains(e.Mime, "spreadsheet") || strings.Contains(e.Mime, "excel"):
		name = "x-office-spreadsheet"
	case strings.Contains(e.Mime, "presentation") || strings.Contains(e.Mime, "powerpoint"):
		name = "x-office-presentation"
	case strings.Contains(e.Mime, "opendocument.text") || strings.Contains(e.Mime, "wordprocessing") || e.Mime == "application/msword":
		name = "x-office-document"
	case kind == "text" || kind == "image" || kind == "audio" || kind == "video":
		name = kind
	}
	return "/core/img/filetypes/" + name + ".svg"
}

// asked is a search by names on its way.
type asked struct {
	view    *files.View
	words   [][]byte
	query   query
	folder  string // path below which to look, "" for all
	owner   string // "" for anybody's
	only    map[int64]bool
	reaches []files.Reach
}

func (rm *Room) asked(ctx context.Context, v *files.View, w plug.Wanted) (*asked, error) {
	a := &asked{view: v, query: anything(), owner: w.Texts["person"], reaches: v.Reaches()}
	for _, f := range strings.Fields(words.Fold(w.Term)) {
		a.words = append(a.words, []byte(f))
	}
	a.query.words = a.words
	if t, ok := w.Times["since"]; ok {
		a.query.from = t.Unix()
	}
	if t, ok := w.Times["until"]; ok {
		a.query.to = t.Unix()
	}
	if n, ok := w.Ints["min-size"]; ok {
		a.query.least = n
	}
	if n, ok := w.Ints["max-size"]; ok {
		a.query.most = n
	}
	if p := strings.Trim(w.Texts["path"], "/"); p != "" {
		a.folder = "/" + p
		e, err := v.Stat(ctx, a.folder)
		if err != nil {
			return nil, err
		}
		if !e.IsDir() {
			return nil, fault.New(fault.Invalid, "The filter path must name a folder.")
		}
		a.folder = e.Path
		a.narrow(e)
	}
	if on, given := w.Flags["is-favorite"]; given && on {
		a.only = map[int64]bool{}
		if rm.Favorites != nil {
			var err error
			if a.only, err = rm.Favorites(ctx, w.Who.ID); err != nil {
				return nil, err
			}
		}
	}
	if err := rm.tagged(ctx, a, w.Texts["tag"]); err != nil {
		return nil, err
	}
	return a, rm.kinds(ctx, a, w.Texts["mime"], w.Texts["type"])
}

// tagged leaves what carries the tag of an id, by the rule that the room of the tags
// plugs in; without one nothing carries any.
func (rm *Room) tagged(ctx context.Context, a *asked, tag string) error {
	if tag == "" {
		return nil
	}
	carrying := map[int64]bool{}
	for name, rule := range rm.rules.All() {
		if name != "systemtag" {
			continue
		}
		var err error
		if carrying, err = rule(ctx, tag); err != nil {
			return noTag(err)
		}
	}
	if a.only != nil {
		maps.DeleteFunc(carrying, func(id int64, _ bool) bool { return !a.only[id] })
	}
	a.only = carrying
	return nil
}

// noTag tells of a tag that is not there; any other error stays what it is.
func noTag(err error) error {
	switch fault.Of(err) {
	case fault.NotFound, fault.Invalid, fault.Denied:
		return fault.Wrap(fault.Invalid, err, "There is no tag of this number.")
	}
	return err
}

// kinds turns filters of media types into their numbers. mime is one, or ends in
// "/*" or "%"; kind is its first half, or file or folder.
func (rm *Room) kinds(ctx context.Context, a *asked, mime, kind string) error {
	if mime == "" && kind == "" {
		return nil
	}
	types, err := rm.tree.Types(ctx)
	if err != nil {
		return err
	}
	a.query.kinds = map[int32]bool{}
	for id, t := range types {
		if (mime == "" || mimeIs(t, mime)) && (kind == "" || kindIs(t, kind)) {
			a.query.kinds[id] = true
			a.query.mimes = append(a.query.mimes, id)
		}
	}
	return nil
}

func mimeIs(t, want string) bool {
	if first, ok := strings.CutSuffix(strings.TrimRight(want, "*%"), "/"); ok || first != want {
		return strings.HasPrefix(t, strings.TrimRight(want, "*%"))
	}
	return t == want
}

func kindIs(t, want string) bool {
	switch want {
	case "folder":
		return t == tree.FolderType
	case "file":
		return t != tree.FolderType
	}
	return strings.HasPrefix(t, want+"/")
}

// holds tests a find as the tree has it now.
func (a *asked) holds(e *files.Entry) bool {
	it := item{mtime: e.MTime.Unix(), size: e.Size, mime: e.Node.Mime}
	return !e.IsRoot() && a.query.holds(&it) && hasAll([]byte(words.Fold(e.Base())), a.words) &&
		(a.folder == "" || strings.HasPrefix(e.Path, a.folder+"/")) && (a.owner == "" || e.Mount.Owner == a.owner) &&
		(a.only == nil || a.only[e.ID])
}

// narrow leaves of the view's parts what lies below a folder.
func (a *asked) narrow(folder *files.Entry) {
	at := strings.Split(folder.Path[1:], "/")
	parts := []files.Reach{{Space: folder.Mount.Space, Root: folder.ID, Owner: folder.Mount.Owner}}
	for _, r := range a.reaches {
		if len(r.Path) > len(at) && slices.Equal(r.Path[:len(at)], at) {
			parts = append(parts, r)
		}
	}
	a.reaches = parts
}

// Bounds of a search through the index.
const (
	firstTry  = 10      // finds beyond those that are shown, as some may not be
	farthest  = 100_000 // the last cursor
	mostTries = 200     // finds that are held to the tree in vain
)

// find returns the first finds, newest first, at most so many.
func (rm *Room) find(ctx context.Context, a *asked, most int) ([]*files.Entry, error) {
	if a.query.kinds != nil && len(a.query.kinds) == 0 {
		return nil, nil
	}
	if a.only != nil {
		return rm.among(ctx, a, a.only, most)
	}
	parts := slices.DeleteFunc(slices.Clone(a.reaches), func(r files.Reach) bool { return a.owner != "" && r.Owner != a.owner })
	look := map[int64]bool{} // what is mounted bears another name here
	var spaces []int64
	for _, r := range parts {
		look[r.Root] = len(r.Path) > 0
		spaces = append(spaces, r.Space)
	}
	if len(spaces) == 0 {
		return nil, nil
	}
	built, err := rm.index.built(ctx, spaces)
	if err != nil {
		return nil, err
	}
	slices.Sort(spaces)
	spaces = slices.DeleteFunc(slices.Compact(spaces), func(s int64) bool { return !built[s] })
	got, enough, err := rm.indexed(ctx, a, spaces, most)
	if err != nil {
		return nil, err
	}
	// Without enough, most of what the index has in these spaces is not for this view.
	walk := slices.DeleteFunc(parts, func(r files.Reach) bool { return built[r.Space] && (enough || r.Root == r.Space) })
	hits, err := rm.walk(ctx, a, walk, most)
	if err != nil {
		return nil, err
	}
	for _, h := range hits {
		look[h.node] = true
	}
	more, err := rm.among(ctx, a, look, most)
	return merged(append(got, more...), most), err
}

// merged sorts finds, drops what is there twice, and cuts.
func merged(es []*files.Entry, most int) []*files.Entry {
	slices.SortFunc(es, func(a, b *files.Entry) int {
		return cmp.Or(cmp.Compare(b.MTime.Unix(), a.MTime.Unix()), cmp.Compare(b.ID, a.ID))
	})
	es = slices.CompactFunc(es, func(a, b *files.Entry) bool { return a.ID == b.ID })
	return es[:min(most, len(es))]
}

// indexed asks the index until there is enough that the view shows. enough is
// false when too much was looked at in vain.
func (rm *Room) indexed(ctx context.Context, a *asked, spaces []int64, most int) ([]*files.Entry, bool, error) {
	var got []*files.Entry
	known := map[int64]bool{}
	for n := most + firstTry; ; n *= 4 {
		hits, more, err := rm.index.newest(ctx, spaces, &a.query, n)
		if err != nil {
			return nil, false, err
		}
		fresh := map[int64]bool{}
		for _, h := range hits {
			if !known[h.node] {
				fresh[h.node], known[h.node] = true, true
			}
		}
		es, err := rm.among(ctx, a, fresh, math.MaxInt)
		if err != nil {
			return nil, false, err
		}
		if got = append(got, es...); !more || len(got) >= most {
			return got, true, nil
		}
		if len(known) >= mostTries+most {
			return got, false, nil
		}
	}
}

// among holds some nodes to what is asked.
func (rm *Room) among(ctx context.Context, a *asked, ids map[int64]bool, most int) ([]*files.Entry, error) {
	list := make([]int64, 0, len(ids))
	for id, wanted := range ids {
		if wanted {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	var out []*files.Entry
	for batch := range slices.Chunk(list, 500) {
		seen, err := a.view.Seen(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, e := range seen {
			if a.holds(e) {
				out = append(out, e)
			}
		}
	}
	return merged(out, most), nil
}

// walk looks below some nodes without the index, at some 5 µs for each node.
func (rm *Room) walk(ctx context.Context, a *asked, parts []files.Reach, most int) ([]hit, error) {
	b := &best{want: most + firstTry}
	var folders []int64
	for _, r := range parts {
		folders = append(folders, r.Root)
	}
	for len(folders) > 0 {
		batch := slices.Clone(folders[max(0, len(folders)-foldersAtOnce):])
		folders = folders[:len(folders)-len(batch)]
		for n, err := range rm.tree.Below(ctx, rm.db, batch) {
			if err != nil {
				return nil, err
			}
			if n.IsDir() {
				folders = append(folders, n.ID)
			}
			if it := itemOf(&n); a.query.holds(&it) && hasAll([]byte(it.name), a.words) {
				b.add(hit{it.node, it.mtime})
			}
		}
	}
	b.settle()
	return b.hits, nil
}
