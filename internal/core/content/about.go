package content

import (
	"context"
	"fmt"
	"time"

	"atrium/internal/infra/db"
)

// About is what is known of a content besides its bytes.
type About struct {
	Content
	Born   time.Time // when somebody first referred to it, to the second
	Joined bool      // it still consists of parts
}

// About tells what is known of a content; fault.NotFound when it is gone or
// waits for the sweeper.
func (s *Store) About(ctx context.Context, id int64) (About, error) {
	a, err := db.One(ctx, s.db, func(r db.Row) (a About, err error) {
		var born int64
		var parts int
		a.ID = id
		err = r.Scan(&a.Size, &a.SHA1, &born, &parts)
		a.Born, a.Joined = time.Unix(born, 0), parts > 0
		return a, err
	}, "SELECT size, sha1, born, parts FROM content WHERE id = ? AND refs > 0", id)
	if err != nil {
		return About{}, fmt.Errorf("content %d: %w", id, err)
	}
	return a, nil
}
