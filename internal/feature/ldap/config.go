package ldap

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/base/fault"
	"atrium/internal/base/quota"
	"atrium/internal/feature/ldap/entries"
	"atrium/internal/infra/db"
)

// Config says how one directory is reached and read.
type Config struct {
	ID     string            // s01, s02, …: stands in the subjects of accounts and is never given again
	values map[string]string // by key; what is missing has its default
}

// secretKey is the setting that is kept sealed and never shown.
const secretKey = "ldapAgentPassword"

// secretOf is what the sealed passwords belong to.
const secretOf = "ldap agent password"

// hidden stands for a password that is there.
const hidden = "***"

// defaults are the settings and what they are when nothing is said. Names and
// values are the recorded ones (34-apps/288) and ldapCA, which is ours: PEM of the
// authorities that the server's certificate may come from.
var defaults = map[string]string{
	"ldapHost": "", "ldapPort": "", "ldapBackupHost": "", "ldapBackupPort": "", "ldapOverrideMainServer": "", "ldapConnectionTimeout": "15",
	"ldapTLS": "0", "turnOffCertCheck": "0", "ldapCA": "", "ldapAgentName": "", secretKey: "", "ldapBase": "", "ldapBaseUsers": "",
	"ldapBaseGroups": "", "ldapPagingSize": "500", "ldapConfigurationActive": "", "ldapUserFilter": "", "ldapLoginFilter": "",
	"ldapLoginFilterEmail": "0", "ldapLoginFilterUsername": "1", "ldapLoginFilterAttributes": "", "ldapGroupFilter": "",
	"ldapUserDisplayName": "displayName", "ldapUserDisplayName2": "", "ldapEmailAttribute": "", "ldapQuotaAttribute": "",
	"ldapQuotaDefault": "", "ldapExpertUsernameAttr": "", "ldapExpertUUIDUserAttr": "", "ldapExpertUUIDGroupAttr": "",
	"ldapAttributesForUserSearch": "", "ldapGroupDisplayName": "cn", "ldapGroupMemberAssocAttr": "", "ldapGidNumber": "gidnumber",
	"ldapNestedGroups": "0", "useMemberOfToDetectMembership": "1", "hasMemberOfFilterSupport": "0", "ldapMatchingRuleInChainState": "unknown",
	"ldapAdminGroup": "", "ldapAttributePhone": "", "ldapAttributeWebsite": "", "ldapAttributeAddress": "", "ldapAttributeTwitter": "",
	"ldapAttributeFediverse": "", "ldapAttributeOrganisation": "", "ldapAttributeRole": "", "ldapAttributeHeadline": "",
	"ldapAttributeBiography": "", "ldapAttributePronouns": "", "ldapUserAvatarRule": "default", "homeFolderNamingRule": "",
}

// idle are recorded settings that have nothing to say here. They are kept and
// shown, so that scripts find what they have set.
var idle = map[string]string{
	"ldapBackgroundHost": "", "ldapBackgroundPort": "", "ldapIgnoreNamingRules": "",
	"ldapUserFilterObjectclass": "", "ldapUserFilterGroups": "", "ldapUserFilterMode": "0", "ldapGroupFilterMode": "0",
	"ldapGroupFilterObjectclass": "", "ldapGroupFilterGroups": "", "ldapLoginFilterMode": "0", "ldapCacheTTL": "600",
	"ldapUuidUserAttribute": "auto", "ldapUuidGroupAttribute": "auto", "ldapAttributesForGroupSearch": "", "ldapExperiencedAdmin": "0",
	"markRemnantsAsDisabled": "0", "lastJpegPhotoLookup": "0", "turnOnPasswordChange": "0",
	"ldapDynamicGroupMemberURL": "", "ldapDefaultPPolicyDN": "", "ldapExtStorageHomeAttribute": "", "ldapAttributeBirthDate": "",
	"ldapAttributeAnniversaryDate": "",
}

// profileKeys are the settings that name an attribute for a field of the profile.
var profileKeys = map[string]string{
	"phone": "ldapAttributePhone", "website": "ldapAttributeWebsite", "address": "ldapAttributeAddress", "twitter": "ldapAttributeTwitter",
	"fediverse": "ldapAttributeFediverse", "organisation": "ldapAttributeOrganisation", "role": "ldapAttributeRole",
	"headline": "ldapAttributeHeadline", "biography": "ldapAttributeBiography", "pronouns": "ldapAttributePronouns",
}

// Keys are all settings, in order.
func Keys() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for _, m := range []map[string]string{defaults, idle} {
			for k := range m {
				if !yield(k) {
					return
				}
			}
		}
	})
}

// get is the value of a setting.
func (c *Config) get(key string) string {
	if v, ok := c.values[key]; ok {
		return v
	}
	return cmp.Or(defaults[key], idle[key])
}

// shown is the value of a setting for people, without the secret.
func (c *Config) shown(key string) string {
	if key == secretKey {
		return hidden
	}
	return c.get(key)
}

func (c *Config) on(key string) bool { return c.get(key) == "1" }

// number is a setting that is one; check has seen that it is.
func (c *Config) number(key string, def int) int {
	n, err := strconv.Atoi(c.get(key))
	if err != nil || n <= 0 {
		return def
	}
	return n
}

// lines are the values of a setting that may have many: one on each line, or with
// semicolons between them.
func (c *Config) lines(key string) []string {
	var all []string
	for s := range strings.FieldsFuncSeq(c.get(key), func(r rune) bool { return r == '\n' || r == '\r' || r == ';' }) {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Active tells whether the directory is in use.
func (c *Config) Active() bool { return c.on("ldapConfigurationActive") }

// set gives a setting a value; one that nobody knows is fault.Unsupported. Save
// tells whether all of them fit together.
func (c *Config) set(key, value string) error {
	_, known := defaults[key]
	_, kept := idle[key]
	if !known && !kept {
		return fault.New(fault.Unsupported, "There is no setting {key}.", "key", key)
	}
	if key == secretKey && value == hidden {
		return nil // a form sent back as it was shown
	}
	c.values[key] = value
	return nil
}

// check tells what is wrong with a configuration.
func (c *Config) check() error {
	if _, err := c.addresses(); err != nil {
		return err
	}
	for _, key := range []string{"ldapPort", "ldapBackupPort", "ldapPagingSize", "ldapConnectionTimeout"} {
		if n, err := strconv.Atoi(cmp.Or(c.get(key), "0")); err != nil || n < 0 || n > 65535 {
			return fault.New(fault.Invalid, "{key} must be a number.", "key", key)
		}
	}
	for _, key := range []string{"ldapUserFilter", "ldapGroupFilter", "ldapLoginFilter"} {
		if f := c.get(key); f != "" {
			if _, err := ldap.CompileFilter(strings.ReplaceAll(f, "%uid", "x")); err != nil {
				return fault.Wrap(fault.Invalid, err, "{key} is no filter.", "key", key)
			}
		}
	}
	if f := c.get("ldapLoginFilter"); f != "" && !strings.Contains(f, "%uid") {
		return fault.New(fault.Invalid, "ldapLoginFilter must contain %uid, which stands for what people type.")
	}
	for _, key := range []string{"ldapBase", "ldapBaseUsers", "ldapBaseGroups"} {
		for _, dn := range c.lines(key) {
			if _, err := ldap.ParseDN(dn); err != nil {
				return fault.Wrap(fault.Invalid, err, "{key} is no distinguished name.", "key", key)
			}
		}
	}
	if q := c.get("ldapQuotaDefault"); q != "" {
		if _, err := quota.Parse(q); err != nil {
			return fault.Wrap(fault.Invalid, err, "ldapQuotaDefault is no quota.")
		}
	}
	if pem := c.get("ldapCA"); pem != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) {
		return fault.New(fault.Invalid, "ldapCA holds no certificate.")
	}
	if _, err := entries.Pictures(c.get("ldapUserAvatarRule")); err != nil {
		return err
	}
	if rule := c.get("homeFolderNamingRule"); rule != "" && entries.HomeAttribute(rule) == "" {
		return fault.New(fault.Invalid, "homeFolderNamingRule is attr: and the name of an attribute.")
	}
	if c.Active() && (c.get("ldapHost") == "" || c.get("ldapBase") == "") {
		return fault.New(fault.Invalid, "A directory in use needs ldapHost and ldapBase.")
	}
	return nil
}

// address is where a server is: ldap://host:port or ldaps://host:port; "" for none.
func (c *Config) address(hostKey, portKey string) (string, error) {
	host := strings.TrimSuffix(strings.TrimSpace(c.get(hostKey)), "/")
	if host == "" {
		return "", nil
	}
	if !strings.Contains(host, "://") {
		host = "ldap://" + host
	}
	u, err := url.Parse(host)
	if err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.Hostname() == "" || u.Path != "" || u.User != nil {
		return "", fault.New(fault.Invalid, "{key} must be a name or an address, or begin with ldap:// or ldaps://.", "key", hostKey)
	}
	port := cmp.Or(u.Port(), c.get(portKey), map[string]string{"ldap": "389", "ldaps": "636"}[u.Scheme])
	if strings.Contains(u.Hostname(), ":") {
		return u.Scheme + "://[" + u.Hostname() + "]:" + port, nil
	}
	return u.Scheme + "://" + u.Hostname() + ":" + port, nil
}

// addresses are the servers in the order in which they are asked.
func (c *Config) addresses() ([]string, error) {
	main, err := c.address("ldapHost", "ldapPort")
	if err != nil {
		return nil, err
	}
	backup, err := c.address("ldapBackupHost", "ldapBackupPort")
	if err != nil {
		return nil, err
	}
	if c.on("ldapOverrideMainServer") {
		main = ""
	}
	return slices.DeleteFunc([]string{main, backup}, func(s string) bool { return s == "" }), nil
}

// Configs returns all configurations, in order.
func (rm *Room) Configs(ctx context.Context) ([]*Config, error) {
	return db.List(ctx, rm.db, rm.scan, "SELECT id, settings FROM ldap_config WHERE settings <> '' ORDER BY id")
}

// active returns those in use.
func (rm *Room) active(ctx context.Context) ([]*Config, error) {
	all, err := rm.Configs(ctx)
	return slices.DeleteFunc(all, func(c *Config) bool { return !c.Active() }), err
}

// Config returns one, or fault.NotFound. The text is the recorded one (34-apps/292).
func (rm *Room) Config(ctx context.Context, id string) (*Config, error) {
	c, err := db.One(ctx, rm.db, rm.scan, "SELECT id, settings FROM ldap_config WHERE id = ? AND settings <> ''", id)
	if errors.Is(err, fault.NotFound) {
		err = fault.Wrap(fault.NotFound, err, "Config ID not found")
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
		return nil, fmt.Errorf("configuration %s: %w", c.ID, err)
	}
	if sealed := c.values[secretKey]; sealed != "" {
		secret, err := rm.box.Open(sealed, secretOf)
		if err != nil {
			return nil, fmt.Errorf("password of configuration %s: %w", c.ID, err)
		}
		c.values[secretKey] = string(secret)
	}
	return c, nil
}

// Create makes an empty configuration with the next number.
func (rm *Room) Create(ctx context.Context) (*Config, error) {
	c := &Config{values: map[string]string{}}
	err := rm.db.Tx(ctx, func(tx *db.DB) error {
		n, err := db.One(ctx, tx, db.Scan1[int64], "SELECT COUNT(*) FROM ldap_config")
		if err != nil {
			return err
		}
		c.ID = fmt.Sprintf("s%02d", n+1)
		_, err = tx.Exec(ctx, "INSERT INTO ldap_config (id, settings) VALUES (?, '{}')", c.ID)
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
	if sealed[secretKey] != "" {
		sealed[secretKey] = rm.box.Seal([]byte(sealed[secretKey]), secretOf)
	}
	settings, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	if _, err := rm.db.Exec(ctx, "DELETE FROM ldap_picture WHERE config = ?", c.ID); err != nil { // all are looked at again
		return err
	}
	return rm.write(ctx, c.ID, string(settings))
}

// Remove forgets a configuration but for its number, which stands in the subjects
// of accounts. Accounts that came by it stay.
func (rm *Room) Remove(ctx context.Context, id string) error { return rm.write(ctx, id, "") }

func (rm *Room) write(ctx context.Context, id, settings string) error {
	n, err := rm.db.Exec(ctx, "UPDATE ldap_config SET settings = ? WHERE id = ? AND settings <> ''", settings, id)
	if err == nil && n == 0 {
		_, err = rm.Config(ctx, id) // the same text was there already, or nothing
	}
	return err
}
