package notify

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"atrium/internal/core/event"
	"atrium/internal/proto/web/webtest"
)

// deliberate are the recorded exchanges that we answer otherwise, with what we
// answer.
func deliberate() map[string]string {
	return map[string]string{
		"032": `"INVALID_PROXY_SERVER"`, "033": `"INVALID_PROXY_SERVER"`, // no proxy is set up, and a phone shall know
		"034": `"INVALID_PUSHTOKEN_HASH"`,                 // a parameter is missing: theirs is an internal error
		"035": `"statuscode":200`,                         // nothing is registered
		"039": `"The parameter batchSetting is missing."`, // as 034
	}
}

var ids = regexp.MustCompile(`\b2[0-3]\b`)

func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *rig) {
		var tag string
		for _, e := range webtest.Load(g.T, "testdata") {
			name := e.Name[:3]
			if name == "082" {
				g.mention()
			}
			_, ours := g.list("otto") // newest first; recorded as 23 to 20
			swap := func(s string) string {
				return ids.ReplaceAllStringFunc(s, func(id string) string {
					if i := int('3' - id[1]); len(ours) == 4 && i < len(ours) {
						return ours[i]
					}
					return id
				})
			}
			if len(e.As) > 0 {
				secret := e.As[0]
				if e.As[1] == "app" {
					secret = g.app(e.As[0])
				}
				e.Request.SetBasicAuth(e.As[0], secret)
			}
			if name == "018" || name == "017" || name == "022" {
				e.Request.URL.Path = swap(e.Request.URL.Path)
				e.Request.RequestURI = ""
			}
			if name == "019" {
				b, err := io.ReadAll(e.Request.Body)
				g.must(err)
				e.Request.Body = io.NopCloser(strings.NewReader(swap(string(b))))
				e.Body = swap(e.Body)
			}
			if name == "012" {
				e.Request.Header.Set("If-None-Match", tag)
			}
			w := g.serve(e.Request)
			if want, ok := deliberate()[name]; ok {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("%s: %s, want our own %s", e.Name, w.Body, want)
				}
				continue
			}
			if name == "011" {
				tag = w.Header().Get("ETag")
			}
			if e.Status == http.StatusNotModified {
				if w.Code != e.Status || w.Body.Len() > 0 || w.Header().Get("X-Nextcloud-User-Status") != "online" {
					t.Errorf("%s: %d %s", e.Name, w.Code, w.Body)
				}
				continue
			}
			rules := webtest.Rules{
				Replace: []string{`"Internet connectivity is disabled in configuration file - no push notifications will be sent\n"`, `"Clients hear of it at the websocket. No push proxy is set up, so phones hear of it when they look.\n"`,
					"http://127.0.0.1/core/img/actions/comment.svg", "http://127.0.0.1/apps/notifications/img/comment-dark.svg"},
				Loose:   []string{"notification_id", "datetime", "object_id", "nid"},
				Headers: []string{"Content-Type", "X-Nextcloud-User-Status"},
				Present: []string{"ETag", "X-User-Id"},
			}
			if name == "005" {
				rules.Loose = append(rules.Loose, "id")
			}
			e.Compare(g.T, w, rules)
		}
	})
}

// mention is what the room of comments asks for when olga mentions otto
// (33-notify-activity/081).
func (g *rig) mention() {
	g.Helper()
	g.must(g.room.Tell(g.Context(), event.Notice{To: []string{"otto"}, App: "comments", Type: "comment", Object: "1",
		Subject: event.Say(`{user} mentioned you in a comment on "{file}"`), Message: event.Written("Hi {mention-user1} look"),
		Params: map[string]event.RichObject{"user": {"type": "user", "id": "olga", "name": "Olga Ö. Capture"},
			"file":          {"type": "file", "id": "5479", "name": "act2.txt", "path": "act2.txt", "link": "/f/5479"},
			"mention-user1": {"type": "user", "id": "otto", "name": "Otto"}},
		Link: "/apps/comments/notifications/view/1", Icon: imgPath + "comment-dark.svg"}))
}
