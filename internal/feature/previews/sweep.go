package previews

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sweepEvery is how often the store is gone through; when it is full, sooner.
const sweepEvery = 6 * time.Hour

// Bounds of the store when the administrator set none: a share of all files, but
// so much at least.
const (
	shareOfFiles = 3 // per cent
	leastStore   = 1 << 30
)

// abandoned is the age of unfinished files that nobody will finish.
const abandoned = time.Hour

// sweepIfDue sweeps when it is time, or when more was made than there is room for.
func (rm *Room) sweepIfDue(ctx context.Context) error {
	most, err := rm.most(ctx)
	if err != nil {
		return err
	}
	if rm.now().Sub(time.Unix(rm.store.swept.Load(), 0)) < sweepEvery && rm.store.total.Load()+rm.store.added.Load() <= most {
		return nil
	}
	rm.cage.Sweep(rm.now().Add(-abandoned))
	return rm.sweep(ctx, most)
}

// most is how many bytes may be kept.
func (rm *Room) most(ctx context.Context) (int64, error) {
	c, err := rm.config(ctx)
	if err != nil || c.room > 0 {
		return c.room, err
	}
	all, err := rm.content.Total(ctx)
	return max(all/100*shareOfFiles, leastStore), err
}

// sweep removes the previews of contents that are gone, and if there is more than
// most then, those that were looked at longest ago. It goes shelf by shelf: its
// memory does not grow with the store.
func (rm *Room) sweep(ctx context.Context, most int64) error {
	s := rm.store
	began := s.added.Load()
	var total int64
	ages := map[int64]int64{} // bytes by the hour of the last look
	err := s.each(ctx, func(shelf string) error {
		if err := rm.sweepShelf(ctx, shelf); err != nil {
			return err
		}
		return s.files(shelf, func(path string, fi fs.FileInfo) error {
			total += fi.Size()
			ages[fi.ModTime().Unix()/3600] += fi.Size()
			return nil
		})
	})
	if err != nil {
		return err
	}
	if total > most {
		if total, err = s.shed(ctx, ages, total, most/10*9); err != nil {
			return err
		}
	}
	s.total.Store(total)
	s.added.Add(-began)
	s.swept.Store(rm.now().Unix())
	return nil
}

// sweepShelf removes from one of the 256 shelves what belongs to no content.
func (rm *Room) sweepShelf(ctx context.Context, shelf string) error {
	names, err := readNames(shelf)
	if err != nil {
		return err
	}
	const batch = 500
	for len(names) > 0 {
		n := min(len(names), batch)
		ids := make([]int64, 0, n)
		for _, name := range names[:n] {
			if id, err := strconv.ParseInt(name, 36, 64); err == nil {
				ids = append(ids, id)
			}
		}
		names = names[n:]
		gone, err := rm.content.Gone(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range gone {
			if err := os.RemoveAll(rm.store.shelf(id)); err != nil {
				return err
			}
		}
	}
	old := rm.now().Add(-abandoned)
	return rm.store.files(shelf, func(path string, fi fs.FileInfo) error {
		if strings.HasPrefix(fi.Name(), "tmp-") && fi.ModTime().Before(old) {
			return os.Remove(path)
		}
		return nil
	})
}

// shed removes the oldest hours until at most want bytes are left.
func (s *store) shed(ctx context.Context, ages map[int64]int64, total, want int64) (int64, error) {
	var first, last int64
	for h := range ages {
		if first == 0 || h < first {
			first = h
		}
		last = max(last, h)
	}
	left := total
	until := first
	for ; until <= last && left > want; until++ {
		left -= ages[until]
	}
	err := s.each(ctx, func(shelf string) error {
		return s.files(shelf, func(path string, fi fs.FileInfo) error {
			if fi.ModTime().Unix()/3600 >= until {
				return nil
			}
			_ = os.Remove(filepath.Dir(path)) // works once it is empty
			return os.Remove(path)
		})
	})
	return left, err
}

// each goes through the shelves that there are.
func (s *store) each(ctx context.Context, f func(shelf string) error) error {
	names, err := readNames(s.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(filepath.Join(s.dir, n)); err != nil {
			return err
		}
	}
	return nil
}

// files goes through the previews on a shelf. One that vanishes meanwhile is not
// there.
func (s *store) files(shelf string, f func(path string, fi fs.FileInfo) error) error {
	err := filepath.WalkDir(shelf, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var fi fs.FileInfo
			if fi, err = d.Info(); err == nil {
				err = f(path, fi)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return err
}

func readNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}
