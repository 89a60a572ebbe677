package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/infra/conf"
	"atrium/internal/proto/cli"
)

// verdict is how a check ended.
type verdict string

const (
	fine verdict = "ok"
	warn verdict = "warn"
	fail verdict = "fail"
)

// finding is what one check found.
type finding struct {
	check   string // what was looked at
	verdict verdict
	text    tongue.Saying
	fix     tongue.Saying // what to do about it; zero if nothing
}

// patient is what the doctor looks at.
type patient struct {
	conf   conf.Config
	source conf.Source
	ground *Ground // nil: not begun, or it cannot be opened
	now    func() time.Time
}

func (r *Room) doctor() *cobra.Command {
	return cli.Anywhere(&cobra.Command{Use: "doctor", Short: "Look for whatever keeps this server from running well", RunE: r.examine})
}

func (r *Room) examine(cmd *cobra.Command, _ []string) (err error) {
	ctx := cmd.Context()
	p := &patient{source: r.site.Source, now: time.Now}
	found, ok := p.configuration()
	if ok {
		g, err := r.site.Open(ctx)
		found = append(found, opened(p.conf, err)...)
		if err == nil {
			p.ground = g
			defer func() { err = errors.Join(err, g.Close()) }()
		}
		for _, check := range []func(ctx context.Context) []finding{p.database, p.administrators, p.store, p.disk, p.folder,
			p.secrets, p.address, p.reachable, p.proxies, p.clock, p.openFiles} {
			found = append(found, check(ctx)...)
		}
	}
	return tell(cmd, found)
}

// tell prints what was found, and ends with ErrSaid if anything failed.
func tell(cmd *cobra.Command, found []finding) error {
	var table cli.Table
	bad, wide := false, 0
	for _, f := range found {
		bad = bad || f.verdict == fail
		wide = max(wide, len(f.check))
		table = append(table, cli.Map{{Key: "check", Value: f.check}, {Key: "result", Value: string(f.verdict)},
			{Key: "detail", Value: f.text.String()}, {Key: "fix", Value: f.fix.String()}})
	}
	if cli.Plain(cmd) {
		for _, f := range found {
			cli.Say(cmd, "%-4s  %-*s  %s", f.verdict, wide, f.check, f.text)
			if !f.fix.IsZero() {
				cli.Say(cmd, "%s  → %s", strings.Repeat(" ", 6+wide), f.fix)
			}
		}
	} else if err := cli.Print(cmd, table); err != nil {
		return err
	}
	if bad {
		return cli.ErrSaid
	}
	return nil
}

// configuration reads the configuration. It is false if that makes no sense, so
// that there is nothing more to look at.
func (p *patient) configuration() ([]finding, bool) {
	const check = "configuration"
	c, err := conf.Load(p.source)
	p.conf = c
	problems, ok := errors.AsType[conf.Problems](err)
	switch {
	case err == nil:
		return []finding{{check: check, verdict: fine, text: tongue.Plain("It is valid.")}}, true
	case !ok:
		return []finding{{check: check, verdict: fail, text: tongue.Plain(err.Error())}}, false
	}
	var found []finding
	for _, x := range problems {
		found = append(found, finding{check, fail, tongue.Plain(x.Where + ": " + x.Text), tongue.Plain("Correct it, then run doctor again for the other checks.")})
	}
	return found, false
}

// opened judges how opening the instance went.
func opened(c conf.Config, err error) []finding {
	const check = "instance"
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fault.NotFound):
		return []finding{{check, warn, tongue.Plain(err.Error()), tongue.Plain("Start the server once: atrium serve")}}
	}
	scheme, _, _ := strings.Cut(c.DSN(), ":")
	fix := "See that the database server runs and that db.dsn (ATRIUM_DB) has its address, user and password."
	if scheme == "sqlite" {
		fix = "See that the file of the database is there and that you may read and write it."
	}
	return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Plain(fix)}}
}

// took makes a duration readable.
func took(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// size makes a number of bytes readable.
func size(n int64) string {
	unit, f := 0, float64(n)
	for f >= 1000 && unit < 5 {
		unit, f = unit+1, f/1000
	}
	digits := 0
	if unit > 0 && f < 10 {
		digits = 1
	}
	return fmt.Sprintf("%.*f %s", digits, f, [...]string{"B", "kB", "MB", "GB", "TB", "PB"}[unit])
}
