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
		"https://cloud.example.com", h.s.URL(),
		"https://photos.example.com", h.spa.url,
		"https://id.example.com", h.kc.at,
	).Replace(text)
}

// commands are the blocks of a guide for the shell.
var commands = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// follow does what a guide says, after what only tests need. The files that its
// commands read are in the scratch folder.
func (h *house) follow(guide, before string) error {
	text, err := os.ReadFile(guide)
	if err != nil {
		return err
	}
	dir, err := h.folder("guides")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "secret.txt"), []byte("the-secret-of-atrium\n"), 0o600); err != nil {
		return err
	}
	script := before + "\n"
	blocks := commands.FindAllStringSubmatch(string(text), -1)
	if len(blocks) == 0 {
		return fmt.Errorf("%s: no commands", guide)
	}
	for _, block := range blocks {
		script += block[1]
	}
	out, err := h.s.Shell(dir, h.real(script))
	if err != nil {
		return fmt.Errorf("%s: %w: %s", guide, err, out)
	}
	return nil
}
