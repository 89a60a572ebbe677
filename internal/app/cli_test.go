package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"atrium/internal/infra/conf"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/cli"
)

// console is where somebody types commands.
type console struct {
	*testing.T
	environ []string
	in      io.Reader
}

// newConsole stands in an empty folder.
func newConsole(t *testing.T, environ ...string) *console {
	t.Chdir(t.TempDir())
	t.Setenv("OC_PASS", "correct horse battery")
	return &console{T: t, environ: environ, in: strings.NewReader("")}
}

// begin starts an instance for the first time. The house is open until the test
// ends, as that of a running server is.
func (c *console) begin() *house {
	c.Helper()
	config, err := conf.Load(conf.Source{Environ: c.environ})
	if err != nil {
		c.Fatal(err)
	}
	layOut(c.T, c.environ)
	h, err := open(c.Context(), config, slog.New(slog.DiscardHandler), "test")
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		if err := h.Close(); err != nil {
			c.Error(err)
		}
	})
	if h.conf.Admin.Password == "" { // somebody has set it up
		h.conf.Admin.Password = octopass
	}
	if _, err := h.firstAccount(c.Context()); err != nil {
		c.Fatal(err)
	}
	return h
}

// run does what Main does with a command line.
func (c *console) run(line string) (out, errOut string, code int) {
	c.Helper()
	src, rest, err := conf.ParseArgs(words(line))
	if err != nil {
		c.Fatal(err)
	}
	src.Environ = c.environ
	var stdout, stderr bytes.Buffer
	e := &env{src: src, version: "test", in: c.in, out: &stdout, errOut: &stderr}
	code = e.execute(context.WithoutCancel(c.Context()), rest)
	return stdout.String(), stderr.String(), code
}

// must runs a command that succeeds and returns what it printed.
func (c *console) must(line string) string {
	c.Helper()
	out, errOut, code := c.run(line)
	if code != cli.OK {
		c.Fatalf("%s: code %d\n%s%s", line, code, out, errOut)
	}
	return out
}

// words splits a command line as a shell does; ' and " hold words together.
func words(line string) (out []string) {
	quote, word, in := rune(0), "", false
	for _, r := range line + " " {
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case r == quote:
			quote = 0
		case quote == 0 && unicode.IsSpace(r):
			if in {
				out = append(out, word)
			}
			word, in = "", false
		default:
			word, in = word+string(r), true
		}
	}
	return out
}

// play runs a transcript: a line "$ command", then what it prints, "! " before
// lines of the error output, and "? code" if that is not 0. … stands for
// anything. Lines that begin with # are for readers.
func (c *console) play(file string) {
	c.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		c.Fatal(err)
	}
	for n, scene := range strings.Split("\n"+string(text), "\n$ ")[1:] {
		line, want, _ := strings.Cut(scene, "\n")
		out, errOut, code := c.run(line)
		got := out
		for l := range strings.Lines(errOut) {
			got += "! " + l
		}
		if code != cli.OK {
			got += fmt.Sprintf("? %d\n", code)
		}
		if pattern := patternOf(want); !pattern.MatchString(strings.TrimSpace(got)) {
			c.Errorf("%s, scene %d:\n$ %s\n%s\nwant:\n%s", filepath.Base(file), n+1, line, got, want)
		}
	}
}

func patternOf(want string) *regexp.Regexp {
	var lines []string
	for l := range strings.Lines(want) {
		if !strings.HasPrefix(l, "#") {
			lines = append(lines, regexp.QuoteMeta(strings.TrimRight(l, "\n")))
		}
	}
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	return regexp.MustCompile("^" + strings.ReplaceAll(text, "…", ".*") + "$")
}

// Every command does what its transcript says, on every database, while a
// server has it open.
func TestCommands(t *testing.T) {
	scripts, err := filepath.Glob("testdata/commands/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for i, s := range scripts {
		if scripts[i], err = filepath.Abs(s); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.EachDSN(t, schemas, func(t *testing.T, dsn string) {
		c := newConsole(t, "ATRIUM_DB="+dsn, "ATRIUM_URL=https://cloud.example.com")
		c.begin()
		for _, s := range scripts {
			c.play(s)
		}
	})
}
