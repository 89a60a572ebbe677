package links

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/web"
)

// errNoLink is told by DAV of what opens nothing. A client that has synchronised
// the folder of a link does not take it for an empty one (18-public-dav/029, 033,
// 095; the text is the recorded one).
var errNoLink = &dav.Error{Status: http.StatusServiceUnavailable, Exception: "ServiceUnavailable", Text: `Sabre\DAV\Exception\NotFound: `}

// fileTree is what visitors may do at most with the mount "files": neither locks nor
// searches nor reports.
type fileTree interface {
	dav.Collection
	dav.Getter
	dav.Putter
	dav.Maker
	dav.Deleter
	dav.Mover
	dav.Copier
	dav.Patcher
}

// parcels is the same of the mount "uploads".
type parcels interface {
	dav.Collection
	dav.Getter
	dav.Putter
	dav.Maker
	dav.Deleter
	dav.Sender
}

// mountDAV shows the mounts of the file tree to visitors.
func (rm *Room) mountDAV(all *dav.Mux) {
	c, props := all.Mounted("files")
	rm.dav.Mount("files", publicFiles{c.(fileTree), rm})
	rm.dav.Props("files", shown{props})
	c, props = all.Mounted("uploads")
	rm.dav.Mount("uploads", publicUploads{c.(parcels), rm})
	rm.dav.Props("uploads", props)
	rm.dav.Alias(legacyDAV, "files", func(ctx context.Context) (string, error) { return "/" + who.From(ctx).Home(), nil })
	rm.dav.Classes = "1, 3, extended-mkcol, nextcloud-checksum-update" // 18-public-dav/020
}

// serveDAV serves /public.php/dav/files/{token} and /public.php/dav/uploads/{token}.
func (rm *Room) serveDAV(w http.ResponseWriter, r *http.Request) error {
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.EscapedPath(), "/index.php"), publicDAV)
	segs := strings.SplitN(strings.Trim(path, "/"), "/", 3)
	if len(segs) < 2 || segs[0] != "files" && segs[0] != "uploads" {
		return errNoLink
	}
	token, err := url.PathUnescape(segs[1])
	if err != nil {
		return errNoLink
	}
	l, err := rm.find(r, token)
	if err != nil {
		return asDAV(err)
	}
	if err := rm.enter(r, l); err != nil {
		return err
	}
	return rm.serveAs(w, r, l)
}

// serveLegacy serves /public.php/webdav: the token is the user name.
func (rm *Room) serveLegacy(w http.ResponseWriter, r *http.Request) error {
	token, password, sent := r.BasicAuth()
	if !sent {
		return errLocked
	}
	l, err := rm.find(r, token)
	if errors.Is(err, fault.NotFound) { // 18-public-dav/088, 092
		return fault.New(fault.Anonymous, "The link or its password is wrong.")
	}
	if err != nil {
		return err
	}
	if l.Password != "" {
		if err := rm.unlock(r, l, password); err != nil {
			return err
		}
	}
	return rm.serveAs(w, r, l)
}

func (rm *Room) serveAs(w http.ResponseWriter, r *http.Request, l *Link) error {
	r, err := rm.admit(r, l)
	if err != nil {
		return err
	}
	return asDAV(rm.dav.Serve(w, r))
}

func asDAV(err error) error {
	if errors.Is(err, errGone) {
		return errNoLink
	}
	return err
}

// publicFiles is the mount "files" as visitors see it.
type publicFiles struct {
	fileTree
	rm *Room
}

// errDropOnly is the answer of a file drop to all that is not adding, whatever is
// there (18-public-dav/061, 065, 066, 071).
var errDropOnly = &dav.Error{Status: http.StatusMethodNotAllowed, Exception: "MethodNotAllowed", Text: "Only PUT is allowed on files drop"}

// Stat implements dav.Collection.
func (c publicFiles) Stat(ctx context.Context, path string) (dav.Resource, error) {
	if linkOf(ctx).Drop() {
		return dav.Resource{}, errDropOnly
	}
	return c.fileTree.Stat(ctx, path)
}

// Get implements dav.Getter: it counts what is downloaded.
func (c publicFiles) Get(ctx context.Context, r dav.Resource, w http.ResponseWriter, req *http.Request) (*dav.Content, error) {
	if linkOf(ctx).Mount.Sealed {
		return nil, fault.New(fault.Denied, "This link does not allow downloads.")
	}
	e, ok := r.Value.(*files.Entry)
	if !ok {
		return nil, fault.NotFound
	}
	if r.Dir {
		w = &firstByte{w, func() error { return c.rm.read(req, e, false) }}
	}
	content, err := c.fileTree.Get(ctx, r, w, req)
	if err != nil || content == nil {
		return content, err
	}
	open := content.Open
	content.Open = c.rm.counted(req, e, open)
	return content, nil
}

// Put implements dav.Putter.
func (c publicFiles) Put(ctx context.Context, path string, req *http.Request, check dav.Check) (bool, http.Header, error) {
	path, err := c.rm.landing(ctx, path)
	if err != nil {
		return false, nil, err
	}
	return c.fileTree.Put(ctx, path, req, check)
}

// PropPatch implements dav.Patcher. What visitors may not change is told property by
// property (18-public-dav/018).
func (c publicFiles) PropPatch(ctx context.Context, r dav.Resource, changes []dav.PropChange) ([]int, error) {
	if linkOf(ctx).Mount.Perm&files.Update == 0 {
		return slices.Repeat([]int{http.StatusForbidden}, len(changes)), nil
	}
	return c.fileTree.PropPatch(ctx, r, changes)
}

// Make implements dav.Maker. In a file drop a folder comes into being with the
// first file in it, so that nobody learns what is there (18-public-dav/068).
func (c publicFiles) Make(ctx context.Context, path string, req *http.Request, check dav.Check) (http.Header, error) {
	l := linkOf(ctx)
	if !l.Drop() {
		return c.fileTree.Make(ctx, path, req, check)
	}
	if !l.Adds() {
		return nil, errDropOnly
	}
	if err := l.named(who.From(ctx).Display, true); err != nil {
		return nil, err
	}
	return http.Header{}, nil
}

// publicUploads is the mount "uploads" as visitors see it.
type publicUploads struct {
	parcels
	rm *Room
}

// Make implements dav.Maker.
func (c publicUploads) Make(ctx context.Context, path string, req *http.Request, check dav.Check) (http.Header, error) {
	if err := mayUpload(ctx); err != nil {
		return nil, err
	}
	return c.parcels.Make(ctx, path, req, check)
}

// Put implements dav.Putter.
func (c publicUploads) Put(ctx context.Context, path string, req *http.Request, check dav.Check) (bool, http.Header, error) {
	if err := mayUpload(ctx); err != nil {
		return false, nil, err
	}
	return c.parcels.Put(ctx, path, req, check)
}

func mayUpload(ctx context.Context) error {
	if linkOf(ctx).Mount.Perm&(files.Create|files.Update) == 0 {
		return fault.New(fault.Denied, "You may not upload here.")
	}
	return nil
}

// Send implements dav.Sender.
func (c publicUploads) Send(ctx context.Context, t dav.Transfer) (bool, http.Header, error) {
	var err error
	if t.To, err = c.rm.landing(ctx, t.To); err != nil {
		return false, nil, err
	}
	return c.parcels.Send(ctx, t)
}

var (
	_ web.Handler = (*Room)(nil).serveDAV
	_ fileTree    = publicFiles{}
	_ parcels     = publicUploads{}
)
