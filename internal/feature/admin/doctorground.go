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
		return []finding{{check, fail, err.Error(), "See why the database does not answer."}}
	}
	d, name := time.Since(start), p.ground.DB.Name()
	if d > slowDatabase {
		return []finding{{check, warn, fmt.Sprintf("%s takes %s to answer.", name, took(d)), "Put the database nearer to the server, or give it more power."}}
	}
	return []finding{{check, fine, fmt.Sprintf("%s answers in %s; its tables are current.", name, took(d)), ""}}
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
			return []finding{{check, fail, err.Error(), "See why the database does not answer."}}
		}
		if u.Enabled {
			n++
		}
	}
	if n == 0 {
		return []finding{{check, warn, "Nobody who can sign in is in the group admin.", "Put somebody into it: atrium group:adduser admin UID"}}
	}
	return []finding{{check, fine, fmt.Sprintf("%d can sign in.", n), ""}}
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
		return []finding{{check, fail, err.Error(), "See that the disk with the store is mounted, has room and can be written to: " + p.blobs()}}
	}
	found := finding{check, fine, fmt.Sprintf("A small file is written, safe and read back in %s.", took(median)), ""}
	switch {
	case !p.conf.Durable():
		found.verdict, found.fix = warn, "A power cut may lose files. Unless they can be made again, set storage.durability to fsync (ATRIUM_STORAGE_DURABILITY)."
		found.text = fmt.Sprintf("A small file is written and read back in %s, without waiting for the disk.", took(median))
	case median > slowDisk:
		found.verdict, found.fix = warn, "Uploads of many small files will be slow. Use a faster disk, or one with a cache that survives a power cut."
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
		return []finding{{check, fail, "It is not " + now.Format(time.DateOnly) + ".", "Set the clock, for instance with chrony or systemd-timesyncd."}}
	}
	q := ""
	if p.ground != nil {
		q = map[db.Dialect]string{db.Postgres: "SELECT CAST(EXTRACT(EPOCH FROM now()) AS BIGINT)", db.MySQL: "SELECT UNIX_TIMESTAMP()"}[p.ground.DB.Dialect()]
	}
	if q == "" {
		return []finding{{check, fine, "It is " + now.Format(time.RFC3339) + ".", ""}}
	}
	theirs, err := db.One(ctx, p.ground.DB, db.Scan1[int64], q)
	if err != nil {
		return []finding{{check, fail, err.Error(), "See why the database does not answer."}}
	}
	if off := time.Unix(theirs, 0).Sub(now).Abs(); off > clockSlack {
		return []finding{{check, warn, fmt.Sprintf("It differs from the database's by %s.", took(off)), "Let both machines set their clocks, for instance with chrony."}}
	}
	return []finding{{check, fine, "It agrees with the database's.", ""}}
}
