package ldap

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/jobs"
)

// photo is a JPEG of one colour.
func photo(t *testing.T, c color.Color) string {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 96, 120))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// faces keeps pictures in memory, as the room that keeps them does: a mark that is known
// brings nothing new.
type faces struct {
	of    map[string]string
	marks map[string]string
	asked int
}

func (f *faces) set(_ context.Context, uid, source, mark string, raw []byte) error {
	f.asked++
	if source != Source || (mark == "") != (len(raw) == 0) {
		return fault.New(fault.Internal, "a picture without a mark")
	}
	if f.marks[uid] == mark {
		return nil
	}
	f.marks[uid] = mark
	if _, err := jpeg.Decode(bytes.NewReader(raw)); len(raw) > 0 && err != nil {
		return fault.Wrap(fault.Invalid, err, "no picture")
	}
	f.of[uid] = string(raw)
	return nil
}

func TestPicturesOfADirectory(t *testing.T) {
	each(t, func(g *rig) {
		f := &faces{of: map[string]string{}, marks: map[string]string{}}
		g.room.SetPortrait, g.now = f.set, time.Now()
		homes := map[string]string{}
		g.room.SetHome = func(_ context.Context, uid, name string) error {
			if name == "bad" {
				return fault.New(fault.Invalid, "no name")
			}
			homes[uid] = name
			return nil
		}
		g.set("homeFolderNamingRule", "attr:employeeNumber")
		red, blue := photo(t, color.NRGBA{255, 0, 0, 255}), photo(t, color.NRGBA{0, 0, 255, 255})
		alice := g.person("alice", "jpegPhoto", red, "employeeNumber", "a17")
		bob := g.person("bob", "employeeNumber", "bad")
		g.person("carol", "jpegPhoto", "no picture at all", "audio", "x")
		g.sync(Write)
		if f.of["alice"] != red || len(f.of) != 1 || f.asked != 3 { // all are new
			t.Fatalf("%d pictures, asked %d times", len(f.of), f.asked)
		}
		if len(homes) != 1 || homes["alice"] != "a17" {
			t.Errorf("homes %v", homes)
		}
		g.change(alice, "jpegPhoto", blue)
		g.change(bob, "jpegPhoto", red)
		g.sync(Dry)
		if f.asked != 3 {
			t.Errorf("a sync that writes nothing has set %d pictures", f.asked-3)
		}
		g.sync(Write)
		if f.of["alice"] != blue || f.of["bob"] != red {
			t.Error("changed pictures are not here")
		}
		g.change(bob, "jpegPhoto")
		g.sync(Write)
		if f.of["bob"] != "" || f.of["alice"] != blue {
			t.Error("a picture that is gone there is here")
		}
		g.now = g.now.Add(time.Hour) // nothing has changed for long
		g.sync(Write)
		before := f.asked
		g.now = g.now.Add(time.Hour)
		if g.sync(Write); f.asked != before {
			t.Errorf("%d pictures were read that have not changed", f.asked-before)
		}
		g.set("ldapUserAvatarRule", "data:audio") // all are looked at again
		g.change(alice, "audio", red)
		if g.sync(Write); f.of["alice"] != red {
			t.Error("not that of the attribute that is set")
		}
		g.set("ldapUserAvatarRule", "none")
		before = f.asked
		if g.sync(Write); f.asked != before {
			t.Error("pictures are read although none are wanted")
		}
		if err := g.config.set("ldapUserAvatarRule", "data:a)(b=*"); err != nil {
			t.Fatal(err)
		}
		if err := g.room.Save(t.Context(), g.config); fault.Of(err) != fault.Invalid {
			t.Errorf("a rule that is none: %v", err)
		}
	})
}

func TestWhoIsNewHasAPictureSoon(t *testing.T) {
	once(t, func(g *rig) {
		f := &faces{of: map[string]string{}, marks: map[string]string{}}
		g.room.SetPortrait = f.set
		red := photo(t, color.NRGBA{255, 0, 0, 255})
		g.person("alice", "jpegPhoto", red)
		if uid, err := g.signIn("alice", "pw"); uid != "alice" || err != nil {
			t.Fatal(uid, err)
		}
		q := jobs.New(g.room.db)
		q.Now = func() time.Time { return time.Now().Add(time.Minute) }
		g.room.arrived = jobs.Define(q, "ldap.picture", g.room.welcome)
		if err := q.Drain(t.Context()); err != nil || f.of["alice"] != red {
			t.Errorf("%d pictures, %v", len(f.of), err)
		}
		if _, err := g.signIn("alice", "pw"); err != nil {
			t.Fatal(err)
		}
		if err := q.Drain(t.Context()); err != nil || f.asked != 1 {
			t.Errorf("asked %d times, %v", f.asked, err)
		}
	})
}
