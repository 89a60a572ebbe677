package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"atrium/tools/drive"
)

// apache is a running one: where it listens, and its folder.
type apache struct{ at, dir string }

// entryDoor is the one address at which a proxy vouches for people.
const entryDoor = "/apps/user_saml/saml/login"

// behindApache starts a server of its own that people reach by Apache under a name of
// this machine, sets both up by a guide, and returns the house with it.
func (h *house) behindApache(page, host string, files map[string]string) (*house, guide, error) {
	_, port, _ := strings.Cut(h.apache.at, ":")
	f := *h
	f.front = "http://" + host + ":" + port
	f.s = &drive.Server{Bin: h.s.Bin, Data: filepath.Join(h.base, page+"-data"), Env: []string{"ATRIUM_URL=" + f.front, "ATRIUM_TRUSTED_PROXIES=127.0.0.1"}}
	if err := f.s.Start(); err != nil {
		return nil, guide{}, err
	}
	g, err := f.guide(page, files)
	if err == nil {
		err = f.s.Ready(f.ctx, time.Minute)
	}
	if err == nil { // the addresses of a run have no TLS
		err = f.follow(g, "atrium config:app:set user_saml allow_insecure_http --value=1")
	}
	return &f, g, err
}

// serve has Apache serve what a guide says, with the files that its commands made in
// the folder that it names. The virtual host itself is ours.
func (h *house) serve(g guide, name string) error {
	said, err := h.blocks(g, hosts)
	if err != nil {
		return err
	}
	front, err := url.Parse(h.front)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(h.apache.dir, name)); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", g.dir, filepath.Join(h.apache.dir, name)).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	site := fmt.Sprintf("<VirtualHost *:%s>\nServerName %s\n%s</VirtualHost>\n", front.Port(), front.Hostname(), said)
	if err := os.WriteFile(filepath.Join(h.apache.dir, "sites", name+".conf"), []byte(site), 0o600); err != nil {
		return err
	}
	if out, err := exec.Command("apache2", "-f", filepath.Join(h.apache.dir, "conf"), "-k", "graceful").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get(h.front + "/status.php")
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("it is not served by Apache: %s", h.front)
}

// claim asks an address for somebody's session by headers of one's own, at the server
// itself or through the proxy.
func (b *browser) claim(address string, header ...string) error {
	r, err := http.NewRequestWithContext(b.ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := b.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b.at, b.status = answer.Request.URL, answer.StatusCode
	b.body, err = io.ReadAll(answer.Body)
	return err
}

// nobodyBy tells whether headers from outside let nobody in, by whatever way they come,
// and that it is the secret which lets the proxy's in.
func (h *house) nobodyBy(g guide, user string) error {
	secret, err := g.file("secret.txt")
	if err != nil {
		return err
	}
	direct := *h
	direct.front = ""
	for _, try := range []struct {
		of     *house
		path   string
		header []string
	}{
		{&direct, entryDoor, []string{"X-Remote-User", user}},
		{&direct, entryDoor, []string{"X-Remote-User", user, "X-Proxy-Secret", "guessed"}},
		{&direct, entryDoor, []string{"X-Remote-User", user, "X-Proxy-Secret", "${ATRIUM_SECRET}"}},
		{h, entryDoor, []string{"X-Remote-User", user, "X-Proxy-Secret", "guessed"}},
		{h, "/index.php" + entryDoor, []string{"X-Remote-User", user}},
		{h, "//apps/user_saml/saml/login", []string{"X-Remote-User", user}},
		{h, entryDoor + "/", []string{"X-Remote-User", user}},
		{h, "/apps/user_saml/saml/%6cogin", []string{"X-Remote-User", user}},
		{h, "/remote.php/dav/files/" + user + "/", []string{"X-Remote-User", user}},
	} {
		b, err := h.browser()
		if err != nil {
			return err
		}
		if err := b.claim(try.of.url()+try.path, try.header...); err != nil {
			return err
		}
		if p, err := try.of.whoAmI(b); !errors.Is(err, errNobody) {
			return fmt.Errorf("%s with %v let in %+v: %w", try.path, try.header, p, err)
		}
	}
	b, err := h.browser()
	if err != nil {
		return err
	}
	if err := b.claim(direct.url()+entryDoor, "X-Remote-User", "nora", "X-Proxy-Secret", strings.TrimSpace(secret)); err != nil {
		return err
	}
	if p, err := direct.whoAmI(b); err != nil || p.ID != "nora" {
		return fmt.Errorf("the secret does not let in: %+v: %w", p, err)
	}
	return nil
}

// proxyMellon: Apache signs people in at Keycloak by SAML, and vouches for them.
func (h *house) proxyMellon() error {
	f, g, err := h.behindApache("proxy-mellon.md", "127.0.0.1", nil)
	if err != nil {
		return err
	}
	metadata, err := g.file("mellon.xml")
	if err != nil {
		return err
	}
	mappers, err := os.ReadFile("tools/sso/testdata/mappers.json")
	if err != nil {
		return err
	}
	open := map[string]string{"saml.encrypt": "false"} // as the guide says
	if err := errors.Join(f.kc.importClient(f.ctx, metadata, mappers, open), f.serve(g, "mellon"), f.nobodyBy(g, "grace")); err != nil {
		return err
	}
	b, err := f.atLogin()
	if err != nil {
		return err
	}
	if err := b.signInAtKeycloak("grace"); err != nil {
		return err
	}
	want := someone("grace", "Grace Hopper", unlimited, "SAML_cloud-admins", "SAML_crew")
	if err := f.expect(b, want); err != nil {
		return err
	}
	if err := b.claim(f.front+entryDoor, "X-Remote-User", "carol", "X-Remote-Quota", "1 GB"); err != nil { // who is signed in stays who they are
		return err
	}
	return errors.Join(f.expect(b, want), f.passesFiles("carol"), f.s.Stop(time.Minute))
}

// passesFiles: a program is let in by way of the proxy, which hands on names of files as
// they are.
func (h *house) passesFiles(name string) error {
	b, err := h.browser()
	if err != nil {
		return err
	}
	login, pass, err := h.connect(b, func() error { return b.signInAtKeycloak(name) })
	if err != nil {
		return err
	}
	const file = "50%25 of a+b; [1] & #2 'ü'?.txt"
	front, direct := drive.NewClient(h.front, login, pass, 1, time.Minute), drive.NewClient(h.s.URL(), login, pass, 1, time.Minute)
	if a, err := front.Do(h.ctx, http.MethodPut, front.File(file), []byte("by the proxy")); err != nil || a.Status != http.StatusCreated {
		return fmt.Errorf("PUT by the proxy: status %d: %w", a.Status, err)
	}
	for _, c := range []*drive.Client{front, direct} {
		if a, err := c.Do(h.ctx, http.MethodGet, c.File(file), nil); err != nil || string(a.Body) != "by the proxy" {
			return fmt.Errorf("GET: status %d: %w", a.Status, err)
		}
	}
	return nil
}

// proxyKerberos: Apache opens the tickets that curl shows, and vouches for people.
func (h *house) proxyKerberos() error {
	f, g, err := h.behindApache("proxy-kerberos.md", "localhost", nil)
	if err != nil {
		return err
	}
	keytab := filepath.Join(filepath.Dir(h.krb5), "HTTP-localhost.keytab")
	if err := h.shell(g.dir, "install -o www-data -m 400 "+keytab+" http.keytab"); err != nil {
		return err
	}
	if err := errors.Join(f.serve(g, "kerberos"), f.nobodyBy(g, "bob")); err != nil {
		return err
	}
	for principal, want := range map[string]string{"alice": `"id":"alice"`, "mallory@OTHER.TEST": "", "alice@OTHER.TEST": "", "alice/admin": ""} {
		said, err := f.byTicket(g.dir, principal)
		if err != nil {
			return err
		}
		if want == "" && !strings.Contains(said, `"statuscode":997`) || !strings.Contains(said, want) {
			return fmt.Errorf("%s is %s", principal, said)
		}
	}
	b, err := f.atLogin() // without a ticket
	if err != nil {
		return err
	}
	if err := b.press("/login?direct=1"); err != nil {
		return err
	}
	if b.form("password") == nil {
		return fmt.Errorf("the way past the proxy: %s", b)
	}
	return f.s.Stop(time.Minute)
}

// byTicket signs in with a ticket of somebody, and tells what the server says of them
// afterwards. Headers that curl adds count for nothing.
func (h *house) byTicket(dir, principal string) (string, error) {
	script := fmt.Sprintf(`export KRB5_CONFIG=%s KRB5CCNAME=FILE:$PWD/tickets
rm -f tickets jar
echo pw | kinit %s >/dev/null
curl -sS -o /dev/null --negotiate -u : -L -b jar -c jar -H 'X-Remote-User: root' %s/login
curl -sS -b jar -H 'OCS-APIRequest: true' -H 'X-Remote-User: root' '%s/ocs/v2.php/cloud/user?format=json'`, h.krb5, principal, h.front, h.front)
	cmd := exec.CommandContext(h.ctx, "bash", "-euc", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", principal, err, out)
	}
	return string(out), nil
}
