package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"atrium/internal/base/fault"
)

// Proxies are the networks whose X-Forwarded headers we believe.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks: "127.0.0.1", "10.0.0.0/8", "::1".
func ParseProxies(list []string) (Proxies, error) {
	var out Proxies
	for _, s := range list {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q is neither an address nor a network", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (ps Proxies) trust(a netip.Addr) bool {
	return slices.ContainsFunc(ps, func(p netip.Prefix) bool { return p.Contains(a) })
}

// locate finds out where a request comes from and what the client calls us.
func (x *exchange) locate(r *http.Request, trusted Proxies) {
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		x.Addr = ap.Addr().Unmap().WithZone("")
	}
	x.Host, x.Scheme = r.Host, "http"
	if r.TLS != nil {
		x.Scheme = "https"
	}
	if len(trusted) == 0 || !trusted.trust(x.Addr) {
		return
	}
	x.Addr = forwardedFor(r.Header["X-Forwarded-For"], x.Addr, trusted)
	if s := lastOf(r.Header.Get("X-Forwarded-Proto")); s == "http" || s == "https" {
		x.Scheme = s
	}
	if h := lastOf(r.Header.Get("X-Forwarded-Host")); validHost(h) {
		x.Host = h
	}
}

// forwardedFor walks X-Forwarded-For from the nearest hop outwards and stops at
// the first address that is no trusted proxy: anything further left was
// written by somebody we do not trust.
func forwardedFor(lines []string, from netip.Addr, trusted Proxies) netip.Addr {
	for _, line := range slices.Backward(lines) {
		for line != "" {
			var hop string
			if i := strings.LastIndexByte(line, ','); i >= 0 {
				hop, line = line[i+1:], line[:i]
			} else {
				hop, line = line, ""
			}
			a, ok := parseHop(hop)
			if !ok {
				return from
			}
			from = a
			if !trusted.trust(a) {
				return a
			}
		}
	}
	return from
}

// parseHop reads one hop: an address, with a port as some proxies add.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}

// lastOf takes the value the nearest proxy appended.
func lastOf(list string) string {
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

// validHost accepts what may stand in a Host header, RFC 9110 section 7.2, as
// far as we could send it back in a URL.
func validHost(h string) bool {
	if h == "" || len(h) > 255 {
		return false
	}
	for i := range len(h) {
		c := h[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("-._:[]", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// errHost is the answer to a request for a name that is not ours. The phone app
// recognises it by the code 15.
var errHost = fault.New(fault.Invalid, "Trusted domain error.")

// checkHost accepts any well-formed host when no list is configured. An entry
// matches with any port; "*.example.org" matches the names below.
func checkHost(host string, hosts []string) error {
	if !validHost(host) {
		return errHost
	}
	if len(hosts) == 0 {
		return nil
	}
	name := host
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.HasSuffix(name, "]") {
		name = name[:i]
	}
	for _, h := range hosts {
		suffix, wild := strings.CutPrefix(h, "*")
		if strings.EqualFold(h, name) || strings.EqualFold(h, host) ||
			wild && len(name) > len(suffix) && strings.EqualFold(name[len(name)-len(suffix):], suffix) {
			return nil
		}
	}
	return errHost
}
