package dav

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
)

// Locker keeps the locks of a mount's resources (RFC 4918 6, 7, 9.10, 9.11). What
// is not there yet the engine makes, as an empty file, before it is locked.
type Locker interface {
	// Lock takes a lock. Somebody else's is fault.Locked.
	Lock(ctx context.Context, r Resource, l LockRequest) (Lock, error)
	// Refresh prolongs the lock that one of the tokens names.
	Refresh(ctx context.Context, r Resource, tokens []string, ttl time.Duration) (Lock, error)
	// Unlock ends a lock. A token that does not lock r is fault.Conflict.
	Unlock(ctx context.Context, r Resource, token string) error
	// Holds tells whether a token is of a lock that covers r.
	Holds(ctx context.Context, r Resource, token string) (bool, error)
	// Moved is told that r was moved away: locks belong to the address (RFC 4918 7.5).
	Moved(ctx context.Context, r Resource) error
	// Manual serves a LOCK or UNLOCK with the header X-User-Lock, by which people
	// lock a file by hand (client-api 3.4). It writes the answer itself.
	Manual(ctx context.Context, r Resource, w http.ResponseWriter, req *http.Request) error
}

// LockRequest is what a client asks of a lock.
type LockRequest struct {
	Shared bool
	Deep   bool   // Depth: infinity
	Owner  string // d:owner as XML
	TTL    time.Duration
}

// Lock is a lock that is held.
type Lock struct {
	Token   string // "opaquelocktoken:…"; "" is not shown to whom it is of no use
	Root    string // path below the mount
	Shared  bool
	Deep    bool
	Owner   string // d:owner as XML
	UID     string // who took it
	Created time.Time
	Expires time.Time
}

// Timeouts of locks: what a client gets that asks for none or too much.
const (
	lockDefault = 30 * time.Minute
	lockMax     = 24 * time.Hour
)

// ParseTimeout reads a Timeout header (RFC 4918 10.7).
func ParseTimeout(s string) time.Duration {
	for t := range strings.SplitSeq(s, ",") {
		t = strings.TrimSpace(t)
		if strings.EqualFold(t, "Infinite") {
			return lockMax
		}
		n, err := strconv.ParseInt(strings.TrimPrefix(t, "Second-"), 10, 64)
		if err == nil && n > 0 {
			return min(time.Duration(min(n, int64(lockMax/time.Second)))*time.Second, lockMax)
		}
	}
	return lockDefault
}

func (c *call) lock() error {
	l := c.mount.locker()
	if l == nil {
		return notImplemented("LOCK")
	}
	if c.r.Header.Get("X-User-Lock") != "" {
		return c.manual(l)
	}
	root, err := readXML(c.r)
	if err != nil {
		return err
	}
	ttl := ParseTimeout(c.r.Header.Get("Timeout"))
	if root == nil {
		return c.refresh(l, ttl)
	}
	req, err := lockRequest(root)
	if err != nil {
		return err
	}
	levels, err := depth(c.r, forever)
	if err != nil || levels != 0 && levels != forever {
		return fault.New(fault.Invalid, "The Depth of a lock must be 0 or infinity.")
	}
	req.Deep, req.TTL = levels == forever, ttl
	res, created, err := c.lockable()
	if err != nil {
		return err
	}
	lock, err := l.Lock(c.r.Context(), res, req)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	c.w.Header().Set("Lock-Token", "<"+lock.Token+">")
	return c.locked(lock, status)
}

// lockable is the request's resource, which is made if it is not there (RFC 4918
// 7.3).
func (c *call) lockable() (res Resource, created bool, err error) {
	check := c.preconditions()
	if res, err = c.stat(); err == nil {
		return res, false, check(&res)
	}
	p, ok := c.mount.c.(Putter)
	if !ok || fault.Of(err) != fault.NotFound {
		return res, false, err
	}
	empty := c.r.Clone(c.r.Context())
	empty.Body, empty.ContentLength, empty.Header = http.NoBody, 0, http.Header{"If": c.r.Header["If"]}
	if created, _, err = p.Put(c.r.Context(), c.path, empty, check); err != nil {
		return res, false, err
	}
	res, err = c.stat()
	return res, created, err
}

func (c *call) manual(l Locker) error {
	res, err := c.stat()
	if err != nil {
		return err
	}
	if err := c.preconditions()(&res); err != nil {
		return err
	}
	return l.Manual(c.r.Context(), res, c.w, c.r)
}

func lockRequest(root *Node) (LockRequest, error) {
	if err := rootIs(root, "lockinfo"); err != nil {
		return LockRequest{}, err
	}
	scope, kind := root.Child(NSDAV, "lockscope"), root.Child(NSDAV, "locktype")
	shared, exclusive := scope.Child(NSDAV, "shared") != nil, scope.Child(NSDAV, "exclusive") != nil
	if kind.Child(NSDAV, "write") == nil || shared == exclusive {
		return LockRequest{}, fault.New(fault.Invalid, "Only exclusive and shared write locks are known.")
	}
	req := LockRequest{Shared: shared}
	if o := root.Child(NSDAV, "owner"); o != nil {
		req.Owner = string(o.Inner())
	}
	return req, nil
}

func (c *call) refresh(l Locker, ttl time.Duration) error {
	tokens := Tokens(c.r)
	if len(tokens) == 0 {
		return fault.New(fault.Invalid, "A lock is refreshed with its token in the If header.")
	}
	res, err := c.stat()
	if err != nil {
		return err
	}
	lock, err := l.Refresh(c.r.Context(), res, tokens, ttl)
	if err != nil {
		return err
	}
	return c.locked(lock, http.StatusOK)
}

func (c *call) locked(l Lock, status int) error {
	b := []byte(`<?xml version="1.0" encoding="utf-8"?>` + "\n" + `<d:prop xmlns:d="DAV:"><d:lockdiscovery>`)
	b = AppendLock(b, l, string(c.href(nil, l.Root, false)), time.Now())
	b = append(b, "</d:lockdiscovery></d:prop>\n"...)
	h := c.w.Header()
	h.Set("Content-Type", xmlType)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	c.w.WriteHeader(status)
	_, err := c.w.Write(b)
	return err
}

// AppendLock appends d:activelock.
func AppendLock(b []byte, l Lock, root string, now time.Time) []byte {
	scope, deep := "exclusive", "0"
	if l.Shared {
		scope = "shared"
	}
	if l.Deep {
		deep = "infinity"
	}
	b = fmt.Appendf(b, "<d:activelock><d:lockscope><d:%s/></d:lockscope><d:locktype><d:write/></d:locktype><d:lockroot><d:href>", scope)
	b = append(AppendText(b, root), "</d:href></d:lockroot>"...)
	b = fmt.Appendf(b, "<d:depth>%s</d:depth><d:timeout>Second-%d</d:timeout>", deep, max(0, int64((l.Expires.Sub(now)+time.Second-1)/time.Second)))
	if l.Token != "" {
		b = append(append(append(b, "<d:locktoken><d:href>"...), l.Token...), "</d:href></d:locktoken>"...)
	}
	if l.Owner != "" {
		b = append(append(append(b, "<d:owner>"...), l.Owner...), "</d:owner>"...)
	}
	return append(b, "</d:activelock>"...)
}

// SupportedLock is the value of d:supportedlock.
const SupportedLock = `<d:lockentry><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockentry>` +
	`<d:lockentry><d:lockscope><d:shared/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockentry>`

func (c *call) unlock() error {
	l := c.mount.locker()
	if l == nil {
		return notImplemented("UNLOCK")
	}
	if c.r.Header.Get("X-User-Lock") != "" {
		return c.manual(l)
	}
	token := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(c.r.Header.Get("Lock-Token")), "<"), ">")
	if token == "" {
		return fault.New(fault.Invalid, "No Lock-Token was supplied.")
	}
	res, err := c.stat()
	if err != nil {
		return err
	}
	if err := l.Unlock(c.r.Context(), res, token); err != nil {
		return err
	}
	return done(c.w, http.StatusNoContent)
}
