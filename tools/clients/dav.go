package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"atrium/tools/drive"
)

// explained are warnings of litmus that are as they should be, with the reason.
var explained = map[string]string{}

var (
	litmusSummary = regexp.MustCompile("<- summary for `(\\w+)': of (\\d+) tests run: (\\d+) passed, (\\d+) failed")
	litmusWarning = regexp.MustCompile(`WARNING: (.*)`)
)

// litmus runs the five suites of the protocol test on one root.
func (h *house) litmus(root string) error {
	dir, err := h.folder("litmus" + strings.ReplaceAll(root, "/", "-"))
	if err != nil {
		return err
	}
	cmd := exec.Command("litmus", "-k", h.s.URL()+root, drive.User, h.pass)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput() // its exit status repeats what it prints
	if err := os.WriteFile(filepath.Join(dir, "out"), out, 0o644); err != nil {
		return err
	}
	return judgeLitmus(string(out))
}

// judgeLitmus finds failures, warnings without an explanation, and suites that did not run.
func judgeLitmus(out string) error {
	var errs []error
	suites := litmusSummary.FindAllStringSubmatch(out, -1)
	if len(suites) < 5 {
		errs = append(errs, fmt.Errorf("only %d of 5 suites ran: %.500s", len(suites), out))
	}
	for _, m := range suites {
		if failed, _ := strconv.Atoi(m[4]); failed > 0 || m[2] != m[3] {
			errs = append(errs, fmt.Errorf("suite %s: %s of %s passed", m[1], m[3], m[2]))
		}
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "FAIL") {
			errs = append(errs, errors.New(strings.TrimSpace(line)))
		}
		if m := litmusWarning.FindStringSubmatch(line); m != nil && explained[m[1]] == "" {
			errs = append(errs, fmt.Errorf("warning without an explanation: %s", m[1]))
		}
	}
	return errors.Join(errs...)
}

// cadaver works through a session by hand, as people do.
func (h *house) cadaver() error {
	dir, err := h.folder("cadaver")
	if err != nil {
		return err
	}
	content := bytes.Repeat([]byte("cadaver\n"), 1000)
	if err := os.WriteFile(filepath.Join(dir, "up.txt"), content, 0o644); err != nil {
		return err
	}
	netrc := fmt.Sprintf("machine 127.0.0.1 login %s password %s\n", drive.User, h.pass)
	if err := os.WriteFile(filepath.Join(dir, ".netrc"), []byte(netrc), 0o600); err != nil {
		return err
	}
	session := `mkcol room
cd room
put up.txt
ls
move up.txt moved.txt
copy moved.txt copied.txt
lock moved.txt
unlock moved.txt
get moved.txt down.txt
delete copied.txt
propset moved.txt colour green
propget moved.txt colour
cd ..
copy room/ rooms/
rmcol room
quit
`
	cmd := exec.Command("cadaver", h.s.URL()+"/remote.php/dav/files/"+drive.User+"/")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(session)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "failed") || !strings.Contains(string(out), "green") {
		return fmt.Errorf("%w: %s", err, out)
	}
	got, err := os.ReadFile(filepath.Join(dir, "down.txt"))
	if err != nil || !bytes.Equal(got, content) {
		return fmt.Errorf("the file came back with %d bytes, want %d: %w", len(got), len(content), err)
	}
	list, _, err := h.c.List(h.ctx, h.c.File("rooms"), "1")
	if err != nil || len(list) != 2 || list[1].Path != "moved.txt" {
		return fmt.Errorf("after the session there is %v, want rooms/moved.txt: %w", list, err)
	}
	if _, status, _ := h.c.List(h.ctx, h.c.File("room"), "0"); status != http.StatusNotFound {
		return fmt.Errorf("the deleted folder answers %d, want 404", status)
	}
	return nil
}

// rclone copies a tree up and down, and finds nothing to do the second time.
func (h *house) rclone() error {
	local, err := h.folder("rclone-up")
	if err != nil {
		return err
	}
	if err := plant(local, 120, 1); err != nil {
		return err
	}
	if err := write(filepath.Join(local, "big.bin"), 40<<20, 9); err != nil {
		return err
	}
	secret, err := exec.Command("rclone", "obscure", h.pass).Output()
	if err != nil {
		return fmt.Errorf("rclone obscure: %w", err)
	}
	env := append(os.Environ(), "HOME="+h.base, "RCLONE_CONFIG_A_TYPE=webdav", "RCLONE_CONFIG_A_VENDOR=nextcloud",
		"RCLONE_CONFIG_A_URL="+h.s.URL()+"/remote.php/dav/files/"+drive.User,
		"RCLONE_CONFIG_A_USER="+drive.User, "RCLONE_CONFIG_A_PASS="+strings.TrimSpace(string(secret)))
	run := func(args ...string) (string, error) {
		cmd := exec.Command("rclone", append(args, "--config", "/dev/null", "--retries", "1", "-v")...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("rclone %v: %w: %s", args, err, out[max(0, len(out)-800):])
		}
		return string(out), err
	}
	down := filepath.Join(h.base, "rclone-down")
	for _, args := range [][]string{
		{"copy", local, "a:rclone"}, {"check", "--download", local, "a:rclone"}, {"copy", "a:rclone", down},
		{"moveto", "a:rclone/big.bin", "a:rclone/moved.bin"}, {"moveto", "a:rclone/moved.bin", "a:rclone/big.bin"},
	} {
		if _, err := run(args...); err != nil {
			return err
		}
	}
	out, err := run("copy", local, "a:rclone")
	if err == nil && strings.Contains(out, "Copied (") {
		err = fmt.Errorf("the second copy sent files again: %s", out)
	}
	return errors.Join(err, drive.SameTrees(local, down))
}
