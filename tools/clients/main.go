// Command clients lets real WebDAV clients, unmodified, work against a built
// server: litmus, cadaver, rclone and the engine of the desktop client, and external
// apps act for people. Each
// scenario starts from nothing of its own and ends with a comparison of bytes.
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

// house is the server under test and the scratch folder of a run.
type house struct {
	ctx  context.Context
	base string // scratch folder
	s    *drive.Server
	c    *drive.Client
	pass string // app password
}

// scenario is one story with one client.
type scenario struct {
	name string
	run  func(*house) error
}

func scenarios() []scenario {
	return []scenario{
		{"litmus-files", func(h *house) error { return h.litmus("/remote.php/dav/files/" + drive.User + "/") }},
		{"litmus-webdav", func(h *house) error { return h.litmus("/remote.php/webdav/") }},
		{"cadaver", (*house).cadaver},
		{"rclone", (*house).rclone},
		{"desktop-roundtrip", (*house).desktopRoundTrip},
		{"desktop-both-sides", (*house).desktopBothSides},
		{"desktop-conflict", (*house).desktopConflict},
		{"desktop-rename", (*house).desktopRename},
		{"desktop-delete", (*house).desktopDelete},
		{"desktop-empty-files", (*house).desktopEmptyFiles},
		{"desktop-chunks", (*house).desktopChunks},
		{"push-second-client", (*house).pushSecondClient},
		{"app-go", func(h *house) error { return h.app("app_go", false, h.goApp) }},
		{"app-go-signed", func(h *house) error { return h.app("app_go_signed", true, h.goApp) }},
		{"app-python", func(h *house) error { return h.app("app_python", false, h.pythonApp) }},
		{"app-python-signed", func(h *house) error { return h.app("app_python_signed", true, h.pythonApp) }},
		{"desktop-store-gone", (*house).desktopStoreGone},
	}
}

func main() {
	bin := flag.String("bin", "bin/atrium", "the server's binary")
	only := flag.String("only", "", "run scenarios whose name matches this regular expression")
	keep := flag.Bool("keep", false, "keep the scratch folder")
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	exitOn(err)
	base, err := os.MkdirTemp("", "atrium-clients-")
	exitOn(err)
	h, err := open(*bin, base)
	exitOn(err)
	failed := 0
	for _, sc := range scenarios() {
		if !wanted.MatchString(sc.name) {
			continue
		}
		begun := time.Now()
		err := sc.run(h)
		took := time.Since(begun).Round(time.Millisecond)
		if err != nil {
			failed++
			fmt.Printf("FAIL  %-20s %s: %v\n", sc.name, took, err)
			continue
		}
		fmt.Printf("ok    %-20s %s\n", sc.name, took)
	}
	if err := h.s.Stop(time.Minute); err != nil {
		failed++
		fmt.Println("FAIL  SIGTERM:", err)
	}
	if failed > 0 || *keep {
		fmt.Printf("clients: %d failed; kept %s\n", failed, base)
	} else {
		exitOn(os.RemoveAll(base))
	}
	if failed > 0 {
		os.Exit(1)
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(2)
	}
}

func open(bin, base string) (*house, error) {
	h := &house{ctx: context.Background(), base: base, s: &drive.Server{Bin: bin, Data: filepath.Join(base, "data")}}
	if err := h.start(); err != nil {
		return nil, err
	}
	pass, err := h.s.AppPassword(h.ctx)
	if err != nil {
		return nil, err
	}
	h.pass = pass
	h.c = drive.NewClient(h.s.URL(), drive.User, pass, 4, time.Minute)
	return h, nil
}

func (h *house) start() error {
	if err := h.s.Start(); err != nil {
		return err
	}
	return h.s.Ready(h.ctx, time.Minute)
}

// folder makes a local scratch folder.
func (h *house) folder(name string) (string, error) {
	p := filepath.Join(h.base, name)
	return p, os.MkdirAll(p, 0o755)
}
