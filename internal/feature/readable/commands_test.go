package readable

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/cli"
)

// run runs an admin command.
func (r *rig) run(args ...string) (out, errOut string, code int) {
	r.Helper()
	root := cli.Root("atrium", "", "test")
	var stdout, stderr bytes.Buffer
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	for _, c := range r.room.commands() {
		cli.Add(root, c)
	}
	code = cli.Run(r.ctx, root, args)
	return stdout.String(), stderr.String(), code
}

// prints checks what a command prints and its exit code; elapsed times do not count.
func (r *rig) prints(code int, want string, args ...string) {
	r.Helper()
	out, errOut, got := r.run(args...)
	out = regexp.MustCompile(`\d\d:\d\d:\d\d`).ReplaceAllString(out, "00:00:00") + errOut
	if diff := cmp.Diff(strings.TrimLeft(want, "\n"), out); diff != "" || got != code {
		r.Errorf("%s: code %d, want %d; -want +got:\n%s", strings.Join(args, " "), got, code, diff)
	}
}

func TestScanCommand(t *testing.T) {
	r := one(t)
	r.mkdir("/Music")
	r.mkdir("/Music/old")
	r.put("/a", "x")
	r.drain()
	r.shell("echo song > Music/song", "echo older > Music/old/song", "echo b > b", "ln -s b c")
	r.prints(0, `
Starting scan for user 1 out of 1 (alice)
+---------+-------+-----+---------+---------+--------+--------------+
| Folders | Files | New | Updated | Removed | Errors | Elapsed time |
+---------+-------+-----+---------+---------+--------+--------------+
| 1       | 0     | 1   | 0       | 0       | 0      | 00:00:00     |
+---------+-------+-----+---------+---------+--------+--------------+
`, "files:scan", "--path", "/alice/files/Music", "--shallow")
	r.prints(1, `
Starting scan for user 1 out of 1 (alice)
+---------+-------+-----+---------+---------+--------+--------------+
| Folders | Files | New | Updated | Removed | Errors | Elapsed time |
+---------+-------+-----+---------+---------+--------+--------------+
| 3       | 2     | 2   | 0       | 0       | 1      | 00:00:00     |
+---------+-------+-----+---------+---------+--------+--------------+
/c: This is neither a file nor a folder.
`, "files:scan", "alice")
	r.drain()
	r.shell("rm b c a Music/old/song")
	r.prints(0, `[{"Folders":3,"Files":4,"New":0,"Updated":0,"Removed":3,"Errors":0,"Elapsed time":"00:00:00"}]
`, "files:scan", "--all", "--remove-missing", "--output=json")
	r.drain()
	r.wants(map[string]string{"/Music/": "", "/Music/old/": "", "/Music/song": "song\n"})
	r.prints(1, "Unknown user bob\n", "files:scan", "bob")
	r.prints(1, "There is no folder /alice/files/none.\n", "files:scan", "-p", "/alice/files/none")
	for _, args := range [][]string{{}, {"--path=/alice/files", "alice"}, {"--path=/alice/trash"}} {
		if _, _, code := r.run(append([]string{"files:scan"}, args...)...); code != cli.Misuse {
			t.Errorf("%v: code %d", args, code)
		}
	}
	if err := os.RemoveAll(r.below("alice")); err != nil {
		t.Fatal(err)
	}
	r.prints(1, "Starting scan for user 1 out of 1 (alice)\nThe folder of alice is missing as a whole. Nothing is removed.\n",
		"files:scan", "alice", "--remove-missing")
}

func TestTreeCommand(t *testing.T) {
	each(t, func(r *rig) {
		r.mkdir("/docs")
		r.put("/docs/a", "x")
		r.put("/b", "y")
		r.put("/c", "z")
		r.put("/d", "w")
		r.drain()
		want := r.inTables()
		r.prints(0, "Nothing was found.\n", "files:tree")
		r.shell("rm -r docs", "rm b; ln c b", "ln c e", "echo new > n", "mkdir f", "echo more >> d", "mkfifo p")
		findings := `
alice/b is a link to other bytes
alice/d was changed in place
alice/docs is missing on the disk
alice/e is a link that is left over
alice/f is a folder that somebody made, and is not adopted
alice/n was put there by somebody and is not adopted
alice/p is neither a file nor a folder
`
		r.prints(1, findings, "files:tree", "--user", "alice")
		short := fmt.Sprintf("content %d: 6 bytes on disk, want 1\n", r.stat("/d").Content)
		r.prints(1, strings.TrimLeft(findings, "\n")+short, "verify")
		r.prints(1, short, "verify", "--no-tree")
		r.prints(1, `
alice/d was changed in place
alice/f is a folder that somebody made, and is not adopted
alice/n was put there by somebody and is not adopted
alice/p is neither a file nor a folder
`, "files:tree", "--repair")
		r.shell("rm -r p n f")
		r.prints(0, `
Starting scan for user 1 out of 1 (alice)
/d was changed in place, so its former bytes are lost; taken as a new version
+---------+-------+-----+---------+---------+--------+--------------+
| Folders | Files | New | Updated | Removed | Errors | Elapsed time |
+---------+-------+-----+---------+---------+--------+--------------+
| 2       | 4     | 0   | 1       | 0       | 0      | 00:00:00     |
+---------+-------+-----+---------+---------+--------+--------------+
`, "files:scan", "-v", "alice")
		want["/d"] = "wmore\n"
		r.drain()
		r.wants(want)
		if err := os.RemoveAll(filepath.Join(r.data, "users", "alice")); err != nil {
			t.Fatal(err)
		}
		r.prints(1, "alice has no folder\n", "files:tree")
		r.prints(0, "Nothing was found.\n", "files:tree", "--repair")
		r.wants(want)
	})
}

func TestVerifyReadsAllBytes(t *testing.T) {
	r := one(t)
	w := r.put("/a", "bytes")
	r.drain()
	r.prints(0, "Nothing was found.\n", "verify", "--read")
	blob := filepath.Join(r.data, "blobs", r.blobs.Path(content.Key(w.Content)))
	r.write(blob, "BYTES")
	if err := os.Chtimes(blob, time.Time{}, w.MTime); err != nil {
		t.Fatal(err)
	}
	r.prints(0, "Nothing was found.\n", "verify")
	out, _, code := r.run("verify", "--read")
	if !strings.Contains(out, "SHA-1") || code != 1 {
		t.Errorf("code %d\n%s", code, out)
	}
}

func TestCleanupCommand(t *testing.T) {
	r := one(t)
	r.mkdir("/a")
	r.put("/a/1", "x")
	r.put("/b", "y")
	r.remove("/a")
	r.remove("/b")
	lost, err := r.room.content.Write(r.ctx, strings.NewReader("of an upload that broke off"), -1)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := r.room.content.Write(r.ctx, strings.NewReader("of an upload under way"), -1)
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(filepath.Join(r.data, "blobs", r.blobs.Path(content.Key(lost.ID))), old, old); err != nil {
		t.Fatal(err)
	}
	r.prints(0, "2 contents of deleted files removed\n1 left-overs of broken uploads removed\n", "files:cleanup")
	if _, err := r.blobs.Stat(r.ctx, content.Key(fresh.ID)); err != nil {
		t.Errorf("an upload under way: %v", err)
	}
}

// all is everything that must be the same after a rebuild, by path: bytes and
// times.
func (r *rig) all(uid string) map[string]string {
	r.Helper()
	r.as(uid)
	out := r.inTables()
	for path := range out {
		e := r.stat(strings.TrimSuffix(path, "/"))
		if !e.IsDir() {
			out[path] += " " + e.MTime.UTC().Format(time.RFC3339Nano)
		}
	}
	return out
}

func TestRebuild(t *testing.T) {
	dbtest.Each(t, schemas, func(t *testing.T, d *db.DB) {
		r := one(t)
		r.account("bob")
		r.mkdir("/Plans")
		r.mkdir("/Plans/Für später")
		r.put("/Plans/Für später/ü.txt", "x")
		r.put("/a", "same")
		r.copy("/a", "/Plans/b")
		r.touch("/a", time.Unix(-1000, 5))
		r.touch("/Plans/b", time.Unix(-1000, 5)) // links to the same bytes have the same time
		r.put("/old", "a version that nobody sees any more")
		r.put("/old", "the new one")
		r.as("bob")
		r.put("/his", "his")
		r.drain()
		alice, bob := r.all("alice"), r.all("bob")
		shown := r.onDisk(filepath.Join(r.data, "users", "alice"))
		r.write(r.at("foreign"), "copied in")
		r.prints(1, "The database has 2 accounts. Rebuild works on an empty one only; nothing was changed.\n", "rebuild")

		r.open(d, r.blobs)
		out, errOut, code := r.run("rebuild", "--password-file", filepath.Join(r.data, "passwords"))
		want := "4 folders and 6 files of 2 users are in the new database.\n1 contents in the store have no name; they are removed with the next cleaning up.\n"
		if out+errOut != want || code != 0 {
			t.Fatalf("code %d\n%s%s", code, out, errOut)
		}
		alice["/foreign"] = "copied in " + r.statOf("alice", "/foreign").MTime.UTC().Format(time.RFC3339Nano)
		if diff := cmp.Diff(alice, r.all("alice")) + cmp.Diff(bob, r.all("bob")); diff != "" {
			t.Errorf("after the rebuild (-before +now):\n%s", diff)
		}
		r.drain()
		shown["/files/foreign"] = "copied in"
		if diff := cmp.Diff(shown, r.onDisk(filepath.Join(r.data, "users", "alice"))); diff != "" {
			t.Errorf("on the disk (-before +now):\n%s", diff)
		}
		r.prints(0, "Nothing was found.\n", "verify", "--read")
		r.prints(0, "Nothing was found.\n", "files:tree")
		r.signsIn(filepath.Join(r.data, "passwords"), "alice", "bob", "admin")
		r.as("alice")
		r.put("/a", "and on")
		r.move("/Plans", "/P")
		r.drain()
		r.same()
		r.prints(0, "Nothing was found.\n", "verify", "--read")
	})
}

func (r *rig) statOf(uid, path string) *files.Entry {
	r.Helper()
	r.as(uid)
	return r.stat(path)
}

// signsIn checks that the new passwords open the accounts.
func (r *rig) signsIn(file string, uids ...string) {
	r.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		r.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(b)) {
		uid, password, _ := strings.Cut(strings.TrimSpace(line), ":")
		u, err := r.room.people.CheckPassword(r.ctx, uid, password, netip.Prefix{})
		if err != nil {
			r.Errorf("%s: %v", uid, err)
			continue
		}
		got = append(got, u.ID)
	}
	if diff := cmp.Diff(uids, got); diff != "" {
		r.Error(diff)
	}
}
