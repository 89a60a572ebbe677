package kerberos

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jcmturner/gokrb5/v8/keytab"

	"atrium/internal/base/fault"
	"atrium/internal/proto/plug"
)

// sealedKeytab is the setting that holds a keytab that was imported; sealedFor is
// what it belongs to.
const (
	sealedKeytab = "keytab_sealed"
	sealedFor    = "kerberos keytab"
	maxKeytab    = 64 << 10
)

// Values of the setting "strip_realm": whose names stand without their realm.
const (
	stripFirst = "first"
	stripAll   = "all"
	stripNone  = "none"
)

// adjustable are the settings.
var adjustable = []plug.Setting{
	{App: app, Name: "enabled", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "keytab", Kind: plug.SettingText, Default: ""},
	{App: app, Name: "service", Kind: plug.SettingText, Default: "", Check: checkService},
	{App: app, Name: "realms", Kind: plug.SettingText, Default: ""},
	{App: app, Name: "strip_realm", Kind: plug.SettingChoice, Default: stripFirst, OneOf: []string{stripFirst, stripAll, stripNone}},
	{App: app, Name: "lower_case", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "ldap", Kind: plug.SettingOne, Default: "1"},
	{App: app, Name: "adopt_accounts", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "require_provisioned_account", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "api", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "allow_multiple_user_backends", Kind: plug.SettingOne, Default: "1"},
	{App: app, Name: "allow_insecure_http", Kind: plug.SettingOne, Default: "0"},
	{App: app, Name: "label", Kind: plug.SettingText, Default: "Kerberos"},
}

func checkService(v string) error {
	if service, host, ok := strings.Cut(v, "/"); v != "" && (!ok || service != "HTTP" || host == "" || strings.ContainsAny(host, "/@ ")) {
		return fault.New(fault.Invalid, "The service has the form HTTP/cloud.example.com.")
	}
	return nil
}

// config is the settings as they are.
type config map[string]string

func (rm *Room) config(ctx context.Context) (config, error) {
	set, err := rm.settings.Recent(ctx, app)
	if err != nil {
		return nil, err
	}
	c := config{sealedKeytab: set[sealedKeytab]}
	for _, s := range adjustable {
		v, ok := set[s.Name]
		if !ok {
			v = s.Default
		}
		if c[s.Name], err = s.Parse(v); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c config) get(name string) string { return c[name] }

func (c config) on(name string) bool { return c[name] == "1" }

// realms are those whose people may come in, the first one first. Where none are
// named it is those of our own keys.
func (c config) realms(keys *keytab.Keytab) []string {
	said := strings.FieldsFunc(c.get("realms"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(said) > 0 {
		return said
	}
	var of []string
	for _, e := range keys.Entries {
		if realm := e.Principal.Realm; !slices.Contains(of, realm) {
			of = append(of, realm)
		}
	}
	return of
}

// errOff is the way in that nobody has opened.
var errOff = fault.New(fault.NotFound, "This way in is not set up.")

// keys reads the keytab, at each sign-in: it is small, and one that was renewed counts
// at once.
func (rm *Room) keys(c config) (*keytab.Keytab, error) {
	if path := c.get("keytab"); path != "" {
		text, err := readKeytab(path)
		if err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "The keytab of this server cannot be read.")
		}
		return parseKeytab(text)
	}
	if c[sealedKeytab] == "" {
		return nil, errOff
	}
	text, err := rm.box.Open(c[sealedKeytab], sealedFor)
	if err != nil {
		return nil, err
	}
	return parseKeytab(text)
}

// readKeytab reads a file that is no longer than a keytab.
func readKeytab(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeytab+1))
	if err == nil && len(text) > maxKeytab {
		err = errors.New("the file is too long")
	}
	return text, err
}

// parseKeytab reads keys. What the library says of a file that is none is not passed
// on, since it quotes the file.
func parseKeytab(text []byte) (*keytab.Keytab, error) {
	none := fault.New(fault.Invalid, "This is no keytab, or it holds no key.")
	if !bytes.HasPrefix(text, []byte{5, 2}) { // the format of all programs of this century
		return nil, none
	}
	keys := keytab.New()
	if err := keys.Unmarshal(text); err != nil || len(keys.Entries) == 0 {
		return nil, none
	}
	return keys, nil
}

// Import keeps a keytab, sealed, in place of a path. One without a key for HTTP is
// fault.Invalid.
func (rm *Room) Import(ctx context.Context, text []byte) error {
	keys, err := parseKeytab(text)
	if err != nil {
		return err
	}
	if len(serviceKeys(keys, "")) == 0 {
		return fault.New(fault.Invalid, "The keytab holds no key of a service HTTP/….")
	}
	if err := rm.settings.Set(ctx, app, sealedKeytab, rm.box.Seal(text, sealedFor)); err != nil {
		return err
	}
	return rm.settings.Set(ctx, app, "keytab", "")
}
