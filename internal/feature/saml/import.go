package saml

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
)

const metadataNS = "urn:oasis:names:tc:SAML:2.0:metadata"

// described reads from the metadata of a provider what our settings say of it (SAML
// metadata, section 2.4.3). All keys that sign are taken: where there are two, one is
// about to follow the other. The signature of the document is not looked at: an
// administrator says that it is the provider's.
func described(text []byte) (map[string]string, error) {
	root, err := parse(text)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This cannot be read: {why}.", "why", err.Error())
	}
	var found []*etree.Element
	for e := range everything(root) {
		if is(e, metadataNS, "IDPSSODescriptor") {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		return nil, fault.New(fault.Invalid, "This describes no provider, or several.")
	}
	idp, bad := found[0], fault.New(fault.Invalid, "The metadata say neither who the provider is nor where people sign in.")
	out := map[string]string{"idp-entityId": idp.Parent().SelectAttrValue("entityID", ""), "idp-singleSignOnService.url": endpoint(idp, "SingleSignOnService", "Location"),
		"idp-singleLogoutService.url": endpoint(idp, "SingleLogoutService", "Location"), "idp-singleLogoutService.responseUrl": endpoint(idp, "SingleLogoutService", "ResponseLocation")}
	if out["idp-entityId"] == "" || out["idp-singleSignOnService.url"] == "" {
		return nil, bad
	}
	var keys bytes.Buffer
	for _, k := range children(idp, metadataNS, "KeyDescriptor") {
		if k.SelectAttrValue("use", "signing") != "signing" {
			continue
		}
		for e := range everything(k) {
			if !is(e, dsigNS, "X509Certificate") {
				continue
			}
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.Text()), ""))
			if err != nil {
				return nil, fault.Wrap(fault.Invalid, err, "A certificate in the metadata cannot be read.")
			}
			if err := pem.Encode(&keys, &pem.Block{Type: "CERTIFICATE", Bytes: raw}); err != nil {
				return nil, err
			}
		}
	}
	out["idp-x509cert"] = strings.TrimSpace(keys.String())
	c := &Config{values: out}
	return out, c.check()
}

// endpoint is where a service is asked: by redirect where that is offered, as we do.
func endpoint(idp *etree.Element, service, attribute string) string {
	all := children(idp, metadataNS, service)
	for _, binding := range []string{saml.HTTPRedirectBinding, saml.HTTPPostBinding} {
		for _, e := range all {
			if e.SelectAttrValue("Binding", "") == binding {
				return e.SelectAttrValue(attribute, "")
			}
		}
	}
	return ""
}

// certificate is one as administrators see it.
type certificate struct {
	Of          string `json:"of"` // "idp" or "sp"
	Subject     string `json:"subject"`
	From        string `json:"from"`
	Until       string `json:"until"`
	Fingerprint string `json:"fingerprint"` // SHA-256
	PEM         string `json:"pem"`
}

// theirs are the certificates of both sides, in the order in which they are tried.
func (c *Config) theirs() (all []certificate, err error) {
	all = []certificate{}
	for _, side := range []string{"idp", "sp"} {
		some, err := certificates(c.get(side + "-x509cert"))
		if err != nil {
			return nil, err
		}
		for _, one := range some {
			all = append(all, seen(side, one))
		}
	}
	return all, nil
}

func seen(side string, one *x509.Certificate) certificate {
	sum := sha256.Sum256(one.Raw)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})
	return certificate{Of: side, Subject: one.Subject.String(), From: one.NotBefore.UTC().Format(time.RFC3339), Until: one.NotAfter.UTC().Format(time.RFC3339),
		Fingerprint: hex.EncodeToString(sum[:]), PEM: strings.TrimSpace(string(text))}
}

// understand answers POST …/metadata metadata=: the settings that a provider's metadata
// come to. Nothing is kept.
func (rm *Room) understand(_ context.Context, r *ocs.Request) (any, error) {
	said, err := r.Param("metadata")
	if err != nil {
		return nil, err
	}
	return described([]byte(said))
}
