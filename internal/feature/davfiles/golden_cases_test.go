package davfiles_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/proto/dav"
)

func children(n *dav.Node) []*dav.Node {
	if n == nil {
		return nil
	}
	return n.Children
}

// otherRooms are properties whose values come from rooms that are not here yet.
var otherRooms = map[string]string{
	"nc:has-preview":                        "previews",
	"nc:metadata-photos-size":               "media",
	"nc:metadata-photos-original_date_time": "media",
	"nc:rich-workspace":                     "the text app, which shows Readme.md",
	"nc:rich-workspace-file":                "the text app",
	"oc:comments-href":                      "comments",
	"oc:comments-count":                     "comments",
	"oc:comments-unread":                    "comments",
	"nc:contained-file-count":               "nobody: it would cost a look into every folder of a listing",
	"nc:contained-folder-count":             "nobody, as before",
	"nc:share-download-limits":              "shares",
	"nc:system-tags":                        "tags",
	"nc:reminder-due-date":                  "reminders",
	"nc:sharees":                            "shares",
	"nc:share-attributes":                   "shares",
	"oc:owner-display-name":                 "shares",
	"oc:share-types":                        "shares",
}

// alwaysKnown is told of every file, also where the recorded server knows nothing
// because the client sent nothing: the SHA-1 is computed as the bytes come in. The
// same goes for the header OC-Checksum.
const alwaysKnown = "oc:checksums"

// deviation is why and how an answer differs; each difference begins with one of
// the texts.
type deviation struct {
	why   string
	diffs []string
}

func (r *rig) golden(t *testing.T, topic string, before map[string]func(p *replay)) {
	p := &replay{rig: r, theirs: map[string]string{}}
	for _, x := range recorded(t, topic) {
		if prepare := before[x.name[:3]]; prepare != nil {
			p.user = "dave1"
			prepare(p)
		}
		id := topic[:2] + "/" + x.name
		diffs := p.compare(x, p.send(x))
		dev := deliberate[id]
		for _, d := range diffs {
			if !slices.ContainsFunc(dev.diffs, func(s string) bool { return strings.HasPrefix(d, s) }) {
				t.Errorf("%s: %s", id, d)
			}
		}
		for _, s := range dev.diffs {
			if !slices.ContainsFunc(diffs, func(d string) bool { return strings.HasPrefix(d, s) }) {
				t.Errorf("%s: no longer differs by %q (%s)", id, s, dev.why)
			}
		}
	}
}

// put stores files of the recorded user: path and content by turns.
func (p *replay) put(pathsAndContents ...string) {
	p.Helper()
	for i := 0; i < len(pathsAndContents); i += 2 {
		path, body := pathsAndContents[i], pathsAndContents[i+1]
		if strings.HasSuffix(path, "/") {
			p.want(201, "MKCOL", "/remote.php/dav/files/dave1/"+path, "")
		} else if res := p.do("PUT", "/remote.php/dav/files/dave1/"+path, body); res.StatusCode >= 300 {
			p.Errorf("PUT %s: %d", path, res.StatusCode)
		}
	}
}

// leave sets the recorded user's quota so that so many bytes are left.
func (p *replay) leave(left int64) {
	used, _, err := p.files.Usage(p.Context(), "dave1")
	if err == nil {
		err = p.files.SetQuota(p.Context(), "dave1", used+left)
	}
	if err != nil {
		p.Error(err)
	}
}

func (p *replay) unlock() {
	if _, err := p.db.Exec(p.Context(), "DELETE FROM filelock"); err != nil {
		p.Error(err)
	}
}

const digits100 = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

// What was done between the recorded requests.
var beforeFiles = map[string]func(p *replay){
	"008": func(p *replay) {
		p.put("d/", "", "d/a.txt", "hello world!", "d/sub/", "", "d/sub/b.txt", digits100, "d/sub/deep/", "", "d/sub/deep/c.md", "deep",
			"d/pic.png", strings.Repeat("p", 6321), "d/Readme.md", "**workspace** text", "d/empty.bin", "")
	},
	"009": func(p *replay) { p.put("d/.hidden/", "", "d/.dotfile", "x") },
	"111": func(p *replay) { p.leave(84676786) },
	"113": func(p *replay) { p.leave(0) },
	"117": func(p *replay) {
		if err := p.files.SetQuota(p.Context(), "dave1", 0); err != nil {
			p.Error(err)
		}
	},
	"119": noQuota,
	"120": func(p *replay) {
		p.put("r.txt", digits100, "x.html", "<html><script>1</script></html>", "x.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", "noext", "n", "x.js", "1")
	},
	"171": func(p *replay) { p.put("v1", "1", "v2", "2", "v3", "3") },
	"180": func(p *replay) { p.put("v2", "2") },
	"189": func(p *replay) { p.put("V2P", "2") },
	"203": func(p *replay) { p.put("d/sub/deep/new.txt", "1") },
	"243": (*replay).unlock,
	"248": (*replay).unlock,
	"249": (*replay).unlock,
	"252": func(p *replay) { p.unlock(); p.want(204, "DELETE", "/remote.php/dav/files/dave1/newlock.txt", "") },
	"253": func(p *replay) { // a copy has its original's etag there
		p.learn("a1c59f42cb8ce11ec37246aa99fadf74", strings.Trim(p.do("HEAD", "/remote.php/dav/files/dave1/r2.txt", "").Header.Get("ETag"), `"`))
	},
}

// upload makes an upload of the recorded user with its chunks: names and contents
// by turns.
func (p *replay) upload(id string, namesAndContents ...string) {
	p.Helper()
	p.want(201, "MKCOL", "/remote.php/dav/uploads/dave1/"+id, "")
	for i := 0; i < len(namesAndContents); i += 2 {
		p.want(201, "PUT", "/remote.php/dav/uploads/dave1/"+id+"/"+namesAndContents[i], namesAndContents[i+1])
	}
}

var beforeUploads = map[string]func(p *replay){
	"013": func(p *replay) { p.upload("v2-0002", "00001", "tail-chunk\n") },
	"014": func(p *replay) { p.upload("v2-0003", "00001", "tail-chunk\n") },
	"016": func(p *replay) { p.upload("v2-0004", "00001", "tail-chunk\n") },
	"019": func(p *replay) { p.upload("v2-0005", "00001", "tail-chunk\n") },
	"030": func(p *replay) { p.upload("v2-0007", "00003", "three", "00001", "one ", "2", "two ") },
	"038": func(p *replay) { p.upload("v2-0008") },
	"040": func(p *replay) { p.leave(0) },
	"042": noQuota,
	"052": func(p *replay) { p.want(201, "PUT", "/remote.php/dav/uploads/dave1/v2-0009/00001", "x") },
}

func noQuota(p *replay) {
	if err := p.files.SetQuota(p.Context(), "dave1", tree.NoQuota); err != nil {
		p.Error(err)
	}
}

var beforeSearch = map[string]func(p *replay){
	"001": func(p *replay) {
		p.put("d/", "", "d/sub/", "", "d/a.txt", "hello world!", "d/sub/b.txt", digits100, "d/sub/deep/", "", "d/sub/deep/c.md", "deep",
			"d/pic.png", strings.Repeat("p", 6321), "d/Readme.md", "**workspace** text", "d/empty.bin", "",
			"d/%C3%A5%20%C3%A4%20%26%20100%25%20%231%2B%282%29.txt", "special name\n", "d/.hidden/", "", "d/.dotfile", "x", "p.txt", "x", "p2.txt", "both",
			"p3.txt", "f", "cs.txt", "other body", "hh.txt", "checksummed", "tl.txt", "12345", "tl3.txt", "12345", "inm.txt", "x", "empty.txt", "",
			"a%3Ab.txt", "x", "a%3Fb.txt", "x", "a%C3%BFb.txt", "x", "%C3%A9.txt", "x", "%20x.txt", "x", "r.txt", digits100,
			"x.html", "<html><script>1</script></html>", "x.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", "x.js", "1", "noext", "n",
			"d/sub/deep/new.txt", "1", "sh1.txt", "1", "shd/", "", "shd/in.txt", "1", "shd/n.txt", "1", "shro/", "", "shro/in.txt", "1",
			"s/", "", "s/k/", "", "s/alpha.txt", "alpha", "s/Beta.TXT", "beta beta", "s/k/gamma.png", strings.Repeat("p", 6321),
			"s/k/delta.md", strings.Repeat("d", 50), "s/per%25cent_x.txt", "x")
		for path, mtime := range map[string]string{"p2.txt": "1500000000", "s/alpha.txt": "1500000000", "s/Beta.TXT": "1600000000"} {
			p.patch(path, "<d:lastmodified>"+mtime+"</d:lastmodified>")
		}
		for _, path := range []string{"d", "s/k", "s/alpha.txt"} {
			p.patch(path, "<oc:favorite>1</oc:favorite>")
		}
	},
	"036": func(p *replay) { // the recorded id was told in a listing that was cut
		body := p.want(207, "PROPFIND", home1+"s/k/delta.md", `<d:propfind `+spaces+`><d:prop><oc:fileid/></d:prop></d:propfind>`).body
		p.learn("4881", regexp.MustCompile("<oc:fileid>([0-9]+)<").FindStringSubmatch(body)[1])
	},
}

func (p *replay) patch(path, prop string) {
	p.Helper()
	p.want(207, "PROPPATCH", home1+path, `<d:propertyupdate `+spaces+`><d:set><d:prop>`+prop+`</d:prop></d:set></d:propertyupdate>`)
}

var beforeMisc = map[string]func(p *replay){
	"001": func(p *replay) {
		p.put("z/", "", "z/a.txt", "a", "z/b.txt", "bb", "z/in/", "", "z/in/c.txt", "ccc", "z/p.png", strings.Repeat("p", 6321))
	},
	"013": func(p *replay) { p.put("z/%C3%A5.txt", "u") },
	"030": func(p *replay) {
		token, err := db.One(p.Context(), p.db, db.Scan1[string], "SELECT token FROM filelock")
		if err != nil {
			p.Fatal(err)
		}
		p.learn("fe4f7f2437b151fbcb4e9f5c8118c6b1", strings.TrimPrefix(token, "opaquelocktoken:"))
	},
	"032": func(p *replay) { p.put("finder.txt", "x") },
}

func TestGoldenFiles(t *testing.T) { one(t).golden(t, "10-dav-files", beforeFiles) }

func TestGoldenSearch(t *testing.T) { one(t).golden(t, "11-dav-report-search", beforeSearch) }

func TestGoldenUploads(t *testing.T) { one(t).golden(t, "12-dav-upload", beforeUploads) }

func TestGoldenMisc(t *testing.T) { one(t).golden(t, "17-dav-misc", beforeMisc) }
