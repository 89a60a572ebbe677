package saml

import (
	"net/http"
	"net/netip"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// A proxy in front of us may know who somebody is, by Kerberos or a certificate, and
// say so in a header such as X-Remote-User (sso.md 2.6). It is believed at the login's
// own address only, from listed proxies only, and only beside a secret that nobody else
// knows. Everywhere else such a header is a header like any other, which says nothing.

// enterByHeader begins a session for whom the proxy vouches. The first configuration
// tells the names of the headers where others tell those of attributes.
func (rm *Room) enterByHeader(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := rm.Configs(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 || all[0].get("general-uid_mapping") == "" {
		return errOff
	}
	c := all[0]
	if err := c.believes(r); err != nil {
		return err
	}
	o, err := c.outcome(c.headers(r.Header))
	if err != nil {
		return err
	}
	u, err := rm.admit(ctx, o)
	if err != nil {
		return err
	}
	_, next, err := rm.entry.Enter(w, r, u, r.URL.Query().Get("originalUrl"))
	if err != nil {
		return err
	}
	if err := rm.dir.SignedIn(ctx, u.ID); err != nil {
		return err
	}
	web.Redirect(w, r, next)
	return nil
}

// believes tells whether a request comes by a proxy that may say who it is for.
// RemoteAddr is who really speaks to us, whatever the headers say.
func (c *Config) believes(r *http.Request) error {
	stranger := fault.New(fault.Denied, "This way in works by the proxy of your organisation only.")
	proxies, err := web.ParseProxies(c.list("environment-proxies"))
	if err != nil {
		return err
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return stranger
	}
	peer := from.Addr().Unmap().WithZone("")
	if !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(peer) }) {
		return stranger
	}
	name, secret := c.get("environment-secretHeader"), c.get("environment-secret")
	if said := r.Header.Values(name); name == "" || secret == "" || len(said) != 1 || !seal.Equal(said[0], secret) {
		return stranger
	}
	if len(r.Header.Values(c.get("general-uid_mapping"))) > 1 { // the proxy added its own to one that was there
		return stranger
	}
	return nil
}

// doubts tells why no proxy would be believed.
func (c *Config) doubts() error {
	switch {
	case len(c.list("environment-proxies")) == 0:
		return fault.New(fault.Denied, "No proxy is listed, so that none is believed.")
	case c.get("environment-secretHeader") == "" || c.get("environment-secret") == "":
		return fault.New(fault.Denied, "There is no secret that the proxy shows, so that none is believed.")
	}
	return nil
}

// headers reads the headers that the mappings name.
func (c *Config) headers(h http.Header) attributes {
	all := attributes{}
	keys := []string{"general-uid_mapping"}
	for _, m := range []string{"displayName", "email", "quota", "home"} {
		keys = append(keys, "saml-attribute-mapping-"+m+"_mapping")
	}
	for _, key := range keys {
		if name := c.get(key); name != "" && len(h.Values(name)) > 0 {
			all[name] = h.Values(name)
		}
	}
	if name := c.get("saml-attribute-mapping-group_mapping"); name != "" {
		for _, v := range h.Values(name) {
			all[name] = append(all[name], commas(v)...)
		}
	}
	return all
}
