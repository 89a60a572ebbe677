package links_test

import (
	"encoding/json"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"atrium/internal/core/files"
)

// TestHostileNamesStayText shows pages with the strings that the stories of the web
// client use as names, and looks for anything that a browser would run.
func TestHostileNamesStayText(t *testing.T) {
	b, err := os.ReadFile("../../../web/e2e/hostile.json")
	if err != nil {
		t.Fatal(err)
	}
	var strs []string
	if err := json.Unmarshal(b, &strs); err != nil || len(strs) < 300 {
		t.Fatalf("%d strings, %v", len(strs), err)
	}
	r := one(t)
	r.mkdir("/all")
	made := 0
	for i, s := range strs {
		name := strings.NewReplacer("/", "∕", "\n", "", "\t", "", "\\", "＼").Replace(s)
		if _, err := r.view().Mkdir(r.Context(), "/all/"+name); err != nil {
			continue // such a name cannot be given
		}
		made++
		if i%8 == 0 {
			r.put("/all/"+name+"/"+name, s)
		}
	}
	if made < 300 {
		t.Errorf("only %d names could be given", made)
	}
	r.share("names", "/all", files.Read)
	for page := 1; page <= 2; page++ {
		r.harmless(r.want(200, "GET", "/s/names?page="+strconv.Itoa(page), "").Body.String(), "the list of names")
	}
	for i, s := range strs {
		if i%12 != 0 {
			continue
		}
		token := "hostile-" + strconv.Itoa(i)
		r.share(token, "/all", files.Read, noted(s), labelled(s))
		r.harmless(r.want(200, "GET", "/s/"+token, "").Body.String(), s)
		r.harmless(r.get("GET", "/s/names?path="+url.QueryEscape("/"+s)), s)
		r.harmless(r.get("GET", "/s/"+url.PathEscape(s)), s)
		r.harmless(r.get("GET", "/s/names?sort="+url.QueryEscape(s)+"&page="+url.QueryEscape(s)), s)
	}
}

func (r *rig) get(method, path string) string {
	return r.do(method, path, "", "Accept: text/html").Body.String()
}

// harmless fails if a page holds a script that is not ours, an attribute that is
// code, or an address that is.
func (r *rig) harmless(page, why string) {
	r.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		tok := z.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		for _, a := range tok.Attr {
			value := strings.ToLower(strings.Map(func(c rune) rune {
				if c <= ' ' {
					return -1
				}
				return c
			}, a.Val))
			address := a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction" || a.Key == "srcset" || a.Key == "data"
			switch {
			case strings.HasPrefix(a.Key, "on") || a.Key == "srcdoc" || a.Key == "style":
				r.Errorf("%q: <%s %s=%q>", why, tok.Data, a.Key, a.Val)
			case address && (strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "data:") || strings.HasPrefix(value, "vbscript:") || strings.HasPrefix(value, "//")):
				r.Errorf("%q: <%s %s=%q>", why, tok.Data, a.Key, a.Val)
			case tok.Data == "script" && a.Key == "src" && !strings.HasPrefix(a.Val, "/core/"):
				r.Errorf("%q: a script from %q", why, a.Val)
			}
		}
		if tok.Data == "script" {
			if z.Next() == html.TextToken && strings.TrimSpace(z.Token().Data) != "" {
				r.Errorf("%q: a script in the page", why)
			}
		}
		if tok.Data == "base" || tok.Data == "object" || tok.Data == "embed" || tok.Data == "marquee" || tok.Data == "template" {
			r.Errorf("%q: <%s>", why, tok.Data)
		}
	}
}
