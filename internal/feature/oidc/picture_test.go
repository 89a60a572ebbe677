package oidc

import (
	"context"
	"encoding/base64"
	"net/http"
	"testing"
	"time"
)

// album keeps pictures in memory. It stands for the room that keeps them.
type album struct {
	now func() time.Time
	of  map[string]page
}

type page struct {
	mark    string
	checked time.Time
	raw     string
	set     int // how often
}

// Portrait implements Portraits.
func (a *album) Portrait(_ context.Context, uid, source string) (string, time.Time, error) {
	p := a.of[source+uid]
	return p.mark, p.checked, nil
}

// SetPortrait implements Portraits.
func (a *album) SetPortrait(_ context.Context, uid, source, mark string, raw []byte) error {
	p := a.of[source+uid]
	p.checked = a.now()
	if p.mark != mark {
		p.mark, p.raw = mark, string(raw)
		p.set++
	}
	a.of[source+uid] = p
	return nil
}

// comes signs in with a claim of a picture, and does what is to be done then.
func (g *rig) comes(claim, value string) page {
	g.Helper()
	g.liar.claims = map[string]any{claim: value, "exp": g.now.Unix() + 300}
	if w := g.browser().login(); w.Code != http.StatusSeeOther {
		g.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := g.jobs.Drain(g.Context()); err != nil {
		g.Fatal(err)
	}
	return g.album.of[Source+"ada"]
}

func TestAPictureComesWithTheSignIn(t *testing.T) {
	each(t, func(g *rig) {
		g.jobs.Now = g.dir.Now
		at := g.liar.URL + "/face.png"
		g.liar.picture, g.liar.etag = []byte("first"), `"1"`
		if p := g.comes("picture", at); p.raw != "first" || g.liar.looks != 1 {
			t.Fatalf("%+v, fetched %d times", p, g.liar.looks)
		}
		g.liar.picture, g.liar.etag = []byte("second"), `"2"`
		if p := g.comes("picture", at); p.raw != "first" || g.liar.looks != 1 {
			t.Errorf("the same day: %+v, fetched %d times", p, g.liar.looks)
		}
		g.now = g.now.Add(pictureAgain)
		if p := g.comes("picture", at); p.raw != "second" || g.liar.looks != 2 {
			t.Errorf("the next day: %+v, fetched %d times", p, g.liar.looks)
		}
		g.now = g.now.Add(pictureAgain)
		if p := g.comes("picture", at); p.raw != "second" || p.set != 2 || g.liar.looks != 2 || !p.checked.Equal(g.now) {
			t.Errorf("unchanged: %+v, fetched %d times", p, g.liar.looks)
		}
		if p := g.comes("picture", at+"?another"); p.raw != "second" || p.set != 3 {
			t.Errorf("at another address: %+v", p)
		}
		in := "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte("third"))
		if p := g.comes("avatar", in); p.raw != "third" {
			t.Errorf("in the claim: %+v", p)
		}
		if p := g.comes("name", "Ada"); p.raw != "third" {
			t.Errorf("without a claim: %+v", p)
		}
		if p := g.comes("avatar", ""); p.raw != "" || p.set != 5 {
			t.Errorf("no picture any more: %+v", p)
		}
		g.provider.Mapping = map[string]string{"avatar": "none"}
		g.save()
		if p := g.comes("picture", at); p.set != 5 {
			t.Errorf("of a claim that is not mapped: %+v", p)
		}
	})
}

func TestAPictureFromElsewhereIsNotAskedFor(t *testing.T) {
	each(t, func(g *rig) {
		for _, address := range []string{"http://127.0.0.1:1/face.png", "https://10.0.0.1/face.png", "https://169.254.169.254/face.png", "file:///etc/passwd", "face.png"} {
			if p := g.comes("picture", address); p.raw != "" {
				t.Errorf("%s: %+v", address, p)
			}
		}
	})
}
