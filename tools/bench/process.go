package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"atrium/tools/drive"
)

// freshStarts starts servers on empty folders, and leaves one of them alone
// for a moment.
func (b *bench) freshStarts() error {
	var times []time.Duration
	for n := range 3 {
		s := &drive.Server{Bin: b.bin, Data: filepath.Join(b.base, fmt.Sprintf("empty-%d", n))}
		begun := time.Now()
		if err := s.Start(); err != nil {
			return err
		}
		if err := s.Ready(b.ctx, time.Minute); err != nil {
			return err
		}
		times = append(times, time.Since(begun))
		if n == 0 {
			time.Sleep(3 * time.Second)
			m, err := s.Memory()
			if err != nil {
				return err
			}
			b.set("rss-idle", float64(m)/1e6, "")
		}
		if err := s.Stop(time.Minute); err != nil {
			return err
		}
	}
	b.set("start-empty", median(times)/1000, "first start, making the database")
	return nil
}

func (b *bench) memoryAfter() error {
	time.Sleep(3 * time.Second)
	m, err := b.s.Memory()
	b.set("rss-after", float64(m)/1e6, "")
	return err
}

// sync lets the real desktop client carry 5,000 files up and down.
func (b *bench) sync() error {
	if err := b.mkcol("sync"); err != nil {
		return err
	}
	here, there := filepath.Join(b.base, "sync-a"), filepath.Join(b.base, "sync-b")
	for n := range 200 {
		folder := filepath.Join(here, fmt.Sprintf("folder-%03d", n))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for k := range 25 {
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("file-%02d.bin", k)), noise(4<<10, uint64(n*25+k)), 0o644); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(there, 0o755); err != nil {
		return err
	}
	// The run after the upload still learns the etags that the upload made; only
	// the one after that finds nothing changed.
	var learning time.Duration
	for _, run := range []struct{ id, folder string }{{"sync-up", here}, {"", here}, {"sync-none", here}, {"sync-down", there}} {
		d, err := b.s.NextcloudCmd(b.base, drive.User, b.pass, run.folder, "/sync")
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", run.id, err)
		case run.id == "":
			learning = d
		case run.id == "sync-none":
			b.set(run.id, d.Seconds(), "the run before it, right after the upload: %.1f s", learning.Seconds())
		default:
			b.set(run.id, d.Seconds(), "")
		}
	}
	return drive.SameTrees(here, there)
}
