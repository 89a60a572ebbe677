package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
)

// zoo is a root with a command that does f.
func zoo(f func(cmd *cobra.Command, args []string) error) (*cobra.Command, *bytes.Buffer, *bytes.Buffer) {
	root := Root("zoo", "Animals", "1.2")
	feed := &cobra.Command{Use: "animal:feed NAME", Short: "Feed an animal", Args: cobra.ExactArgs(1), RunE: f}
	feed.Flags().StringArray("with", nil, "Food")
	Add(root, feed)
	var out, errOut bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errOut)
	return root, &out, &errOut
}

func TestFormats(t *testing.T) {
	value := Map{
		{"zebra", "Zoë & co/1"},
		{"count", 2},
		{"tame", false},
		{"keeper", nil},
		{"legs", List{"left", "right"}},
		{"cage", Map{{"size", int64(3)}, {"visits", List{Map{{"by", "ann"}}}}}},
		{"none", List(nil)},
	}
	table := Table{{{"id", 1}, {"name", "Zoë"}, {"can", List{"run", "kick"}}}, {{"id", 20}, {"name", nil}, {"can", Map{{"run", true}}}}}
	for _, c := range []struct{ name, format, want string }{
		{"plain", "plain", `  - zebra: Zoë & co/1
  - count: 2
  - tame: false
  - keeper
  - legs:
    - left
    - right
  - cage:
    - size: 3
    - visits:
      - 0:
        - by: ann
  - none:
+----+------+-----------+
| id | name | can       |
+----+------+-----------+
| 1  | Zoë  | run, kick |
| 20 |      | run=true  |
+----+------+-----------+
a
b
5 GB
`},
		{"json", "json", `{"zebra":"Zoë & co/1","count":2,"tame":false,"keeper":null,"legs":["left","right"],"cage":{"size":3,"visits":[{"by":"ann"}]},"none":[]}
[{"id":1,"name":"Zoë","can":["run","kick"]},{"id":20,"name":null,"can":{"run":true}}]
["a","b"]
"5 GB"
{}
[]
`},
		{"pretty", "json_pretty", `{
    "zebra": "Zoë & co/1",
    "count": 2,
    "tame": false,
    "keeper": null,
    "legs": [
        "left",
        "right"
    ],
    "cage": {
        "size": 3,
        "visits": [
            {
                "by": "ann"
            }
        ]
    },
    "none": []
}
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			root, out, _ := zoo(func(cmd *cobra.Command, _ []string) error {
				if c.format == "json_pretty" {
					return Print(cmd, value)
				}
				return errors.Join(Print(cmd, value), Print(cmd, table), PrintBare(cmd, List{"a", "b"}), PrintBare(cmd, "5 GB"),
					Print(cmd, Map{}), Print(cmd, Table(nil)))
			})
			if code := Run(t.Context(), root, []string{"animal:feed", "x", "--output=" + c.format}); code != OK {
				t.Fatalf("code %d", code)
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTerminalsAreNotTricked(t *testing.T) {
	root, out, _ := zoo(func(cmd *cobra.Command, _ []string) error { return Print(cmd, Map{{"name", "a\x1b[2Jb\tc"}}) })
	Run(t.Context(), root, []string{"animal:feed", "x"})
	if got, want := out.String(), "  - name: a\uFFFD[2Jb\tc\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args     string
		err      error
		code     int
		out, bad string
	}{
		{"animal:feed x", nil, OK, "", ""},
		{"animal:feed x", errors.New("it bites"), Failed, "", "it bites\n"},
		{"animal:feed x", fmt.Errorf("lion: %w", fault.Wrap(fault.Exists, errors.New("row 7"), "It is there.")), Failed, "", "lion: It is there.\n"},
		{"animal:feed x -v", fault.Wrap(fault.Exists, errors.New("row 7"), "It is there."), Failed, "", "It is there.: row 7\n"},
		{"animal:feed x", fault.Wrap(fault.Unavailable, errors.New("dial"), "It is away."), Failed, "", "It is away.: dial\n"},
		{"animal:feed x", ErrSaid, Failed, "", ""},
		{"animal:feed x", Usage("no food for %s", "x"), Misuse, "", "no food for x\nUsage: zoo animal:feed NAME\n"},
		{"animal:feed", nil, Misuse, "", "accepts 1 arg(s), received 0\nUsage: zoo animal:feed NAME\n"},
		{"animal:feed x --salt", nil, Misuse, "", "unknown flag: --salt\nUsage: zoo animal:feed NAME\n"},
		{"animal:feed x --output=xml", nil, Misuse, "", "invalid argument \"xml\" for \"--output\" flag: want plain, json or json_pretty\nUsage: zoo animal:feed NAME\n"},
		{"animal:fed x", nil, Misuse, "", "there is no command \"animal:fed\"; did you mean animal:feed?\nUsage: zoo [flags]\n"},
		{"-V", nil, OK, "zoo 1.2\n", ""},
	} {
		root, out, errOut := zoo(func(*cobra.Command, []string) error { return c.err })
		code := Run(t.Context(), root, strings.Fields(c.args))
		if code != c.code || out.String() != c.out || errOut.String() != c.bad {
			t.Errorf("%s: got %d %q %q, want %d %q %q", c.args, code, out, errOut, c.code, c.out, c.bad)
		}
	}
}

func TestQuietAndWarnings(t *testing.T) {
	for args, want := range map[string][2]string{
		"":              {"fed x\n", "it is full\n"},
		"-n -v":         {"fed x\nwith joy\n", "it is full\n"},
		"--no-warnings": {"fed x\n", ""},
		"-q":            {"", ""},
	} {
		root, out, errOut := zoo(func(cmd *cobra.Command, args []string) error {
			Say(cmd, "fed %s", args[0])
			if Verbose(cmd) {
				Say(cmd, "with joy")
			}
			Warn(cmd, "it is full")
			return nil
		})
		Run(t.Context(), root, append([]string{"animal:feed", "x"}, strings.Fields(args)...))
		if got := [2]string{out.String(), errOut.String()}; got != want {
			t.Errorf("%s: got %q, want %q", args, got, want)
		}
	}
}

func TestIndoors(t *testing.T) {
	root, out, errOut := zoo(func(*cobra.Command, []string) error { return errors.New("the gate is closed") })
	Add(root, Anywhere(&cobra.Command{Use: "zoo:hours", RunE: func(cmd *cobra.Command, _ []string) error {
		Say(cmd, "nine to five")
		return nil
	}}))
	Indoors(root, func(cmd *cobra.Command, args []string) error {
		Say(cmd, "opened for %s %s", cmd.Name(), args[0])
		return nil
	})
	for _, args := range []string{"zoo:hours", "animal:feed x"} {
		if code := Run(t.Context(), root, strings.Fields(args)); code != OK {
			t.Errorf("%s: code %d %s", args, code, errOut)
		}
	}
	if got, want := out.String(), "nine to five\nopened for animal:feed x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
