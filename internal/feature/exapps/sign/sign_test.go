package sign

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func bytesTo(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

func TestHashes(t *testing.T) {
	for body, want := range map[string]string{"": Empty, "a": "d24ec4f1a98c6e5b", "abc": "44bc2cf5ad770999",
		"hello world": "45ab6734b21e6968", string(bytesTo(64)): "f7c67301db6713f0"} {
		if got := Hash([]byte(body)); got != want {
			t.Errorf("%q: got %s, want %s", body, got, want)
		}
	}
}

// vector is one of the reference's, exapp-auth section 6. Their messages were computed by
// two independent programs.
type vector struct {
	name, secret, method, target, body string
	claim                              Claim
	message, signature                 string
}

func vectors() []vector {
	const secret = "s3cr3t-key"
	return []vector{
		{"V1: nobody, no body", secret, "GET", "/ocs/v1.php/cloud/capabilities?format=json", "",
			Claim{Version: "1.0.0", App: "demo_app", AppVersion: "1.0.0", Time: 1700000000},
			`GET/ocs/v1.php/cloud/capabilities?format=json{"AE-VERSION":"1.0.0","EX-APP-ID":"demo_app","EX-APP-VERSION":"1.0.0","AE-DATA-HASH":"ef46db3751d8e999","AE-SIGN-TIME":"1700000000"}`,
			"65c54a437525288e797f5850694efdf9832f67e5e30abd737bcde7aad01694aa"},
		{"V2: a query with an encoded slash and repeated keys", secret, "GET", "/ocs/v1.php/cloud/users?search=a%2Fb&ids%5B%5D=1&ids%5B%5D=2&format=json", "",
			Claim{Version: "1.0.0", App: "demo_app", AppVersion: "1.0.0", User: "alice", Time: 1700000000},
			`GET/ocs/v1.php/cloud/users?search=a%2Fb&ids%5B%5D=1&ids%5B%5D=2&format=json{"AE-VERSION":"1.0.0","EX-APP-ID":"demo_app","EX-APP-VERSION":"1.0.0","NC-USER-ID":"alice","AE-DATA-HASH":"ef46db3751d8e999","AE-SIGN-TIME":"1700000000"}`,
			"3482f119999b2e1f57bc9ddb823aa265d11112903cdf48b3a62e8f7b2cc114db"},
		{"V3: JSON with blanks", secret, "POST", "/ocs/v1.php/apps/app_ecosystem_v2/api/v1/ex-app/config?format=json", `{"configKey": "k1", "configValue": "v1"}`,
			Claim{Version: "1.0.0", App: "demo_app", AppVersion: "1.2.3", User: "alice", Time: 1700000123},
			`POST/ocs/v1.php/apps/app_ecosystem_v2/api/v1/ex-app/config?format=json{"AE-VERSION":"1.0.0","EX-APP-ID":"demo_app","EX-APP-VERSION":"1.2.3","NC-USER-ID":"alice","AE-DATA-HASH":"6f6db850e7a5cc7a","AE-SIGN-TIME":"1700000123"}`,
			"ff5d66c5c0615c46f6ec36f30ca2d055b0c8dc0ff5b999410ec857ff1835e434"},
		{"V4: bytes to a path in UTF-8", secret, "PUT", "/remote.php/dav/files/alice/Docs/%C3%A4%20b.txt", string(bytesTo(64)),
			Claim{Version: "1.0.0", App: "demo_app", AppVersion: "1.2.3", User: "alice", Time: 1700000123},
			`PUT/remote.php/dav/files/alice/Docs/%C3%A4%20b.txt{"AE-VERSION":"1.0.0","EX-APP-ID":"demo_app","EX-APP-VERSION":"1.2.3","NC-USER-ID":"alice","AE-DATA-HASH":"f7c67301db6713f0","AE-SIGN-TIME":"1700000123"}`,
			"51cc6662fc4699866a809ca62112f8be6ec34a3f2a88bb45d6daed1d2df215f6"},
		{"V5: DELETE", secret, "DELETE", "/ocs/v1.php/apps/app_ecosystem_v2/api/v1/files/actions/menu?fileActionMenuName=x&format=json", "",
			Claim{Version: "1.0.0", App: "demo_app", AppVersion: "1.2.3", Time: 1700000123},
			`DELETE/ocs/v1.php/apps/app_ecosystem_v2/api/v1/files/actions/menu?fileActionMenuName=x&format=json{"AE-VERSION":"1.0.0","EX-APP-ID":"demo_app","EX-APP-VERSION":"1.2.3","AE-DATA-HASH":"ef46db3751d8e999","AE-SIGN-TIME":"1700000123"}`,
			"dc9352a5df473bd1201922f8223d8d69c090735be996269fe7f42bda0b5e48b4"},
		{"V6: a secret and a user beyond ASCII", "ключ", "PROPFIND", "/remote.php/dav/files/", `<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>`,
			Claim{Version: "1.0.0", App: "demo_app", AppVersion: "1.2.3", User: "jürgen/ö", Time: 1700000123},
			`PROPFIND/remote.php/dav/files/{"AE-VERSION":"1.0.0","EX-APP-ID":"demo_app","EX-APP-VERSION":"1.2.3","NC-USER-ID":"j\u00fcrgen/\u00f6","AE-DATA-HASH":"b992de4232259901","AE-SIGN-TIME":"1700000123"}`,
			"6e1ddc5310294af2bc75632c932d40115906b824775dd16a8e8284f971ed172e"},
		{"V7: from the server to the app", secret, "POST", "/file_action", `{"fileId":42,"name":"a.png","directory":"\/Photos"}`,
			Claim{Version: "1.0.0", App: "demo_app", AppVersion: "1.2.3", User: "alice", Time: 1700000456},
			`POST/file_action{"AE-VERSION":"1.0.0","EX-APP-ID":"demo_app","EX-APP-VERSION":"1.2.3","NC-USER-ID":"alice","AE-DATA-HASH":"63964bc8ea506450","AE-SIGN-TIME":"1700000456"}`,
			"a39177c4173db909c217008deac1ebf722bbfc3d4093fef8fe70b7329f079727"},
	}
}

func TestVectors(t *testing.T) {
	for _, v := range vectors() {
		v.claim.Hash = Hash([]byte(v.body))
		if got := v.claim.message(v.method, v.target); got != v.message {
			t.Errorf("%s: message (-want +got)\n%s", v.name, cmp.Diff(v.message, got))
		}
		signed := v.claim.Sign(v.secret, v.method, v.target)
		if signed.Signature != v.signature {
			t.Errorf("%s: got %s, want %s", v.name, signed.Signature, v.signature)
		}
		h := http.Header{}
		signed.Write(h)
		read, err := Read(h)
		if err != nil || !read.Verify(v.secret, v.method, "/somewhere", v.target) {
			t.Errorf("%s: does not come back: %+v, %v", v.name, read, err)
		}
	}
}

// Each part that an attacker might change is covered.
func TestForgeriesAreFound(t *testing.T) {
	v := vectors()[2]
	v.claim.Hash = Hash([]byte(v.body))
	signed := v.claim.Sign(v.secret, v.method, v.target)
	for name, change := range map[string]func(c *Claim, method, target *string){
		"version":     func(c *Claim, _, _ *string) { c.Version = "1.0.1" },
		"app":         func(c *Claim, _, _ *string) { c.App = "demo_apq" },
		"app version": func(c *Claim, _, _ *string) { c.AppVersion = "1.2.4" },
		"user":        func(c *Claim, _, _ *string) { c.User = "admin" },
		"no user":     func(c *Claim, _, _ *string) { c.User = "" },
		"hash":        func(c *Claim, _, _ *string) { c.Hash = Empty },
		"time":        func(c *Claim, _, _ *string) { c.Time++ },
		"method":      func(_ *Claim, m, _ *string) { *m = "PUT" },
		"target":      func(_ *Claim, _, to *string) { *to += "&x=1" },
		"signature":   func(c *Claim, _, _ *string) { c.Signature = strings.Repeat("0", 64) },
		"no hex":      func(c *Claim, _, _ *string) { c.Signature = "xyz" },
		"upper case":  func(c *Claim, _, _ *string) { c.Signature = strings.ToUpper(c.Signature) },
	} {
		c, method, target := signed, v.method, v.target
		change(&c, &method, &target)
		if c.Verify(v.secret, method, target) {
			t.Errorf("another %s is not noticed", name)
		}
	}
	if signed.Verify("s3cr3t-kez", v.method, v.target) || signed.Verify(v.secret, v.method) {
		t.Error("another secret, or no target, is not noticed")
	}
}

// A user that is there but empty verifies as none, and what follows the app's version
// stands for itself: the order of the headers is part of what is signed.
func TestAnEmptyUserIsNone(t *testing.T) {
	v := vectors()[0]
	v.claim.Hash = Empty
	h := http.Header{}
	v.claim.Sign(v.secret, v.method, v.target).Write(h)
	h.Set(UserID, "")
	c, err := Read(h)
	if err != nil || !c.Verify(v.secret, v.method, v.target) {
		t.Error(c, err)
	}
	if strings.Contains(c.message("GET", "/"), UserID) {
		t.Error("an empty user is signed")
	}
}

func TestHeadersThatAreNoClaim(t *testing.T) {
	for name, change := range map[string]func(h http.Header){
		"no version":   func(h http.Header) { h.Del(Version) },
		"no signature": func(h http.Header) { h.Set(Signature, "") },
		"two users":    func(h http.Header) { h.Add(UserID, "alice"); h.Add(UserID, "admin") },
		"two apps":     func(h http.Header) { h.Add(AppID, "other") },
		"no time":      func(h http.Header) { h.Set(SignTime, "soon") },
		"+time":        func(h http.Header) { h.Set(SignTime, "+1700000000") },
		"no UTF-8":     func(h http.Header) { h.Set(UserID, "\xff") },
	} {
		h := http.Header{}
		Claim{Version: "1", App: "a", AppVersion: "1", Hash: Empty, Time: 1700000000}.Sign("k", "GET", "/").Write(h)
		change(h)
		if c, err := Read(h); !errors.Is(err, ErrHeaders) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

func TestSignaturesGoOff(t *testing.T) {
	now := time.Unix(1700000000, 0)
	for age, want := range map[int64]bool{0: true, 299: true, 300: true, 301: false, -5: false} {
		if got := (Claim{Time: now.Unix() - age}).Fresh(now); got != want {
			t.Errorf("%d s old: %v", age, got)
		}
	}
}

func TestBodiesAreHeldToTheirHash(t *testing.T) {
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 3*chunk + 7} {
		sent := bytesTo(n)
		for _, slow := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.DataErrReader, iotest.HalfReader} {
			got, err := io.ReadAll(Body(slow(bytes.NewReader(sent)), Hash(sent)))
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d bytes: %d came, %v", n, len(got), err)
			}
		}
		got, err := io.ReadAll(Body(bytes.NewReader(append(sent, 'x')), Hash(sent)))
		if !errors.Is(err, ErrBody) || len(got) > max(0, n-1) {
			t.Errorf("%d bytes and one more: %d came, %v", n, len(got), err)
		}
	}
}

// Whoever stops where the text seems to end has not been given the end of a forged one.
func TestTheEndOfAForgedBodyIsHeldBack(t *testing.T) {
	forged := `{"key":"value"}`
	var v map[string]string
	if err := json.NewDecoder(Body(strings.NewReader(forged), Empty)).Decode(&v); !errors.Is(err, ErrBody) {
		t.Errorf("got %v, %v", v, err)
	}
}

func TestABrokenBodyIsNoForgedOne(t *testing.T) {
	if _, err := io.ReadAll(Body(iotest.ErrReader(io.ErrClosedPipe), Empty)); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// FuzzMessage: whatever a header holds, the message is ASCII behind the target, and
// reads back as JSON with the same values.
func FuzzMessage(f *testing.F) {
	f.Add("demo_app", "jürgen/ö", "1.0.0")
	f.Add("a\"\\/<>&\x7f", "\U0001F600\u2028", "\b\f\n\r\t\x01")
	f.Fuzz(func(t *testing.T, app, user, version string) {
		h := http.Header{}
		Claim{Version: version, App: app, AppVersion: "1", User: user, Hash: Empty, Time: 1}.Sign("k", "GET", "/").Write(h)
		c, err := Read(h)
		if err != nil {
			return
		}
		text := strings.TrimPrefix(c.message("GET", "/"), "GET/")
		want := map[string]string{}
		for _, p := range c.pairs() {
			want[p[0]] = p[1]
		}
		got := map[string]string{}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for i := range len(text) {
			if text[i] >= 0x80 {
				t.Fatalf("%q is not ASCII", text)
			}
		}
		if !c.Verify("k", "GET", "/") {
			t.Error("does not verify")
		}
	})
}
