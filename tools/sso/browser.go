package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser is somebody's browser, without scripts: it keeps cookies, follows
// redirects, and sends forms.
type browser struct {
	ctx    context.Context
	http   *http.Client
	at     *url.URL // of the page that is shown
	status int
	body   []byte
	page   *html.Node
}

// loopbackJar is a cookie jar that treats this machine as browsers do: what is sent
// to it is secure without TLS.
type loopbackJar struct{ http.CookieJar }

// SetCookies implements http.CookieJar.
func (j loopbackJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		c.Secure = false
	}
	j.CookieJar.SetCookies(u, cookies)
}

func (h *house) browser() (*browser, error) {
	jar, err := cookiejar.New(nil)
	return &browser{ctx: h.ctx, http: &http.Client{Jar: loopbackJar{jar}, Timeout: time.Minute}, at: &url.URL{}, page: &html.Node{}}, err
}

// open shows the page at an address.
func (b *browser) open(address string) error {
	return b.load(http.MethodGet, address, nil)
}

func (b *browser) load(method, address string, form url.Values) error {
	r, err := http.NewRequestWithContext(b.ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.at.Scheme+"://"+b.at.Host)
	}
	answer, err := b.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if b.body, err = io.ReadAll(answer.Body); err != nil {
		return err
	}
	b.at, b.status = answer.Request.URL, answer.StatusCode
	if b.page, err = html.Parse(strings.NewReader(string(b.body))); err != nil {
		return err
	}
	if f := b.form("SAMLRequest", "SAMLResponse"); f != nil { // a script would send it
		return b.send(f, nil)
	}
	return nil
}

// elements yields the elements of a name below n.
func elements(n *html.Node, name string) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for e := range n.Descendants() {
			if e.Type == html.ElementNode && e.Data == name && !yield(e) {
				return
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// form is the first form with a field, or a button, of one of the names; nil if there
// is none.
func (b *browser) form(names ...string) *html.Node {
	for f := range elements(b.page, "form") {
		for field := range f.Descendants() {
			if slices.Contains(names, attribute(field, "name")) {
				return f
			}
		}
	}
	return nil
}

// send fills a form and sends it.
func (b *browser) send(form *html.Node, fill url.Values) error {
	values := url.Values{}
	for field := range elements(form, "input") {
		kind := attribute(field, "type")
		if kind != "submit" && kind != "checkbox" && attribute(field, "name") != "" {
			values.Set(attribute(field, "name"), attribute(field, "value"))
		}
	}
	for name, all := range fill {
		values[name] = all
	}
	to, err := b.at.Parse(attribute(form, "action"))
	if err != nil {
		return err
	}
	return b.load(http.MethodPost, to.String(), values)
}

// press follows the first link whose address holds a text.
func (b *browser) press(part string) error {
	for a := range elements(b.page, "a") {
		if href := attribute(a, "href"); strings.Contains(href, part) {
			to, err := b.at.Parse(href)
			if err != nil {
				return err
			}
			return b.open(to.String())
		}
	}
	return fmt.Errorf("no link to %s: %s", part, b)
}

// pressLabel follows the first link that says a text.
func (b *browser) pressLabel(says string) error {
	for a := range elements(b.page, "a") {
		for n := range a.Descendants() {
			if n.Type == html.TextNode && strings.TrimSpace(n.Data) == says {
				return b.press(attribute(a, "href"))
			}
		}
	}
	return fmt.Errorf("no link says %s: %s", says, b)
}

// String tells where a browser is, for errors.
func (b *browser) String() string {
	var words []string
	for n := range b.page.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			words = append(words, strings.Fields(n.Data)...)
		}
	}
	text := strings.Join(words, " ")
	return fmt.Sprintf("%s (%d): %s", b.at, b.status, text[:min(len(text), 400)])
}

// signInAtKeycloak fills Keycloak's login form.
func (b *browser) signInAtKeycloak(name string) error {
	f := b.form("password")
	if f == nil || !strings.Contains(b.at.Path, "/realms/") {
		return fmt.Errorf("this is no login page of Keycloak: %s", b)
	}
	if err := b.send(f, url.Values{"username": {name}, "password": {passwordOf(name)}}); err != nil {
		return err
	}
	if b.status >= http.StatusBadRequest || strings.Contains(b.at.Path, "/realms/") {
		return fmt.Errorf("%s did not get in: %s", name, b)
	}
	return nil
}

// passwordOf is somebody's at the providers.
func passwordOf(name string) string { return name + "-Keeps-7-keys" }

// person is an account as it sees itself.
type person struct {
	ID     string   `json:"id"`
	Name   string   `json:"displayname"`
	Mail   string   `json:"email"`
	Groups []string `json:"groups"`
	Quota  struct {
		Quota int64 `json:"quota"`
	} `json:"quota"`
}

var errNobody = errors.New("nobody is signed in")

// whoAmI asks the server who is signed in in a browser; errNobody.
func (h *house) whoAmI(b *browser) (*person, error) {
	return h.self(b.http, "")
}

// self asks who a client is, or a token that is not "".
func (h *house) self(c *http.Client, token string) (*person, error) {
	status, body, err := h.ocs(c, token, "/cloud/user")
	if err != nil {
		return nil, err
	}
	if status == http.StatusUnauthorized {
		return nil, errNobody
	}
	var said struct {
		OCS struct {
			Data person `json:"data"`
		} `json:"ocs"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return nil, fmt.Errorf("who am I: status %d: %w", status, err)
	}
	slices.Sort(said.OCS.Data.Groups)
	return &said.OCS.Data, nil
}

// ocs asks an OCS interface, as a client or with a token that is not "".
func (h *house) ocs(c *http.Client, token, path string) (status int, body []byte, err error) {
	r, err := http.NewRequestWithContext(h.ctx, http.MethodGet, h.url()+"/ocs/v2.php"+path+"?format=json", nil)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("OCS-APIRequest", "true")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}
