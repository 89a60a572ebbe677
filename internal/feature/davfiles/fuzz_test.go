package davfiles

import (
	"net/http"
	"net/url"
	"testing"

	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/proto/dav"
)

// Whatever stands in a d:where is refused or can be asked of a node.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		`<d:and xmlns:d="DAV:"><d:like><d:prop><d:displayname/></d:prop><d:literal>%a_\\%</d:literal></d:like><d:not><d:is-collection/></d:not></d:and>`,
		`<d:gte xmlns:d="DAV:"><d:prop><d:getlastmodified/></d:prop><d:literal>2020-01-01T00:00:00Z</d:literal></d:gte>`,
		`<d:eq xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:favorite/></d:prop><d:literal>yes</d:literal></d:eq>`,
		`<d:is-defined xmlns:d="DAV:"><d:prop><d:x/></d:prop></d:is-defined>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := dav.ParseXML(body)
		if err != nil {
			return
		}
		c := &condition{favorites: map[int64]bool{1: true}, mount: &files.Mount{Owner: "alice"}}
		p, err := c.pred(n)
		if err != nil {
			return
		}
		node := &tree.Node{ID: 1, Name: "a name", Kind: tree.File}
		once, again := p.Holds(node, "text/plain"), p.Holds(node, "text/plain")
		not := tree.Pred{Op: tree.Not, Of: []tree.Pred{p}}
		if once != again || not.Holds(node, "text/plain") == once {
			t.Errorf("%s holds and holds not", body)
		}
	})
}

func FuzzSeconds(f *testing.F) {
	for _, s := range []string{"1500000000", "1500000000.75", "-5", "0x10", "1e9", "99999999999", ".5", "-0.1", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sec, nanos, ok := parseSeconds(s)
		if ok && (sec < earliest || sec > latest || nanos <= -1e9 || nanos >= 1e9) {
			t.Errorf("%q: %d s and %d ns", s, sec, nanos)
		}
	})
}

func FuzzPicks(f *testing.F) {
	for _, s := range []string{`["a","b"]`, `"a"`, "[1]", "null", "{", "[null]", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		picks, understood := picksOf(&http.Request{URL: &url.URL{RawQuery: url.Values{"files": {s}}.Encode()}})
		if !understood && picks != nil {
			t.Errorf("%q: %q", s, picks)
		}
	})
}
