package seal

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"atrium/internal/base/fault"
)

// Cost is how much work one password hash takes.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// Usual is the cost of new hashes: about 35 ms of one core and 19 MiB
// (OWASP Password Storage Cheat Sheet, argon2id).
func Usual() Cost { return Cost{Memory: 19 * 1024, Time: 2, Threads: 1} }

const (
	saltSize = 16
	hashSize = 32
)

// Passwords hashes and checks passwords with argon2id, so many at a time and
// no more: each takes memory and a core for a while.
type Passwords struct {
	cost  Cost
	slots chan struct{}
}

// NewPasswords allows one hash at a time for each core.
func NewPasswords() *Passwords { return NewPasswordsWith(Usual(), runtime.GOMAXPROCS(0)) }

// NewPasswordsWith sets the cost of new hashes and how many may run at once;
// tests use a low cost.
func NewPasswordsWith(cost Cost, atOnce int) *Passwords {
	return &Passwords{cost, make(chan struct{}, atOnce)}
}

// Hash makes the text to store for a password, in PHC format:
// "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>".
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	return phc{p.cost, salt, p.cost.hash(password, salt, hashSize)}.String(), nil
}

// Verify tells whether hash is that of password, and whether it should be
// replaced because it was made at another cost. A hash that cannot be read is
// an error.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	h, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	if err := p.enter(ctx); err != nil {
		return false, false, err
	}
	defer p.leave()
	got := h.cost.hash(password, h.salt, uint32(len(h.hash)))
	ok = subtle.ConstantTimeCompare(got, h.hash) == 1
	return ok, ok && (h.cost != p.cost || len(h.hash) != hashSize || len(h.salt) != saltSize), nil
}

// Pretend takes as long as Verify. It is for logins that do not exist, so that
// the time of the answer does not tell.
func (p *Passwords) Pretend(ctx context.Context, password string) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	p.cost.hash(password, make([]byte, saltSize), hashSize)
	return nil
}

func (p *Passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Busy, ctx.Err(), "Too many people are signing in right now.")
	}
}

func (p *Passwords) leave() { <-p.slots }

func (c Cost) hash(password string, salt []byte, size uint32) []byte {
	return argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, size)
}

// phc is a stored hash; see the PHC string format of the password hashing
// competition.
type phc struct {
	cost Cost
	salt []byte
	hash []byte
}

func (h phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.cost.Memory, h.cost.Time, h.cost.Threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.hash))
}

// parsePHC reads a stored hash. The limits keep a crafted row from taking all
// memory or time.
func parsePHC(text string) (phc, error) {
	bad := errors.New("stored password hash is not argon2id in PHC format")
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, bad
	}
	var h phc
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.cost.Memory, &h.cost.Time, &h.cost.Threads)
	if err != nil || n != 3 {
		return phc{}, bad
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return phc{}, bad
	}
	if h.hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return phc{}, bad
	}
	if h.String() != text { // leading zeros, trailing text and other spellings
		return phc{}, bad
	}
	c := h.cost
	if c.Memory < 8 || c.Memory > 256*1024 || c.Time < 1 || c.Time > 16 || c.Threads < 1 || c.Threads > 16 ||
		len(h.salt) < 8 || len(h.salt) > 64 || len(h.hash) < 16 || len(h.hash) > 64 {
		return phc{}, bad
	}
	return h, nil
}
