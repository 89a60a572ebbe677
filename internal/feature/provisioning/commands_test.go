package provisioning

import (
	"bytes"
	"strings"
	"testing"

	"atrium/internal/proto/cli"
)

// run runs a command line and returns what it prints and its exit code.
func (g *rig) run(line ...string) (string, int) {
	g.t.Helper()
	var out bytes.Buffer
	root := cli.Root("atrium", "", "test")
	cli.Add(root, g.room.commands()...)
	root.SetOut(&out)
	root.SetErr(&out)
	code := cli.Run(g.t.Context(), root, line)
	return out.String(), code
}

func TestCommands(t *testing.T) {
	g := lite(t)
	for _, c := range []struct {
		line string
		code int
		want string
	}{
		{"user:report", 0, "  - total: 10\n  - enabled: 10\n  - disabled: 0\n"},
		{"user:profile oda phone 0701234567", 0, ""},
		{"user:profile oda phone", 0, "+46701234567\n"},
		{"user:profile oda additional_mail one@x.example", 0, ""},
		{"user:profile oda additional_mail two@x.example", 0, ""},
		{"user:profile oda", 0, "  - displayname: Oda\n  - email: oda@oracle.example\n  - additional_mail: one@x.example, two@x.example\n  - phone: +46701234567\n"},
		{"user:profile oda --delete additional_mail", 0, ""},
		{"user:profile oda --delete phone", 0, ""},
		{"user:profile oda phone --default-value none", 0, "none\n"},
		{"user:profile oda phone", 1, "The field phone of oda is empty."},
		{"user:profile oda role Boss --update-only", 1, "The field role of oda is empty."},
		{"user:profile oda phone nope", 1, "Invalid phone"},
		{"user:profile oda shoe 44", 1, "There is no such field."},
		{"user:profile ghost", 1, "User does not exist"},
		{"user:welcome oda", 0, "Mail to oda@oracle.example is on its way\n"},
		{"user:sync-account-data", 0, "Brought 0 accounts up to date\n"},
	} {
		got, code := g.run(strings.Fields(c.line)...)
		if code != c.code || c.code == 0 && got != c.want || !strings.Contains(got, c.want) {
			t.Errorf("%s: %d %q, want %d %q", c.line, code, got, c.code, c.want)
		}
	}
}
