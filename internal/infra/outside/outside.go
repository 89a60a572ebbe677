// Package outside asks addresses that somebody else has named. It lets a caller say how
// near to this machine they may lie, whatever a name means by the time that the connection
// is made. It knows nothing of what is sent and answered.
package outside

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Reach is how near to this machine an address lies.
type Reach int

// The reaches, from afar to here.
const (
	Public  Reach = iota // on the Internet, for everybody
	Private              // in a network of somebody's own (RFC 1918, RFC 4193, RFC 6598)
	Host                 // this machine (loopback)
	Nobody               // none of these: link-local, where clouds keep their secrets, multicast, reserved
)

// reserved are networks that are nobody's on the public Internet, besides those that
// netip.Addr tells (RFC 6890). Those of IPv6 from 64:ff9b:: on carry addresses of IPv4
// inside.
var reserved = func() (out []netip.Prefix) {
	for _, s := range []string{"0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"100::/64", "2001:db8::/32", "fec0::/10", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

// carrier is what providers of access number their customers with (RFC 6598).
var carrier = netip.MustParsePrefix("100.64.0.0/10")

// Of tells where an address lies.
func Of(a netip.Addr) Reach {
	a = a.Unmap().WithZone("")
	switch {
	case a.IsLoopback():
		return Host
	case a.IsPrivate(), carrier.Contains(a):
		return Private
	case !a.IsGlobalUnicast():
		return Nobody
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return Nobody
		}
	}
	return Public
}

// Where tells where a host lies that is a name or an address: the nearest that it means.
func Where(ctx context.Context, host string) (Reach, error) {
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return Nobody, err
	}
	near := Public
	for _, a := range all {
		near = max(near, Of(a))
	}
	return near, nil
}

// Client sends requests that take no longer than patience to where may does not object; a
// nil may objects to nothing. It uses no proxy, which would look up names itself, and
// follows no redirect. Its transport is an *http.Transport.
func Client(patience time.Duration, may func(Reach) error) *http.Client {
	d := &net.Dialer{Timeout: patience}
	if may != nil {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("address %s: %w", address, err)
			}
			return may(Of(ap.Addr()))
		}
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy, t.DialContext = nil, d.DialContext
	t.IdleConnTimeout, t.MaxResponseHeaderBytes = time.Minute, 64<<10
	return &http.Client{Transport: t, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
