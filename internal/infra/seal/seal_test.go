package seal

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"atrium/internal/base/fault"
)

func cheap() Cost { return Cost{Memory: 64, Time: 1, Threads: 1} }

func TestPasswordRoundTrip(t *testing.T) {
	p := NewPasswordsWith(cheap(), 2)
	for _, pw := range []string{"", "secret", "pässwörd 🔑", strings.Repeat("x", 1000)} {
		h, err := p.Hash(t.Context(), pw)
		if err != nil {
			t.Fatal(err)
		}
		if ok, rehash, err := p.Verify(t.Context(), h, pw); !ok || rehash || err != nil {
			t.Errorf("Verify = %v, %v, %v", ok, rehash, err)
		}
		if ok, rehash, err := p.Verify(t.Context(), h, pw+"x"); ok || rehash || err != nil {
			t.Errorf("Verify of a wrong password = %v, %v, %v", ok, rehash, err)
		}
		if again, _ := p.Hash(t.Context(), pw); again == h {
			t.Error("two hashes are alike: no salt")
		}
	}
}

func TestUsualCostAndItsFormat(t *testing.T) {
	h, err := NewPasswords().Hash(t.Context(), "secret")
	if err != nil || !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("Hash = %q, %v", h, err)
	}
}

func TestHashOfTheReferenceImplementationIsKnown(t *testing.T) {
	// argon2 -id -t 2 -m 16 -p 1, from the test vectors of phc-winner-argon2:
	// password "password", salt "somesalt".
	const h = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	ok, rehash, err := NewPasswords().Verify(t.Context(), h, "password")
	if !ok || !rehash || err != nil {
		t.Errorf("Verify = %v, %v, %v; want ok and a new hash wanted", ok, rehash, err)
	}
}

func TestBadStoredHashIsAnError(t *testing.T) {
	p := NewPasswordsWith(cheap(), 1)
	good, err := p.Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"", "x", "$2y$10$abc", good + "$", good + " ", strings.Replace(good, "m=64", "m=9999999", 1),
		strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "m=64", "m=064", 1),
		strings.Replace(good, "v=19", "v=16", 1), "$argon2id$v=19$m=64,t=1,p=1$$"} {
		if ok, _, err := p.Verify(t.Context(), h, "x"); ok || err == nil {
			t.Errorf("Verify(%q) = %v, %v", h, ok, err)
		}
	}
}

func TestHashingWaitsForASlot(t *testing.T) {
	p := NewPasswordsWith(cheap(), 1)
	p.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Hash(ctx, "x"); !errors.Is(err, fault.Busy) {
		t.Errorf("Hash = %v, want Busy", err)
	}
	if err := p.Pretend(ctx, "x"); !errors.Is(err, fault.Busy) {
		t.Errorf("Pretend = %v, want Busy", err)
	}
	p.leave()
	if err := p.Pretend(t.Context(), "x"); err != nil {
		t.Error(err)
	}
}

func TestSealedValueOpensOnlyWhereItBelongs(t *testing.T) {
	b := box(t)
	for _, v := range []string{"", "smtp password"} {
		s := b.Seal([]byte(v), "a")
		if got, err := b.Open(s, "a"); err != nil || string(got) != v {
			t.Errorf("Open = %q, %v", got, err)
		}
		if _, err := b.Open(s, "b"); !errors.Is(err, fault.Denied) {
			t.Errorf("Open elsewhere = %v, want Denied", err)
		}
		if _, err := box(t).Open(s, "a"); !errors.Is(err, fault.Denied) {
			t.Errorf("Open with another key = %v, want Denied", err)
		}
		if b.Seal([]byte(v), "a") == s {
			t.Error("two seals are alike: no nonce")
		}
	}
}

func TestTokenHashDependsOnKeyAndToken(t *testing.T) {
	b := box(t)
	h := b.Hash("abc")
	if len(h) != 32 || !bytes.Equal(h, b.Hash("abc")) || bytes.Equal(h, b.Hash("abd")) || bytes.Equal(h, box(t).Hash("abc")) {
		t.Errorf("Hash = %x", h)
	}
	if got, want := b.HashText("abc"), hex.EncodeToString(h); got != want {
		t.Errorf("HashText = %q, want %q", got, want)
	}
}

func TestKeyAsText(t *testing.T) {
	key := NewKey()
	if got, err := DecodeKey(" " + EncodeKey(key) + "\n"); err != nil || !bytes.Equal(got, key) {
		t.Errorf("DecodeKey = %x, %v", got, err)
	}
	for _, s := range []string{"", "abc", strings.Repeat("!", 43)} {
		if _, err := DecodeKey(s); err == nil {
			t.Errorf("DecodeKey(%q) is no error", s)
		}
	}
	if _, err := New(key[1:]); err == nil {
		t.Error("New took a short key")
	}
}

func TestTokensAreAlphanumericAndUseAllOfIt(t *testing.T) {
	seen := map[rune]int{}
	for _, n := range []int{0, 1, 72, 6200} {
		tok := Token(n)
		if len(tok) != n {
			t.Errorf("Token(%d) has %d characters", n, len(tok))
		}
		for _, c := range tok {
			seen[c]++
		}
	}
	if len(seen) != 62 {
		t.Errorf("%d different characters, want 62", len(seen))
	}
	for c, n := range seen {
		if n < 40 || n > 180 || !strings.ContainsRune(alphanumeric, c) {
			t.Errorf("%q came %d times of about 100", c, n)
		}
	}
	if !Equal("a", "a") || Equal("a", "b") || Equal("a", "aa") {
		t.Error("Equal is wrong")
	}
}

func box(t *testing.T) *Box {
	t.Helper()
	b, err := New(NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzStoredHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=4294967296,t=-1,p=256$$")
	f.Fuzz(func(t *testing.T, s string) {
		if h, err := parsePHC(s); err == nil && h.String() != s {
			t.Errorf("%q was read as %q", s, h)
		}
	})
}

func FuzzOpen(f *testing.F) {
	b, err := New(make([]byte, KeySize))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("1")
	f.Add("1AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := b.Open(s, "x"); err == nil {
			t.Errorf("%q was opened", s)
		}
	})
}
