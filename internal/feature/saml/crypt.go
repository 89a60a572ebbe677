package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

const (
	encNS   = "http://www.w3.org/2001/04/xmlenc#"
	enc11NS = "http://www.w3.org/2009/xmlenc11#"
)

// oaepHashes are the hashes of RSA-OAEP, and of its mask (XML Encryption 1.1, section
// 5.5.2). RSA PKCS #1 1.5 is not taken: who can ask again and again can open it.
var oaepHashes = map[string]crypto.Hash{
	"": crypto.SHA1, dsigNS + "sha1": crypto.SHA1, encNS + "sha256": crypto.SHA256, encNS + "sha512": crypto.SHA512,
	enc11NS + "mgf1sha1": crypto.SHA1, enc11NS + "mgf1sha256": crypto.SHA256, enc11NS + "mgf1sha512": crypto.SHA512,
}

// ciphers are the lengths of keys, in bytes.
var ciphers = map[string]int{
	encNS + "aes128-cbc": 16, encNS + "aes192-cbc": 24, encNS + "aes256-cbc": 32,
	enc11NS + "aes128-gcm": 16, enc11NS + "aes192-gcm": 24, enc11NS + "aes256-gcm": 32,
}

// decrypt opens an EncryptedAssertion or EncryptedID with our key, and reads what is
// in it as strictly as a message. The wrapped key stands in the data or beside it.
func (c *Config) decrypt(e *etree.Element) (*etree.Element, error) {
	own, err := c.key()
	if err != nil {
		return nil, err
	}
	key, ok := own.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("without an RSA key nothing can be decrypted")
	}
	data := children(e, encNS, "EncryptedData")
	if len(data) != 1 {
		return nil, errors.New("there is no encrypted data")
	}
	wrapped := children(e, encNS, "EncryptedKey")
	for _, info := range children(data[0], dsigNS, "KeyInfo") {
		wrapped = append(wrapped, children(info, encNS, "EncryptedKey")...)
	}
	if len(wrapped) != 1 { // one for us; several are for several readers
		return nil, fmt.Errorf("%d encrypted keys", len(wrapped))
	}
	secret, err := unwrap(key, wrapped[0])
	if err != nil {
		return nil, err
	}
	text, err := unlock(secret, data[0])
	if err != nil {
		return nil, err
	}
	return parse(text)
}

// method is how something is encrypted, and its bytes.
func method(e *etree.Element) (name string, how *etree.Element, sealed []byte, err error) {
	methods, data := children(e, encNS, "EncryptionMethod"), children(e, encNS, "CipherData")
	if len(methods) != 1 || len(data) != 1 || len(children(data[0], encNS, "CipherValue")) != 1 {
		return "", nil, nil, errors.New("it is not told how it is encrypted")
	}
	value := children(data[0], encNS, "CipherValue")[0].Text()
	sealed, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	return methods[0].SelectAttrValue("Algorithm", ""), methods[0], sealed, err
}

// unwrap opens an EncryptedKey.
func unwrap(key *rsa.PrivateKey, e *etree.Element) ([]byte, error) {
	name, how, sealed, err := method(e)
	if err != nil {
		return nil, err
	}
	if name != encNS+"rsa-oaep-mgf1p" && name != enc11NS+"rsa-oaep" {
		return nil, fmt.Errorf("keys wrapped by %q are not taken", name)
	}
	parameter := func(space, tag string) string {
		for _, p := range children(how, space, tag) {
			return p.SelectAttrValue("Algorithm", "")
		}
		return ""
	}
	hash, ok := oaepHashes[parameter(dsigNS, "DigestMethod")]
	mask, ok2 := oaepHashes[parameter(enc11NS, "MGF")]
	if !ok || !ok2 || len(children(how, encNS, "OAEPparams")) > 0 {
		return nil, errors.New("keys wrapped with these parameters are not taken")
	}
	return key.Decrypt(rand.Reader, sealed, &rsa.OAEPOptions{Hash: hash, MGFHash: mask})
}

// unlock opens EncryptedData.
func unlock(secret []byte, e *etree.Element) ([]byte, error) {
	name, _, sealed, err := method(e)
	if err != nil {
		return nil, err
	}
	if n, ok := ciphers[name]; !ok || n != len(secret) {
		return nil, fmt.Errorf("data encrypted by %q with a key of %d bytes is not taken", name, len(secret))
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, "-gcm") {
		g, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		if len(sealed) < g.NonceSize() {
			return nil, errors.New("the data is too short")
		}
		return g.Open(nil, sealed[:g.NonceSize()], sealed[g.NonceSize():], nil)
	}
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, errors.New("the data has no whole blocks")
	}
	out := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(out, sealed[aes.BlockSize:])
	padding := int(out[len(out)-1]) // XML Encryption 1.1, section 5.2: the other bytes of it are arbitrary
	if padding == 0 || padding > aes.BlockSize {
		return nil, errors.New("the data is padded wrongly")
	}
	return out[:len(out)-padding], nil
}
