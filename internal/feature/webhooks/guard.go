package webhooks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"atrium/internal/base/fault"
)

// patience is how long a receiver may take to answer.
const patience = 10 * time.Second

// errPrivate refuses an address in our own network.
var errPrivate = fault.New(fault.Denied, "Webhooks go to public addresses only, unless webhook_listeners allow_local_address is on.")

// client sends to the outside: to public addresses only unless local is true, over no
// proxy, and it follows no redirect. The address is looked at when the connection is
// made, so that a name cannot mean another one by then.
func client(local bool) *http.Client {
	d := &net.Dialer{Timeout: patience}
	if !local {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("address %s: %w", address, err)
			}
			if !public(ap.Addr()) {
				return errPrivate
			}
			return nil
		}
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy, t.DialContext = nil, d.DialContext
	t.MaxIdleConnsPerHost, t.IdleConnTimeout = atOnce, time.Minute
	t.MaxResponseHeaderBytes = 64 << 10
	return &http.Client{Transport: t, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// reserved are networks that are nobody's on the public Internet, besides those that
// netip.Addr tells (RFC 6890). Those of IPv6 from 64:ff9b::
// on carry addresses of IPv4 inside.
var reserved = func() (out []netip.Prefix) {
	for _, s := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"100::/64", "2001:db8::/32", "fec0::/10", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// timedOut tells whether a receiver kept us waiting.
func timedOut(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
