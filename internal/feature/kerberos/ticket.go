package kerberos

import (
	"context"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"atrium/internal/base/fault"
)

// skew is how far clocks may be apart.
const skew = 5 * time.Minute

// Bits of messages (RFC 4120, sections 5.5.1 and 2).
const (
	useSessionKey   = 1
	mutualRequired  = 2
	flagInvalid     = 7
	transitsChecked = 12
)

// strong are the ciphers that are taken. Those of RC4 and DES are not (RFC 8429).
var strong = []int32{etypeID.AES256_CTS_HMAC_SHA1_96, etypeID.AES128_CTS_HMAC_SHA1_96, etypeID.AES256_CTS_HMAC_SHA384_192, etypeID.AES128_CTS_HMAC_SHA256_128}

var (
	errService = fault.New(fault.Anonymous, "The Kerberos ticket is for another server.")
	errWeak    = fault.New(fault.Anonymous, "The Kerberos ticket is encrypted by a cipher that is too weak.")
	errTime    = fault.New(fault.Anonymous, "The Kerberos ticket has run out, or is not valid yet.")
	errClock   = fault.New(fault.Anonymous, "The clocks of your computer and of this server are too far apart.")
	errAgain   = fault.New(fault.Anonymous, "This Kerberos ticket was shown already. Please try again.")
	errPlace   = fault.New(fault.Anonymous, "The Kerberos ticket belongs to another computer.")
	errRealm   = fault.New(fault.Denied, "People of your realm may not come in here. Please ask your administrator.")
)

func isStrong(cipher int32) bool { return slices.Contains(strong, cipher) }

// key is one that tickets for us are locked with.
type key struct {
	types.EncryptionKey
	host, realm string
	version     uint32
}

// serviceKeys are the keys of a service such as HTTP/cloud.example.com; "": of all
// services HTTP/….
func serviceKeys(keys *keytab.Keytab, service string) (all []key) {
	for _, e := range keys.Entries {
		name := e.Principal.Components
		if len(name) == 2 && name[0] == "HTTP" && (service == "" || strings.EqualFold(service, name[0]+"/"+name[1])) {
			all = append(all, key{e.Key, name[1], e.Principal.Realm, e.KVNO})
		}
	}
	return all
}

// because is a refusal with what the log says of it.
func because(why, refusal error) error { return fmt.Errorf("%w (%w)", refusal, why) }

// shown is what a good ticket says.
type shown struct {
	name   types.PrincipalName
	realm  string
	ends   time.Time
	ticket [sha256.Size]byte // tells one ticket from others
	reply  []byte            // an AP-REP, if the client wants to know who we are
}

// open opens an AP-REQ with one of the keys and checks all that RFC 4120, section
// 3.2.3, asks for. A bad one is fault.Anonymous.
func (rm *Room) open(ctx context.Context, request []byte, keys []key, from netip.Addr) (*shown, error) {
	var q messages.APReq
	if err := q.Unmarshal(request); err != nil || len(q.Ticket.SName.NameString) != 2 {
		return nil, errToken
	}
	if q.APOptions.At(useSessionKey) == 1 {
		return nil, errSteps
	}
	k, err := find(keys, &q.Ticket)
	if err != nil {
		return nil, err
	}
	text, err := decrypt(q.Ticket.EncPart, k.EncryptionKey, keyusage.KDC_REP_TICKET)
	if err != nil {
		return nil, because(err, errService)
	}
	var t messages.EncTicketPart
	if err := t.Unmarshal(text); err != nil {
		return nil, because(err, errToken)
	}
	if err := rm.checkTicket(&t, q.Ticket.Realm, from); err != nil {
		return nil, err
	}
	text, err = decrypt(q.EncryptedAuthenticator, t.Key, keyusage.AP_REQ_AUTHENTICATOR)
	if err != nil {
		return nil, because(err, errToken)
	}
	a, err := readAuthenticator(text)
	if err != nil {
		return nil, err
	}
	if a.CRealm != t.CRealm || !slices.Equal(a.CName.NameString, t.CName.NameString) {
		return nil, because(errors.New("the authenticator is somebody else's"), errToken)
	}
	at := a.CTime.Add(time.Duration(a.Cusec) * time.Microsecond)
	if rm.Now().Sub(at).Abs() > skew {
		return nil, errClock
	}
	if err := rm.use(ctx, q.EncryptedAuthenticator.Cipher, at); err != nil {
		return nil, err
	}
	s := &shown{name: t.CName, realm: t.CRealm, ends: t.EndTime, ticket: sha256.Sum256(q.Ticket.EncPart.Cipher)}
	if q.APOptions.At(mutualRequired) == 1 {
		s.reply, err = reply(a, t.Key)
	}
	return s, err
}

// find returns the key that a ticket is locked with. Hosts' names have no case, and
// clients write them as people did.
func find(keys []key, t *messages.Ticket) (*key, error) {
	if !isStrong(t.EncPart.EType) {
		return nil, because(fmt.Errorf("cipher %d", t.EncPart.EType), errWeak)
	}
	why := errors.New("the keytab has no key of it")
	for _, k := range keys {
		if t.SName.NameString[0] != "HTTP" || !strings.EqualFold(t.SName.NameString[1], k.host) || t.Realm != k.realm || t.EncPart.EType != k.KeyType {
			continue
		}
		if uint32(t.EncPart.KVNO) == k.version {
			return &k, nil
		}
		why = errors.New("the keytab has this key in another version: it is out of date")
	}
	return nil, because(fmt.Errorf("%s@%s, cipher %d, version %d: %w", t.SName.PrincipalNameString(), t.Realm, t.EncPart.EType, t.EncPart.KVNO, why), errService)
}

// decrypt opens what a key has locked. Lengths are checked here since the library does
// not.
func decrypt(d types.EncryptedData, k types.EncryptionKey, usage uint32) ([]byte, error) {
	if !isStrong(k.KeyType) {
		return nil, fmt.Errorf("cipher %d is too weak", k.KeyType)
	}
	e, err := crypto.GetEtype(k.KeyType)
	if err != nil {
		return nil, err
	}
	if d.EType != k.KeyType || len(k.KeyValue) != e.GetKeyByteSize() || len(d.Cipher) <= e.GetConfounderByteSize()+e.GetHMACBitLength()/8 {
		return nil, errors.New("the key is of another kind, or the text too short")
	}
	return e.DecryptMessage(k.KeyValue, d.Cipher, usage)
}

// checkTicket tells whether a ticket counts now, here, and as it came to its owner.
// us is the realm of our key.
func (rm *Room) checkTicket(t *messages.EncTicketPart, us string, from netip.Addr) error {
	now, starts := rm.Now(), t.StartTime
	if starts.IsZero() {
		starts = t.AuthTime
	}
	if now.Add(skew).Before(starts) || now.Add(-skew).After(t.EndTime) || t.Flags.At(flagInvalid) == 1 {
		return errTime
	}
	if t.CRealm != us && len(t.Transited.Contents) > 0 && t.Flags.At(transitsChecked) == 0 {
		return because(errors.New("realms lie between that nobody has checked"), errRealm)
	}
	if len(t.CAddr) == 0 {
		return nil
	}
	host, err := types.GetHostAddress(net.JoinHostPort(from.Unmap().WithZone("").String(), "0"))
	if err != nil || !types.HostAddressesContains(t.CAddr, host) {
		return errPlace
	}
	return nil
}

// readAuthenticator reads what a client has written with its ticket. Its checksum says
// that it was made for a sign-in such as this (RFC 4121, section 4.1.1), and by no
// other protocol with the same key.
func readAuthenticator(text []byte) (*types.Authenticator, error) {
	var a types.Authenticator
	if err := a.Unmarshal(text); err != nil {
		return nil, because(err, errToken)
	}
	if a.Cksum.CksumType != chksumtype.GSSAPI || a.Cusec < 0 || a.Cusec > 999_999 {
		return nil, errToken
	}
	return &a, nil
}

// use notes that an authenticator was shown, for all nodes, as long as its time would
// let it in again. One that was shown already is errAgain.
func (rm *Room) use(ctx context.Context, authenticator []byte, at time.Time) error {
	sum := sha256.Sum256(authenticator)
	_, err := rm.db.Exec(ctx, "INSERT INTO kerberos_used (authenticator, until) VALUES (?, ?)", sum[:], at.Add(2*skew).Unix())
	if errors.Is(err, fault.Exists) {
		return errAgain
	}
	return err
}

// encrypted, apRep and apRepPart are RFC 4120, sections 5.2.9 and 5.5.2.
type (
	encrypted struct {
		Type   int32  `asn1:"explicit,tag:0"`
		Cipher []byte `asn1:"explicit,tag:2"`
	}
	apRep struct {
		Version int       `asn1:"explicit,tag:0"`
		Kind    int       `asn1:"explicit,tag:1"`
		Part    encrypted `asn1:"explicit,tag:2"`
	}
	apRepPart struct {
		Time  time.Time `asn1:"generalized,explicit,tag:0"`
		Micro int       `asn1:"explicit,tag:1"`
	}
)

// reply proves to a client that we could open its ticket.
func reply(a *types.Authenticator, k types.EncryptionKey) ([]byte, error) {
	text, err := asn1.MarshalWithParams(apRepPart{a.CTime.UTC(), a.Cusec}, "application,explicit,tag:27")
	if err != nil {
		return nil, err
	}
	e, err := crypto.GetEtype(k.KeyType)
	if err != nil {
		return nil, err
	}
	_, locked, err := e.EncryptMessage(k.KeyValue, text, keyusage.AP_REP_ENCPART)
	if err != nil {
		return nil, err
	}
	const version, kind = 5, 15
	return asn1.MarshalWithParams(apRep{version, kind, encrypted{k.KeyType, locked}}, "application,explicit,tag:15")
}
