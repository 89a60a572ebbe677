package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
)

const (
	patience = 1500 * time.Millisecond // until a server counts as down: with the backup's answer it makes less than 2 s
	downFor  = 30 * time.Second        // how long a server that is down is passed over
	retryIn  = 2 * time.Second         // the same, when no other is left
	maxIdle  = 8                       // connections kept for each purpose
)

// purpose is what connections are for. Those on which passwords are tried are
// somebody else's after each try, and search nothing.
type purpose int

const (
	searching purpose = iota
	trying
)

// pool is the connections to one directory.
type pool struct {
	config   *Config
	servers  []string
	tls      *tls.Config
	now      func() time.Time
	log      *slog.Logger
	searches atomic.Int64 // requests to search, for who counts what something costs

	mu   sync.Mutex
	idle [2][]*conn
	down map[string]time.Time // when a server was last found down
}

// conn is one connection and where it leads.
type conn struct {
	*ldap.Conn
	server string
}

// pool returns the connections of a configuration, new ones after it was changed.
func (rm *Room) pool(c *Config) (*pool, error) {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	old := rm.pools[c.ID]
	if old != nil && maps.Equal(old.config.values, c.values) {
		return old, nil
	}
	p, err := rm.newPool(c)
	if err != nil {
		return nil, err
	}
	if old != nil {
		old.close()
	}
	rm.pools[c.ID] = p
	return p, nil
}

func (rm *Room) newPool(c *Config) (*pool, error) {
	servers, err := c.addresses()
	if err != nil {
		return nil, err
	}
	p := &pool{config: c, servers: servers, now: rm.Now, log: rm.Log, down: map[string]time.Time{},
		tls: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.on("turnOffCertCheck")}}
	if pem := c.get("ldapCA"); pem != "" {
		p.tls.RootCAs = x509.NewCertPool()
		p.tls.RootCAs.AppendCertsFromPEM([]byte(pem))
	}
	return p, nil
}

// close closes what nobody uses; what is in use is closed when it comes back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers = nil
	for _, all := range p.idle {
		for _, c := range all {
			c.drop()
		}
	}
	p.idle = [2][]*conn{}
}

// drop closes a connection that is of no use any more.
func (c *conn) drop() {
	if err := c.Close(); err != nil {
		return // it was gone already
	}
}

// use has f talk to the directory. What it cannot be asked is fault.Unavailable. f
// runs again on a fresh connection when one that lay idle turns out to be dead.
func (p *pool) use(ctx context.Context, why purpose, f func(c *ldap.Conn) error) error {
	return p.hold(ctx, why, func(c *ldap.Conn) (handedOn bool, err error) { return false, f(c) })
}

// hold is use for an f that hands on what it hears: once it has, it is not run again.
func (p *pool) hold(ctx context.Context, why purpose, f func(c *ldap.Conn) (handedOn bool, err error)) error {
	for {
		c := p.take(why)
		lay := c != nil
		if !lay {
			var err error
			if c, err = p.dial(ctx, why); err != nil {
				return err
			}
		}
		stop := context.AfterFunc(ctx, c.drop)
		handedOn, err := f(c.Conn)
		if !stop() {
			return context.Cause(ctx)
		}
		if !broken(err) {
			p.give(why, c)
			return err
		}
		c.drop()
		if !lay || handedOn {
			p.noteDown(c.server, err)
			return unavailable(err)
		}
	}
}

// broken tells whether an error is of the connection or the server, and not its
// answer to what was asked.
func broken(err error) bool {
	return ldap.IsErrorAnyOf(err, ldap.ErrorNetwork, ldap.ErrorUnexpectedMessage, ldap.ErrorUnexpectedResponse, ldap.ErrorMalformedPacket,
		ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultServerDown, ldap.LDAPResultTimeout, ldap.LDAPResultConnectError)
}

func unavailable(err error) error {
	return fault.Wrap(fault.Unavailable, err, "The directory does not answer. Please try again later.")
}

func (p *pool) take(why purpose) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.idle[why]); n > 0; n = len(p.idle[why]) {
		c := p.idle[why][n-1]
		p.idle[why] = p.idle[why][:n-1]
		if !c.IsClosing() {
			return c
		}
	}
	return nil
}

func (p *pool) give(why purpose, c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.servers, c.server) || len(p.idle[why]) >= maxIdle {
		c.drop()
		return
	}
	p.idle[why] = append(p.idle[why], c)
}

// dial connects to the first server that answers.
func (p *pool) dial(ctx context.Context, why purpose) (*conn, error) {
	err := errors.New("no server is up")
	for _, server := range p.up() {
		var c *conn
		if c, err = p.dialServer(server, why); err == nil {
			p.noteUp(server)
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if refused := refusal(err); refused != nil {
			return nil, refused
		}
		p.noteDown(server, err)
	}
	return nil, unavailable(err)
}

// refusal is the error of a server that answers but does not take us, which
// another would not mend; nil for other errors.
func refusal(err error) error {
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultConfidentialityRequired) {
		return fault.Wrap(fault.Unavailable, err, "The directory does not accept the account that we search with.")
	}
	return nil
}

// dialServer connects to one server and says who we are, all within patience.
func (p *pool) dialServer(server string, why purpose) (*conn, error) {
	config, by := p.tls.Clone(), time.Now().Add(patience)
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	config.ServerName = u.Hostname()
	raw, err := ldap.DialURL(server, ldap.DialWithDialer(&net.Dialer{Deadline: by}), ldap.DialWithTLSConfig(config))
	if err != nil {
		return nil, err
	}
	c := &conn{raw, server}
	late := time.AfterFunc(time.Until(by), c.drop)
	err = p.greet(raw, config, why)
	if !late.Stop() {
		return nil, errors.New("the server is too slow")
	}
	if err != nil {
		c.drop()
		return nil, err
	}
	raw.SetTimeout(time.Duration(p.config.number("ldapConnectionTimeout", 15)) * time.Second)
	return c, nil
}

// greet makes the line safe, and binds where it will be searched on.
func (p *pool) greet(c *ldap.Conn, config *tls.Config, why purpose) error {
	if _, safe := c.TLSConnectionState(); p.config.on("ldapTLS") && !safe {
		if err := c.StartTLS(config); err != nil {
			return err
		}
	}
	if agent := p.config.get("ldapAgentName"); why == searching && agent != "" {
		return c.Bind(agent, p.config.get(secretKey))
	}
	return nil
}

// up are the servers worth trying: those that were not found down lately, or when
// that is none, those that have had a moment to come back.
func (p *pool) up() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	rested := func(since time.Duration) []string {
		return slices.DeleteFunc(slices.Clone(p.servers), func(s string) bool {
			at, down := p.down[s]
			return down && p.now().Sub(at) < since
		})
	}
	if up := rested(downFor); len(up) > 0 {
		return up
	}
	return rested(retryIn)
}

func (p *pool) noteDown(server string, err error) {
	p.log.Warn("a directory server does not answer", "server", server, "error", err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down[server] = p.now()
}

func (p *pool) noteUp(server string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.down, server)
}

// bind tells whether a password opens an entry: fault.Anonymous when it does not. A
// bind without a password would succeed for everybody (RFC 4513, section 5.1.2).
func (p *pool) bind(ctx context.Context, dn, password string) error {
	if password == "" || dn == "" {
		return errWrong
	}
	err := p.use(ctx, trying, func(c *ldap.Conn) error { return c.Bind(dn, password) })
	if err == nil || fault.Of(err) == fault.Unavailable || ctx.Err() != nil {
		return err
	}
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultNoSuchObject,
		ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultConstraintViolation, ldap.LDAPResultInsufficientAccessRights) {
		return fault.Wrap(fault.Anonymous, err, "Unauthorised")
	}
	return unavailable(err)
}

// errWrong is what opens nobody.
var errWrong = fault.New(fault.Anonymous, "Unauthorised")

// page is how many entries one search gives at most.
func (p *pool) page() uint32 { return uint32(p.config.number("ldapPagingSize", 500)) }

// request is a search below one base.
func request(base, filter string, attributes []string, limit int) *ldap.SearchRequest {
	return ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, limit, 0, false, filter, attributes, nil)
}

// few finds at most limit entries below the bases together; one that lies below two
// of them is one.
func (p *pool) few(ctx context.Context, bases []string, filter string, attributes []string, limit int) ([]*ldap.Entry, error) {
	var all []*ldap.Entry
	for _, base := range bases {
		var r *ldap.SearchResult
		err := p.use(ctx, searching, func(c *ldap.Conn) (err error) {
			p.searches.Add(1)
			r, err = c.Search(request(base, filter, attributes, limit))
			return err
		})
		if err != nil && (!ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || r == nil) {
			return nil, asked(err)
		}
		for _, e := range r.Entries {
			if !slices.ContainsFunc(all, func(had *ldap.Entry) bool { return had.DN == e.DN }) {
				all = append(all, e)
			}
		}
	}
	return all[:min(len(all), limit)], nil
}

// every has f see all entries below the bases, a page at a time.
func (p *pool) every(ctx context.Context, bases []string, filter string, attributes []string, f func([]*ldap.Entry) error) error {
	for _, base := range bases {
		r := request(base, filter, attributes, 0)
		if err := p.hold(ctx, searching, func(c *ldap.Conn) (bool, error) { return p.pages(c, r, f) }); err != nil {
			return err
		}
	}
	return nil
}

// pages reads on one connection, as a page is the successor of another on the same
// one only (RFC 2696). A list that ends early is an error.
func (p *pool) pages(c *ldap.Conn, r *ldap.SearchRequest, f func([]*ldap.Entry) error) (handedOn bool, err error) {
	paging := ldap.NewControlPaging(p.page())
	r.Controls = []ldap.Control{paging}
	for {
		p.searches.Add(1)
		found, err := c.Search(r)
		if err != nil {
			return handedOn, asked(err)
		}
		handedOn = true
		if err := f(found.Entries); err != nil {
			return handedOn, err
		}
		next, ok := ldap.FindControl(found.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(next.Cookie) == 0 {
			return handedOn, nil
		}
		paging.SetCookie(next.Cookie)
	}
}

// asked is the error of a search: the directory's refusal is no answer either, so
// that nobody loses anything by it.
func asked(err error) error {
	if fault.Of(err) == fault.Unavailable || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Wrap(fault.Unavailable, err, "The directory cannot be searched.")
}
