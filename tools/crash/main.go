// Command crash kills a server at random instants while clients write to it,
// and compares what it acknowledged with what is there afterwards: contents,
// listings, etags of all ancestors, ids, modification times, quota. It speaks
// HTTP only and knows nothing of the inside.
//
// An operation that was not acknowledged may have happened or not; there is no
// third state. Exit status 1 means that something was lost or found, and the
// data folder is kept.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"atrium/tools/drive"
)

// run is one run of the driver.
type run struct {
	s       *drive.Server
	c       *drive.Client
	j       *journal
	rand    *rand.Rand
	regs    *registers
	workers []*worker
	clock   func() time.Time

	root, folder string // etags of the root and of /shared when last looked at
	ackedThen    int    // and how many writes were acknowledged by then
	lost         int
	findings     []string // lost ones too
	slowest      time.Duration
}

func main() {
	var (
		bin     = flag.String("bin", "bin/atrium", "the server's binary")
		dsn     = flag.String("db", "sqlite", "sqlite, or the DSN of an empty database")
		kills   = flag.Int("kills", 60, "how often to kill the server")
		seed    = flag.Uint64("seed", 0, "makes the run; 0 takes one from the clock")
		clients = flag.Int("clients", 8, "how many connections write")
		keep    = flag.String("data", "", "scratch folder; a new one when empty")
		verify  = flag.Int("verify", 5, "read everything back and run the verify command every so many kills")
	)
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	base := *keep
	if base == "" {
		dir, err := os.MkdirTemp("", "atrium-crash-")
		exitOn(err)
		base = dir
	}
	r, err := newRun(*bin, *dsn, base, *seed, *clients)
	exitOn(err)
	fmt.Printf("crash: seed %d, data and journal in %s\n", *seed, base)
	start := time.Now()
	done := r.all(*kills, *verify)
	fmt.Printf("crash: %d kills, %d acknowledged writes, %d lost, %d findings (%s; slowest start to ready %s)\n",
		done, r.acked(), r.lost, len(r.findings)-r.lost, time.Since(start).Round(time.Second), r.slowest.Round(time.Millisecond))
	if len(r.findings) > 0 {
		fmt.Printf("crash: kept %s, repeat with -seed %d\n", base, *seed)
		os.Exit(1)
	}
	if *keep == "" {
		exitOn(os.RemoveAll(base))
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(2)
	}
}

func newRun(bin, dsn, base string, seed uint64, clients int) (*run, error) {
	j, err := openJournal(filepath.Join(base, "journal"))
	if err != nil {
		return nil, err
	}
	r := &run{
		s: &drive.Server{Bin: bin, Data: filepath.Join(base, "data")}, j: j,
		rand: rand.New(rand.NewPCG(seed, 0)), regs: newRegisters(), clock: time.Now,
	}
	if dsn != "sqlite" {
		r.s.DB = dsn
	}
	for n := range clients {
		r.workers = append(r.workers, &worker{n: n, r: rand.New(rand.NewPCG(seed, uint64(n)+1)), j: j, regs: r.regs, tree: folder()})
	}
	return r, nil
}

func (r *run) acked() int {
	sum := 0
	for _, w := range r.workers {
		sum += w.acked
	}
	return sum
}

// find reports something that must not be.
func (r *run) find(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.j.note("FOUND %s", text)
	if r.findings = append(r.findings, text); len(r.findings) <= 20 {
		fmt.Println("crash: FOUND", text)
	}
}

// lose reports differences from what was acknowledged.
func (r *run) lose(where string, differences []string) {
	for _, d := range differences {
		r.lost++
		r.find("%s: %s", where, d)
	}
}

// all kills the server the given number of times and returns how often it did.
func (r *run) all(kills, verify int) int {
	ctx := context.Background()
	if err := r.setUp(ctx); err != nil {
		r.find("set-up: %v", err)
		return 0
	}
	for n := 1; n <= kills; n++ {
		r.work(ctx)
		if err := r.restart(ctx); err != nil {
			r.find("restart: %v", err)
			return n
		}
		full := n%verify == 0
		ok := r.check(ctx, full)
		if err, ended := r.s.Ended(); ended {
			r.find("the server ended by itself after the restart: %v", err)
		}
		if !ok || full && !r.verify() {
			return n
		}
		for _, w := range r.workers {
			if err := r.resend(ctx, w); err != nil {
				r.find("%v", err)
			}
		}
		if len(r.findings) > 0 {
			return n
		}
		if n%10 == 0 {
			fmt.Printf("crash: %d kills, %d acknowledged writes so far\n", n, r.acked())
		}
	}
	if r.check(ctx, true) && r.verify() {
		if err := r.s.Stop(time.Minute); err != nil {
			r.find("SIGTERM: %v", err)
		}
	}
	return kills
}

// setUp starts the server for the first time and makes the folders.
func (r *run) setUp(ctx context.Context) error {
	if err := r.start(ctx); err != nil {
		return err
	}
	pass, err := r.s.AppPassword(ctx)
	if err != nil {
		return err
	}
	r.c = drive.NewClient(r.s.URL(), drive.User, pass, 2, time.Minute)
	for _, w := range r.workers {
		w.c = drive.NewClient(r.s.URL(), drive.User, pass, 1, time.Minute)
		if err := r.mkcol(ctx, w.own("")); err != nil {
			return err
		}
	}
	if err := r.mkcol(ctx, r.c.File("shared")); err != nil {
		return err
	}
	return nil
}

func (r *run) mkcol(ctx context.Context, address string) error {
	a, err := r.c.Do(ctx, "MKCOL", address, nil)
	if err == nil && a.Status != http.StatusCreated {
		err = fmt.Errorf("MKCOL %s: status %d: %s", address, a.Status, a.Body)
	}
	return err
}

func (r *run) start(ctx context.Context) error {
	begun := time.Now()
	if err := r.s.Start(); err != nil {
		return err
	}
	err := r.s.Ready(ctx, time.Minute)
	r.slowest = max(r.slowest, time.Since(begun))
	return err
}

// work lets the clients write for a while and kills the server under them.
func (r *run) work(ctx context.Context) {
	var wg sync.WaitGroup
	errs := make([]error, len(r.workers))
	for i, w := range r.workers {
		w.lost = time.Time{}
		wg.Go(func() { errs[i] = w.run(ctx) })
	}
	time.Sleep(50*time.Millisecond + time.Duration(r.rand.Int64N(int64(1450*time.Millisecond))))
	if err, ended := r.s.Ended(); ended {
		r.find("the server ended by itself: %v", err)
	}
	killed := r.clock()
	r.s.Kill()
	r.j.note("KILL")
	wg.Wait()
	for i, w := range r.workers {
		if errs[i] != nil {
			r.find("%v", errs[i])
		}
		if !w.lost.IsZero() && w.lost.Before(killed) {
			r.find("w%d: the connection broke before the server was killed: %s", w.n, w.flying)
		}
	}
}

// restart starts the server; one time in eight it is killed again on the way up.
func (r *run) restart(ctx context.Context) error {
	if r.rand.IntN(8) == 0 {
		if err := r.s.Start(); err != nil {
			return err
		}
		time.Sleep(time.Duration(r.rand.Int64N(int64(400 * time.Millisecond))))
		r.s.Kill()
		r.j.note("KILL on the way up")
	}
	return r.start(ctx)
}

// verify runs the server's own check of its data.
func (r *run) verify() bool {
	out, err := r.s.Run("verify")
	if err != nil {
		r.find("verify: %v\n%s", err, out)
	}
	return err == nil
}
