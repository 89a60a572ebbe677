package saml

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml/xmlenc"
	dsig "github.com/russellhaering/goxmldsig"
)

// evil is a copy of an element that says it is about root.
func evil(e *etree.Element) *etree.Element {
	c := e.Copy()
	c.CreateAttr("ID", newID())
	for x := range everything(c) {
		if x.Tag == "NameID" || x.Tag == "AttributeValue" {
			x.SetText("root")
		}
		if x != c && x.SelectAttr("ID") != nil {
			x.CreateAttr("ID", newID())
		}
	}
	return c
}

func without(e *etree.Element, tag string) *etree.Element {
	c := e.Copy()
	for _, x := range c.ChildElements() {
		if x.Tag == tag {
			c.RemoveChild(x)
		}
	}
	return c
}

func child(e *etree.Element, tag string) *etree.Element {
	for _, x := range e.ChildElements() {
		if x.Tag == tag {
			return x
		}
	}
	panic("no " + tag)
}

// wrappings are XML signature wrapping attacks 1 to 8 (Somorovsky et al., "On Breaking
// SAML", 2012, as numbered by SAML Raider). Each takes a good response and returns one
// in which what was signed is still there, and something else where it is looked for.
func wrappings() map[string]func(r *etree.Element) *etree.Element {
	object := func(holds *etree.Element) *etree.Element {
		o := etree.NewElement("ds:Object")
		o.CreateAttr("xmlns:ds", dsigNS)
		o.AddChild(holds)
		return o
	}
	return map[string]func(r *etree.Element) *etree.Element{
		"1: the response in its signature": func(r *etree.Element) *etree.Element {
			bad := evil(r)
			child(bad, "Signature").AddChild(without(r, "Signature"))
			return bad
		},
		"2: the response before its signature": func(r *etree.Element) *etree.Element {
			bad := evil(r)
			bad.InsertChildAt(child(bad, "Signature").Index(), without(r, "Signature"))
			return bad
		},
		"3: an assertion before the signed one": func(r *etree.Element) *etree.Element {
			a := child(r, "Assertion")
			r.InsertChildAt(a.Index(), without(evil(a), "Signature"))
			return r
		},
		"4: the signed assertion in another": func(r *etree.Element) *etree.Element {
			a := child(r, "Assertion")
			bad := without(evil(a), "Signature")
			r.RemoveChild(a)
			bad.AddChild(a)
			r.AddChild(bad)
			return r
		},
		"5: the signature in another assertion": func(r *etree.Element) *etree.Element {
			a := child(r, "Assertion")
			r.InsertChildAt(a.Index(), evil(a))
			r.RemoveChild(a)
			r.AddChild(without(a, "Signature"))
			return r
		},
		"6: the assertion in the signature of another": func(r *etree.Element) *etree.Element {
			a := child(r, "Assertion")
			bad := evil(a)
			child(bad, "Signature").AddChild(without(a, "Signature"))
			r.RemoveChild(a)
			r.AddChild(bad)
			return r
		},
		"7: another assertion in extensions": func(r *etree.Element) *etree.Element {
			x := etree.NewElement("samlp:Extensions")
			a := child(r, "Assertion")
			x.AddChild(without(evil(a), "Signature"))
			r.InsertChildAt(a.Index(), x)
			return r
		},
		"8: the assertion in an object of the signature": func(r *etree.Element) *etree.Element {
			a := child(r, "Assertion")
			bad := evil(a)
			child(bad, "Signature").AddChild(object(without(a, "Signature")))
			r.RemoveChild(a)
			r.AddChild(bad)
			return r
		},
	}
}

func TestNothingTakesThePlaceOfWhatWasSigned(t *testing.T) {
	each(t, func(g *rig) {
		for name, wrap := range wrappings() {
			b := g.browser()
			ask, _ := b.begin()
			a := answer{request: ask.ID, whole: name < "3", bare: name < "3", attributes: map[string][]string{"uid": {"ada"}}}
			t.Run(name, func(t *testing.T) {
				good := a.written(t, g.now)
				if _, err := g.config.open(good.Copy(), expected{request: ask.ID, acs: ourACS, entity: ourName, now: g.now}); err != nil {
					t.Fatalf("before the attack: %v", err)
				}
				g.refusedIn(t, b.bring(wrap(good)))
			})
		}
	})
}

// untrue are answers that do not hold, by why.
func untrue() map[string]answer {
	late := time.Unix(1_800_000_000, 0).Add(-time.Hour)
	return map[string]answer{
		"wrong audience":                {audience: "https://other.example"},
		"expired":                       {issued: late},
		"conditions expired":            {until: late},
		"not yet valid":                 {from: time.Unix(1_800_003_600, 0)},
		"from the future":               {issued: time.Unix(1_800_003_600, 0)},
		"wrong destination":             {whole: true, destination: "https://other.example/acs"},
		"unsigned, wrong destination":   {destination: "https://other.example/acs"},
		"wrong recipient":               {recipient: "https://other.example/acs"},
		"confirmed for another request": {confirmation: newID()},
		"another issuer":                {issuer: "https://evil.example"},
		"unsigned":                      {bare: true},
		"signed by another key":         {signer: keys()[3]},
		"signed with SHA-1":             {algorithm: dsig.RSASHA1SignatureMethod},
		"the provider refuses":          {status: statusPrefix + "Responder"},
		"nobody":                        {attributes: map[string][]string{"mail": {"ada@example.org"}}},
	}
}

func TestWhatIsNotProvedIsRefused(t *testing.T) {
	each(t, func(g *rig) {
		for name, a := range untrue() {
			t.Run(name, func(t *testing.T) { g.refusedIn(t, g.browser().login(a)) })
		}
		if all, _, err := g.dir.CountUsers(t.Context()); err != nil || all != 0 {
			t.Errorf("%d accounts, %v", all, err)
		}
	})
}

// A signature does not see comments, and some readers end a text at one: ada.evil would
// become ada.
func TestACommentCutsNoName(t *testing.T) {
	each(t, func(g *rig) {
		for name, mark := range map[string]string{"comment": "<!---->", "instruction": "<?x?>", "nothing": ""} {
			t.Run(name, func(t *testing.T) {
				b := g.browser()
				ask, _ := b.begin()
				text, err := written(answer{request: ask.ID, name: "ada.evil", attributes: map[string][]string{"uid": {"ada.evil"}}}.written(t, g.now))
				if err != nil {
					t.Fatal(err)
				}
				marked := strings.ReplaceAll(string(text), "ada.evil", "ada"+mark+".evil")
				w := b.post(base+"/acs", url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(marked))}})
				if mark != "" {
					g.refusedIn(t, w)
				} else if w.Code != http.StatusSeeOther {
					t.Errorf("as it was signed: %d", w.Code)
				}
				g.entered = nil
			})
		}
	})
}

func TestAnAnswerThatWasChangedIsRefused(t *testing.T) {
	each(t, func(g *rig) {
		for _, a := range []answer{{}, {whole: true, bare: true}, {whole: true}} {
			b := g.browser()
			ask, _ := b.begin()
			a.request, a.attributes = ask.ID, map[string][]string{"uid": {"ada"}}
			r := a.written(t, g.now)
			child(child(child(child(r, "Assertion"), "AttributeStatement"), "Attribute"), "AttributeValue").SetText("root")
			g.refused(b.bring(r))
		}
	})
}

func TestAnAssertionIsUsedOnce(t *testing.T) {
	each(t, func(g *rig) {
		other := *g.room // another node on the same database
		b := g.browser()
		ask, _ := b.begin()
		r := answer{request: ask.ID, attributes: map[string][]string{"uid": {"ada"}}}.written(t, g.now)
		again := &browser{g, map[string]string{}}
		for k, v := range b.cookies {
			again.cookies[k] = v
		}
		if w := b.bring(r); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		g.entered = nil
		g.refused(again.bring(r))
		a, err := g.config.open(r, expected{request: ask.ID, acs: ourACS, entity: ourName, now: g.now})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.use(t.Context(), g.config, a); err == nil {
			t.Error("another node takes it")
		}
		g.now = g.now.Add(time.Hour)
		if err := g.room.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := other.use(t.Context(), g.config, a); err != nil {
			t.Errorf("after it was swept: %v", err)
		}
	})
}

func TestALoginBelongsToTheBrowserThatBeganIt(t *testing.T) {
	each(t, func(g *rig) {
		victim, attacker := g.browser(), g.browser()
		victim.begin()
		ask, _ := attacker.begin()
		r := answer{request: ask.ID, attributes: map[string][]string{"uid": {"eve"}}}.written(t, g.now)
		g.refused(victim.bring(r))
		for name, id := range map[string]string{"unsolicited": "", "unknown": newID(), "strange": "_" + strings.Repeat("/", 40), "short": "x"} {
			t.Run(name, func(t *testing.T) {
				g.refusedIn(t, attacker.bring(answer{request: id, attributes: map[string][]string{"uid": {"eve"}}}.written(t, g.now)))
			})
		}
		stale := answer{request: ask.ID, attributes: map[string][]string{"uid": {"eve"}}}
		g.now = g.now.Add(flowLife + time.Second)
		g.refused(attacker.bring(stale.written(t, g.now)))
		g.now = g.now.Add(-flowLife)
		if w := attacker.bring(stale.written(t, g.now)); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/home/apps/files" {
			t.Errorf("in time: %d %s", w.Code, w.Body)
		}
	})
}

func TestDocumentsThatReachFurtherAreRefused(t *testing.T) {
	good := `<samlp:Response xmlns:samlp="` + protocolNS + `" ID="a"/>`
	deep := strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1)
	if _, err := parse([]byte(`<?xml version="1.0"?>` + good)); err != nil {
		t.Errorf("a plain one: %v", err)
	}
	for name, text := range map[string]string{
		"external entity": `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>`,
		"billion laughs":  `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><r>&b;</r>`,
		"document type":   `<!DOCTYPE r SYSTEM "http://evil.example/r.dtd">` + good,
		"instruction":     `<?xml-stylesheet href="http://evil.example"?>` + good,
		"comment":         good[:len(good)-2] + `><!-- x --></samlp:Response>`,
		"deep":            deep,
		"two IDs":         `<a ID="x"><b ID="x"/></a>`,
		"two documents":   good + good,
		"nothing":         "",
		"large":           "<a>" + strings.Repeat("x", maxMessage) + "</a>",
	} {
		if _, err := parse([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestAMessageDoesNotGrowWithoutEnd(t *testing.T) {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := inflated(base64.StdEncoding.EncodeToString(b.Bytes())); err == nil || len(out) > maxMessage+1 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if _, err := posted(strings.Repeat("A", 2*maxMessage)); err == nil {
		t.Error("a large message is taken")
	}
	each(t, func(g *rig) {
		g.refused(g.browser().get(base + "/sls?SAMLRequest=" + url.QueryEscape(base64.StdEncoding.EncodeToString(b.Bytes()))))
	})
}

func TestWeakEncryptionIsRefused(t *testing.T) {
	c := &Config{values: map[string]string{"sp-privateKey": keys()[2].privatePEM()}}
	inner := answer{}.assertion(time.Unix(1_800_000_000, 0))
	text, err := written(inner)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(e *etree.Element){
		"":            func(*etree.Element) {},
		"no cipher":   func(e *etree.Element) { e.FindElement("//CipherData/CipherValue").SetText("") },
		"half blocks": func(e *etree.Element) { e.FindElement("./EncryptedData/CipherData/CipherValue").SetText("AAAA") },
		"other cipher": func(e *etree.Element) {
			e.FindElement("./EncryptedData/EncryptionMethod").CreateAttr("Algorithm", encNS+"tripledes-cbc")
		},
		"short GCM": func(e *etree.Element) {
			e.FindElement("./EncryptedData/EncryptionMethod").CreateAttr("Algorithm", enc11NS+"aes128-gcm")
			e.FindElement("./EncryptedData/CipherData/CipherValue").SetText("AAAA")
		},
	} {
		e := encrypted(t, inner)
		change(e)
		if got, err := c.decrypt(e); (err == nil) != (name == "") || err == nil && !is(got, assertionNS, "Assertion") {
			t.Errorf("%s: %v", name, err)
		}
	}
	old := xmlenc.PKCS1v15()
	old.BlockCipher = xmlenc.AES128CBC
	data, err := old.Encrypt(keys()[2].cert, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := parsed(`<saml:EncryptedAssertion xmlns:saml="` + assertionNS + `"/>`)
	e.AddChild(data)
	if _, err := c.decrypt(e); err == nil {
		t.Error("PKCS #1 1.5 is taken")
	}
}

// Data by AES-GCM, with the key wrapped by RSA-OAEP with SHA-256 (XML Encryption 1.1).
func TestModernEncryptionIsTaken(t *testing.T) {
	secret, nonce := make([]byte, 32), make([]byte, 12)
	wrapped, err := rsa.EncryptOAEP(oaepHashes[encNS+"sha256"].New(), rand.Reader, &keys()[2].key.PublicKey, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed := append(nonce, gcm(t, secret).Seal(nil, nonce, []byte(`<NameID xmlns="`+assertionNS+`">ada</NameID>`), nil)...)
	e := parsed(`<EncryptedID xmlns="` + assertionNS + `" xmlns:x="` + encNS + `" xmlns:y="` + enc11NS + `" xmlns:ds="` + dsigNS + `"><x:EncryptedData><x:EncryptionMethod Algorithm="` + enc11NS + `aes256-gcm"/>` +
		`<x:CipherData><x:CipherValue>` + base64.StdEncoding.EncodeToString(sealed) + `</x:CipherValue></x:CipherData></x:EncryptedData>` +
		`<x:EncryptedKey><x:EncryptionMethod Algorithm="` + enc11NS + `rsa-oaep"><ds:DigestMethod Algorithm="` + encNS + `sha256"/><y:MGF Algorithm="` + enc11NS + `mgf1sha256"/></x:EncryptionMethod>` +
		`<x:CipherData><x:CipherValue>` + base64.StdEncoding.EncodeToString(wrapped) + `</x:CipherValue></x:CipherData></x:EncryptedKey></EncryptedID>`)
	c := &Config{values: map[string]string{"sp-privateKey": keys()[2].privatePEM()}}
	if got, err := c.decrypt(e); err != nil || got.Text() != "ada" {
		t.Errorf("%v", err)
	}
}

func gcm(t *testing.T, secret []byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
