package fulltext

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/infra/blob/blobfault"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

func (g *rig) want(uid, term string, want ...string) {
	g.Helper()
	if diff := cmp.Diff(append([]string{}, want...), g.finds(uid, term)); diff != "" {
		g.Errorf("%s finds with %q: -want +got\n%s", uid, term, diff)
	}
}

func TestFilesAreFoundByTheirText(t *testing.T) {
	each(t, func(g *rig) {
		g.put("ann", "/a.txt", "The Annual Report of 2025 is late. It was due in April.")
		g.put("ann", "/b.md", "# Ärger\nim Büro, wegen der Berichte")
		g.put("ann", "/c.docx", office(g, "word/document.xml", "<w:p><w:t>Caf</w:t><w:t>é menu, annual</w:t></w:p>"))
		g.put("ann", "/日本.txt", "私は日本語を話します")
		g.put("ann", "/d.txt", "to be or not to be, the who")
		g.put("ann", "/picture.png", "annual report")
		g.put("bob", "/b.txt", "an annual report of bob")
		g.settle()
		g.want("ann", "annual report", "/a.txt: The Annual Report of 2025 is late. It was due in April.")
		g.want("ann", "annual", "/c.docx: Café menu, annual", "/a.txt: The Annual Report of 2025 is late. It was due in April.")
		g.want("ann", "APRIL rep", "/a.txt: The Annual Report of 2025 is late. It was due in April.")
		g.want("ann", "rep April") // only the last word may be a beginning
		g.want("ann", "arger buro", "/b.md: # Ärger im Büro, wegen der Berichte")
		g.want("ann", "cafe", "/c.docx: Café menu, annual")
		g.want("ann", "日本", "/日本.txt: 私は日本語を話します")
		g.want("ann", "語", "/日本.txt: 私は日本語を話します")
		g.want("ann", "the who be", "/d.txt: to be or not to be, the who")
		g.want("ann", `"or not"`, "/d.txt: to be or not to be, the who")
		g.want("ann", `"not or"`)
		g.want("ann", "elephant")
		g.want("ann", "--")
		g.want("ann", `'") OR 1 * & | ! (`)
	})
}

func TestTheIndexFollowsTheTree(t *testing.T) {
	each(t, func(g *rig) {
		a := g.put("ann", "/a.txt", "first version")
		g.mkdir("ann", "/old")
		g.put("ann", "/old/b.txt", "second text")
		g.settle()
		v := g.view("ann")
		g.put("ann", "/a.txt", "changed version")
		g.want("ann", "first") // not what the file has now, though the index still says so
		g.settle()
		g.want("ann", "changed", "/a.txt: changed version")
		g.want("ann", "first")
		old, err := v.Stat(g.ctx, "/old")
		if err != nil {
			g.Fatal(err)
		}
		_, moved, err := v.Move(g.ctx, old, "/new", files.Refuse, nil)
		if err != nil {
			g.Fatal(err)
		}
		g.want("ann", "second", "/new/b.txt: second text")
		if _, _, err := v.Copy(g.ctx, moved, "/copy", files.CopyOptions{}); err != nil {
			g.Fatal(err)
		}
		g.settle()
		g.want("ann", "second", "/copy/b.txt: second text", "/new/b.txt: second text")
		if n := g.rows("text_body"); n != 3 { // the copy has the text of the original
			g.Errorf("%d texts are kept", n)
		}
		cur, err := v.Stat(g.ctx, "/a.txt")
		if err != nil || cur.ID != a.ID {
			g.Fatal(err)
		}
		if err := v.Remove(g.ctx, cur, nil); err != nil {
			g.Fatal(err)
		}
		if err := v.Remove(g.ctx, moved, nil); err != nil {
			g.Fatal(err)
		}
		g.want("ann", "version")
		g.want("ann", "second", "/copy/b.txt: second text")
		g.settle()
		if err := g.room.tidy(g.ctx); err != nil {
			g.Fatal(err)
		}
		if docs, texts := g.rows("text_doc"), g.rows("text_body"); docs != 1 || texts != 1 {
			g.Errorf("%d files and %d texts are left", docs, texts)
		}
		if err := g.db.Tx(g.ctx, func(tx *db.DB) error { return g.files.DropHome(g.ctx, tx, "ann") }); err != nil {
			g.Fatal(err)
		}
		g.settle()
		if docs, spaces := g.rows("text_doc"), g.rows("text_space"); docs != 0 || spaces != 0 {
			g.Errorf("of a home that is gone %d files are left, %d spaces", docs, spaces)
		}
	})
}

func (g *rig) rows(table string) int {
	g.Helper()
	n, err := db.One(g.ctx, g.db, db.Scan1[int], "SELECT COUNT(*) FROM "+table)
	if err != nil {
		g.Fatal(err)
	}
	return n
}

func TestWhatIsSharedIsFoundByWhoMayReadIt(t *testing.T) {
	each(t, func(g *rig) {
		team := g.mkdir("ann", "/team")
		g.put("ann", "/team/plan.txt", "the secret plan")
		g.put("ann", "/diary.txt", "my secret diary")
		g.settle()
		m := files.Mount{Path: []string{"From Ann"}, Space: team.Mount.Space, Root: team.ID, Perm: files.Read, Kind: "shared", Owner: "ann"}
		g.want("bob", "secret")
		g.mounts["bob"] = []files.Mount{m}
		g.want("bob", "secret", "/From Ann/plan.txt: the secret plan")
		m.Perm = files.Create
		g.mounts["bob"] = []files.Mount{m}
		g.want("bob", "secret")
		m.Perm, m.Sealed = files.Read, true // can be listed, but not read
		g.mounts["bob"] = []files.Mount{m}
		g.want("bob", "secret")
	})
}

// A few shared files are found among thousands that are not.
func TestAFewSharedAmongMany(t *testing.T) {
	g := lite(t)
	team := g.mkdir("ann", "/team")
	g.put("ann", "/team/plan.txt", "needle and more")
	items := make([]files.Item, 700)
	for i := range items {
		items[i] = files.Item{Path: fmt.Sprintf("/%d.txt", i), Put: files.Put{Body: strings.NewReader("a needle"), Size: 8}}
	}
	for _, o := range g.view("ann").WriteMany(g.ctx, items) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	g.settle()
	g.mounts["bob"] = []files.Mount{{Path: []string{"Team"}, Space: team.Mount.Space, Root: team.ID, Perm: files.Read, Owner: "ann"}}
	g.want("bob", "needle", "/Team/plan.txt: needle and more")
	seen, cursor := 0, int64(0)
	for {
		f, err := contents{g.room}.Search(g.ctx, plug.Wanted{Who: &who.Principal{ID: "ann"}, Term: "needle", Limit: 100, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Hits) == 0 {
			break
		}
		seen, cursor = seen+len(f.Hits), f.Next
	}
	if seen != 701 {
		t.Errorf("%d files on all pages, want 701", seen)
	}
}

// What somebody sees costs as many statements with one find as with ten.
func TestFindsCostNoStatements(t *testing.T) {
	g := lite(t)
	for i := range 10 {
		g.put("ann", fmt.Sprintf("/%d.txt", i), fmt.Sprintf("common rare%d", i))
	}
	g.settle()
	asks := func(term string, want int) int64 {
		ctx, n := db.Count(g.ctx)
		hits, _, err := g.room.find(ctx, g.view("ann"), term, math.MaxInt64, 20)
		if err != nil || len(hits) != want {
			t.Fatalf("%d finds, %v", len(hits), err)
		}
		return n.Load()
	}
	if one, ten := asks("rare3", 1), asks("common", 10); one != ten {
		t.Errorf("one find takes %d statements, ten take %d", one, ten)
	}
}

// Documents that cannot be read, or want too much, are files like any other.
func TestWhatCannotBeReadIsLeftAlone(t *testing.T) {
	g := lite(t)
	g.put("ann", "/broken.docx", "no zip at all")
	g.put("ann", "/broken.pdf", "%PDF-1.4 and nothing")
	g.put("ann", "/bomb.odt", office(t, "content.xml", strings.Repeat(" ", 80<<20)+"hidden"))
	g.put("ann", "/fine.txt", "fine")
	g.settle()
	g.want("ann", "fine", "/fine.txt: fine")
	g.want("ann", "hidden")
	c, err := g.room.count(g.ctx)
	if err != nil || c.Waiting != 0 || c.Unreadable != 2 || c.Files != 4 {
		t.Errorf("%+v, %v", c, err)
	}
	if err := g.room.again(g.ctx, []int{none}); err != nil {
		t.Fatal(err)
	}
	if c, err := g.room.count(g.ctx); err != nil || c.Waiting != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}

// A document with which the server dies again and again is given up.
func TestADeadlyDocument(t *testing.T) {
	g := lite(t)
	e := g.put("ann", "/a.txt", "deadly")
	if err := store(g.ctx, g.db, body{content: e.Content, state: begun, tries: triesMost}); err != nil {
		t.Fatal(err)
	}
	g.settle()
	g.want("ann", "deadly")
	if c, err := g.room.count(g.ctx); err != nil || c.Waiting != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

// While the bytes cannot be had nothing is written off, and a file whose bytes are
// lost holds up no other.
func TestBytesThatAreNotThere(t *testing.T) {
	store := mem.New()
	faulty := blobfault.New(store)
	g := newRig(t, dbtest.SQLite(t, schemas...), faulty)
	e := g.put("ann", "/lost.txt", "lost")
	g.put("ann", "/a.txt", "there")
	if err := store.Delete(g.ctx, content.Key(e.Content)); err != nil {
		t.Fatal(err)
	}
	g.put("ann", "/b.txt", "there too")
	g.settle()
	g.want("ann", "there", "/b.txt: there too", "/a.txt: there")
	if c, err := g.room.count(g.ctx); err != nil || c.Unreadable != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestSettings(t *testing.T) {
	g := lite(t)
	g.configure(setMaxSize, "10")
	g.put("ann", "/long.txt", "more than ten bytes")
	g.put("ann", "/short.txt", "ten bytes")
	g.settle()
	g.want("ann", "bytes", "/short.txt: ten bytes")
	g.configure(setMaxSize, "a lot")
	g.command("fulltextsearch:index", "ann")
	g.settle()
	g.want("ann", "bytes", "/short.txt: ten bytes", "/long.txt: more than ten bytes")
}

// command runs one of ours and returns what it prints.
func (g *rig) command(name string, args ...string) string {
	g.Helper()
	for n, c := range g.board.CLI.All() {
		if n != name {
			continue
		}
		var out bytes.Buffer
		c.SetOut(&out)
		c.SetArgs(args)
		root := &cobra.Command{SilenceErrors: true, SilenceUsage: true}
		root.PersistentFlags().String("output", "json", "")
		root.AddCommand(c)
		root.SetOut(&out)
		root.SetArgs(append([]string{name}, args...))
		if err := root.ExecuteContext(g.ctx); err != nil {
			g.Fatalf("%s: %v", name, err)
		}
		return out.String()
	}
	g.Fatalf("no command %s", name)
	return ""
}

func TestCommands(t *testing.T) {
	each(t, func(g *rig) {
		g.put("ann", "/a.txt", "a needle in a haystack")
		g.settle()
		var found []struct{ Path, Text string }
		if err := json.Unmarshal([]byte(g.command("fulltextsearch:search", "ann", "needle")), &found); err != nil || len(found) != 1 || found[0].Path != "/a.txt" {
			g.Errorf("found %v, %v", found, err)
		}
		var state struct {
			Files int
			Texts int
		}
		if err := json.Unmarshal([]byte(g.command("fulltextsearch:check")), &state); err != nil || state.Files != 1 || state.Texts != 1 {
			g.Errorf("%+v, %v", state, err)
		}
		g.command("fulltextsearch:reset")
		g.want("ann", "needle")
		g.settle()
		g.want("ann", "needle", "/a.txt: a needle in a haystack")
	})
}

// A worker that is killed between any two statements loses nothing.
func TestKilledAtAnyStatement(t *testing.T) {
	for n := 0; ; n++ {
		g := lite(t)
		g.put("ann", "/a.txt", "needle")
		if err := g.bus.Drain(g.ctx); err != nil {
			t.Fatal(err)
		}
		left, killed := n, false
		ctx, kill := context.WithCancel(g.ctx)
		g.db.Inject(func(string) error {
			if left--; left < 0 {
				killed = true
				kill()
				return errors.New("killed")
			}
			return nil
		})
		_ = g.room.work(ctx)
		g.db.Inject(nil)
		kill()
		if err := g.room.work(g.ctx); err != nil {
			t.Fatal(err)
		}
		g.want("ann", "needle", "/a.txt: needle")
		if !killed {
			return
		}
	}
}

func TestSnippets(t *testing.T) {
	long := strings.Repeat("filler words here ", 30) + "the report names an elephant, which is rare. " + strings.Repeat("more filler ", 30)
	got := snippet(long, []string{"report", "elephant"})
	if !strings.Contains(got, "report names an elephant") || !strings.HasPrefix(got, "… ") || !strings.HasSuffix(got, " …") || len(got) > 230 {
		t.Errorf("got %q", got)
	}
	if got := snippet("short", []string{"other"}); got != "short" {
		t.Errorf("got %q", got)
	}
	if got := snippet("", []string{"x"}); got != "" {
		t.Errorf("got %q", got)
	}
}

func FuzzSnippet(f *testing.F) {
	f.Add("some text ändert 日本", "text")
	f.Fuzz(func(t *testing.T, text, term string) {
		if got := snippet(text, []string{term}); len(got) > snippetBefore+snippetAfter+20 {
			t.Errorf("%d bytes", len(got))
		}
	})
}

// program puts a stand-in for a program first in PATH.
func program(t *testing.T, dir, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// Pictures are read only when an administrator has switched it on.
func TestOCR(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, tesseract, "echo read by $4")
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	g := lite(t)
	g.put("ann", "/scan.png", "pixels")
	g.settle()
	g.want("ann", "eng")
	g.configure(setOCR, "yes")
	g.command("fulltextsearch:index")
	g.settle()
	g.want("ann", "eng", "/scan.png: read by eng")
}

// Without text, the pages of a PDF are pictures, and are read when that is switched
// on: also of those that were there before. All programs are stand-ins here; the
// real ones have their turn in ocr_programs_test.go.
func TestScannedPDF(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, pdftotext, `grep -a "^text" "$5"; exit 0`)
	program(t, dir, pdfinfo, "echo Title: none; echo Pages: 3")
	program(t, dir, pdftoppm, `[ $3 = 2 ] && exit 1; echo "page $3" > "${12}.png"`)
	program(t, dir, tesseract, `cat "$1"; echo by $4`)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	g := lite(t)
	g.configure(setLang, "eng+deu")
	g.put("ann", "/scan.pdf", "%PDF pixels")
	g.put("ann", "/written.pdf", "%PDF\ntext that is long enough for nobody to take its page for a picture")
	g.put("ann", "/stamp.pdf", "%PDF\ntext 7")
	g.settle()
	g.want("ann", "page", "/written.pdf: text that is long enough for nobody to take its page for a picture")
	g.want("ann", "text 7", "/stamp.pdf: text 7")
	if c, err := g.room.count(g.ctx); err != nil || c.Scans != 2 || c.Unreadable != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	g.configure(setOCR, "yes")
	g.command("fulltextsearch:index")
	g.settle()
	g.want("ann", "page deu", "/stamp.pdf: text 7 page 1 by eng+deu page 3 by eng+deu", "/scan.pdf: page 1 by eng+deu page 3 by eng+deu")
	if c, err := g.room.count(g.ctx); err != nil || c.Scans != 0 || c.Waiting != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if left, err := filepath.Glob(filepath.Join(g.tmp, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A server that dies while it reads pages begins anew, and gives up after some times.
func TestKilledWhileReadingPages(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, pdftotext, "exit 0")
	program(t, dir, pdfinfo, "echo Pages: 1")
	program(t, dir, pdftoppm, `echo words > "${12}.png"`)
	program(t, dir, tesseract, `cat "$1"`)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	g := lite(t)
	g.configure(setOCR, "yes")
	e := g.put("ann", "/scan.pdf", "%PDF")
	for tries := range triesMost + 1 { // as a server that died so often leaves it
		if err := store(g.ctx, g.db, body{content: e.Content, state: begun, tries: tries}); err != nil {
			t.Fatal(err)
		}
		g.settle()
		if found := len(g.finds("ann", "words")) == 1; found != (tries < triesMost) {
			t.Errorf("after %d tries: found %v", tries, found)
		}
		if err := g.room.again(g.ctx, []int{begun, kept, none}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHealthOfOCR(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, tesseract, `[ "$1" = --list-langs ] && echo List of languages: && echo eng && echo osd`)
	program(t, dir, pdftoppm, "")
	g := lite(t)
	path := os.Getenv("PATH")
	t.Setenv("PATH", dir)
	look := func(state plug.FindingState, part string) {
		t.Helper()
		if f := g.room.health(g.ctx); f.State != state || !strings.Contains(f.Text.String()+f.Fix.String(), part) {
			t.Errorf("%+v, want %s and %q", f, state, part)
		}
	}
	look(plug.Fine, "not from pictures")
	g.configure(setOCR, "yes")
	look(plug.Fine, "scans")
	g.configure(setLang, "eng+deu")
	look(plug.Warn, "tesseract-ocr-deu")
	g.configure(setLang, "-l; x") // not taken
	look(plug.Fine, "scans")
	t.Setenv("PATH", t.TempDir())
	look(plug.Warn, "tesseract-ocr")
	t.Setenv("PATH", path)
	if checkLanguages("script/Latin+eng") != nil || checkLanguages("../eng") == nil || checkLanguages("") == nil {
		t.Error("languages are not told from what is none")
	}
}
