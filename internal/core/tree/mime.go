package tree

import (
	"context"
	"errors"
	"hash/crc32"
	"sync"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
)

// mimes numbers media types, so that a node holds four bytes of them.
type mimes struct {
	db   *db.DB
	mu   sync.RWMutex
	ids  map[string]int32
	text map[int32]string
}

func newMimes(d *db.DB) *mimes {
	return &mimes{db: d, ids: map[string]int32{}, text: map[int32]string{}}
}

// MimeID returns the number of a media type, and gives it one if it has none.
// It writes, so it is called before a transaction. 0 stands for none.
func (t *Tree) MimeID(ctx context.Context, mediaType string) (int32, error) {
	m := t.mimes
	m.mu.RLock()
	id, ok := m.ids[mediaType]
	m.mu.RUnlock()
	if ok || mediaType == "" {
		return id, nil
	}
	// The number is drawn from the text, so that nodes which start at the same
	// time agree; a clash takes the next one.
	id = int32(crc32.ChecksumIEEE([]byte(mediaType))&0x3fffffff) + 1
	for ; ; id++ {
		if _, err := m.db.Exec(ctx, "INSERT INTO mime (id, type) VALUES (?, ?)", id, mediaType); err != nil && !errors.Is(err, fault.Exists) {
			return 0, err
		}
		text, err := t.MimeType(ctx, id)
		if err == nil && text == mediaType {
			return id, nil
		}
		if err != nil && !errors.Is(err, fault.NotFound) {
			return 0, err
		}
	}
}

// MimeType is the media type of a number, "" for 0.
func (t *Tree) MimeType(ctx context.Context, id int32) (string, error) {
	m := t.mimes
	m.mu.RLock()
	text, ok := m.text[id]
	m.mu.RUnlock()
	if ok || id == 0 {
		return text, nil
	}
	text, err := db.One(ctx, m.db, db.Scan1[string], "SELECT type FROM mime WHERE id = ?", id)
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids[text], m.text[id] = id, text
	return text, nil
}
