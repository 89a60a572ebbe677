package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// row is one promise. Zero means that nothing was promised.
type row struct {
	id, work, unit string
	must, aim      float64
	more           bool // more is better
}

var table = [...]row{
	{"propfind-1k", "PROPFIND depth 1, 1,000 entries", "ms", 30, 8, false},
	{"propfind-10k", "PROPFIND depth 1, 10,000 entries", "ms", 250, 80, false},
	{"propfind-100k", "PROPFIND depth 1, 100,000 entries", "ms", 2500, 800, false},
	{"peak-100k", "… memory that it takes at its peak", "MB", 0, 0, false},
	{"propfind-0", "PROPFIND depth 0 of a file, 16 connections", "/s", 4000, 10000, true},
	{"get-4k", "GET 4 KiB, 16 connections", "/s", 0, 0, true},
	{"put-4k", "PUT 4 KiB, 8 connections, durable", "/s", 1000, 2500, true},
	{"bulk-4k", "bulk upload of 4 KiB files", "files/s", 0, 4000, true},
	{"put-1g", "PUT 1 GiB", "% of nginx", 60, 90, true},
	{"get-1g", "GET 1 GiB", "% of nginx", 70, 90, true},
	{"finish-10g", "finish of a 10 GiB chunked upload", "ms", 200, 20, false},
	{"move-100k", "MOVE of a folder with 100,000 files", "ms", 50, 5, false},
	{"preview-12mp", "the preview of a new photo of 12 megapixels", "ms", 0, 0, false},
	{"preview-peak", "… memory that its process takes", "MB", 256, 0, false},
	{"preview-grid", "200 previews that were made before, 6 connections", "ms", 1000, 0, false},
	{"proof-10k", "10,000 checksums asked of an account with 100,000 files", "ms", 1000, 0, false},
	{"sync-up", "nextcloudcmd: 5,000 files of 4 KiB in 200 folders, up", "s", 60, 0, false},
	{"sync-none", "nextcloudcmd: nothing changed", "s", 3, 0, false},
	{"sync-down", "nextcloudcmd: the same, down", "s", 60, 0, false},
	{"account-make", "accounts made through the API, 8 connections", "/s", 300, 0, true},
	{"account-pass", "… each with a password", "/s", 0, 0, true},
	{"account-list", "a page of 100,000 accounts, 95 of 100 below", "ms", 50, 0, false},
	{"account-search", "a search in 100,000 accounts, 95 of 100 below", "ms", 50, 0, false},
	{"account-group", "a page of a group of 10,000, 95 of 100 below", "ms", 50, 0, false},
	{"push-10k", "resident memory with 10,000 idle sockets", "MB", 500, 0, false},
	{"push-delay", "from a PUT's answer to the client that waits", "ms", 1000, 0, false},
	{"rss-idle", "resident memory, idle", "MB", 60, 35, false},
	{"rss-after", "resident memory after the whole bench", "MB", 256, 128, false},
	{"start-empty", "start to ready, empty", "s", 0.5, 0, false},
	{"start-1m", "start to ready, 1,000,000 files", "s", 2, 0, false},
	{"soak-server", "resident memory while 10,000 new pictures are shown, one in ten of them harmful", "MB", 256, 0, false},
	{"soak-peak", "… memory that a process takes which shows one", "MB", 256, 0, false},
	{"soak-rate", "… pictures uploaded and shown", "/s", 0, 0, true},
	{"search-1m", "a search for names among 1,000,000, 95 of 100 below", "ms", 50, 0, false},
}

// figures are what one run measured.
type figures struct {
	When    time.Time          `json:"when"`
	Machine string             `json:"machine"`
	Values  map[string]float64 `json:"values"` // by row id, in the row's unit
}

func load(path string) (*figures, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := new(figures)
	if err := json.Unmarshal(b, f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func (f *figures) save(path string) error {
	b, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// report prints the table as Markdown and returns how many rows miss what they must reach.
func report(w io.Writer, f, last *figures, note map[string]string) (missed int) {
	fmt.Fprintf(w, "%s, %s\n\n", f.When.Format(time.DateOnly), f.Machine)
	head, line := "| work | must | aim | measured | |", "|---|--:|--:|--:|---|"
	if last != nil {
		head, line = "| work | must | aim | last | measured | |", "|---|--:|--:|--:|--:|---|"
	}
	fmt.Fprintf(w, "%s\n%s\n", head, line)
	for _, r := range table {
		v, ok := f.Values[r.id]
		if !ok {
			continue
		}
		must := r.must
		if r.id == "bulk-4k" { // faster than single PUTs
			must = f.Values["put-4k"]
		}
		verdict := note[r.id]
		if must != 0 && (r.more && v < must || !r.more && v > must) {
			missed++
			verdict = strings.TrimSpace("**missed** " + verdict)
		}
		fmt.Fprintf(w, "| %s | %s | %s |", r.work, amount(must, r.unit), amount(r.aim, r.unit))
		if last != nil {
			fmt.Fprintf(w, " %s |", amount(last.Values[r.id], r.unit))
			verdict = strings.TrimSpace(change(r, v, last.Values[r.id]) + " " + verdict)
		}
		fmt.Fprintf(w, " **%s** | %s |\n", amount(v, r.unit), verdict)
	}
	return missed
}

// amount writes a figure with three digits that matter and its unit; "" for none.
func amount(v float64, unit string) string {
	switch {
	case v == 0:
		return ""
	case v >= 1000:
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.3g %s", v, unit)
}

// change tells a change of more than a tenth in words.
func change(r row, now, then float64) string {
	if then == 0 || now == 0 {
		return ""
	}
	gain := now / then
	if !r.more {
		gain = then / now
	}
	switch {
	case gain > 1.1:
		return fmt.Sprintf("%.1f times better", gain)
	case gain < 1/1.1:
		return fmt.Sprintf("%.1f times WORSE", 1/gain)
	}
	return "as before"
}

// machine names the processor and the number of its cores.
func machine() string {
	model := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(b), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			model = strings.Trim(line, " \t:")
		}
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), model, runtime.Version())
}
