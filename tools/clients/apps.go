package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"atrium/tools/drive"
)

// goApp and pythonApp are the external apps of examples/, as programs of their own.
func (h *house) goApp() (*exec.Cmd, error) {
	bin := filepath.Join(h.base, "exapp-go")
	out, err := exec.Command("go", "build", "-o", bin, "./examples/exapp-go").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return exec.Command(bin), nil
}

func (h *house) pythonApp() (*exec.Cmd, error) {
	return exec.Command("python3", "examples/exapp-python/app.py"), nil
}

// app registers an external app that runs, asks it through the server, and ends it.
func (h *house) app(id string, signed bool, program func() (*exec.Cmd, error)) error {
	addr, err := drive.FreeAddr()
	if err != nil {
		return err
	}
	secret := rand.Text()
	stop, err := h.runApp(program, id, addr, secret, signed)
	if err != nil {
		return err
	}
	defer stop()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"name": id, "version": "1.0.0", "secret": secret, "port": json.Number(port),
		"routes": []map[string]string{{"url": "^(count|heard)$", "verb": "GET", "access_level": "USER"}}})
	if err != nil {
		return err
	}
	register := []string{"app_api:app:register", id, id, "--wait-finish", "--json-info", string(info)}
	if signed {
		register = append(register, "--signed", "--force-scopes")
	}
	if err := h.admin([]string{"app_api:daemon:register", id, "By hand", "manual-install", "http", "127.0.0.1", h.s.URL()}, register); err != nil {
		return err
	}
	if err := h.askApp(id); err != nil {
		return err
	}
	if strings.HasPrefix(id, "app_python") { // the other does no more than that
		if err := h.hearAndWork(id); err != nil {
			return err
		}
	}
	if err := h.admin([]string{"app_api:app:disable", id}); err != nil {
		return err
	}
	if a, err := h.c.Do(h.ctx, http.MethodGet, appAddress(id), nil); err != nil || a.Status != http.StatusNotFound {
		return errors.Join(err, fmt.Errorf("a disabled app answers %d", a.Status))
	}
	return h.admin([]string{"app_api:app:unregister", id}, []string{"app_api:daemon:unregister", id})
}

func appAddress(id string) string { return "/index.php/apps/app_api/proxy/" + id + "/count" }

// hearAndWork waits until the app has heard of the file that it was asked about, and has
// summarized a text.
func (h *house) hearAndWork(id string) error {
	heard := "/index.php/apps/app_api/proxy/" + id + "/heard"
	if err := h.until(heard, func(body string) bool { return strings.Contains(body, id+".md") }); err != nil {
		return err
	}
	const root = "/ocs/v2.php/taskprocessing/"
	body := fmt.Sprintf(`{"type": "core:text2text:summary", "appId": "clients", "customId": %q, "input": {"input": "It rains. It has rained for days."}}`, id)
	a, err := h.c.Do(h.ctx, http.MethodPost, root+"schedule?format=json", []byte(body), "Content-Type", "application/json", "OCS-APIRequest", "true")
	if err != nil || a.Status != http.StatusOK {
		return errors.Join(err, fmt.Errorf("schedule: %d %.300s", a.Status, a.Body))
	}
	return h.until(root+"tasks?format=json&customId="+id, func(body string) bool { return strings.Contains(body, `"output":{"output":"It rains"}`) })
}

// until asks an address again and again, for half a minute, until the answer is good.
func (h *house) until(address string, good func(body string) bool) error {
	var last drive.Answer
	for range 150 {
		a, err := h.c.Do(h.ctx, http.MethodGet, address, nil, "OCS-APIRequest", "true")
		if err != nil || a.Status == http.StatusOK && good(string(a.Body)) {
			return err
		}
		last = a
		select {
		case <-h.ctx.Done():
			return h.ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s still answers %d %.300q", address, last.Status, last.Body)
}

// runApp starts an app as its operator would.
func (h *house) runApp(program func() (*exec.Cmd, error), id, addr, secret string, signed bool) (stop func(), err error) {
	cmd, err := program()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(os.Environ(), "APP_ID="+id, "APP_VERSION=1.0.0", "APP_SECRET="+secret, "APP_HOST="+host, "APP_PORT="+port,
		"NEXTCLOUD_URL="+h.s.URL(), "PYTHONDONTWRITEBYTECODE=1")
	if signed {
		cmd.Env = append(cmd.Env, "SIGNED=1")
	}
	log, err := os.Create(filepath.Join(h.base, id+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) { // until it listens
		if c, err := net.Dial("tcp", addr); err == nil {
			return stop, c.Close()
		} else if time.Since(begun) > time.Minute {
			stop()
			return nil, fmt.Errorf("%s does not listen: %w", id, err)
		}
	}
}

// askApp has the app count the files of the account, which it does with requests of its own.
func (h *house) askApp(id string) error {
	if a, err := h.c.Do(h.ctx, http.MethodPut, h.c.File(id+".md"), []byte("for "+id)); err != nil || a.Status != http.StatusCreated {
		return errors.Join(err, fmt.Errorf("PUT: %d", a.Status))
	}
	entries, _, err := h.c.List(h.ctx, h.c.File(""), "1")
	if err != nil {
		return err
	}
	files := 0
	for _, e := range entries {
		if !e.Dir {
			files++
		}
	}
	want := fmt.Sprintf("%d files were here", files)
	a, err := h.c.Do(h.ctx, http.MethodGet, appAddress(id), nil)
	if err != nil || a.Status != http.StatusOK || string(a.Body) != want {
		return errors.Join(err, fmt.Errorf("the app answers %d %.200q, want %q", a.Status, a.Body, want))
	}
	note, err := h.c.Do(h.ctx, http.MethodGet, h.c.File(id+".txt"), nil)
	if err != nil || string(note.Body) != want {
		return errors.Join(err, fmt.Errorf("the app's note says %q, want %q", note.Body, want))
	}
	return nil
}

// admin runs commands one after the other.
func (h *house) admin(commands ...[]string) error {
	for _, c := range commands {
		if out, err := h.s.Run(c...); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(c[:2], " "), err, out)
		}
	}
	return nil
}
