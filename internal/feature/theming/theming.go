package theming

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/mail"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table theming_image.
var Schema = db.Schema{Room: "theming", Files: schema}

// app is the name under which the settings are kept; it and those of the settings
// are Nextcloud's.
const app = "theming"

// What holds as long as nobody chose anything.
const (
	ourSlogan = "Your files, where you want them"
	ourColour = "#1f5fae"
)

// Room tells how the instance presents itself.
type Room struct {
	// Mark paints the first letter of a name in a square of side pixels, as PNG.
	Mark func(name string, back, ink [3]uint8, side int) ([]byte, error)

	db       *db.DB
	settings *settings.Store
}

// New returns the room.
func New(d *db.DB, s *settings.Store) *Room { return &Room{db: d, settings: s} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.PublicCaps.Add("theming", rm.caps)
	b.Settings.Add("theming", offered())
	b.CLI.Add("theming:config", rm.command())
	for _, key := range []string{"icon", "favicon", "manifest"} {
		h := map[string]web.Handler{"icon": rm.touchIcon, "favicon": rm.favicon, "manifest": rm.manifest}[key]
		b.Web.Handle("GET", "/apps/theming/"+key, web.Anyone, h)
		b.Web.Handle("GET", "/apps/theming/"+key+"/{app}", web.Anyone, h)
	}
	b.Web.Handle("GET", "/core/img/logo/logo.svg", web.Anyone, rm.mark)
	b.Web.Handle("GET", "/apps/theming/image/{key}", web.Anyone, rm.image)
	b.Web.Handle("GET", "/apps/theming/theme/{file}", web.Anyone, rm.sheet)
	right := web.Right("settings")
	ocs.Handle(b.OCS, "GET /apps/theming/api/v1/shades", web.Admin, rm.shades, right)
	ocs.Handle(b.OCS, "GET /apps/theming/api/v1/pictures", web.Admin, rm.chosen, right)
	b.Web.Handle("POST", "/apps/theming/ajax/updateStylesheet", web.Admin|web.Confirmed, rm.change, right)
	b.Web.Handle("POST", "/apps/theming/ajax/undoChanges", web.Admin|web.Confirmed, rm.undo, right)
	b.Web.Handle("POST", "/apps/theming/ajax/undoAllChanges", web.Admin|web.Confirmed, rm.undoAll, right)
	b.Web.Handle("POST", "/apps/theming/ajax/uploadImage", web.Admin|web.Confirmed, rm.upload, right, web.MaxBody(maxForm))
}

// look is all that was chosen, or stands in its place.
type look struct {
	name, slogan, url, legal, privacy string
	colour                            rgb
	plain                             *rgb              // what lies behind pages; nil: our paper
	kinds                             map[string]string // of the pictures there are, by their names
	version                           string            // another one after every change; "" if nothing was chosen
}

// given reads what was chosen. What makes no sense, such as a value that a script
// wrote past our checks, is as if it were not there.
func (rm *Room) given(ctx context.Context) (look, error) {
	set, err := rm.settings.Recent(ctx, app)
	l := look{name: web.Product, slogan: ourSlogan, colour: shade(ourColour), kinds: map[string]string{}}
	if err != nil {
		return l, err
	}
	good := func(name string) string {
		if v := set[name]; v != "" && settingNamed(name).Check(v) == nil {
			return v
		}
		return ""
	}
	for name, field := range map[string]*string{"name": &l.name, "slogan": &l.slogan, "url": &l.url, "imprintUrl": &l.legal, "privacyUrl": &l.privacy} {
		if v := good(name); v != "" {
			*field = v
		}
	}
	if c, ok := parseColour(good("primary_color")); ok {
		l.colour = c
	}
	if c, ok := parseColour(good("background_color")); ok {
		l.plain = &c
	}
	for _, key := range pictures {
		if kind := set[key+"Mime"]; strings.HasPrefix(kind, "image/") {
			l.kinds[key] = kind
		}
	}
	if len(set) > 0 {
		l.version = versionOf(set)
	}
	return l, nil
}

func versionOf(set map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(set)) {
		fmt.Fprintf(h, "%q=%q\n", name, set[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:5])
}

// coloured tells whether our own colours do not hold.
func (l look) coloured() bool {
	return l.colour != shade(ourColour) || l.plain != nil || l.kinds["background"] != ""
}

// picture is the address of a picture that was chosen, "" if none was.
func (l look) picture(key string) string {
	if l.kinds[key] == "" {
		return ""
	}
	return "/apps/theming/image/" + key + "?v=" + l.version
}

// logo is the address of the picture beside the name, "" for our mark.
func (l look) logo() string {
	switch {
	case l.picture("logo") != "":
		return l.picture("logo")
	case l.colour != shade(ourColour):
		return "/core/img/logo/logo.svg?v=" + l.version // ours in their colour
	}
	return ""
}

// Face is how pages present the instance. One that cannot be told is ours: a page
// does without its name sooner than not to come.
func (rm *Room) Face(ctx context.Context) web.Face {
	l, _ := rm.given(ctx)
	f := web.Face{Name: l.name, Color: l.colour.String(), Logo: l.logo(), Icon: l.picture("favicon"), Legal: l.legal, Privacy: l.privacy}
	if l.coloured() {
		f.Sheet = "/apps/theming/theme/atrium.css?v=" + l.version
	}
	return f
}

// Brand is how letters present the instance.
func (rm *Room) Brand(ctx context.Context) mail.Brand {
	l, _ := rm.given(ctx)
	s := l.colour.lightShades(lightPapers, readable)
	return mail.Brand{Name: l.name, Color: s.accent.String(), Ink: s.ink.String()}
}

// offered are the settings, as administrators see them.
func offered() []plug.Setting {
	text := func(name, def string, check func(string) error) plug.Setting {
		return plug.Setting{App: app, Name: name, Kind: plug.SettingText, Default: def, Check: check}
	}
	return []plug.Setting{
		text("name", web.Product, checkName), text("slogan", ourSlogan, checkLine), text("url", "", checkAddress), text("imprintUrl", "", checkAddress),
		text("privacyUrl", "", checkAddress), text("primary_color", ourColour, checkColour), text("background_color", "", checkNoColour),
	}
}

// settingNamed is one of offered, one without a kind if there is none.
func settingNamed(name string) plug.Setting {
	for _, s := range offered() {
		if s.Name == name {
			return s
		}
	}
	return plug.Setting{}
}

// maxName bounds what stands in title bars, and maxLine a slogan, both in bytes.
const (
	maxName = 100
	maxLine = 500
)

func checkName(v string) error {
	if v == "" || len(v) > maxName || controls(v) {
		return fault.New(fault.Invalid, "The name must be one line of at most 100 letters.")
	}
	return nil
}

func checkLine(v string) error {
	if len(v) > maxLine || controls(v) {
		return fault.New(fault.Invalid, "This must be one line of at most 500 letters.")
	}
	return nil
}

func controls(v string) bool {
	return strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c == 0x7f })
}

func checkAddress(v string) error {
	u, err := url.Parse(v)
	if v != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(v) > maxLine) {
		return fault.New(fault.Invalid, "This must be an address that begins with https://.")
	}
	return nil
}

func checkColour(v string) error {
	if _, ok := parseColour(v); !ok {
		return fault.New(fault.Invalid, "The given color is invalid")
	}
	return nil
}

func checkNoColour(v string) error {
	if v == "" {
		return nil
	}
	return checkColour(v)
}
