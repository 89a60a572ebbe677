// Package keyring keeps pairs of keys of our own that sign what others check: the one
// that signs now, the one that will, and those that have signed until lately. It knows no
// protocol beyond JSON Web Keys; who reads the public parts where is a room's.
package keyring

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
)

// Ring is the keys in a table of one room. The table has the columns id, sealed, created,
// which is from when on a key signs, and expires, until when an old one is told; 0: nothing
// has taken its place. Times are Unix seconds.
type Ring struct {
	Now     func() time.Time
	First   jose.SignatureAlgorithm // of the key that the first use makes
	Overlap time.Duration           // for which an old key is told after it has signed for the last time

	db    *db.DB
	box   *seal.Box
	table string
}

// Key is one of our own, with its private part.
type Key struct {
	jose.JSONWebKey
	Begins  time.Time // from when on it signs
	Expires time.Time // until when it is told; zero: no other has taken its place

	id int64
}

// Algorithms are the ways we can sign.
func Algorithms() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{jose.ES256, jose.RS256} }

// New returns the keys in a table. It touches no database.
func New(d *db.DB, box *seal.Box, table string) *Ring {
	return &Ring{Now: time.Now, First: jose.ES256, Overlap: time.Hour, db: d, box: box, table: table}
}

func (r *Ring) sealedFor(id int64) string {
	return strings.ReplaceAll(r.table, "_", " ") + " " + strconv.FormatInt(id, 10)
}

// Keys are those whose signatures are good or will be, the newest first. Ids do not tell
// which is newer, as each node draws them from a block of its own.
func (r *Ring) Keys(ctx context.Context) ([]*Key, error) {
	return db.List(ctx, r.db, func(row db.Row) (*Key, error) {
		var k Key
		var sealed string
		var begins, expires int64
		if err := row.Scan(&k.id, &sealed, &begins, &expires); err != nil {
			return nil, err
		}
		k.Begins = time.Unix(begins, 0)
		if expires != 0 {
			k.Expires = time.Unix(expires, 0)
		}
		text, err := r.box.Open(sealed, r.sealedFor(k.id))
		if err != nil {
			return nil, err
		}
		return &k, k.UnmarshalJSON(text)
	}, "SELECT id, sealed, created, expires FROM "+r.table+` WHERE expires = 0 OR expires > ?
		ORDER BY CASE WHEN expires = 0 THEN 0 ELSE 1 END, created DESC, id DESC`, r.Now().Unix())
}

// Current are the keys as Keys returns them, and the one of them that signs. The first use
// makes one.
func (r *Ring) Current(ctx context.Context) (signs *Key, all []*Key, err error) {
	if all, err = r.Keys(ctx); err != nil {
		return nil, nil, err
	}
	if len(all) == 0 || !all[0].Expires.IsZero() {
		if err := r.Rotate(ctx, r.First, 0); err != nil {
			return nil, nil, err
		}
		if all, err = r.Keys(ctx); err != nil {
			return nil, nil, err
		}
	}
	for _, k := range all {
		if !k.Begins.After(r.Now()) {
			return k, all, nil
		}
	}
	return all[len(all)-1], all, nil // none has begun: the clock went back
}

// Rotate makes a new key, which is told from now on and signs after so long. Those before
// it sign until then, and are told for the overlap after.
func (r *Ring) Rotate(ctx context.Context, alg jose.SignatureAlgorithm, after time.Duration) error {
	var private crypto.Signer
	var err error
	switch alg {
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		return fault.New(fault.Invalid, "Keys are of ES256 or RS256.")
	}
	if err != nil {
		return err
	}
	id, err := r.db.ID(ctx)
	if err != nil {
		return err
	}
	text, err := jose.JSONWebKey{Key: private, KeyID: seal.Token(22), Algorithm: string(alg), Use: "sig"}.MarshalJSON()
	if err != nil {
		return err
	}
	begins := r.Now().Add(after)
	return r.db.Tx(ctx, func(tx *db.DB) error {
		if _, err := tx.Exec(ctx, "UPDATE "+r.table+" SET expires = ? WHERE expires = 0", begins.Add(r.Overlap).Unix()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO "+r.table+" (id, sealed, created, expires) VALUES (?, ?, ?, 0)", id, r.box.Seal(text, r.sealedFor(id)), begins.Unix())
		return err
	})
}

// Sign makes a JSON Web Token of a type, such as "JWT".
func (r *Ring) Sign(ctx context.Context, kind string, claims map[string]any) (string, error) {
	k, _, err := r.Current(ctx)
	if err != nil {
		return "", err
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: k.JSONWebKey}, (&jose.SignerOptions{}).WithType(jose.ContentType(kind)))
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := s.Sign(text)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// Ours returns the payload of a token that one of the keys has signed.
func (r *Ring) Ours(ctx context.Context, token string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, Algorithms())
	if err != nil {
		return nil, err
	}
	all, err := r.Keys(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if text, err := signed.Verify(k.Public()); err == nil {
			return text, nil
		}
	}
	return nil, errors.New("no key of ours fits")
}

// Public is the public parts, for those who check. The first use makes a key.
func (r *Ring) Public(ctx context.Context) (set jose.JSONWebKeySet, err error) {
	_, all, err := r.Current(ctx)
	for _, k := range all {
		set.Keys = append(set.Keys, k.Public())
	}
	return set, err
}

// Sweep forgets keys that are told no more.
func (r *Ring) Sweep(ctx context.Context) error {
	_, err := r.db.Exec(ctx, "DELETE FROM "+r.table+" WHERE expires > 0 AND expires < ?", r.Now().Unix())
	return err
}
