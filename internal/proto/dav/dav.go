// Package dav is the WebDAV engine (RFC 4918, 3253 REPORT, 5323 SEARCH, 5689
// extended MKCOL): it parses requests, checks preconditions, streams
// multistatus bodies and serves ranges. What the resources are, rooms tell by
// mounting collections and properties. It knows no SQL and no files.
//
// A listing is whole or an error: the first entries are read before the status
// line, and a later failure cuts the connection instead of closing the XML.
package dav

import (
	"context"
	"encoding/xml"
	"io"
	"iter"
	"net/http"
	"time"

	"atrium/internal/base/switches"
)

// Namespaces with a fixed prefix, declared on the root of every multistatus:
// clients match the prefix as text.
const (
	NSDAV   = "DAV:"
	NSSabre = "http://sabredav.org/ns"
	NSOC    = "http://owncloud.org/ns"
	NSNC    = "http://nextcloud.org/ns"
)

// Resource is a file or collection somewhere below a mount.
type Resource struct {
	Path  string // below the mount, decoded, "/alice/a/b"; "/" is the mount itself
	Dir   bool
	ETag  string // quoted; needed from Stat only
	MTime time.Time
	Value any // for the collection and its properties
}

// Collection is a mounted tree. What else it can do are the optional interfaces
// below; a verb without its interface is 405.
type Collection interface {
	// Stat finds a resource; fault.NotFound.
	Stat(ctx context.Context, path string) (Resource, error)
	// List yields what lies directly in a folder that Stat returned.
	List(ctx context.Context, folder Resource) iter.Seq2[Resource, error]
}

// Check refuses a write when what stands there now (nil: nothing) does not meet
// the request's preconditions.
type Check func(cur *Resource) error

// Content is what GET answers with.
type Content struct {
	Size   int64
	Type   string
	Header http.Header // further headers; may be nil
	Open   func(off, n int64) (io.ReadCloser, error)
}

// Getter serves GET and HEAD. A folder that is served otherwise (an archive)
// writes to w itself and returns nil.
type Getter interface {
	Get(ctx context.Context, r Resource, w http.ResponseWriter, req *http.Request) (*Content, error)
}

// Putter serves PUT.
type Putter interface {
	// Put stores the body. The header of the result goes to the client.
	Put(ctx context.Context, path string, req *http.Request, check Check) (created bool, h http.Header, err error)
}

// Maker serves MKCOL.
type Maker interface {
	Make(ctx context.Context, path string, req *http.Request, check Check) (http.Header, error)
}

// Deleter serves DELETE.
type Deleter interface {
	Delete(ctx context.Context, r Resource, req *http.Request, check Check) error
}

// Transfer is a MOVE or COPY.
type Transfer struct {
	Source    Resource
	Into      string // the destination's mount
	To        string // path below it
	Overwrite bool
	Shallow   bool // COPY with Depth: 0: the folder without what is in it
	Check     func(src, dst *Resource) error
	Request   *http.Request
}

// Mover serves MOVE within its mount, Copier COPY.
type Mover interface {
	Move(ctx context.Context, t Transfer) (created bool, h http.Header, err error)
}

// Copier serves COPY.
type Copier interface {
	Copy(ctx context.Context, t Transfer) (created bool, h http.Header, err error)
}

// Sender is a collection whose resources may MOVE into another mount, as a
// finished upload does.
type Sender interface {
	Send(ctx context.Context, t Transfer) (created bool, h http.Header, err error)
}

// Giver is a collection whose resources may be copied into another mount, as
// what lies in the trash may.
type Giver interface {
	Give(ctx context.Context, t Transfer) (created bool, h http.Header, err error)
}

// Taker is a collection into which resources of another mount may be copied, as
// photos into an album.
type Taker interface {
	Take(ctx context.Context, t Transfer) (created bool, h http.Header, err error)
}

// Patcher serves PROPPATCH. The changes are all made or none; the results are
// statuses by index.
type Patcher interface {
	PropPatch(ctx context.Context, r Resource, changes []PropChange) ([]int, error)
}

// PropChange sets or removes one property.
type PropChange struct {
	Name   xml.Name
	Remove bool
	Text   string // character data of the value
	Inner  []byte // the value as XML, its namespaces declared within
}

// Poster serves POST and PATCH, whose meaning is the collection's own.
type Poster interface {
	Post(ctx context.Context, r Resource, w http.ResponseWriter, req *http.Request) error
}

// Reporter serves REPORT.
type Reporter interface {
	// Report answers a report by the resources it selects, in folder r.
	Report(ctx context.Context, r Resource, q Report) (iter.Seq2[Resource, error], error)
}

// Replier is a Reporter that answers some reports with a document of its own
// instead of resources.
type Replier interface {
	// Reply returns the document as one element, nil for reports that list resources.
	Reply(ctx context.Context, r Resource, q Report) ([]byte, error)
}

// Report is a REPORT's body.
type Report struct {
	Name  xml.Name
	Body  *Node
	Depth int // of the header, 0 without one
}

// PropSet writes the properties that one Props knows.
type PropSet struct {
	// Writers has one entry for each wanted name, nil for names of others.
	Writers []Writer
	// Load, if set, is called with each batch of resources before their
	// properties are written, so that a query is one per batch.
	Load func(ctx context.Context, batch []Resource) error
}

// Writer appends a property's value as XML and tells whether the resource has
// the property; without it the property goes to the 404 part.
type Writer func(b []byte, r *Resource) ([]byte, bool)

// Props knows properties of a mount's resources.
type Props interface {
	// Open prepares the wanted properties for one request on top.
	Open(ctx context.Context, top Resource, want []xml.Name) (PropSet, error)
	// Default lists the names that allprop and an empty request mean.
	Default() []xml.Name
}

// Mux dispatches DAV requests to mounts.
type Mux struct {
	mounts  map[string]*mount
	aliases map[string]alias // legacy entry points
	// Base is where the mounts hang: "/remote.php/dav".
	Base string
	// Switches, if set, tells which part mounts a collection or knows properties;
	// those of parts that are switched off are not there.
	Switches *switches.Set
	// Classes is the DAV header of answers.
	Classes string

	downloads []func(ctx context.Context, r Resource)
}

// OnDownload has f told of each file that is sent from its first byte on, and of each
// archive that a collection sends.
func (m *Mux) OnDownload(f func(ctx context.Context, r Resource)) {
	m.downloads = append(m.downloads, f)
}

func (c *call) downloaded(r Resource) {
	if c.r.Method != http.MethodGet {
		return
	}
	for _, f := range c.Mux.downloads {
		f(c.r.Context(), r)
	}
}

type mount struct {
	name  string
	c     Collection
	part  switches.Part // whose c is
	props []known
	locks lockKeeper
	asks  asks
}

// known is properties with the part that knows them.
type known struct {
	Props
	part switches.Part
}

// lockKeeper keeps a mount's locks, with the part that it is of.
type lockKeeper struct {
	Locker
	part switches.Part
}

type alias struct {
	mount string
	// inner is the path in the mount that the alias shows, for a user.
	inner func(ctx context.Context) (string, error)
}

// NewMux returns a mux whose mounts hang below base.
func NewMux(base string) *Mux {
	return &Mux{Base: base, Classes: classes, mounts: map[string]*mount{}, aliases: map[string]alias{}}
}

// Mount hangs a collection at Base/name.
func (m *Mux) Mount(name string, c Collection) {
	mt := m.of(name)
	mt.c, mt.part = c, m.Switches.Part()
}

// Props lets p know properties of the mount's resources. The first that knows
// a name writes it.
func (m *Mux) Props(name string, p Props) {
	mt := m.of(name)
	mt.props = append(mt.props, known{p, m.Switches.Part()})
}

// Locks lets l keep the locks of a mount's resources.
func (m *Mux) Locks(name string, l Locker) { m.of(name).locks = lockKeeper{l, m.Switches.Part()} }

// Alias shows part of a mount under another URL, as /remote.php/webdav shows the
// user's own files.
func (m *Mux) Alias(url, name string, inner func(ctx context.Context) (string, error)) {
	m.aliases[url] = alias{mount: name, inner: inner}
}

// there tells whether a collection is mounted and switched on.
func (mt *mount) there() bool { return mt != nil && mt.c != nil && !mt.part.Off() }

// locker keeps the mount's locks, nil where LOCK is not known.
func (mt *mount) locker() Locker {
	if mt == nil || mt.locks.Locker == nil || mt.locks.part.Off() {
		return nil
	}
	return mt.locks.Locker
}

// propsOn yields the properties whose part is switched on.
func (mt *mount) propsOn() iter.Seq[Props] {
	return func(yield func(Props) bool) {
		for _, p := range mt.props {
			if !p.part.Off() && !yield(p.Props) {
				return
			}
		}
	}
}

// Mounted is what rooms have mounted at a name and told of it, for another mux that
// shows it otherwise. The properties are those known when a request comes.
func (m *Mux) Mounted(name string) (Collection, Props) { return m.of(name).c, allProps{m.of(name)} }

// allProps are the properties of a mount, whoever knows them.
type allProps struct{ mt *mount }

// Default implements Props.
func (a allProps) Default() []xml.Name { return a.mt.defaults() }

// Open implements Props.
func (a allProps) Open(ctx context.Context, top Resource, want []xml.Name) (PropSet, error) {
	s, err := newShape(ctx, a.mt, top, &ask{names: want})
	if err != nil {
		return PropSet{}, err
	}
	return PropSet{Writers: s.writers, Load: s.load}, nil
}

func (m *Mux) of(name string) *mount {
	if m.mounts[name] == nil {
		m.mounts[name] = &mount{name: name}
	}
	return m.mounts[name]
}
