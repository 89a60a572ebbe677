package activity

import (
	"context"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/web"
)

// The addresses of feeds; the private token stands in the query, which no log shows.
const (
	feedPath = "/apps/activity/rss.php"
	atomPath = "/apps/activity/atom"
)

// feedEntries is how many facts a feed shows.
const feedEntries = 30

// setFeed makes a feed, with a new address each time, or ends it
// (33-notify-activity/073, 077).
func (rm *Room) setFeed(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "The settings cannot be read.")
	}
	uid, link := who.From(r.Context()).ID, ""
	if r.PostForm.Get("enable") == "true" {
		token := seal.Token(30)
		sum := sha256.Sum256([]byte(token))
		_, err := rm.db.Exec(r.Context(), "INSERT INTO activity_feed (uid, hash) VALUES (?, ?) {{on uid set hash}}", uid, sum[:])
		if err != nil {
			return err
		}
		link = web.VisitOf(r.Context()).Base() + feedPath + "?token=" + token
	} else if _, err := rm.db.Exec(r.Context(), "DELETE FROM activity_feed WHERE uid = ?", uid); err != nil {
		return err
	}
	said(w, map[string]string{"message": "Your settings have been updated.", "rsslink": link})
	return nil
}

// feed is what both formats show.
type feed struct {
	title, about, lang string
	base               string
	at                 time.Time
	entries            []feedEntry
}

type feedEntry struct {
	id          int64
	title, link string
	at          time.Time
}

// feedOf finds the feed of the token that a request bears. One that opens nothing
// gets a feed that says so, since feed readers show no errors
// (33-notify-activity/075).
func (rm *Room) feedOf(r *http.Request) (feed, error) {
	ctx := r.Context()
	out := feed{title: "Activity feed for " + web.Product, lang: "en", base: web.VisitOf(ctx).Base(), at: rm.Now()}
	u, err := rm.bearer(ctx, r.URL.Query().Get("token"))
	if errors.Is(err, fault.NotFound) {
		out.about = "Your feed URL is invalid"
		out.entries = []feedEntry{{-1, out.about, "", out.at}}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.about = "Personal activity feed for " + u.ID
	if u.Language != "" {
		out.lang = u.Language
	}
	p, err := rm.principal(ctx, u)
	if err != nil {
		return out, err
	}
	me, err := rm.readerOf(ctx, u, p)
	if err != nil {
		return out, err
	}
	got, err := rm.read(ctx, me, filter{}, newest, 0, feedEntries)
	if err != nil {
		return out, err
	}
	n := names{rm, map[string]known{}}
	for _, e := range together(got.entries) {
		s, err := n.say(ctx, e, me, out.base, whole)
		if err != nil {
			return out, err
		}
		out.entries = append(out.entries, feedEntry{e.id, s.plain(), linkOf(e, out.base), time.Unix(e.at, 0).UTC()})
	}
	return out, nil
}

// bearer is whose feed a token opens; fault.NotFound: nobody's.
func (rm *Room) bearer(ctx context.Context, token string) (*identity.User, error) {
	sum := sha256.Sum256([]byte(token))
	uid, err := db.One(ctx, rm.db, db.Scan1[string], "SELECT uid FROM activity_feed WHERE hash = ?", sum[:])
	if err != nil {
		return nil, err
	}
	u, err := rm.dir.User(ctx, uid)
	if err == nil && !u.Enabled {
		return nil, fault.NotFound
	}
	return u, err
}

type rssLink struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
}

type rssItem struct {
	GUID struct {
		Perma string `xml:"isPermaLink,attr"`
		Text  string `xml:",chardata"`
	} `xml:"guid"`
	Title string `xml:"title"`
	Link  string `xml:"link,omitempty"`
	Date  string `xml:"pubDate"`
}

type rssFeed struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Atom    string   `xml:"xmlns:atom,attr"`
	Channel struct {
		Title    string    `xml:"title"`
		Language string    `xml:"language"`
		Link     string    `xml:"link"`
		About    string    `xml:"description"`
		Date     string    `xml:"pubDate"`
		Built    string    `xml:"lastBuildDate"`
		Self     rssLink   `xml:"atom:link"`
		Items    []rssItem `xml:"item"`
	} `xml:"channel"`
}

// rss answers GET /apps/activity/rss.php?token=… (33-notify-activity/074 to 076;
// RSS 2.0).
func (rm *Room) rss(w http.ResponseWriter, r *http.Request) error {
	f, err := rm.feedOf(r)
	if err != nil {
		return err
	}
	out := rssFeed{Version: "2.0", Atom: "http://www.w3.org/2005/Atom"}
	c := &out.Channel
	c.Title, c.Language, c.Link, c.About = f.title, f.lang, f.base+feedPath, f.about
	c.Date = f.at.UTC().Format(time.RFC1123Z)
	c.Built, c.Self = c.Date, rssLink{c.Link, "self", "application/rss+xml"}
	for _, e := range f.entries {
		item := rssItem{Title: e.title, Link: e.link, Date: e.at.Format(time.RFC1123Z)}
		item.GUID.Perma, item.GUID.Text = "false", f.base+feedPath+"?id="+strconv.FormatInt(e.id, 10)
		c.Items = append(c.Items, item)
	}
	return writeXML(w, "text/xml; charset=UTF-8", out)
}

type atomLink struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr,omitempty"`
}

type atomEntry struct {
	ID      string    `xml:"id"`
	Title   string    `xml:"title"`
	Updated string    `xml:"updated"`
	Link    *atomLink `xml:"link"`
}

type atomFeed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	About   string   `xml:"subtitle"`
	Updated string   `xml:"updated"`
	Author  struct {
		Name string `xml:"name"`
	} `xml:"author"`
	Link    atomLink    `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

// atom answers GET /apps/activity/atom?token=… (RFC 4287).
func (rm *Room) atom(w http.ResponseWriter, r *http.Request) error {
	f, err := rm.feedOf(r)
	if err != nil {
		return err
	}
	out := atomFeed{ID: f.base + atomPath, Title: f.title, About: f.about, Updated: f.at.UTC().Format(time.RFC3339), Link: atomLink{f.base + atomPath, "self"}}
	out.Author.Name = web.Product
	for _, e := range f.entries {
		x := atomEntry{ID: f.base + atomPath + "?id=" + strconv.FormatInt(e.id, 10), Title: e.title, Updated: e.at.UTC().Format(time.RFC3339)}
		if e.link != "" {
			x.Link = &atomLink{Href: e.link}
		}
		out.Entries = append(out.Entries, x)
	}
	return writeXML(w, "application/atom+xml; charset=utf-8", out)
}

func writeXML(w http.ResponseWriter, kind string, doc any) error {
	b, err := xml.MarshalIndent(doc, "", "\t")
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(append([]byte(xml.Header), b...))
	return err
}
