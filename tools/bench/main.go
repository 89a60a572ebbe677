// Command bench measures a built server from outside, on loopback, one row for
// each promise about speed, and prints a table. Client and server share the
// machine, so the load comes from plain sockets and requests made beforehand.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"atrium/tools/drive"
)

// bench is one run over a scratch folder.
type bench struct {
	ctx  context.Context
	bin  string
	base string // scratch folder
	s    *drive.Server
	c    *drive.Client
	pass string // app password
	data map[string]float64
	note map[string]string
	skip func(id string) bool
}

// group measures some rows; they run in the order of this list, since some
// need what others left (the last one: the memory that the rest has cost).
type group struct {
	rows []string
	run  func(*bench) error
}

func groups(full bool) []group {
	all := []group{
		{[]string{"start-empty", "rss-idle"}, (*bench).freshStarts},
		{[]string{"propfind-0"}, (*bench).propfindFile},
		{[]string{"get-4k"}, (*bench).getSmall},
		{[]string{"put-4k"}, (*bench).putSmall},
		{[]string{"bulk-4k"}, (*bench).bulk},
		{[]string{"propfind-1k", "propfind-10k", "propfind-100k", "move-100k", "peak-100k"}, (*bench).folders},
		{[]string{"put-1g", "get-1g"}, (*bench).big},
		{[]string{"finish-10g"}, (*bench).finish},
		{[]string{"preview-12mp", "preview-peak", "preview-grid"}, (*bench).previews},
		{[]string{"proof-10k"}, (*bench).proof},
		{[]string{"sync-up", "sync-none", "sync-down"}, (*bench).sync},
		{[]string{"push-10k", "push-delay"}, (*bench).push},
		{[]string{"rss-after"}, (*bench).memoryAfter},
	}
	if full {
		all = append(all, group{[]string{"start-1m"}, (*bench).startMillion},
			group{[]string{"search-1m"}, (*bench).searchMillion}, // among these
			group{[]string{"soak-server", "soak-peak", "soak-rate"}, (*bench).soak},
			group{[]string{"account-make", "account-pass", "account-list", "account-search", "account-group"}, (*bench).accounts})
	}
	return all
}

func main() {
	var (
		bin     = flag.String("bin", "bin/atrium", "the server's binary")
		dsn     = flag.String("db", "", "DSN of an empty database; SQLite when empty")
		base    = flag.String("data", "", "scratch folder on the disk to measure; a new one below the system's when empty")
		only    = flag.String("only", "", "measure rows whose id matches this regular expression")
		full    = flag.Bool("full", false, "also the rows with a million files and with 100,000 accounts (minutes)")
		out     = flag.String("o", "bin/bench.json", "write the figures here")
		compare = flag.String("compare", "", "figures of an earlier run to compare with")
		strict  = flag.Bool("strict", false, "exit 1 when a row misses what it must reach")
	)
	flag.Parse()
	b, err := newBench(*bin, *dsn, *base, *only)
	exitOn(err)
	failed := b.all(*full)
	exitOn(b.s.Stop(time.Minute))
	var last *figures
	if *compare != "" {
		last, err = load(*compare)
		exitOn(err)
	}
	f := figures{When: time.Now().UTC(), Machine: machine(), Values: b.data}
	exitOn(f.save(*out))
	missed := report(os.Stdout, &f, last, b.note)
	if *base == "" {
		exitOn(os.RemoveAll(b.base))
	}
	if failed || *strict && missed > 0 {
		os.Exit(1)
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

func newBench(bin, dsn, base, only string) (*bench, error) {
	rows, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	if base == "" {
		if base, err = os.MkdirTemp("", "atrium-bench-"); err != nil {
			return nil, err
		}
	}
	b := &bench{
		ctx: context.Background(), bin: bin, base: base,
		data: map[string]float64{}, note: map[string]string{},
		skip: func(id string) bool { return !rows.MatchString(id) },
	}
	b.s = &drive.Server{Bin: bin, Data: filepath.Join(base, "data"), DB: dsn}
	return b, nil
}

// all runs the groups; one that fails is reported and does not stop the rest.
func (b *bench) all(full bool) (failed bool) {
	exitOn(b.connect())
	for _, g := range groups(full) {
		wanted := false
		for _, id := range g.rows {
			wanted = wanted || !b.skip(id)
		}
		if !wanted {
			continue
		}
		begun := time.Now()
		err := g.run(b)
		fmt.Fprintf(os.Stderr, "bench: %v in %s\n", g.rows, time.Since(begun).Round(time.Millisecond))
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %v FAILED: %v\n", g.rows, err)
			failed = true
		}
	}
	return failed
}

// connect starts the server that most rows share.
func (b *bench) connect() error {
	if err := b.s.Start(); err != nil {
		return err
	}
	if err := b.s.Ready(b.ctx, time.Minute); err != nil {
		return err
	}
	pass, err := b.s.AppPassword(b.ctx)
	if err != nil {
		return err
	}
	b.pass = pass
	b.c = drive.NewClient(b.s.URL(), drive.User, pass, 8, 10*time.Minute)
	return nil
}

// set records a figure, with what is worth knowing beside it.
func (b *bench) set(id string, value float64, note string, args ...any) {
	b.data[id] = value
	b.note[id] = fmt.Sprintf(note, args...)
	fmt.Fprintf(os.Stderr, "bench: %s = %.4g %s\n", id, value, b.note[id])
}
