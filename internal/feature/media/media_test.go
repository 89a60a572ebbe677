package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/jobs"
	lockmem "atrium/internal/infra/lock/mem"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// The test binary is a cage when it is called as one.
func TestMain(m *testing.M) {
	cage.Main(os.Args[1:], Workers())
	os.Exit(m.Run())
}

type byName struct{}

func (byName) Authenticate(r *http.Request) (*who.Principal, error) {
	name, _, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return &who.Principal{ID: name, Login: name, Via: who.ViaAppPassword}, nil
}

// rig is the room behind a real door. What is written is read at once, by the same
// function that the bus calls.
type rig struct {
	testing.TB
	db    *db.DB
	files *files.Service
	tree  *tree.Tree
	room  *Room
	door  *web.Door
	told  []event.FileWritten
}

func each(t *testing.T, f func(g *rig)) {
	dbtest.Each(t, []db.Schema{bus.Schema, jobs.Schema, tree.Schema, content.Schema, Schema}, func(t *testing.T, d *db.DB) { f(newRig(t, d)) })
}

func newRig(t testing.TB, d *db.DB) *rig {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{TB: t, db: d, tree: tree.New(d)}
	c := content.New(d, mem.New())
	g.files = files.New(d, g.tree, c, func(_ context.Context, _ *db.DB, ev interface{ EventName() string }) error {
		if w, ok := ev.(event.FileWritten); ok {
			g.told = append(g.told, w)
		}
		return nil
	})
	g.room = New(d, g.tree, g.files, c, cage.New(self, t.TempDir()))
	m := web.NewMux()
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), DAV: dav.NewMux("/remote.php/dav"), Bus: bus.New(d, lockmem.New()), Jobs: jobs.New(d)}
	b.DAV.Mount("files", nil)
	g.room.Plug(b)
	g.door = web.NewDoor(web.Config{Auth: []web.Authenticator{byName{}}}, m)
	return g
}

// put writes a file of olga's and lets the room read it.
func (g *rig) put(path string, data []byte, at time.Time) *files.Entry {
	g.Helper()
	v, err := g.files.As(g.Context(), &who.Principal{ID: "olga"})
	if err != nil {
		g.Fatal(err)
	}
	w, err := v.Write(g.Context(), path, files.Put{Body: bytes.NewReader(data), Size: int64(len(data)), MTime: at})
	if err != nil {
		g.Fatal(err)
	}
	evs := g.told
	g.told = nil
	if err := g.room.written(g.Context(), evs); err != nil {
		g.Fatal(err)
	}
	return w.Entry
}

// ask calls an endpoint as somebody.
func (g *rig) ask(as, query string, into any) int {
	g.Helper()
	r := httptest.NewRequest("GET", "/ocs/v2.php/apps/media/api/v1/"+query, nil)
	r.Header.Set("OCS-APIRequest", "true")
	r.Header.Set("Accept", "application/json")
	r.SetBasicAuth(as, as)
	w := httptest.NewRecorder()
	g.door.ServeHTTP(w, r)
	doc := struct{ OCS struct{ Data any } }{}
	doc.OCS.Data = into
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil && w.Code == 200 {
		g.Fatalf("%v in %s", err, w.Body)
	}
	return w.Code
}

func nc(local string) xml.Name { return xml.Name{Space: dav.NSNC, Local: local} }

// prop is a property of an entry as DAV shows it; "-" where it has none.
func (g *rig) prop(e *files.Entry, local string) string {
	g.Helper()
	set, err := props{g.room}.Open(g.Context(), dav.Resource{}, []xml.Name{nc(local)})
	if err != nil {
		g.Fatal(err)
	}
	r := dav.Resource{Value: e}
	if err := set.Load(g.Context(), []dav.Resource{r}); err != nil {
		g.Fatal(err)
	}
	b, ok := set.Writers[0](nil, &r)
	if !ok {
		return "-"
	}
	return string(b)
}

// photoOf is a JPEG that tells when it was taken (EXIF DateTimeOriginal).
func photoOf(t testing.TB, w, h int, at string) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1a\x00\x00\x00\x00" +
		"\x00\x01\x90\x03\x00\x02\x00\x00\x00\x14\x00\x00\x00\x2c\x00\x00\x00\x00" + at + "\x00"
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...)
	return append(append(out, exif...), b.Bytes()[2:]...)
}

func pngOf(t testing.TB, w, h int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPropertiesOfPhotos(t *testing.T) {
	each(t, func(g *rig) {
		at := time.Unix(1795312228, 0)
		photo, drawing := g.put("/a.jpg", photoOf(g, 40, 30, "2019:07:14 18:30:05"), at), g.put("/b.png", pngOf(g, 64, 48), at)
		note, broken := g.put("/c.txt", []byte("text"), at), g.put("/d.jpg", []byte("no photo"), at)
		for _, c := range []struct {
			e           *files.Entry
			local, want string
		}{
			{photo, "metadata-photos-size", "<width>40</width><height>30</height>"},
			{photo, "metadata-photos-original_date_time", "1563129005"},
			{photo, "metadata-photos-exif", "<DateTimeOriginal>2019:07:14 18:30:05</DateTimeOriginal>"},
			{photo, "metadata-photos-ifd0", "-"},
			{photo, "metadata-photos-gps", "-"},
			{drawing, "metadata-photos-size", "<width>64</width><height>48</height>"}, // 11-dav-report-search/030
			{drawing, "metadata-photos-original_date_time", "1795312228"},             // 11-dav-report-search/072
			{note, "metadata-photos-original_date_time", "-"},
			{note, "metadata-photos-size", "-"},
			{broken, "metadata-photos-size", "-"},
			{broken, "metadata-photos-original_date_time", "1795312228"},
		} {
			if got := g.prop(c.e, c.local); got != c.want {
				g.Errorf("%s of %s: %s, want %s", c.local, c.e.Path, got, c.want)
			}
		}
	})
}

func TestTimeline(t *testing.T) {
	each(t, func(g *rig) {
		for i, at := range []string{"2019:07:14 18:30:05", "2019:07:14 09:00:00", "2020:01:01 00:00:00"} {
			g.put(fmt.Sprintf("/p%d.jpg", i), photoOf(g, 10+i, 10, at), time.Unix(1700000000+int64(i), 0))
		}
		g.put("/film.mp4", []byte("film"), time.Date(2019, 12, 31, 23, 59, 59, 0, time.UTC))
		g.put("/note.txt", []byte("note"), time.Now())
		var days []day
		if code := g.ask("olga", "days", &days); code != 200 {
			g.Fatalf("days: %d", code)
		}
		if diff := cmp.Diff([]day{{"2020-01-01", 1}, {"2019-12-31", 1}, {"2019-07-14", 2}}, days); diff != "" {
			g.Errorf("days (-want +got)\n%s", diff)
		}
		for query, want := range map[string]string{
			"photos":                          "p2.jpg film.mp4 p0.jpg p1.jpg",
			"photos?limit=2&offset=1":         "film.mp4 p0.jpg",
			"photos?day=2019-07-14":           "p0.jpg p1.jpg",
			"photos?from=2019-12-31":          "p2.jpg film.mp4",
			"photos?until=2019-12-31&limit=1": "film.mp4",
			"photos?day=1999-01-01":           "",
		} {
			var ps []photo
			if code := g.ask("olga", query, &ps); code != 200 {
				g.Errorf("%s: %d", query, code)
			}
			var got []string
			for _, p := range ps {
				got = append(got, strings.TrimPrefix(p.Path, "/"))
			}
			if s := strings.Join(got, " "); s != want {
				g.Errorf("%s: %s, want %s", query, s, want)
			}
		}
		var ps []photo
		g.ask("olga", "photos?limit=1", &ps)
		if p := ps[0]; p.W != 12 || p.H != 10 || p.Taken != 1577836800 || p.Mime != "image/jpeg" || p.ID == 0 || p.ETag == "" {
			g.Errorf("the newest: %+v", p)
		}
		for query, want := range map[string]int{"photos?limit=0": 400, "photos?limit=99999": 400, "photos?offset=-1": 400, "photos?day=today": 400, "days?path=/none": 404, "days?path=/note.txt": 400} {
			if code := g.ask("olga", query, nil); code != want {
				g.Errorf("%s: %d, want %d", query, code, want)
			}
		}
		if g.ask("otto", "photos", &ps); len(ps) != 0 {
			g.Errorf("otto sees %v", ps)
		}
	})
}

// What was there before, or was not read when it came, is read at night; what is
// gone is forgotten.
func TestTheRest(t *testing.T) {
	each(t, func(g *rig) {
		e := g.put("/a.jpg", photoOf(g, 40, 30, "2019:07:14 18:30:05"), time.Now())
		if _, err := g.db.Exec(g.Context(), "DELETE FROM media"); err != nil {
			g.Fatal(err)
		}
		if err := g.room.Rest(g.Context()); err != nil {
			g.Fatal(err)
		}
		if got := g.prop(e, "metadata-photos-size"); got != "<width>40</width><height>30</height>" {
			g.Errorf("after the night: %s", got)
		}
		if _, err := g.db.Exec(g.Context(), "UPDATE content SET refs = 0"); err != nil {
			g.Fatal(err)
		}
		if err := g.room.tidy(g.Context()); err != nil {
			g.Fatal(err)
		}
		left, err := g.tree.Taken(g.Context(), []int64{e.Content})
		if err != nil || len(left) != 0 || g.prop(e, "metadata-photos-size") != "-" {
			g.Errorf("what is gone is still known: %v, %v", left, err)
		}
	})
}

// A page of photos costs the same statements whatever their number.
func TestAPageOfPropertiesIsOneStatement(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, bus.Schema, jobs.Schema, tree.Schema, content.Schema, Schema))
	var rs []dav.Resource
	for i := range 30 {
		rs = append(rs, dav.Resource{Value: &files.Entry{Node: tree.Node{ID: int64(i), Content: int64(i), Kind: tree.File}, Mime: "image/png"}})
	}
	set, err := props{g.room}.Open(t.Context(), dav.Resource{}, []xml.Name{nc("metadata-photos-size"), nc("metadata-photos-gps")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, n := db.Count(t.Context())
	if err := set.Load(ctx, rs); err != nil || n.Load() != 1 {
		t.Errorf("%d statements, %v", n.Load(), err)
	}
}
