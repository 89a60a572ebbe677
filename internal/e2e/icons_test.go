package e2e

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	literal = regexp.MustCompile(`"((?:/core/img|/apps/[a-z_]+/img)/[^"{}]+\.(?:svg|png))"`)
	emitted = regexp.MustCompile(`(?:/core/img|/apps/[a-z_]+/img)/[A-Za-z0-9_./-]+\.(?:svg|png)`)
)

// Every picture that a room names in its sources, or in what it answers, is there.
func TestPicturesThatAreNamedAreServed(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := s.as("alice"), s.as("bob")
		named := inSources(t)
		names := []string{"thing.bin", "thing.pdf", "thing.txt", "thing.md", "thing.png", "thing.mp3", "thing.mp4", "thing.docx", "thing.xlsx", "thing.pptx",
			"thing.odt", "thing.ods", "thing.odp", "thing.zip", "thing.html"}
		for _, name := range names {
			alice.put("/"+name, "x").want(201)
		}
		alice.mkdir("/thing").want(201)
		alice.shares("/thing", toUser, "bob", mayAll)
		bob.put("/thing/b.txt", "x").want(201)
		s.soon("the index of names", func() bool {
			return strings.Contains(alice.ocs("GET", "/search/providers/files/search?limit=100&term=thing").body, "thing.html")
		})
		s.soon("the stream", func() bool { return alice.ocs("GET", "/apps/activity/api/v2/activity").code == 200 })
		for _, p := range []*person{alice, bob, s.admin} {
			for _, path := range []string{"/search/providers/files/search?limit=100&term=thing", "/search/providers", "/apps/activity/api/v2/activity?previews=true",
				"/apps/activity/api/v2/activity/filters", "/apps/notifications/api/v2/notifications", "/core/navigation/apps", "/cloud/capabilities",
				"/apps/files_sharing/api/v1/shares", "/apps/files_sharing/api/v1/shares?shared_with_me=true"} {
				body := strings.ReplaceAll(p.ocs("GET", path).body, `\/`, "/")
				for _, at := range emitted.FindAllString(body, -1) {
					named[at] = path
				}
			}
		}
		if len(named) < 20 {
			t.Errorf("only %d pictures are named", len(named))
		}
		for at, by := range named {
			for _, prefix := range []string{"", "/index.php"} {
				a := alice.do("GET", prefix+at, "")
				if a.code != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "image/") || !strings.Contains(a.header.Get("Cache-Control"), "max-age") {
					t.Errorf("%s, named by %s: %d %v", a.what, by, a.code, a.header)
				}
			}
		}
	})
}

// inSources are the addresses of pictures that stand in the sources of the rooms.
func inSources(t *testing.T) map[string]string {
	t.Helper()
	named := map[string]string{}
	root := os.DirFS("../feature")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			named[m[1]] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return named
}
