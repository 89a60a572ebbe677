// Package direct gives addresses at which one file can be read for a while without
// signing in, for players and downloaders that phones hand an address to (client-api
// §13). An address is worth what its maker may read at the moment: it ends at its
// time, with the credential that asked for it, and with the right to the file. It is
// kept nowhere.
package direct

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/identity/passes"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// How long an address lasts: at most, and when nothing is said (client-api §13).
const (
	most  = 24 * time.Hour
	usual = 8 * time.Hour
)

// base is where the addresses are; name is its last part.
const (
	base = "/remote.php"
	name = "direct"
)

// Room gives the addresses and serves them.
type Room struct {
	Now func() time.Time

	files  *files.Service
	people *identity.Directory
	box    *seal.Box
	dav    *dav.Mux
}

// New returns the room.
func New(f *files.Service, people *identity.Directory, box *seal.Box) *Room {
	return &Room{Now: time.Now, files: f, people: people, box: box, dav: dav.NewMux(base)}
}

// Plug implements plug.Room. The room of files is plugged in before.
func (rm *Room) Plug(b *plug.Board) {
	ocs.Handle(b.OCS, "POST /apps/dav/api/v1/direct", web.User, rm.give, web.In(who.FilesRoom))
	b.Web.Prefix(base+"/"+name, web.Link, rm.serve, web.Errors(dav.WriteError))
	_, props := b.DAV.Mounted("files")
	rm.dav.Mount(name, collection{rm.files})
	rm.dav.Props(name, props)
	rm.dav.Classes = "1, 3, extended-mkcol" // 17-dav-misc/102
}

func (rm *Room) office() *passes.Office {
	return &passes.Office{Use: "direct download", Now: rm.Now, People: rm.people, Box: rm.box}
}

// answer is where the file is.
type answer struct {
	URL string `json:"url"`
}

// give answers POST …/direct fileId= expirationTime= (17-dav-misc/094, 099 to 101).
func (rm *Room) give(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := r.Int("fileId", 0)
	if err != nil {
		return nil, err
	}
	seconds, err := r.Int("expirationTime", int64(usual/time.Second))
	if err != nil {
		return nil, err
	}
	if seconds <= 0 || seconds > int64(most/time.Second) {
		return nil, fault.New(fault.Invalid, "Expiration time should be greater than 0 and less than or equal to 86400")
	}
	v, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	e, err := v.ByID(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.NotFound
	}
	if err != nil {
		return nil, err
	}
	if e.IsDir() {
		return nil, fault.New(fault.Invalid, "Direct download only works for files")
	}
	if err := v.MayRead(ctx, e); err != nil {
		return nil, err
	}
	token, err := rm.office().Make(r.Caller(), id, time.Duration(seconds)*time.Second)
	return answer{web.VisitOf(ctx).Base() + base + "/" + name + "/" + url.PathEscape(token)}, err
}

// serve lets in whoever has an address, as its maker (17-dav-misc/095 to 098, 102).
func (rm *Room) serve(w http.ResponseWriter, r *http.Request) error {
	_, escaped, _ := strings.Cut(r.URL.EscapedPath(), base+"/"+name+"/")
	token, err := url.PathUnescape(escaped)
	if err != nil {
		return fault.NotFound
	}
	p, id, err := rm.office().Take(r.Context(), token)
	if errors.Is(err, fault.Anonymous) {
		return fault.NotFound
	}
	if err != nil {
		return err
	}
	r = web.Admit(r, p)
	return rm.dav.Serve(w, r.WithContext(context.WithValue(r.Context(), fileKey{}, id)))
}

// fileKey is under what the context carries the number of the file.
type fileKey struct{}

// collection is one file.
type collection struct{ files *files.Service }

// Stat implements dav.Collection.
func (c collection) Stat(ctx context.Context, path string) (dav.Resource, error) {
	id, _ := ctx.Value(fileKey{}).(int64)
	v, err := c.files.As(ctx, who.From(ctx))
	if err != nil {
		return dav.Resource{}, err
	}
	e, err := v.ByID(ctx, id)
	if err == nil {
		err = v.MayRead(ctx, e)
	}
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Denied) || err == nil && e.IsDir() {
		return dav.Resource{}, fault.NotFound
	}
	if err != nil {
		return dav.Resource{}, err
	}
	return dav.Resource{Path: path, ETag: fmt.Sprintf(`"%016x"`, e.ETag), MTime: e.MTime, Value: e}, nil
}

// List implements dav.Collection: a file holds nothing.
func (collection) List(context.Context, dav.Resource) iter.Seq2[dav.Resource, error] {
	return func(func(dav.Resource, error) bool) {}
}

// Get implements dav.Getter.
func (c collection) Get(ctx context.Context, r dav.Resource, _ http.ResponseWriter, _ *http.Request) (*dav.Content, error) {
	e, ok := r.Value.(*files.Entry)
	if !ok {
		return nil, fault.NotFound
	}
	v, err := c.files.As(ctx, who.From(ctx))
	if err != nil {
		return nil, err
	}
	return &dav.Content{Size: e.Size, Type: dav.ServedType(e.Mime), Open: func(off, n int64) (io.ReadCloser, error) { return v.Open(ctx, e, off, n) }}, nil
}
