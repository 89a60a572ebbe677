package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// tab is a page in a real browser, which runs scripts and holds pages to what they
// may ask of others. It is driven by the DevTools protocol.
type tab struct {
	ctx  context.Context
	conn *websocket.Conn
	last int // number of the last command
}

// patience is how long something may take to happen.
const patience = time.Minute

// chromium starts a browser with one empty page. stop ends it.
func (h *house) chromium() (t *tab, stop func(), err error) {
	dir, err := os.MkdirTemp(h.base, "chromium-")
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(h.ctx, 3*patience)
	cmd := exec.CommandContext(ctx, "chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--user-data-dir="+dir, "about:blank")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, nil, err
	}
	stop = func() {
		cancel()
		_ = cmd.Wait() // it was killed
	}
	at, err := pageOf(ctx, filepath.Join(dir, "DevToolsActivePort"))
	if err != nil {
		stop()
		return nil, nil, err
	}
	conn, _, err := websocket.Dial(ctx, at, nil)
	if err != nil {
		stop()
		return nil, nil, err
	}
	conn.SetReadLimit(16 << 20)
	return &tab{ctx: ctx, conn: conn}, stop, nil
}

// pageOf is where the first page of a browser listens, which writes its port to a file.
func pageOf(ctx context.Context, file string) (string, error) {
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(file)
		port, _, ok := strings.Cut(string(text), "\n")
		if err != nil || !ok {
			continue
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/json/list", nil)
		if err != nil {
			return "", err
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return "", err
		}
		var pages []struct {
			At string `json:"webSocketDebuggerUrl"`
		}
		err = json.NewDecoder(answer.Body).Decode(&pages)
		answer.Body.Close()
		if err != nil || len(pages) > 0 {
			return pages[0].At, err
		}
	}
	return "", errors.New("the browser does not start")
}

// refusal is an error of the browser.
type refusal struct {
	Code int    `json:"code"`
	Text string `json:"message"`
}

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("%s (%d)", r.Text, r.Code) }

// pageChanges is the code of a refusal because the page goes away.
const pageChanges = -32000

// do sends a command and returns its result.
func (t *tab) do(method string, params map[string]any) (json.RawMessage, error) {
	t.last++
	if err := wsjson.Write(t.ctx, t.conn, map[string]any{"id": t.last, "method": method, "params": params}); err != nil {
		return nil, err
	}
	for {
		var said struct {
			ID     int             `json:"id"`
			Result json.RawMessage `json:"result"`
			Error  *refusal        `json:"error"`
		}
		if err := wsjson.Read(t.ctx, t.conn, &said); err != nil {
			return nil, err
		}
		switch {
		case said.ID != t.last: // an event
		case said.Error != nil:
			return nil, fmt.Errorf("%s: %w", method, said.Error)
		default:
			return said.Result, nil
		}
	}
}

func (t *tab) open(address string) error {
	_, err := t.do("Page.navigate", map[string]any{"url": address})
	return err
}

// text is what an expression comes to in the page, "" while the page changes.
func (t *tab) text(expression string) (string, error) {
	raw, err := t.do("Runtime.evaluate", map[string]any{"expression": "String((" + expression + ") ?? '')", "returnByValue": true})
	if no, ok := errors.AsType[*refusal](err); ok && no.Code == pageChanges {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var said struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
		Exception json.RawMessage `json:"exceptionDetails"`
	}
	if err := json.Unmarshal(raw, &said); err != nil || said.Exception != nil {
		return "", err
	}
	return said.Result.Value, nil
}

// until waits until an expression in the page is true.
func (t *tab) until(expression string) error {
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		said, err := t.text(expression)
		if err != nil {
			return err
		}
		if said == "true" {
			return nil
		}
	}
	at, err := t.text("location.href + ': ' + document.body?.innerText.slice(0, 600)")
	return fmt.Errorf("never true: %s, at %s: %w", expression, at, err)
}

// press clicks what a selector finds, as soon as it is there.
func (t *tab) press(selector string) error {
	found := fmt.Sprintf("document.querySelector(%q)", selector)
	if err := t.until("!!" + found + " && !" + found + ".hidden"); err != nil {
		return err
	}
	_, err := t.text(found + ".click()")
	return err
}

// signInAtKeycloak fills Keycloak's login form.
func (t *tab) signInAtKeycloak(name string) error {
	if err := t.until("!!document.querySelector('#kc-form-login')"); err != nil {
		return err
	}
	_, err := t.text(fmt.Sprintf("document.querySelector('#username').value = %q, document.querySelector('#password').value = %q, document.querySelector('#kc-login').click()",
		name, passwordOf(name)))
	return err
}

// samplePage: examples/spa in a browser, which shows what its token opens, and is told
// what it does not.
func (h *house) samplePage() error {
	at, stop, err := h.secondService()
	if err != nil {
		return err
	}
	defer stop()
	h.spa.settings = map[string]string{"issuer": h.kc.at + "/realms/company", "client": "photos", "scope": "openid files:read:/Photos",
		"atrium": h.s.URL(), "service": "http://" + at}
	t, end, err := h.chromium()
	if err != nil {
		return err
	}
	defer end()
	return errors.Join(
		t.open(h.spa.url+"/"), t.press("#in"), t.signInAtKeycloak("ada"), t.until("document.querySelector('#said').textContent === 'Signed in.'"),
		t.until("document.querySelector('#mine').textContent.includes('one.txt') && document.querySelector('#theirs').textContent.includes('one.txt')"),
		t.press("#add"), t.until("document.querySelector('#said').textContent.endsWith('does not let this page write: 403')"))
}

// inChromium: people sign in and out by both ways in a real browser, which holds our
// pages and Keycloak's to their policies.
func (h *house) inChromium() error {
	t, end, err := h.chromium()
	if err != nil {
		return err
	}
	defer end()
	for door, name := range map[string]string{"/apps/user_oidc/login/": "bob", keycloakDoor: "carol"} {
		if err := errors.Join(t.open(h.s.URL()+"/login"), t.press(`a[href*="`+door+`"]`), t.signInAtKeycloak(name),
			t.until("location.origin === '"+h.s.URL()+"' && location.pathname !== '/login' && document.readyState === 'complete'")); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := t.text("fetch('/csrftoken').then(a => a.json()).then(a => { location.href = '/logout?requesttoken=' + encodeURIComponent(a.token) })"); err != nil {
			return err
		}
		if err := t.until("location.pathname === '/login' && document.readyState === 'complete'"); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
