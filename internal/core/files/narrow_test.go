package files_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
)

// narrowed is what alice sees with a credential that is limited.
func (k *desk) narrowed(s who.Scope) *desk {
	k.Helper()
	v, err := k.Service.As(k.ctx, &who.Principal{ID: "alice", Scope: &s})
	if err != nil {
		k.Fatal(err)
	}
	out := *k
	out.View = v
	return &out
}

// everything lists all that a view shows, with its rights.
func (k *desk) everything() (out []string) {
	k.Helper()
	root := k.stat("/")
	for e, err := range k.Below(k.ctx, root) {
		if err != nil {
			k.Fatal(err)
		}
		out = append(out, e.Path+" "+letters(e.Perm()))
	}
	slices.Sort(out)
	return out
}

func letters(p files.Perm) string {
	var b strings.Builder
	for i, c := range "rucds" {
		if p&(1<<i) != 0 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// office makes some files and returns the ids of what a credential is limited to.
func (k *desk) office() (folder, file int64) {
	for _, p := range []string{"/docs", "/docs/plans", "/docs/plans/2026", "/docs/plans/2026/sub", "/photos"} {
		k.mkdir(p)
	}
	for _, p := range []string{"/docs/plans/2026/a.txt", "/docs/plans/2026/sub/b.txt", "/docs/plans/hidden.txt", "/docs/secret.txt", "/photos/x.jpg", "/lone.txt"} {
		k.put(p, "body of "+p)
	}
	return k.stat("/docs/plans/2026").ID, k.stat("/lone.txt").ID
}

func TestACredentialLimitedToFoldersSeesTheWayAndWhatIsBelow(t *testing.T) {
	each(t, func(k *desk) {
		folder, file := k.office()
		n := k.narrowed(who.Scope{Folders: []int64{file, folder, k.stat("/docs/plans/2026/sub").ID}})
		want := []string{"/docs r", "/docs/plans r", "/docs/plans/2026 rucs", "/docs/plans/2026/a.txt rucds", "/docs/plans/2026/sub rucds",
			"/docs/plans/2026/sub/b.txt rucds", "/lone.txt rucs"}
		if diff := cmp.Diff(want, n.everything()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for _, p := range []string{"/docs/secret.txt", "/docs/plans/hidden.txt", "/photos", "/photos/x.jpg", "/never"} {
			if _, err := n.Stat(k.ctx, p); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", p, err)
			}
		}
		for _, e := range []*files.Entry{k.stat("/photos"), k.stat("/docs/secret.txt")} {
			if _, err := n.ByID(k.ctx, e.ID); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s by its id: %v", e.Path, err)
			}
		}
		if e, err := n.ByID(k.ctx, k.stat("/docs/plans/2026/sub/b.txt").ID); err != nil || e.Path != "/docs/plans/2026/sub/b.txt" {
			t.Errorf("by id: %+v %v", e, err)
		}
		if size, want := n.stat("/docs").Size, k.stat("/docs/plans/2026").Size; size != want {
			t.Errorf("the way is %d bytes large, what it shows %d", size, want)
		}
		got, err := k.Service.Paths(k.ctx, n.Who(), []int64{folder, file, k.stat("/photos").ID, k.stat("/docs").ID})
		if diff := cmp.Diff(map[int64]string{folder: "/docs/plans/2026", file: "/lone.txt", k.stat("/docs").ID: "/docs"}, got); diff != "" || err != nil {
			t.Errorf("paths: %v\n%s", err, diff)
		}
	})
}

func TestALimitedCredentialChangesOnlyWhatIsBelow(t *testing.T) {
	each(t, func(k *desk) {
		folder, file := k.office()
		n := k.narrowed(who.Scope{Folders: []int64{folder, file}})
		n.put("/docs/plans/2026/new.txt", "new")
		n.put("/lone.txt", "again")
		n.mkdir("/docs/plans/2026/more")
		if k.get("/lone.txt") != "again" || k.stat("/lone.txt").ID != file {
			t.Error("the one file cannot be written")
		}
		write := func(p string) error {
			_, err := n.Write(k.ctx, p, files.Put{Body: strings.NewReader("x"), Size: 1})
			return err
		}
		mkdir := func(p string) error { _, err := n.Mkdir(k.ctx, p); return err }
		move := func(from, to string) error {
			_, _, err := n.Move(k.ctx, n.stat(from), to, files.Overwrite, nil)
			return err
		}
		cp := func(from, to string) error {
			_, _, err := n.Copy(k.ctx, n.stat(from), to, files.CopyOptions{Clash: files.Overwrite})
			return err
		}
		remove := func(p string) error { return n.Remove(k.ctx, n.stat(p), nil) }
		const a = "/docs/plans/2026/a.txt"
		for i, c := range []struct {
			err  error
			want fault.Kind
		}{
			{write("/new.txt"), fault.Denied}, {write("/docs/new.txt"), fault.Denied}, {write("/docs/secret.txt"), fault.Denied},
			{write("/photos/x.jpg"), fault.Conflict}, {write("/docs/plans"), fault.Conflict}, {write("/docs/plans/2026"), fault.Conflict},
			{mkdir("/docs"), fault.Exists}, {mkdir("/docs/plans/2026"), fault.Exists}, {mkdir("/photos"), fault.Denied}, {mkdir("/photos/y"), fault.Conflict},
			{move(a, "/docs/a.txt"), fault.Denied}, {move(a, "/photos/a.txt"), fault.Conflict}, {move(a, "/docs/secret.txt"), fault.Denied},
			{move(a, "/lone.txt"), fault.Denied}, {move(a, "/docs/plans"), fault.Conflict}, {move(a, "/docs/plans/2026"), fault.Conflict},
			{move("/lone.txt", "/docs/plans/2026/lone.txt"), fault.Denied}, {move("/docs/plans/2026", "/docs/plans/2027"), fault.Denied},
			{move("/docs", "/docs/plans/2026/docs"), fault.Denied}, {move("/docs/plans/2026/sub", "/docs/plans/2026"), fault.Conflict},
			{cp("/docs", "/docs/plans/2026/docs"), fault.Denied}, {cp(a, "/docs/b.txt"), fault.Denied}, {cp(a, "/lone.txt"), fault.Denied},
			{cp("/docs/plans/2026/sub", "/photos"), fault.Denied}, {cp("/docs/plans/2026/sub", "/docs"), fault.Conflict},
			{remove("/docs"), fault.Denied}, {remove("/docs/plans/2026"), fault.Denied}, {remove("/lone.txt"), fault.Denied}, {remove("/"), fault.Denied},
		} {
			if fault.Of(c.err) != c.want || c.err == nil {
				t.Errorf("case %d: %v, want %v", i, c.err, c.want)
			}
		}
		for i, o := range n.WriteMany(k.ctx, []files.Item{
			{Path: "/docs/plans/2026/m.txt", Put: files.Put{Body: strings.NewReader("m"), Size: 1}}, {Path: "/docs/m.txt", Put: files.Put{Body: strings.NewReader("m"), Size: 1}},
			{Path: "/photos/m.txt", Put: files.Put{Body: strings.NewReader("m"), Size: 1}}, {Path: "/lone.txt", Put: files.Put{Body: strings.NewReader("m"), Size: 1}},
		}) {
			if want := []bool{true, false, false, true}[i]; (o.Err == nil) != want {
				t.Errorf("bulk item %d: %v", i, o.Err)
			}
		}
		if err := move(a, "/docs/plans/2026/sub/a.txt"); err != nil {
			t.Error(err)
		}
		if err := cp("/docs/plans/2026/sub", "/docs/plans/2026/copy"); err != nil {
			t.Error(err)
		}
		if err := cp("/lone.txt", "/docs/plans/2026/lone.txt"); err != nil {
			t.Error(err)
		}
		if err := remove("/docs/plans/2026/copy"); err != nil {
			t.Error(err)
		}
		if k.get("/docs/secret.txt") != "body of /docs/secret.txt" || k.get("/photos/x.jpg") != "body of /photos/x.jpg" || k.get("/docs/plans/2026/sub/a.txt") == "" {
			t.Error("something else was changed")
		}
	})
}

func TestSearchStaysInsideTheLimits(t *testing.T) {
	each(t, func(k *desk) {
		folder, file := k.office()
		n := k.narrowed(who.Scope{Folders: []int64{folder, file}})
		all := func(*files.Mount) tree.Pred { return tree.Pred{} }
		find := func(at string, q tree.Query) (out []string) {
			es, err := n.Search(k.ctx, n.stat(at), all, q)
			if err != nil {
				t.Fatal(err)
			}
			for e, err := range es {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, e.Path+" "+letters(e.Perm()))
			}
			if q.Limit == 0 {
				slices.Sort(out)
			}
			return out
		}
		if diff := cmp.Diff(n.everything(), find("/", tree.Query{})); diff != "" {
			t.Errorf("all: -want +got\n%s", diff)
		}
		if diff := cmp.Diff([]string{"/docs/plans/2026/a.txt rucds", "/docs/plans/2026/sub rucds", "/docs/plans/2026/sub/b.txt rucds"}, find("/docs/plans/2026", tree.Query{})); diff != "" {
			t.Errorf("in the folder: -want +got\n%s", diff)
		}
		var paged []string
		for i := range 8 {
			paged = append(paged, find("/", tree.Query{Limit: 1, Offset: i})...)
		}
		slices.Sort(paged)
		if diff := cmp.Diff(n.everything(), paged); diff != "" {
			t.Errorf("page by page: -want +got\n%s", diff)
		}
		ids := []int64{folder, file, k.stat("/docs").ID, k.stat("/photos").ID, k.stat("/docs/secret.txt").ID, k.stat("/docs/plans/2026/sub").ID}
		var among []string
		for e, err := range n.Among(k.ctx, n.stat("/"), ids) {
			if err != nil {
				t.Fatal(err)
			}
			among = append(among, e.Path)
		}
		slices.Sort(among)
		if diff := cmp.Diff([]string{"/docs", "/docs/plans/2026", "/docs/plans/2026/sub", "/lone.txt"}, among); diff != "" {
			t.Errorf("among: -want +got\n%s", diff)
		}
	})
}

// A sync client looks at etags to see what changed: those of the way follow what
// the credential shows, and nothing else.
func TestEtagsOnTheWayFollowWhatIsShown(t *testing.T) {
	each(t, func(k *desk) {
		folder, _ := k.office()
		s := who.Scope{Folders: []int64{folder}}
		before := k.narrowed(s).stat("/").ETag
		k.put("/docs/secret.txt", "changed")
		if after := k.narrowed(s).stat("/").ETag; after != before {
			t.Error("the root's etag tells of a file that is hidden")
		}
		k.put("/docs/plans/2026/sub/b.txt", "changed")
		changed := k.narrowed(s).stat("/").ETag
		if changed == before || k.narrowed(s).stat("/docs").ETag == 0 {
			t.Error("the root's etag does not tell of a change below")
		}
		wider := who.Scope{Folders: []int64{folder, k.stat("/photos").ID}}
		if k.narrowed(wider).stat("/").ETag == changed {
			t.Error("the root's etag does not tell that there is more to see")
		}
		// What the credential was limited to goes: nothing is left, and nothing else opens.
		if err := k.Remove(k.ctx, k.stat("/docs/plans/2026"), nil); err != nil {
			t.Fatal(err)
		}
		n := k.narrowed(s)
		if got := n.everything(); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
		k.mkdir("/docs/plans/2026")
		if _, err := n.Stat(k.ctx, "/docs/plans/2026"); !errors.Is(err, fault.NotFound) {
			t.Errorf("another folder of the same name: %v", err)
		}
	})
}

func TestWhatAViewReachesMovesWithTheFolder(t *testing.T) {
	each(t, func(k *desk) {
		folder, _ := k.office()
		old := k.narrowed(who.Scope{Folders: []int64{folder}})
		if _, _, err := k.Move(k.ctx, k.stat("/docs/plans/2026"), "/photos/2026", files.Refuse, nil); err != nil {
			t.Fatal(err)
		}
		k.mkdir("/docs/plans/2026")
		k.put("/docs/plans/2026/a.txt", "of another")
		if got := old.get("/docs/plans/2026/a.txt"); got != "body of /docs/plans/2026/a.txt" {
			t.Errorf("a request that began before the move reads %q", got)
		}
		want := []string{"/photos r", "/photos/2026 rucs", "/photos/2026/a.txt rucds", "/photos/2026/sub rucds", "/photos/2026/sub/b.txt rucds"}
		if diff := cmp.Diff(want, k.narrowed(who.Scope{Folders: []int64{folder}}).everything()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestVerbsOfACredential(t *testing.T) {
	each(t, func(k *desk) {
		k.office()
		for _, c := range []struct {
			verbs who.Verb
			want  string
		}{{who.Read, "r"}, {who.Read | who.Write, "rucd"}, {who.Read | who.Share, "rs"}, {who.Everything, "rucds"}, {0, "rucds"}} {
			if got := letters(k.narrowed(who.Scope{Verbs: c.verbs}).stat("/lone.txt").Perm()); got != c.want {
				t.Errorf("verbs %b: %s, want %s", c.verbs, got, c.want)
			}
		}
		n := k.narrowed(who.Scope{Verbs: who.Read})
		if _, err := n.Write(k.ctx, "/lone.txt", files.Put{Body: strings.NewReader("x"), Size: 1}); !errors.Is(err, fault.Denied) {
			t.Errorf("write: %v", err)
		}
		if err := n.Remove(k.ctx, n.stat("/lone.txt"), nil); !errors.Is(err, fault.Denied) {
			t.Errorf("remove: %v", err)
		}
	})
}

func TestLimitsCostNothingToWhoHasNone(t *testing.T) {
	each(t, func(k *desk) {
		folder, _ := k.office()
		cost := func(s *who.Scope) int64 {
			ctx, n := db.Count(k.ctx)
			v, err := k.Service.As(ctx, &who.Principal{ID: "alice", Scope: s})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := v.Stat(ctx, "/docs/plans/2026/a.txt"); err != nil {
				t.Fatal(err)
			}
			return n.Load()
		}
		cost(nil)
		free := cost(nil)
		if got := cost(&who.Scope{Verbs: who.Read}); got != free {
			t.Errorf("a reader costs %d statements, one without limits %d", got, free)
		}
		one := cost(&who.Scope{Folders: []int64{folder}})
		if many := cost(&who.Scope{Folders: []int64{folder, k.stat("/photos").ID, k.stat("/lone.txt").ID}}); one > free+3 || many > one {
			t.Errorf("one that is limited to a folder costs %d statements, to three things %d, one without limits %d", one, many, free)
		}
	})
}
