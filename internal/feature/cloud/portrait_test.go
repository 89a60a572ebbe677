package cloud

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"testing"
	"time"

	"net/http/httptest"

	"atrium/internal/base/fault"
)

// plain is a picture of one colour.
func plain(t *testing.T, c color.Color) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 80, 60))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shown is which picture olga has: "red", "green", "blue", or "" for her initials.
func (g *rig) shown(t *testing.T) string {
	t.Helper()
	w := g.get("olga", "/avatar/olga/64")
	if w.Header().Get("X-NC-IsCustomAvatar") != "1" {
		return ""
	}
	red, green, blue, _ := sent(t, w.Body.Bytes()).At(32, 32).RGBA()
	switch {
	case red > 0x8000:
		return "red"
	case green > 0x8000:
		return "green"
	case blue > 0x8000:
		return "blue"
	}
	return "other"
}

func TestAPictureComesFromWhereTheAccountComesFrom(t *testing.T) {
	red, green, blue := plain(t, color.NRGBA{255, 0, 0, 255}), plain(t, color.NRGBA{0, 255, 0, 255}), plain(t, color.NRGBA{0, 0, 255, 255})
	each(t, func(t *testing.T, g *rig) {
		at := time.Unix(1_800_000_000, 0)
		g.room.Now = func() time.Time { return at }
		give := func(mark string, raw []byte) {
			t.Helper()
			if err := g.room.SetPortrait(t.Context(), "olga", "directory", mark, raw); err != nil {
				t.Fatal(err)
			}
		}
		give("1", red)
		if mark, checked, err := g.room.Portrait(t.Context(), "olga", "directory"); g.shown(t) != "red" || mark != "1" || !checked.Equal(at) || err != nil {
			t.Errorf("%q, mark %q at %v, %v", g.shown(t), mark, checked, err)
		}
		if mark, _, err := g.room.Portrait(t.Context(), "olga", "another"); mark != "" || err != nil {
			t.Errorf("of another service: %q %v", mark, err)
		}
		give("2", green)
		if g.shown(t) != "green" {
			t.Errorf("the next one: %q", g.shown(t))
		}
		if w := g.upload(t, blue); w.Code != 200 {
			t.Fatal(w.Body)
		}
		give("2", green)
		give("3", red)
		if g.shown(t) != "blue" {
			t.Errorf("one's own has become %q", g.shown(t))
		}
		r := httptest.NewRequest("DELETE", "/index.php/avatar/", nil)
		r.SetBasicAuth("olga", "olga")
		g.serve(r)
		give("3", red)
		if g.shown(t) != "" {
			t.Errorf("what was taken away is back: %q", g.shown(t))
		}
		give("4", green)
		give("", nil)
		if g.shown(t) != "" {
			t.Errorf("one that is gone there: %q", g.shown(t))
		}
		if err := g.room.SetPortrait(t.Context(), "olga", "directory", "5", []byte("GIF89a")); !errors.Is(err, fault.Invalid) || g.shown(t) != "" {
			t.Errorf("no picture: %v", err)
		}
		give("5", red) // was looked at already
		if g.shown(t) != "" {
			t.Errorf("%q", g.shown(t))
		}
	})
}

func TestAManagedPictureIsChangedElsewhere(t *testing.T) {
	red, blue := plain(t, color.NRGBA{255, 0, 0, 255}), plain(t, color.NRGBA{0, 0, 255, 255})
	each(t, func(t *testing.T, g *rig) {
		if err := g.room.settings.Set(t.Context(), managed.App, managed.Name, "1"); err != nil {
			t.Fatal(err)
		}
		if w := g.upload(t, blue); w.Code != 200 || g.shown(t) != "blue" { // nobody gave her one
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if err := g.room.SetPortrait(t.Context(), "olga", "directory", "1", red); err != nil || g.shown(t) != "red" {
			t.Fatalf("%q %v", g.shown(t), err)
		}
		if w := g.upload(t, blue); w.Code != 400 || g.shown(t) != "red" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if err := g.room.settings.Set(t.Context(), managed.App, managed.Name, "0"); err != nil {
			t.Fatal(err)
		}
		if w := g.upload(t, blue); w.Code != 200 || g.shown(t) != "blue" {
			t.Errorf("not managed any more: %d %s", w.Code, w.Body)
		}
		if err := g.room.settings.Set(t.Context(), managed.App, managed.Name, "1"); err != nil {
			t.Fatal(err)
		}
		if err := g.room.SetPortrait(t.Context(), "olga", "directory", "1", red); err != nil || g.shown(t) != "red" {
			t.Errorf("managed again: %q %v", g.shown(t), err)
		}
		if err := g.dir.Remove(t.Context(), "olga"); err != nil {
			t.Fatal(err)
		}
		if mark, _, err := g.room.Portrait(t.Context(), "olga", "directory"); mark != "" || err != nil {
			t.Errorf("after the account: %q %v", mark, err)
		}
	})
}
