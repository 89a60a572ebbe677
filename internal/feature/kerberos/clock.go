package kerberos

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	krb "github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

const (
	maxAsked  = 3               // realms whose clocks are compared
	maxReply  = 64 << 10        // bytes
	askWithin = 3 * time.Second // a realm that does not answer is not waited for
)

// ahead tells by how much the clock of a realm is ahead of ours. A KDC refuses a
// request for somebody whom it does not know, and says the time with that (RFC 4120,
// section 5.9.1).
func (rm *Room) ahead(ctx context.Context, realm string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	at, err := rm.kdc(ctx, realm)
	if err != nil {
		return 0, err
	}
	reply, err := exchange(ctx, at, realm)
	if err != nil {
		return 0, err
	}
	then, err := readTime(reply)
	return then.Sub(rm.Now()), err
}

// kdc is the address of one, from the configuration of the system or from DNS.
func (rm *Room) kdc(ctx context.Context, realm string) (string, error) {
	var known []string
	if c, err := krb.Load(rm.Conf); err == nil || c != nil { // what it does not understand may be well for others
		for _, r := range c.Realms {
			if r.Realm == realm {
				known = append(known, r.KDC...)
			}
		}
	}
	if len(known) > 0 {
		if _, _, err := net.SplitHostPort(known[0]); err != nil {
			return net.JoinHostPort(known[0], "88"), nil
		}
		return known[0], nil
	}
	_, found, err := net.DefaultResolver.LookupSRV(ctx, "kerberos", "tcp", realm)
	if err != nil || len(found) == 0 {
		return "", errors.New("no KDC is known, neither to DNS nor to " + cmp.Or(rm.Conf, "krb5.conf"))
	}
	return net.JoinHostPort(strings.TrimSuffix(found[0].Target, "."), strconv.Itoa(int(found[0].Port))), nil
}

// exchange asks a KDC over TCP, where each message has its length before it.
func exchange(ctx context.Context, at, realm string) ([]byte, error) {
	q, err := messages.NewASReqForTGT(realm, krb.New(), types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, "atrium-clock"))
	if err != nil {
		return nil, err
	}
	text, err := q.Marshal()
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", at)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if until, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(until); err != nil {
			return nil, err
		}
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)); err != nil {
		return nil, err
	}
	var size uint32
	if err := binary.Read(conn, binary.BigEndian, &size); err != nil {
		return nil, err
	}
	if size > maxReply {
		return nil, fmt.Errorf("the answer of %s is too long", at)
	}
	reply := make([]byte, size)
	_, err = io.ReadFull(conn, reply)
	return reply, err
}

// readTime reads the time of a refusal.
func readTime(reply []byte) (time.Time, error) {
	var e messages.KRBError
	if err := e.Unmarshal(reply); err != nil || e.STime.IsZero() {
		return time.Time{}, errors.New("the KDC does not tell its time")
	}
	return e.STime.Add(time.Duration(e.Susec) * time.Microsecond), nil
}
