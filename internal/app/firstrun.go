package app

import (
	"context"
	"path/filepath"
	"strings"

	"atrium/internal/feature/preferences"
	"atrium/internal/feature/setup"
	"atrium/internal/feature/signin"
	"atrium/internal/feature/webui"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
)

// pages makes the rooms of what people see in a browser: the set-up of an instance
// without accounts, and the web client.
func (h *house) pages(in *signin.Room, choices *preferences.Room) (plug.Room, error) {
	first, err := setup.New(h.people, h.settings, h.lock)
	if err != nil {
		return nil, err
	}
	first.Facts, first.Enter, in.First, h.setup = h.facts, in.Open, first.First, first
	page, err := webui.New(h.files)
	if err != nil {
		return nil, err
	}
	page.Chosen = func(ctx context.Context, uid string) (map[string]string, error) {
		return choices.Of(ctx, uid, preferences.WebUI)
	}
	return together{first, page}, nil
}

// facts are what who sets the server up should know of its configuration.
func (h *house) facts(context.Context) ([]setup.Fact, error) {
	from := conf.Where(h.env.src)
	fact := func(name, key, value string) setup.Fact {
		where := "Default"
		if from[key] != "" {
			where = "Set by " + from[key]
		}
		return setup.Fact{Name: name, Value: value, From: where, Change: key}
	}
	folder, err := filepath.Abs(h.conf.Data)
	if err != nil {
		return nil, err
	}
	database := "PostgreSQL"
	switch h.db.Dialect() {
	case db.SQLite:
		database = "SQLite in " + strings.TrimPrefix(h.conf.DSN(), "sqlite:")
	case db.MySQL:
		database = "MariaDB or MySQL"
	}
	quota := "No limit"
	if h.conf.Quota.Default >= 0 {
		quota = h.conf.Quota.Default.String()
	}
	return []setup.Fact{
		fact("Data folder", "data", folder),
		fact("Database", "db.dsn", database),
		fact("Room for each person", "quota.default", quota),
		fact("Address", "url", h.conf.BaseURL()),
	}, nil
}
