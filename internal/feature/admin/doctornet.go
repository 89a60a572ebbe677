package admin

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"atrium/internal/base/tongue"
)

// answerIn is how long the server may take to answer the doctor.
const answerIn = 5 * time.Second

// address checks that the public address is one that clients can use.
func (p *patient) address(context.Context) []finding {
	const check = "address"
	base := p.conf.BaseURL()
	u, err := url.Parse(base)
	if err != nil {
		return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Of("Correct url (ATRIUM_URL).")}}
	}
	own := p.conf.TLS.Cert != "" || p.conf.TLS.Domain != ""
	switch {
	case p.conf.URL == "" && p.conf.TLS.Domain == "":
		return []finding{{check, warn, tongue.Of("Links in mails and shares begin with {address}, which works on this machine only.", "address", base),
			tongue.Of("Set url (ATRIUM_URL) to the address that people use, such as https://cloud.example.com")}}
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return []finding{{check, warn, tongue.Of("{address} sends passwords and files in the clear.", "address", base),
			tongue.Of("Use https: set tls.domain (ATRIUM_TLS_DOMAIN), or a proxy with a certificate in front.")}}
	case own && p.conf.TLS.Domain != "" && u.Hostname() != p.conf.TLS.Domain:
		return []finding{{check, fail, tongue.Of("The certificate is for {domain}, but the address is {address}.", "domain", p.conf.TLS.Domain, "address", base),
			tongue.Of("Let url (ATRIUM_URL) and tls.domain (ATRIUM_TLS_DOMAIN) name the same host.")}}
	case u.Scheme == "http" && own:
		return []finding{{check, fail, tongue.Of("{address} is http, but the server speaks https only.", "address", base), tongue.Of("Let url (ATRIUM_URL) begin with https://")}}
	case u.Scheme == "https" && !own && len(p.conf.TrustedProxies) == 0:
		return []finding{{check, warn, tongue.Of("The proxy that speaks https is not trusted, so that all people seem to come from its address and slow each other’s sign-ins down."),
			tongue.Of("Set trusted_proxies (ATRIUM_TRUSTED_PROXIES) to the proxy’s address.")}}
	}
	return []finding{{check, fine, tongue.Plain(base), tongue.Saying{}}}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// reachable asks the server at its public address whether it lives.
func (p *patient) reachable(ctx context.Context) []finding {
	const check = "server"
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	here := p.conf.HTTP.Listen
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", here)
	if err != nil {
		return []finding{{check, warn, tongue.Of("It does not run: nothing listens on {address}.", "address", here), tongue.Of("Start it: {command}", "command", "atrium serve")}}
	}
	if err := conn.Close(); err != nil {
		return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Saying{}}}
	}
	base := p.conf.BaseURL()
	fix := tongue.Of("See that the name leads to this machine, and that firewall and proxy let it through to {address}; or correct url (ATRIUM_URL).", "address", here)
	body, status, err := fetch(ctx, base+"/healthz")
	switch {
	case err != nil:
		return []finding{{check, fail, tongue.Of("It listens on {here}, but is not reached as {address}: {why}", "here", here, "address", base, "why", err.Error()), fix}}
	case status != http.StatusOK || body != "ok\n":
		return []finding{{check, fail, tongue.Of("Something else answers at {address} (status {status}).", "address", base, "status", status), fix}}
	}
	return []finding{{check, fine, tongue.Of("It answers at {address}.", "address", base), tongue.Saying{}}}
}

// fetch gets the first bytes of a page.
func fetch(ctx context.Context, address string) (body string, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64))
	return string(b), resp.StatusCode, err
}

// Networks wider than these are hardly a few proxies.
const (
	wide4 = 8
	wide6 = 32
)

// proxies checks that not everybody can claim to be somebody else.
func (p *patient) proxies(context.Context) []finding {
	const check = "trusted proxies"
	for _, n := range p.conf.TrustedProxies {
		widest := wide6
		if n.Addr().Is4() {
			widest = wide4
		}
		switch {
		case n.Bits() == 0:
			return []finding{{check, fail, tongue.Of("{network} is everybody: whoever asks may claim any address, and guess passwords without delay.", "network", n.String()),
				tongue.Of("Name only the addresses of your proxies in trusted_proxies (ATRIUM_TRUSTED_PROXIES).")}}
		case n.Bits() < widest:
			return []finding{{check, warn, tongue.Of("{network} are a great many addresses that are believed.", "network", n.String()),
				tongue.Of("Name only the addresses of your proxies in trusted_proxies (ATRIUM_TRUSTED_PROXIES).")}}
		}
	}
	if len(p.conf.TrustedProxies) == 0 {
		return []finding{{check, fine, tongue.Of("None."), tongue.Saying{}}}
	}
	return []finding{{check, fine, tongue.Of("{n, number}.", "n", len(p.conf.TrustedProxies)), tongue.Saying{}}}
}
