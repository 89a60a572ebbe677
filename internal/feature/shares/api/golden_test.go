package api

import (
	"context"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/proto/web/webtest"
)

// differs tells where we do not answer as recorded, and why. Besides, a link that
// hides its download is made so at once (005 without hideDownload: it was ignored),
// and the hash of a password is told to nobody.
var differs = map[string]string{
	"026": "the text of our own password policy",
	"033": "a team that is not there is no failure of the server (recorded: 500)",
	"067": "a missing path is told as in all other calls (recorded: 500)",
	"093": "the text of our own password policy",
	"210": "a token that another link has is refused (recorded: two links with one address)",
	"211": "the link of exchange 210 kept its own token",
	"214": "the reason is told",
}

// policies are the settings of the exchanges in which an administrator had some.
var policies = map[string][]string{
	"203": {"shareapi_enforce_links_password", "yes", "shareapi_default_expire_date", "yes", "shareapi_enforce_expire_date", "yes"},
	"208": {"shareapi_allow_custom_tokens", "yes"},
	"213": {"shareapi_allow_public_upload", "no"},
	"214": {"shareapi_only_share_with_group_members", "yes"},
	"216": {"shareapi_enabled", "no"},
	"219": {"shareapi_allow_group_sharing", "no"},
	"220": {},
	"231": {"shareapi_allow_links", "no"},
	"232": {},
}

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		g.put("olga", map[string]int{"/report.txt": 17, "/Docs/a.txt": 239, "/Docs/b.md": 10, "/Docs/Sub/c.txt": 6, "/grp.txt": 6, "/pixel.png": 314, "/RoDir/x": 6, "/pend.txt": 6},
			"/report.txt", "/Docs/", "/Docs/a.txt", "/Docs/b.md", "/Docs/Sub/", "/Docs/Sub/c.txt", "/grp.txt", "/pixel.png", "/RoDir/", "/RoDir/x", "/pend.txt")
		g.put("oskar", map[string]int{"/mine.txt": 6, "/mask.txt": 6}, "/mine.txt", "/mask.txt")
		g.put("oda", map[string]int{"/oda.txt": 6, "/OdaDir/y.txt": 6}, "/oda.txt", "/OdaDir/", "/OdaDir/y.txt")
		g.put("admin", map[string]int{"/adm.txt": 6}, "/adm.txt", "/AdmDir/")
		g.room.Previews = func(mime string) bool { return strings.HasPrefix(mime, "text/") || strings.HasPrefix(mime, "image/") }
		g.room.Presence = func(_ context.Context, uids []string) (map[string]any, error) {
			return map[string]any{"olga": map[string]any{"status": "online", "message": nil, "icon": nil, "clearAt": nil}}, nil
		}
		g.dir.Policy = func(_ context.Context, _, password string) error {
			if len(password) < 10 {
				return fault.New(fault.Invalid, "Password is among the 1,000,000 most common ones. Please make it unique. Password needs to be at least 10 characters long.")
			}
			return nil
		}
		ids := map[string]string{} // our ids and tokens by the recorded ones
		for _, e := range webtest.Load(t, "testdata") {
			g.policy(e.Name)
			g.later()
			if strings.HasPrefix(e.Name, "208") { // between them a visitor had uploaded a byte
				g.put("olga", map[string]int{"/Docs/Sub/c.txt": 7}, "/Docs/Sub/c.txt")
				g.must(g.files.SettleAll(g.ctx))
			}
			g.replay(e, ids)
		}
	})
}

// policy sets what the administrator had set before an exchange.
func (g *rig) policy(name string) {
	g.Helper()
	wanted, ok := policies[name[:3]]
	if !ok {
		return
	}
	for _, pairs := range policies {
		for i := 0; i < len(pairs); i += 2 {
			_ = g.settings.Delete(g.ctx, "core", pairs[i]) // most are not set
		}
	}
	for i := 0; i < len(wanted); i += 2 {
		g.must(g.settings.Set(g.ctx, "core", wanted[i], wanted[i+1]))
	}
}

var (
	word   = regexp.MustCompile(`[A-Za-z0-9]+`)
	anID   = regexp.MustCompile(`"id": ?"(\d+)"|<id>(\d+)</id>`)
	aToken = regexp.MustCompile(`"token": ?"(\w+)"`)
	aHash  = regexp.MustCompile(`3\|\$argon2id[^"<]*`)
)

// replay sends a recorded request with our ids for theirs, and compares.
func (g *rig) replay(e webtest.Exchange, ids map[string]string) {
	g.Helper()
	target := word.ReplaceAllStringFunc(e.Request.URL.String(), func(s string) string {
		if ours, ok := ids[s]; ok {
			return ours
		}
		return s
	})
	r := httptest.NewRequest(e.Request.Method, target, e.Request.Body)
	r.Header, r.Host = e.Request.Header, "127.0.0.1"
	if e.As[0] != "anon" {
		r.SetBasicAuth(e.As[0], e.As[0])
	}
	w := g.serve(r)
	theirs, ours := anID.FindStringSubmatch(e.Body), anID.FindStringSubmatch(w.Body.String())
	if strings.Contains(e.Name, "create") && theirs != nil && ours != nil {
		ids[theirs[1]+theirs[2]] = ours[1] + ours[2]
		theirs, ours = aToken.FindStringSubmatch(e.Body), aToken.FindStringSubmatch(w.Body.String())
		if theirs != nil && ours != nil {
			ids[theirs[1]] = ours[1]
		}
	}
	if differs[e.Name[:3]] != "" {
		if w.Code >= 500 {
			g.Errorf("%s: %d %s", e.Name, w.Code, w.Body)
		}
		return
	}
	if e.Status >= 300 && e.Status < 400 {
		if w.Code != e.Status || !strings.Contains(w.Header().Get("Location"), "/f/") {
			g.Errorf("%s: %d %s", e.Name, w.Code, w.Header())
		}
		return
	}
	e.Body = aHash.ReplaceAllString(e.Body, hidden)
	rules := webtest.Rules{Headers: []string{"Content-Type"},
		Loose: []string{"id", "stime", "token", "url", "storage", "item_source", "file_source", "file_parent", "item_mtime", "via_fileid"},
		Replace: []string{
			// What ends when a day begins ends then for everybody (recorded: the day before, to who lives elsewhere).
			`"expiration": "2030-01-30 00:00:00"`, `"expiration": "2030-01-31 00:00:00"`,
			`"item_permissions": 17,`, `"item_permissions": 27,`,
			// Where files lie on a disk is nobody's business.
			"/oda/files/oda.txt", "/oda.txt",
			// She had another name by then.
			`"Oda Two"`, `"Oda"`, "oda2@oracle.example", "oda@oracle.example",
		}}
	if strings.Contains(e.Name, "xml") {
		rules.Loose = append(rules.Loose, "token")
	}
	e.Compare(g, w, rules)
}
