package files_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/infra/db"
)

// hung is a mounter that hangs what alice has into bob's home, and lets him move it.
type hung struct {
	mounts  []files.Mount
	forgot  int
	refused error
}

func (h *hung) Mounts(_ context.Context, p *who.Principal) ([]files.Mount, error) {
	if p.ID != "bob" {
		return nil, nil
	}
	return slices.Clone(h.mounts), h.refused
}

func (h *hung) Relocate(_ context.Context, _ *db.DB, _ *who.Principal, m *files.Mount, folder int64, name string) error {
	for i := range h.mounts {
		if h.mounts[i].Root == m.Root {
			h.mounts[i].Path = []string{name}
			h.mounts[i].Tag = folder
		}
	}
	return nil
}

func (h *hung) Leave(_ context.Context, _ *db.DB, _ *who.Principal, m *files.Mount) error {
	h.mounts = slices.DeleteFunc(h.mounts, func(o files.Mount) bool { return o.Root == m.Root })
	return nil
}

func (h *hung) Forget(string) { h.forgot++ }

// hang mounts an entry of alice's for bob.
func (k *desk) hang(h *hung, path string, perm files.Perm, at ...string) {
	k.Helper()
	e := k.stat(path)
	h.mounts = append(h.mounts, files.Mount{Path: at, Space: e.Mount.Space, Root: e.ID, Perm: perm, Kind: "shared", Owner: "alice"})
	k.Hooks.Mounters = []files.Mounter{h}
}

// guest is what bob sees.
func (k *desk) guest() *desk {
	k.Helper()
	v, err := k.Service.As(k.ctx, &who.Principal{ID: "bob"})
	if err != nil {
		k.Fatal(err)
	}
	out := *k
	out.View = v
	return &out
}

// verb is something that people do with what is shared with them.
type verb struct {
	name  string
	opens func(p files.Perm) bool // whether a mask allows it
	do    func(k *desk) error
}

func has(need files.Perm) func(files.Perm) bool {
	return func(p files.Perm) bool { return p&need == need }
}

// on does something with the entry at a path.
func on(path string, f func(k *desk, e *files.Entry) error) func(*desk) error {
	return func(k *desk) error {
		e, err := k.Stat(k.ctx, path)
		if err != nil {
			return err
		}
		return f(k, e)
	}
}

func writeTo(path string) func(*desk) error {
	return func(k *desk) error {
		_, err := k.Write(k.ctx, path, files.Put{Body: strings.NewReader("x"), Size: 1})
		return err
	}
}

func moveTo(from, to string) func(*desk) error {
	return on(from, func(k *desk, e *files.Entry) error {
		_, _, err := k.Move(k.ctx, e, to, files.Overwrite, nil)
		return err
	})
}

func copyTo(from, to string) func(*desk) error {
	return on(from, func(k *desk, e *files.Entry) error {
		_, _, err := k.Copy(k.ctx, e, to, files.CopyOptions{Clash: files.Overwrite})
		return err
	})
}

func renamable(p files.Perm) bool {
	return p&files.Read != 0 && (p&files.Update != 0 || p&(files.Create|files.Delete) == files.Create|files.Delete)
}

// verbs are done in a folder /in that holds a file f and a folder sub, by who has a
// file /own.
func verbs() []verb {
	return []verb{
		{"list", has(files.Read), on("/in", func(k *desk, e *files.Entry) error {
			for _, err := range k.List(k.ctx, e) {
				return err
			}
			return nil
		})},
		{"read", has(files.Read), on("/in/f", func(k *desk, e *files.Entry) error {
			rc, err := k.Open(k.ctx, e, 0, -1)
			if err != nil {
				return err
			}
			return rc.Close()
		})},
		{"put over", has(files.Update), writeTo("/in/f")},
		{"put new", has(files.Create), writeTo("/in/new")},
		{"mkdir", has(files.Create), func(k *desk) error { _, err := k.Mkdir(k.ctx, "/in/made"); return err }},
		{"rename", renamable, moveTo("/in/f", "/in/g")},
		{"move deeper", has(files.Read | files.Create | files.Delete), moveTo("/in/f", "/in/sub/f")},
		{"move out", has(files.Read | files.Delete), moveTo("/in/f", "/f")},
		{"move in", has(files.Create), moveTo("/own", "/in/own")},
		{"move over", has(files.Update | files.Delete), moveTo("/own", "/in/f")},
		{"copy out", has(files.Read), copyTo("/in/f", "/f")},
		{"copy in", has(files.Create), copyTo("/own", "/in/own")},
		{"copy over", has(files.Update), copyTo("/own", "/in/f")},
		{"delete", has(files.Read | files.Delete), on("/in/f", func(k *desk, e *files.Entry) error { return k.Remove(k.ctx, e, nil) })},
		{"touch", has(files.Read | files.Update), on("/in/f", func(k *desk, e *files.Entry) error {
			change, err := k.NewChange(k.ctx)
			if err != nil {
				return err
			}
			created := int64(5)
			return k.db.Tx(k.ctx, func(tx *db.DB) error { return k.SetTimes(k.ctx, tx, change, e, files.Times{Created: &created}) })
		})},
		{"rename the mount", has(0), moveTo("/in", "/elsewhere")},
		{"leave", has(0), on("/in", func(k *desk, e *files.Entry) error { return k.Remove(k.ctx, e, nil) })},
	}
}

// What each of the rights is for, in all combinations: the verbs that a mask opens,
// and no other.
func TestEveryMaskOpensItsVerbsOnly(t *testing.T) {
	light(t, func(k *desk) {
		alice := k.View
		for mask := files.Perm(1); mask <= files.All; mask++ {
			dir := fmt.Sprintf("/d%d", mask)
			k.mkdir(dir)
			for i, verb := range verbs() {
				// Everything anew for each verb would be slow: each has a folder.
				at := fmt.Sprintf("%s/%d", dir, i)
				k.mkdir(at)
				k.mkdir(at + "/sub")
				k.put(at+"/f", "hers")
				h := &hung{}
				k.hang(h, at, mask, "in")
				bob := k.guest()
				bob.put("/own", "his")
				err := verb.do(bob)
				if open := verb.opens(mask); open != (err == nil) {
					t.Errorf("%s with %s: %v", verb.name, letters(mask), err)
				}
				if err != nil && fault.Of(err) != fault.Denied && fault.Of(err) != fault.NotFound {
					t.Errorf("%s with %s is refused as %v", verb.name, letters(mask), err)
				}
				if mask&files.Read == 0 && err != nil && strings.Contains(err.Error(), "already") {
					t.Errorf("%s with %s tells what is there: %v", verb.name, letters(mask), err)
				}
				for _, left := range []string{"/f", "/own"} {
					if e, err := bob.Stat(k.ctx, left); err == nil {
						if err := bob.Remove(k.ctx, e, nil); err != nil {
							t.Fatal(err)
						}
					}
				}
				if _, err := alice.Stat(k.ctx, at); err != nil {
					t.Errorf("%s with %s took the owner's folder: %v", verb.name, letters(mask), err)
				}
			}
		}
	})
}

// Who may look but not download sees names and sizes, and gets no byte by any way.
func TestSealedMountsGiveNoBytes(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		k.put("/a/x", "hers")
		h := &hung{}
		k.hang(h, "/a", files.All, "a")
		h.mounts[0].Sealed = true
		bob := k.guest()
		if got := bob.list("/a"); !slices.Equal(got, []string{"x"}) {
			t.Errorf("listed: %v", got)
		}
		x := bob.stat("/a/x")
		if _, err := bob.Open(k.ctx, x, 0, -1); !errors.Is(err, fault.Denied) {
			t.Errorf("read: %v", err)
		}
		for _, e := range []*files.Entry{x, bob.stat("/a")} {
			if _, _, err := bob.Copy(k.ctx, e, "/mine", files.CopyOptions{}); !errors.Is(err, fault.Denied) {
				t.Errorf("copied %s: %v", e.Path, err)
			}
		}
		if _, _, err := bob.Move(k.ctx, x, "/mine", files.Refuse, nil); !errors.Is(err, fault.Denied) {
			t.Errorf("moved out to read it: %v", err)
		}
		bob.put("/a/x", "his")
		if k.get("/a/x") != "his" {
			t.Error("what may be changed cannot be")
		}
	})
}

// A single file that others share is written where it lies, renamed in the
// recipient's tree only, and never replaced by another file.
func TestAMountedFile(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/docs")
		k.put("/docs/report.txt", "hers")
		h := &hung{}
		k.hang(h, "/docs/report.txt", files.Read|files.Update, "got.txt")
		bob := k.guest()
		id := k.stat("/docs/report.txt").ID
		if w := bob.put("/got.txt", "his"); w.ID != id || w.Created || w.Path != "/got.txt" {
			t.Errorf("wrote %+v", w)
		}
		for _, o := range bob.WriteMany(k.ctx, []files.Item{{Path: "/got.txt", Put: files.Put{Body: strings.NewReader("bulk"), Size: 4}}}) {
			if o.Err != nil || o.ID != id {
				t.Errorf("bulk: %+v", o)
			}
		}
		if got := k.get("/docs/report.txt"); got != "bulk" || k.stat("/docs/report.txt").ID != id {
			t.Errorf("the owner has %q", got)
		}
		bob.put("/own.txt", "own")
		if _, _, err := bob.Move(k.ctx, bob.stat("/own.txt"), "/got.txt", files.Overwrite, nil); !errors.Is(err, fault.Denied) {
			t.Errorf("replaced: %v", err)
		}
		if made, e, err := bob.Move(k.ctx, bob.stat("/got.txt"), "/mine.txt", files.Refuse, nil); err != nil || !made || e.ID != id || e.Path != "/mine.txt" {
			t.Errorf("renamed: %v %+v %v", made, e, err)
		}
		if got := k.guest().list("/"); !slices.Equal(got, []string{"own.txt", "mine.txt"}) {
			t.Errorf("bob has %v", got)
		}
		if got := k.list("/docs"); !slices.Equal(got, []string{"report.txt"}) {
			t.Errorf("alice has %v", got)
		}
		if err := bob.Remove(k.ctx, k.guest().stat("/mine.txt"), nil); err != nil {
			t.Fatal(err)
		}
		if got := k.get("/docs/report.txt"); got != "bulk" {
			t.Errorf("leaving it took it from its owner: %q", got)
		}
	})
}

// Mounts live in the home of who received them: neither they nor a folder that holds
// one go into what belongs to somebody else.
func TestMountsStayAtHome(t *testing.T) {
	each(t, func(k *desk) {
		for _, p := range []string{"/a", "/b", "/b/in"} {
			k.mkdir(p)
		}
		h := &hung{}
		k.hang(h, "/a", files.All, "a")
		k.hang(h, "/b", files.All, "hold", "b")
		bob := k.guest()
		bob.mkdir("/hold")
		bob.mkdir("/deep")
		for _, c := range [][2]string{{"/a", "/hold/b/a"}, {"/hold", "/a/hold"}, {"/a", "/hold/b"}, {"/hold/b", "/a"}} {
			if _, _, err := bob.Move(k.ctx, bob.stat(c[0]), c[1], files.Overwrite, nil); !errors.Is(err, fault.Denied) {
				t.Errorf("%s to %s: %v", c[0], c[1], err)
			}
		}
		if _, _, err := bob.Move(k.ctx, bob.stat("/hold"), "/deep/hold", files.Refuse, nil); err != nil || h.forgot != 1 {
			t.Errorf("a folder with a mount within the home: %v, told %d times", err, h.forgot)
		}
		bob.put("/taken", "his")
		if made, _, err := bob.Move(k.ctx, bob.stat("/a"), "/taken", files.Overwrite, nil); err != nil || made {
			t.Errorf("over a file of one's own: %v", err)
		}
		if !k.guest().stat("/taken").IsDir() {
			t.Error("the file is still there")
		}
		// Who may only read with this credential can neither move nor leave.
		v, err := k.Service.As(k.ctx, &who.Principal{ID: "bob", Scope: &who.Scope{Verbs: who.Read}})
		if err != nil {
			t.Fatal(err)
		}
		ro := *k
		ro.View = v
		if err := v.Remove(k.ctx, ro.stat("/taken"), nil); !errors.Is(err, fault.Denied) {
			t.Errorf("left with a credential that reads only: %v", err)
		}
		if _, _, err := v.Move(k.ctx, ro.stat("/taken"), "/other", files.Refuse, nil); !errors.Is(err, fault.Denied) {
			t.Errorf("moved with a credential that reads only: %v", err)
		}
	})
}

// A sync client goes down where etags changed: every folder above a mount, at any
// depth, must tell, and in a listing the same as alone.
func TestEtagsOfFoldersAboveMounts(t *testing.T) {
	each(t, func(k *desk) {
		k.mkdir("/a")
		k.put("/a/x", "1")
		h := &hung{}
		k.hang(h, "/a", files.All, "one", "two", "three", "a")
		bob := k.guest()
		for _, p := range []string{"/one", "/one/two", "/one/two/three", "/beside"} {
			bob.mkdir(p)
		}
		above := []string{"/", "/one", "/one/two", "/one/two/three", "/one/two/three/a"}
		etags := func() map[string]int64 {
			bob := k.guest()
			out := map[string]int64{}
			for _, p := range append(above, "/beside") {
				out[p] = bob.stat(p).ETag
			}
			for e, err := range bob.Below(k.ctx, bob.stat("/")) {
				if err != nil {
					t.Fatal(err)
				}
				if e.IsDir() && e.ETag != out[e.Path] {
					t.Errorf("%s has one etag in a listing and another alone", e.Path)
				}
			}
			return out
		}
		before := etags()
		k.put("/a/x", "2")
		after := etags()
		for _, p := range above {
			if before[p] == after[p] {
				t.Errorf("%s does not tell of the change", p)
			}
		}
		if before["/beside"] != after["/beside"] {
			t.Error("a folder beside the mount tells of a change")
		}
		if diff := cmp.Diff(after, etags()); diff != "" {
			t.Errorf("nothing changed:\n%s", diff)
		}
	})
}

// A listing costs the same however much is mounted, and fails if the mounts cannot
// be told.
func TestCostOfMounts(t *testing.T) {
	each(t, func(k *desk) {
		h := &hung{}
		bob := k.guest()
		bob.mkdir("/in")
		cost := func() int64 {
			ctx, n := db.Count(k.ctx)
			v, err := k.Service.As(ctx, &who.Principal{ID: "bob"})
			if err != nil {
				t.Fatal(err)
			}
			root, err := v.Stat(ctx, "/")
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range v.List(ctx, root) {
				if err != nil {
					t.Fatal(err)
				}
			}
			return n.Load()
		}
		bare := cost()
		k.mkdir("/n0")
		k.hang(h, "/n0", files.All, "n0")
		cost() // settles
		one := cost()
		for i := 1; i < 100; i++ {
			name := fmt.Sprintf("n%d", i)
			k.mkdir("/" + name)
			k.hang(h, "/"+name, files.All, "in", name)
		}
		cost()
		if got := cost(); got != one || one-bare > 4 {
			t.Errorf("no mount costs %d statements, one %d, a hundred %d", bare, one, got)
		}
		h.refused = fault.Unavailable
		if _, err := k.Service.As(k.ctx, &who.Principal{ID: "bob"}); !errors.Is(err, fault.Unavailable) {
			t.Errorf("mounts that cannot be told: %v", err)
		}
	})
}
