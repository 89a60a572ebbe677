package db

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// idStep is how many ids a process reserves at once; what is left of a block
// at the end of a process is never used.
const idStep = 2000

type idBlock struct {
	mu        sync.Mutex
	next, end int64
}

// ID hands out the next id, unique in the whole database and below 2^53, so
// that JavaScript can hold it. Ids are drawn before the transaction that uses
// them; inside one it is an error.
func (db *DB) ID(ctx context.Context) (int64, error) { return db.IDs(ctx, 1) }

// IDs reserves n consecutive ids and returns the first.
func (db *DB) IDs(ctx context.Context, n int64) (int64, error) {
	if db.tx != nil {
		return 0, errors.New("ids are drawn before the transaction")
	}
	b := &db.ids
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end-b.next < n {
		first, err := db.reserve(ctx, max(idStep, n))
		if err != nil {
			return 0, fmt.Errorf("reserve ids: %w", err)
		}
		b.next, b.end = first, first+max(idStep, n)
	}
	id := b.next
	b.next += n
	return id, nil
}

func (db *DB) reserve(ctx context.Context, n int64) (first int64, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.Exec(ctx, "UPDATE counter SET next = next + ? WHERE name = 'id'", n); err != nil {
			return err
		}
		end, err := One(ctx, tx, Scan1[int64], "SELECT next FROM counter WHERE name = 'id'")
		first = end - n
		return err
	})
	return first, err
}
