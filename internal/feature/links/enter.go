package links

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity/throttle"
	"atrium/internal/proto/web"
)

// errGone is what a token says that opens nothing, for whatever reason.
var errGone = fault.New(fault.NotFound, "This link does not work. It may have expired or have been removed.")

// The faults of passwords.
var (
	errLocked = fault.New(fault.Anonymous, "This link needs a password.")
	errWrong  = fault.New(fault.Anonymous, "The password is wrong.")
)

// How long tokens and passwords may be, in bytes.
const (
	maxToken    = 255
	maxPassword = 1000
)

// find looks up the link of a token. Who comes with many tokens that open nothing
// waits a little for each further one; who has been let in by a link does not.
func (rm *Room) find(r *http.Request, token string) (*Link, error) {
	ctx, from := r.Context(), web.Network(web.VisitOf(r.Context()).Addr)
	if token == "" || len(token) > maxToken {
		return nil, errGone
	}
	if err := throttle.Sleep(ctx, rm.strange.wait(from, token, rm.Now())); err != nil {
		return nil, err
	}
	l, err := rm.links.LinkByToken(ctx, token)
	if errors.Is(err, fault.NotFound) {
		rm.strange.missed(from, rm.Now())
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	rm.strange.met(from, token, rm.Now())
	if l.Limit > 0 && l.Count >= l.Limit {
		lately, err := rm.readLately(ctx, l.ID, visitorOf(r))
		if err != nil {
			return nil, err
		}
		if !lately { // nothing is left, but for who is in the midst of the last download
			return nil, errGone
		}
	}
	return l, nil
}

// unlock checks the password that somebody sent along. It is answered from memory
// when it was right before.
func (rm *Room) unlock(r *http.Request, l *Link, password string) error {
	ctx := r.Context()
	if len(password) > maxPassword {
		return errWrong
	}
	cred := sha256.Sum256([]byte(l.Password + "\n" + password))
	if rm.right.has(cred, rm.Now()) {
		return nil
	}
	name := fmt.Sprintf("link/%d", l.ID)
	err := rm.people.Try(ctx, name, password, l.Password, web.Network(web.VisitOf(ctx).Addr), func(ctx context.Context) error {
		ok, _, err := rm.hashes.Verify(ctx, l.Password, password)
		if err == nil && !ok {
			err = errWrong
		}
		return err
	})
	if err == nil {
		rm.right.add(cred, rm.Now())
	} else if errors.Is(err, fault.Anonymous) {
		err = errWrong
	}
	return err
}

// enter lets a visitor in who knows the link's password: sent with the request, or
// shown before in this browser, which keeps a cookie.
func (rm *Room) enter(r *http.Request, l *Link) error {
	if l.Password == "" {
		return nil
	}
	if rm.cookieOpens(r, l) {
		return nil
	}
	_, password, sent := r.BasicAuth()
	if !sent {
		return errLocked
	}
	return rm.unlock(r, l, password)
}

// admit makes the request one of the link's visitor.
func (rm *Room) admit(r *http.Request, l *Link) (*http.Request, error) {
	nick, err := nickname(r)
	if err != nil {
		return nil, err
	}
	p := &who.Principal{Link: l.ID, Token: l.Token, Display: nick, Stamp: l.stamp()}
	return web.Admit(r.WithContext(context.WithValue(r.Context(), linkKey{}, l)), p), nil
}

type linkKey struct{}

// linkOf is the link by which a request came in.
func linkOf(ctx context.Context) *Link {
	l, _ := ctx.Value(linkKey{}).(*Link)
	return l
}

// mount finds what a link opens, for core/files. Within a request it is what it was
// when the visitor came in; the door watches over those that last.
func (rm *Room) mount(ctx context.Context, p *who.Principal) (files.Mount, error) {
	if l := linkOf(ctx); l != nil && l.ID == p.Link {
		return l.Mount, nil
	}
	l, err := rm.links.LinkByToken(ctx, p.Token)
	if err == nil && l.ID != p.Link {
		err = errGone
	}
	if err != nil {
		return files.Mount{}, err
	}
	return l.Mount, nil
}

// stamp changes with everything that visitors were let in by.
func (l *Link) stamp() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d %d %t", l.Password, l.Mount.Root, l.Mount.Perm, l.Mount.Sealed))
	return hex.EncodeToString(sum[:8])
}

// maxNickname is how long a name may be that a visitor gives, in bytes.
const maxNickname = 200

// nickname reads the name that a visitor gives: X-NC-Nickname, percent-encoded.
// It becomes a folder, so it must be a name that one can have.
func nickname(r *http.Request) (string, error) {
	sent := r.Header.Get("X-NC-Nickname")
	if dec, err := url.PathUnescape(sent); err == nil {
		sent = dec
	}
	return cleanNickname(sent)
}

func cleanNickname(sent string) (string, error) {
	nick := strings.TrimSpace(sent)
	if nick == "" {
		return "", nil
	}
	clean, err := names.Clean(nick)
	clean = strings.TrimSpace(clean) // what was no UTF-8 may have become blanks
	if err != nil || clean == "" || len(clean) > maxNickname || strings.HasPrefix(clean, ".") {
		return "", fault.New(fault.Invalid, "Invalid nickname: {name}", "name", nick)
	}
	return clean, nil
}

// strangers remembers, for a while and in this process, from which networks came
// tokens that open nothing, and which links each has found.
type strangers struct {
	mu     sync.Mutex
	misses map[netip.Prefix]*missing
	met_   map[string]time.Time
}

type missing struct {
	n    int
	last time.Time
}

const (
	freeMisses = 20 // tokens that open nothing and cost nothing
	maxWait    = 5 * time.Second
	maxKnown   = 50_000
)

// wait is how long a token from a network waits before it is looked up.
func (s *strangers) wait(from netip.Prefix, token string, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.misses[from]
	if m == nil || now.Sub(m.last) > throttle.Forgive || m.n < freeMisses {
		return 0
	}
	if at, ok := s.met_[from.String()+token]; ok && now.Sub(at) < 24*time.Hour {
		return 0
	}
	return throttle.Guessing{First: 200 * time.Millisecond, Most: maxWait}.Delay(1 + (m.n-freeMisses)/5)
}

func (s *strangers) missed(from netip.Prefix, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.misses == nil || len(s.misses) >= maxKnown {
		s.misses = map[netip.Prefix]*missing{}
	}
	m := s.misses[from]
	if m == nil || now.Sub(m.last) > throttle.Forgive {
		m = &missing{}
		s.misses[from] = m
	}
	m.n++
	m.last = now
}

func (s *strangers) met(from netip.Prefix, token string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.met_ == nil || len(s.met_) >= maxKnown {
		s.met_ = map[string]time.Time{}
	}
	s.met_[from.String()+token] = now
}

// rightOnes remembers passwords that were right, by a fingerprint with the hash
// that they opened: hashing each of many requests would take long.
type rightOnes struct {
	mu    sync.Mutex
	until map[[32]byte]time.Time
}

const rightFor = 10 * time.Minute

func (o *rightOnes) has(cred [32]byte, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return now.Before(o.until[cred])
}

func (o *rightOnes) add(cred [32]byte, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.until == nil || len(o.until) >= maxKnown {
		o.until = map[[32]byte]time.Time{}
	}
	o.until[cred] = now.Add(rightFor)
}
