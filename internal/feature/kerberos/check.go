package kerberos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"atrium/internal/base/fault"
	"atrium/internal/proto/web"
)

// How bad a problem is.
const (
	stops = "bad"  // nobody comes in
	warns = "warn" // some do not
	notes = "note" // it could not be looked at
)

// Where a keytab is kept.
const (
	inDatabase = "database"
	inFile     = "file"
)

// Problem is something that stands in the way of people with a ticket.
type Problem struct {
	What  string `json:"what"`  // its name, for programs: "no-host"
	Level string `json:"level"` // "bad", "warn" or "note"
	About string `json:"about"` // the file, service, realm or number of seconds; may be ""
	Text  string `json:"text"`  // what is wrong, in English
	Fix   string `json:"fix"`   // the command that mends it; "" for none
}

// heldKey is a key of the keytab. What it is made of is never told.
type heldKey struct {
	Principal string `json:"principal"` // HTTP/cloud.example.com@EXAMPLE.COM
	Cipher    string `json:"cipher"`
	Version   uint32 `json:"version"`
	Strong    bool   `json:"strong"`
	Used      bool   `json:"used"` // tickets may be for it
}

// clock is that of a realm.
type clock struct {
	Realm string `json:"realm"`
	Ahead int    `json:"ahead"` // of ours, in seconds
}

// Check is how the way in stands.
type Check struct {
	Enabled  bool      `json:"enabled"`
	Address  string    `json:"address"` // of the way in, where browsers are asked for a ticket
	Service  string    `json:"service"` // that browsers want a ticket for
	From     string    `json:"from"`    // where the keytab is kept: "database", "file", or "" for nowhere
	File     string    `json:"file"`    // its name, if it is a file
	Keys     []heldKey `json:"keys"`
	Realms   []string  `json:"realms"` // whose people may come in
	Clocks   []clock   `json:"clocks"` // those that were compared
	Problems []Problem `json:"problems"`

	keys *keytab.Keytab // nil: they cannot be read
}

// add notes a problem.
func (k *Check) add(level, what, about, fix, text string, args ...any) {
	k.Problems = append(k.Problems, Problem{what, level, about, fmt.Sprintf(text, args...), fix})
}

// Check tells how the way in stands and what keeps people from coming in. The realms
// are asked for their time if ask is set.
func (rm *Room) Check(ctx context.Context, ask bool) (*Check, error) {
	c, err := rm.config(ctx)
	if err != nil {
		return nil, err
	}
	home := rm.Home
	if v := web.VisitOf(ctx); v.Host != "" {
		home = v.Base()
	}
	at, err := url.Parse(home)
	if err != nil {
		return nil, err
	}
	k := &Check{Enabled: c.on("enabled"), Address: home + enter, Service: "HTTP/" + strings.ToLower(at.Hostname()), File: c.get("keytab"),
		Keys: []heldKey{}, Realms: []string{}, Clocks: []clock{}, Problems: []Problem{}}
	if !k.Enabled {
		k.add(stops, "off", "", "atrium kerberos:config --enabled=1", "The way in is off.")
	}
	if at.Scheme != "https" && !c.on("allow_insecure_http") {
		k.add(stops, "no-tls", home, "", "The way in works over https only, and the address of this server is %s.", home)
	}
	if err := rm.checkKeytab(c, k); err != nil || k.keys == nil {
		return k, err
	}
	k.checkKeys(c)
	k.Realms = append(k.Realms, c.realms(k.keys)...)
	if ask {
		rm.checkClocks(ctx, k)
	}
	return k, nil
}

// checkKeytab tells whether there is a keytab that can be read.
func (rm *Room) checkKeytab(c config, k *Check) error {
	const again = "atrium kerberos:keytab:import atrium.keytab"
	switch {
	case k.File != "":
		k.From = inFile
	case c[sealedKeytab] != "":
		k.From = inDatabase
	default:
		k.add(stops, "no-keytab", "", again, "There is no keytab.")
		return nil
	}
	keys, err := rm.keys(c)
	switch {
	case err == nil:
		k.keys = keys
	case errors.Is(err, fs.ErrNotExist):
		k.add(stops, "keytab-gone", k.File, again, "There is no file %s.", k.File)
	case errors.Is(err, fs.ErrPermission):
		k.add(stops, "keytab-denied", k.File, "chown "+ourselves()+" "+quoted(k.File)+" && chmod 600 "+quoted(k.File), "This server may not read the file %s.", k.File)
	case errors.Is(err, fault.Invalid):
		k.add(stops, "keytab-broken", k.File, again, "The keytab is none, or it holds no key.")
	case k.File != "":
		k.add(stops, "keytab-unread", k.File, again, "The file %s cannot be read: %v", k.File, err)
	default: // sealed by another secret than ours
		k.add(stops, "keytab-sealed", "", again, "The keytab that was imported cannot be opened by this server.")
	}
	return nil
}

// ourselves is the account of the system that this server runs as.
func ourselves() string {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// quoted is a text as a shell takes it for one word.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// checkKeys tells what of the keys is of use.
func (k *Check) checkKeys(c config) {
	chosen, here, weak := c.get("service"), false, []string{}
	for _, e := range k.keys.Entries {
		name, cipher := strings.Join(e.Principal.Components, "/"), e.Key.KeyType
		http := len(e.Principal.Components) == 2 && e.Principal.Components[0] == "HTTP"
		h := heldKey{Principal: name + "@" + e.Principal.Realm, Cipher: cipherName(cipher), Version: e.KVNO, Strong: isStrong(cipher)}
		h.Used = http && h.Strong && (chosen == "" || strings.EqualFold(chosen, name))
		here = here || h.Used && strings.EqualFold(name, k.Service)
		k.Keys = append(k.Keys, h)
		if http && !h.Strong {
			weak = append(weak, h.Principal)
		}
	}
	used := func(h heldKey) bool { return h.Used }
	renew := fmt.Sprintf(`kadmin -q "ktadd -k atrium.keytab %s"`, k.Service)
	for _, name := range slices.Compact(weak) {
		if strong := slices.ContainsFunc(k.Keys, func(h heldKey) bool { return h.Used && h.Principal == name }); !strong {
			k.add(warns, "weak", name, renew, "The key of %s is of a cipher that is too weak. Allow AES for its account, and make a new keytab.", name)
		}
	}
	switch {
	case here:
	case chosen != "" && !slices.ContainsFunc(k.Keys, used):
		k.add(stops, "no-service", chosen, "atrium kerberos:config --service=", "The keytab holds no key of the service %s, which is the only one that is set.", chosen)
	case chosen != "" && !strings.EqualFold(chosen, k.Service):
		k.add(warns, "other-service", chosen, "atrium kerberos:config --service=", "Only tickets for %s are taken, and browsers want one for %s.", chosen, k.Service)
	default:
		k.add(stops, "no-host", k.Service, renew, "The keytab holds no key of %s, which is the name in the address of this server.", k.Service)
	}
}

// cipherName is what administrators call a cipher.
func cipherName(cipher int32) string {
	switch cipher {
	case etypeID.AES256_CTS_HMAC_SHA1_96:
		return "aes256-cts-hmac-sha1-96"
	case etypeID.AES128_CTS_HMAC_SHA1_96:
		return "aes128-cts-hmac-sha1-96"
	case etypeID.AES256_CTS_HMAC_SHA384_192:
		return "aes256-cts-hmac-sha384-192"
	case etypeID.AES128_CTS_HMAC_SHA256_128:
		return "aes128-cts-hmac-sha256-128"
	case etypeID.RC4_HMAC:
		return "rc4-hmac"
	}
	return fmt.Sprintf("cipher %d", cipher)
}

// checkClocks compares our clock with those of the first realms.
func (rm *Room) checkClocks(ctx context.Context, k *Check) {
	for _, realm := range k.Realms[:min(len(k.Realms), maxAsked)] {
		ahead, err := rm.ahead(ctx, realm)
		if err != nil {
			k.add(notes, "clock-unknown", realm, "", "The clock of %s could not be compared: %v", realm, err)
			continue
		}
		k.Clocks = append(k.Clocks, clock{realm, int(ahead.Round(time.Second) / time.Second)})
		if ahead.Abs() > skew {
			k.add(stops, "clock", strconv.Itoa(int(ahead.Abs()/time.Second)), "timedatectl set-ntp true", "The clock of this server and that of %s are %s apart.", realm, ahead.Abs().Round(time.Second))
		}
	}
}

// said is a problem as a command prints it.
func (p Problem) said() string {
	return strings.TrimSuffix(cmp.Or(p.Text+" To mend it: "+p.Fix, p.Text), " To mend it: ")
}
