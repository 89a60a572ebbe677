package admin

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"atrium/internal/base/tongue"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// Bounds of what is well.
const (
	slowDatabase = 50 * time.Millisecond
	slowDisk     = 100 * time.Millisecond
	clockSlack   = 5 * time.Second
	probes       = 5
	probeSize    = 4 << 10
)

// database checks that the database answers. That its tables are current was
// seen to when it was opened.
func (p *patient) database(ctx context.Context) []finding {
	if p.ground == nil {
		return nil
	}
	const check = "database"
	start := time.Now()
	if err := p.ground.DB.Ping(ctx); err != nil {
		return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Of("See why the database does not answer.")}}
	}
	d, name := time.Since(start), p.ground.DB.Name()
	if d > slowDatabase {
		return []finding{{check, warn, tongue.Of("{database} takes {time} to answer.", "database", name, "time", took(d)), tongue.Of("Put the database nearer to the server, or give it more power.")}}
	}
	return []finding{{check, fine, tongue.Of("{database} answers in {time}; its tables are current.", "database", name, "time", took(d)), tongue.Saying{}}}
}

// administrators checks that somebody can administer the server.
func (p *patient) administrators(ctx context.Context) []finding {
	if p.ground == nil {
		return nil
	}
	const check = "administrators"
	n := 0
	for u, err := range p.ground.People.Users(ctx, identity.Query{Group: identity.AdminGroup}) {
		if err != nil {
			return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Of("See why the database does not answer.")}}
		}
		if u.Enabled {
			n++
		}
	}
	if n == 0 {
		return []finding{{check, warn, tongue.Of("Nobody who can sign in is in the group admin."), tongue.Of("Put somebody into it: {command}", "command", "atrium group:adduser admin UID")}}
	}
	return []finding{{check, fine, tongue.Of("{n, plural, one {# can} other {# can}} sign in.", "n", n), tongue.Saying{}}}
}

// store checks that the store is there, and that what is written there is
// durable and comes back as it was.
func (p *patient) store(ctx context.Context) []finding {
	if p.ground == nil {
		return nil
	}
	const check = "store"
	median, err := p.probe(ctx)
	if err != nil {
		return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Of("See that the disk with the store is mounted, has room and can be written to: {folder}", "folder", p.blobs())}}
	}
	found := finding{check, fine, tongue.Of("A small file is written, safe and read back in {time}.", "time", took(median)), tongue.Saying{}}
	switch {
	case !p.conf.Durable():
		found.verdict, found.fix = warn, tongue.Of("A power cut may lose files. Unless they can be made again, set storage.durability to fsync (ATRIUM_STORAGE_DURABILITY).")
		found.text = tongue.Of("A small file is written and read back in {time}, without waiting for the disk.", "time", took(median))
	case median > slowDisk:
		found.verdict, found.fix = warn, tongue.Of("Uploads of many small files will be slow. Use a faster disk, or one with a cache that survives a power cut.")
	}
	return []finding{found}
}

// probe writes, reads and deletes some small blobs, and returns the median of
// the time one took to be safe.
func (p *patient) probe(ctx context.Context) (time.Duration, error) {
	var times []time.Duration
	body := make([]byte, probeSize)
	for range probes {
		rand.Read(body) // never fails
		key := "probe" + strings.ToLower(rand.Text())
		start := time.Now()
		if _, err := p.ground.Store.Put(ctx, key, bytes.NewReader(body), probeSize); err != nil {
			return 0, fmt.Errorf("writing: %w", err)
		}
		times = append(times, time.Since(start))
		back, err := p.read(ctx, key)
		err = errors.Join(err, p.ground.Store.Delete(ctx, key))
		if err != nil {
			return 0, fmt.Errorf("reading back: %w", err)
		}
		if !bytes.Equal(back, body) {
			return 0, errors.New("what was read back is not what was written")
		}
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

func (p *patient) read(ctx context.Context, key string) (_ []byte, err error) {
	rc, err := p.ground.Store.Open(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	return io.ReadAll(rc)
}

// clock compares our clock with that of the database's machine.
func (p *patient) clock(ctx context.Context) []finding {
	const check = "clock"
	now := p.now()
	if now.Year() < 2026 {
		return []finding{{check, fail, tongue.Of("It is not {day}.", "day", now.Format(time.DateOnly)), tongue.Of("Set the clock, for instance with chrony or systemd-timesyncd.")}}
	}
	q := ""
	if p.ground != nil {
		q = map[db.Dialect]string{db.Postgres: "SELECT CAST(EXTRACT(EPOCH FROM now()) AS BIGINT)", db.MySQL: "SELECT UNIX_TIMESTAMP()"}[p.ground.DB.Dialect()]
	}
	if q == "" {
		return []finding{{check, fine, tongue.Of("It is {time}.", "time", now.Format(time.RFC3339)), tongue.Saying{}}}
	}
	theirs, err := db.One(ctx, p.ground.DB, db.Scan1[int64], q)
	if err != nil {
		return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Of("See why the database does not answer.")}}
	}
	if off := time.Unix(theirs, 0).Sub(now).Abs(); off > clockSlack {
		return []finding{{check, warn, tongue.Of("It differs from the database’s by {time}.", "time", took(off)), tongue.Of("Let both machines set their clocks, for instance with chrony.")}}
	}
	return []finding{{check, fine, tongue.Of("It agrees with the database’s."), tongue.Saying{}}}
}
