// Package links lets people in who come by a public link: WebDAV below
// /public.php, the page /s/{token} and what hangs on it. What links there are, and
// what each allows, another room keeps (Store); this one keeps only who went
// through a download lately, so that it counts once.
package links

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table linkread.
var Schema = db.Schema{Room: "links", Files: schema}

// Link is a public link as its visitors meet it. It opens something now: it has
// not run out, what it leads to is there, and who made it may still share that.
type Link struct {
	ID       int64
	Token    string // the secret in the address
	Mount    files.Mount
	Sharer   string // user id of who made it
	Password string // hash; "": none
	Label    string
	Note     string
	Expires  time.Time // zero: never

	HideDownload bool   // the page offers no download
	Request      bool   // a file request: visitors say who they are
	Limit        int64  // how many downloads there may be; 0: any number
	Count        int64  // how many there were
	Attributes   string // JSON, as the share API shows them; "": none
}

// Drop tells whether visitors may only add files, and see nothing.
func (l *Link) Drop() bool { return l.Mount.Perm&files.Read == 0 }

// Adds tells whether visitors may add files.
func (l *Link) Adds() bool { return l.Mount.Perm&files.Create != 0 }

// Store knows the links.
type Store interface {
	// LinkByToken finds a link; what opens nothing, for whatever reason, is
	// fault.NotFound.
	LinkByToken(ctx context.Context, token string) (*Link, error)
	// CountDownload counts one more, in the transaction of whatever tells of it;
	// fault.NotFound when there were as many as there may be.
	CountDownload(ctx context.Context, tx *db.DB, id int64) error
}

// Previewer shows small pictures of files.
type Previewer interface {
	Serve(w http.ResponseWriter, r *http.Request, v *files.View, e *files.Entry) error
	HasPreview(ctx context.Context, e *files.Entry) (bool, error)
}

// Publish sends an event in the transaction that made it true.
type Publish func(ctx context.Context, tx *db.DB, ev interface{ EventName() string }) error

// Room receives the visitors.
type Room struct {
	Now      func() time.Time
	Previews Previewer // nil: there are none

	db      *db.DB
	files   *files.Service
	links   Store
	people  *identity.Directory
	hashes  *seal.Passwords
	box     *seal.Box
	publish Publish
	dav     *dav.Mux
	pages   pages
	strange strangers
	right   rightOnes
}

// New returns the room.
func New(d *db.DB, f *files.Service, links Store, people *identity.Directory, hashes *seal.Passwords, box *seal.Box, publish Publish) (*Room, error) {
	ps, err := loadPages()
	if err != nil {
		return nil, err
	}
	rm := &Room{pages: ps, Now: time.Now, db: d, files: f, links: links, people: people, hashes: hashes, box: box, publish: publish, dav: dav.NewMux(publicDAV)}
	return rm, nil
}

// Where the public DAV addresses are.
const (
	publicDAV = "/public.php/dav"
	legacyDAV = "/public.php/webdav"
)

// Plug implements plug.Room. The room of the file tree over DAV is plugged in
// before it.
func (rm *Room) Plug(b *plug.Board) {
	b.Hook.Link = rm.mount
	rm.mountDAV(b.DAV)
	at := func(prefix string, p web.Policy, h web.Handler) {
		b.Web.Prefix(prefix, p, h, web.Errors(dav.WriteError), web.MaxBody(-1))
	}
	at(publicDAV, web.Link, rm.serveDAV)
	at(legacyDAV, web.Link|web.Basic, rm.serveLegacy)
	rm.plugPages(b.Web)
	b.Jobs.Every("@every 1h", "links.reads", rm.forgetReads)
}

// Still tells whether the link by which a visitor came still opens what it opened
// then: fault.Anonymous if not. It is for requests that last.
func (rm *Room) Still(ctx context.Context, p *who.Principal) error {
	l, err := rm.links.LinkByToken(ctx, p.Token)
	if errors.Is(err, fault.NotFound) || err == nil && (l.ID != p.Link || l.stamp() != p.Stamp) {
		return fault.New(fault.Anonymous, "This link does not work any more.")
	}
	return err
}
