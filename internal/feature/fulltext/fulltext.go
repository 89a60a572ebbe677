// Package fulltext finds files by what is written in them. It keeps the text of
// each content once, however many files have it, and an index by file: FTS5 on
// SQLite, tsvector on PostgreSQL, FULLTEXT on MariaDB (docs/adr/006), or that of a
// search server where one is configured. Reading is
// work for later, one document at a time, slowly; a file that is not read yet is a
// file like any other, only not found here.
//
// The index only tells where to look. A find is held to the tree, to the content
// that the file has now, and to what the asker may see and read at that moment.
package fulltext

import (
	"context"
	"embed"
	"log/slog"
	"strconv"
	"time"

	"atrium/internal/core/content"
	"atrium/internal/core/event"
	"atrium/internal/core/files"
	"atrium/internal/core/settings"
	"atrium/internal/core/tree"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/proto/plug"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the tables text_body, text_doc, text_index, text_space and text_gone.
var Schema = db.Schema{Room: "fulltext", Files: schema}

// App is the name of our settings, of the switch and of the provider, as in
// Nextcloud.
const App = "fulltextsearch"

// Room finds files by their text.
type Room struct {
	Now func() time.Time
	Log *slog.Logger

	db       *db.DB
	tree     *tree.Tree
	files    *files.Service
	content  *content.Store
	settings *settings.Store
	cage     *cage.Cage
	index    index
	read     *jobs.Kind[struct{}]
	gather   *jobs.Kind[place]
	clean    *jobs.Kind[struct{}]
}

// New returns the room. The cage's binary must know Workers.
func New(d *db.DB, t *tree.Tree, f *files.Service, c *content.Store, s *settings.Store, cg *cage.Cage) *Room {
	return &Room{Now: time.Now, Log: slog.Default(), db: d, tree: t, files: f, content: c, settings: s, cage: cg, index: engine{d}}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Search.Add(App, contents{rm})
	b.Settings.Add("fulltext", []plug.Setting{
		{App: App, Name: setOCR, Kind: plug.SettingYes, Default: "no"}, {App: App, Name: setLang, Kind: plug.SettingText, Default: defLang, Check: checkLanguages},
		{App: App, Name: setMaxSize, Kind: plug.SettingNumber, Default: strconv.Itoa(defMaxSize), Min: 1, Max: 1 << 30},
		{App: App, Name: setBudget, Kind: plug.SettingNumber, Default: strconv.Itoa(defBudget), Min: 1, Max: 100},
	})
	b.Health.Add("fulltext", rm.health)
	b.Bus.OnMixed("fulltext", rm.follow, bus.Of[event.FileWritten](), bus.Of[event.NodeMade](), bus.Of[event.NodeMoved](), bus.Of[event.NodeRemoved]())
	rm.read = jobs.Define(b.Jobs, "fulltext.read", func(ctx context.Context, _ struct{}) error { return rm.work(ctx) })
	rm.gather = jobs.Define(b.Jobs, "fulltext.gather", rm.gatherBelow)
	rm.clean = jobs.Define(b.Jobs, "fulltext.clean", func(ctx context.Context, _ struct{}) error { return rm.tidy(ctx) })
	b.Jobs.Every("@every 24h", "fulltext.tidy", rm.tidy)
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}

// readSoon has what waits read, in a transaction or outside of one.
func (rm *Room) readSoon(ctx context.Context, tx *db.DB) error {
	return rm.read.Add(ctx, tx, struct{}{}, jobs.Unique("all"))
}

// config is what an administrator has set.
type config struct {
	ocr     bool   // pictures of text are to be read
	sees    bool   // and the program for it is installed
	lang    string // languages of OCR, as tesseract names them
	maxSize int64  // bytes of a document
	budget  int    // percent of one processor
}

// The settings with their defaults.
const (
	setOCR     = "ocr"
	setLang    = "ocr_languages"
	setMaxSize = "max_size"
	setBudget  = "budget"

	defLang    = "eng"
	defMaxSize = 20 << 20
	defBudget  = 50
)

func (rm *Room) config(ctx context.Context) (c config, err error) {
	get := func(name, def string) string {
		v, e := rm.settings.Default(ctx, App, name, def)
		if e != nil {
			err = e
		}
		return v
	}
	c.ocr = get(setOCR, "no") == "yes"
	c.sees = c.ocr && cage.Find(tesseract) != ""
	c.lang = defLang
	if l := get(setLang, defLang); checkLanguages(l) == nil {
		c.lang = l
	}
	c.maxSize = number(get(setMaxSize, ""), defMaxSize, 1, 1<<30)
	c.budget = int(number(get(setBudget, ""), defBudget, 1, 100))
	return c, err
}

// number reads a setting; what is no number in its bounds is the default.
func number(s string, def, least, most int64) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < least || n > most {
		return def
	}
	return n
}
