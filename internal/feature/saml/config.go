package saml

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	dsig "github.com/russellhaering/goxmldsig"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// Config is what administrators say of one provider.
type Config struct {
	ID     int64             // stands in addresses and in the subjects of accounts; never given again
	values map[string]string // by key; what is missing has its default
}

// secrets are the settings that are kept sealed and never shown.
var secrets = []string{"sp-privateKey", "environment-secret"}

// secretOf is what sealed secrets belong to.
const secretOf = "saml secret"

// hidden stands for a secret that is there.
const hidden = "***"

// defaults are the settings and what they are when nothing is said. Names are those
// of user_saml (sso.md 2.3) but for environment-, which is ours (header.go).
var defaults = map[string]string{
	"general-uid_mapping": "", "general-idp0_display_name": "", "general-is_saml_request_using_post": "0",
	"idp-entityId": "", "idp-singleSignOnService.url": "", "idp-singleLogoutService.url": "", "idp-singleLogoutService.responseUrl": "",
	"idp-x509cert": "", "idp-passthroughParameters": "",
	"sp-entityId": "", "sp-x509cert": "", "sp-privateKey": "", "sp-name-id-format": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
	"security-authnRequestsSigned": "0", "security-logoutRequestSigned": "0", "security-logoutResponseSigned": "0", "security-signMetadata": "0",
	"security-wantMessagesSigned": "0", "security-wantAssertionsSigned": "0", "security-wantAssertionsEncrypted": "0", "security-wantNameId": "0",
	"security-wantNameIdEncrypted": "0", "security-signatureAlgorithm": "",
	"saml-attribute-mapping-displayName_mapping": "", "saml-attribute-mapping-email_mapping": "", "saml-attribute-mapping-quota_mapping": "",
	"saml-attribute-mapping-home_mapping":  "",
	"saml-attribute-mapping-group_mapping": "", "saml-attribute-mapping-group_mapping_prefix": "SAML_",
	"saml-user-filter-reject_groups": "", "saml-user-filter-require_groups": "",
	"environment-proxies": "", "environment-secretHeader": "", "environment-secret": "",
}

// idle are settings of user_saml that have nothing to say here. They are kept and
// shown, so that scripts find what they have set.
var idle = map[string]string{
	"saml-attribute-mapping-mfa_mapping": "", "saml-attribute-mapping-user_id_ldap_mapping": "",
	"general-saml_request_method": "", "security-nameIdEncrypted": "0", "security-wantXMLValidation": "0", "security-lowercaseUrlencoding": "0",
	"security-sloWebServerDecode": "0",
}

// Keys are all settings, in order.
func Keys() []string {
	return slices.Sorted(maps.Keys(known()))
}

// known are all settings with their defaults.
func known() map[string]string {
	all := maps.Clone(defaults)
	maps.Copy(all, idle)
	return all
}

// get is the value of a setting.
func (c *Config) get(key string) string {
	if v, ok := c.values[key]; ok {
		return v
	}
	return cmp.Or(defaults[key], idle[key])
}

// shown is the value of a setting for people, without a secret.
func (c *Config) shown(key string) string {
	if slices.Contains(secrets, key) && c.get(key) != "" {
		return hidden
	}
	return c.get(key)
}

func (c *Config) on(key string) bool { return c.get(key) == "1" }

// list are the values of a setting that has some, with commas between them.
func (c *Config) list(key string) []string { return commas(c.get(key)) }

func commas(s string) (all []string) {
	for s := range strings.SplitSeq(s, ",") {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Complete tells whether a provider can be used.
func (c *Config) Complete() bool {
	return c.get("idp-entityId") != "" && c.get("idp-singleSignOnService.url") != "" && c.get("general-uid_mapping") != ""
}

// Name is what the login page calls a provider.
func (c *Config) Name() string { return cmp.Or(c.get("general-idp0_display_name"), "SAML") }

// set gives a setting a value; one that nobody knows is fault.Unsupported. Save tells
// whether all of them fit together.
func (c *Config) set(key, value string) error {
	if _, ok := known()[key]; !ok {
		return fault.New(fault.Unsupported, "There is no setting {key}.", "key", key)
	}
	if slices.Contains(secrets, key) && value == hidden {
		return nil // a form sent back as it was shown
	}
	c.values[key] = value
	return nil
}

// check tells what is wrong with a configuration.
func (c *Config) check() error {
	for _, key := range []string{"idp-singleSignOnService.url", "idp-singleLogoutService.url", "idp-singleLogoutService.responseUrl"} {
		if u, err := url.Parse(c.get(key)); c.get(key) != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil) {
			return fault.New(fault.Invalid, "{key} must be a full address, such as https://id.example.com/….", "key", key)
		}
	}
	for key, def := range defaults {
		if v := c.get(key); (def == "0") && v != "0" && v != "1" {
			return fault.New(fault.Invalid, "{key} is 0 or 1.", "key", key)
		}
	}
	if _, err := c.certificates(); err != nil {
		return fault.Wrap(fault.Invalid, err, "idp-x509cert is no certificate.")
	}
	if _, err := web.ParseProxies(c.list("environment-proxies")); err != nil {
		return fault.Wrap(fault.Invalid, err, "environment-proxies must be addresses or networks.")
	}
	if c.get("saml-user-filter-require_groups")+c.get("saml-user-filter-reject_groups") != "" && c.get("saml-attribute-mapping-group_mapping") == "" {
		return fault.New(fault.Invalid, "A filter of groups needs saml-attribute-mapping-group_mapping.")
	}
	return c.checkKey()
}

// checkKey tells what is wrong with our own key.
func (c *Config) checkKey() error {
	key, err := c.key()
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "sp-privateKey is no RSA or EC key.")
	}
	if _, err := certificates(c.get("sp-x509cert")); err != nil {
		return fault.Wrap(fault.Invalid, err, "sp-x509cert is no certificate.")
	}
	for _, s := range []string{"security-authnRequestsSigned", "security-logoutRequestSigned", "security-logoutResponseSigned", "security-signMetadata",
		"security-wantAssertionsEncrypted", "security-wantNameIdEncrypted"} {
		if c.on(s) && (key == nil || c.get("sp-x509cert") == "") {
			return fault.New(fault.Invalid, "{key} needs sp-privateKey and sp-x509cert.", "key", s)
		}
	}
	if a := c.get("security-signatureAlgorithm"); a != "" && methods[a] == x509.UnknownSignatureAlgorithm {
		return fault.New(fault.Invalid, "security-signatureAlgorithm must be RSA or ECDSA with SHA-256, SHA-384 or SHA-512.")
	}
	return nil
}

// certificates are those with which the provider signs, old and new.
func (c *Config) certificates() ([]*x509.Certificate, error) {
	return certificates(c.get("idp-x509cert"))
}

// certificates reads PEM blocks, or base64 with commas between certificates.
func certificates(text string) (all []*x509.Certificate, err error) {
	for _, raw := range ders(text) {
		cert, err := x509.ParseCertificate(raw)
		if err != nil {
			return nil, err
		}
		all = append(all, cert)
	}
	if len(all) == 0 && strings.TrimSpace(text) != "" {
		return nil, errors.New("neither PEM nor base64")
	}
	return all, nil
}

// ders are the blocks of a text in PEM, or in bare base64.
func ders(text string) (all [][]byte) {
	if !strings.Contains(text, "-----BEGIN") {
		for _, one := range commas(text) {
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(one), ""))
			if err != nil {
				return nil
			}
			all = append(all, raw)
		}
		return all
	}
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return all
		}
		all = append(all, block.Bytes)
	}
}

// key is ours, nil when there is none.
func (c *Config) key() (crypto.Signer, error) {
	text := c.get("sp-privateKey")
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	blocks := ders(text)
	if len(blocks) != 1 {
		return nil, errors.New("not one key")
	}
	if key, err := x509.ParsePKCS1PrivateKey(blocks[0]); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(blocks[0]); err == nil {
		return key, nil
	}
	found, err := x509.ParsePKCS8PrivateKey(blocks[0])
	if err != nil {
		return nil, err
	}
	switch key := found.(type) {
	case *rsa.PrivateKey:
		return key, nil
	case *ecdsa.PrivateKey:
		return key, nil
	}
	return nil, errors.New("a key of another kind")
}

// algorithm is how we sign.
func (c *Config) algorithm(key crypto.Signer) string {
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		return cmp.Or(c.get("security-signatureAlgorithm"), dsig.ECDSASHA256SignatureMethod)
	}
	return cmp.Or(c.get("security-signatureAlgorithm"), dsig.RSASHA256SignatureMethod)
}

// Configs returns all configurations, in the order they were made.
func (rm *Room) Configs(ctx context.Context) ([]*Config, error) {
	return db.List(ctx, rm.db, rm.scan, "SELECT id, settings FROM saml_config WHERE settings <> '' ORDER BY id")
}

// Config returns one, or fault.NotFound.
func (rm *Room) Config(ctx context.Context, id int64) (*Config, error) {
	c, err := db.One(ctx, rm.db, rm.scan, "SELECT id, settings FROM saml_config WHERE id = ? AND settings <> ''", id)
	if errors.Is(err, fault.NotFound) {
		err = fault.Wrap(fault.NotFound, err, "There is no such provider.")
	}
	return c, err
}

func (rm *Room) scan(r db.Row) (*Config, error) {
	c := &Config{values: map[string]string{}}
	var settings string
	if err := r.Scan(&c.ID, &settings); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(settings), &c.values); err != nil {
		return nil, fmt.Errorf("configuration %d: %w", c.ID, err)
	}
	for _, key := range secrets {
		if sealed := c.values[key]; sealed != "" {
			secret, err := rm.box.Open(sealed, secretOf)
			if err != nil {
				return nil, fmt.Errorf("%s of configuration %d: %w", key, c.ID, err)
			}
			c.values[key] = string(secret)
		}
	}
	return c, nil
}

// Create makes an empty configuration with the next number.
func (rm *Room) Create(ctx context.Context) (*Config, error) {
	c := &Config{values: map[string]string{}}
	err := rm.db.Tx(ctx, func(tx *db.DB) (err error) {
		if c.ID, err = db.One(ctx, tx, db.Scan1[int64], "SELECT COALESCE(MAX(id), 0) + 1 FROM saml_config"); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO saml_config (id, settings) VALUES (?, '{}')", c.ID)
		return err
	})
	return c, err
}

// Save writes a configuration. What cannot be is fault.Invalid.
func (rm *Room) Save(ctx context.Context, c *Config) error {
	if err := c.check(); err != nil {
		return err
	}
	sealed := maps.Clone(c.values)
	for _, key := range secrets {
		if sealed[key] != "" {
			sealed[key] = rm.box.Seal([]byte(sealed[key]), secretOf)
		}
	}
	settings, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	return rm.write(ctx, c.ID, string(settings))
}

// Remove forgets a configuration but for its number, which stands in the subjects of
// accounts. Accounts that came by it stay.
func (rm *Room) Remove(ctx context.Context, id int64) error { return rm.write(ctx, id, "") }

func (rm *Room) write(ctx context.Context, id int64, settings string) error {
	n, err := rm.db.Exec(ctx, "UPDATE saml_config SET settings = ? WHERE id = ? AND settings <> ''", settings, id)
	if err == nil && n == 0 {
		_, err = rm.Config(ctx, id) // the same text was there already, or nothing
	}
	return err
}
