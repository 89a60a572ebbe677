package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// real puts the addresses of this run in the place of those that guides and the realm
// are written with.
func (h *house) real(text string) string {
	return strings.NewReplacer(
		"https://cloud.example.com", h.url(),
		"https://photos.example.com", h.spa.url,
		"https://id.example.com", h.kc.at,
		"https://saml.example.com", h.ssp.at,
		"https://op.example.com", h.op.at,
		"https://auth.example.com", h.lemon.at,
		"http://10.0.0.9:8080", h.s.URL(),
		"10.0.0.7", "127.0.0.1",
		"/etc/apache2", h.apache.dir,
	).Replace(text)
}

// Blocks of a guide: commands, and configuration of a provider.
var (
	commands = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	php      = regexp.MustCompile("(?ms)^```php\n(.*?)^```$")
	jsons    = regexp.MustCompile("(?ms)^```json\n(.*?)^```$")
	hosts    = regexp.MustCompile("(?ms)^```apache\n(.*?)^```$")
	scripts  = regexp.MustCompile("(?ms)^```js\n(.*?)^```$")
)

// guide is a page of docs/admin, and the folder in which its commands run.
type guide struct{ page, dir string }

// guide opens a page, with files that its reader is told to have.
func (h *house) guide(page string, files map[string]string) (guide, error) {
	dir, err := h.folder(page)
	if err != nil {
		return guide{}, err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return guide{}, err
		}
	}
	return guide{"docs/admin/" + page, dir}, nil
}

// file reads a file that the commands have written.
func (g guide) file(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(g.dir, name))
	return string(text), err
}

// blocks are those of a kind, put together.
func (h *house) blocks(g guide, kind *regexp.Regexp) (string, error) {
	text, err := os.ReadFile(g.page)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, m := range kind.FindAllStringSubmatch(string(text), -1) {
		all.WriteString(m[1])
	}
	if all.Len() == 0 {
		return "", fmt.Errorf("%s: nothing to do", g.page)
	}
	return h.real(all.String()), nil
}

// follow does what a guide says, after what only tests need.
func (h *house) follow(g guide, before string) error {
	script, err := h.blocks(g, commands)
	if err != nil {
		return err
	}
	return h.shell(g.dir, before+"\n"+script)
}

// shell runs a script in a folder.
func (h *house) shell(dir, script string) error {
	out, err := h.s.Shell(dir, script)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
