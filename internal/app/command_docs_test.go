package app

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"atrium/internal/infra/conf"
)

// commandLine is a command's row in the page.
var commandLine = regexp.MustCompile("(?m)^\\| `[a-z][^`]*` \\|.*\\|$")

// The page on commands has each of them, says what the help says, and names
// none that is gone.
func TestCommandsAreDocumented(t *testing.T) {
	e := &env{src: conf.Source{}, version: "test", out: io.Discard, errOut: io.Discard}
	root, err := e.outside()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range root.Commands() {
		line := fmt.Sprintf("| `%s` | %s |", c.Use, c.Short)
		for _, a := range c.Aliases {
			line = strings.TrimSuffix(line, " |") + "; also called `" + a + "` |"
		}
		want = append(want, line)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "admin", "commands.md"))
	if err != nil {
		t.Fatal(err)
	}
	got := commandLine.FindAllString(string(page), -1)
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("docs/admin/commands.md lacks the line\n%s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("docs/admin/commands.md has a line of no command\n%s", line)
		}
	}
}
