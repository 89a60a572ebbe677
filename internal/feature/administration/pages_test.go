package administration

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/core/settings"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/plug"
)

// titles are what somebody finds.
func (g *rig) titles(p *who.Principal, term string) []string {
	g.t.Helper()
	for name, s := range g.board.Search.All() {
		if _, ok := s.About(g.t.Context(), p); name != "settings" || !ok {
			g.t.Errorf("provider %s", name)
		}
		got, err := s.Search(g.t.Context(), plug.Wanted{Who: p, Term: term, Limit: 5})
		if err != nil {
			g.t.Fatal(err)
		}
		out := []string{}
		for _, h := range got.Hits {
			out = append(out, h.Title+" "+h.URL)
		}
		return out
	}
	return nil
}

// Everybody finds the pages that they may open, and no others.
func TestSettingsAreFoundByWhoMayOpenThem(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, []db.Schema{settings.Schema}...))
	plain, boss := &who.Principal{ID: "olga"}, &who.Principal{ID: "boss", Role: who.Admin}
	leader := &who.Principal{ID: "lea", Role: who.GroupAdmin}
	auditor := &who.Principal{ID: "aud", Rights: []string{"audit", "settings"}}
	narrow := &who.Principal{ID: "boss", Role: who.Admin, Scope: &who.Scope{Rooms: []string{who.FilesRoom}}}
	for _, c := range []struct {
		p    *who.Principal
		term string
		want []string
	}{
		{plain, "sec", []string{"Security /settings/user/security"}},
		{boss, "announce", []string{"Announcements /settings/admin/news"}},
		{narrow, "security", []string{"Security /settings/user/security"}},
		{leader, "people", []string{"People /settings/admin/people"}},
		{plain, "people", nil}, {auditor, "announce", nil},
		{auditor, "audit", []string{"Audit log /settings/admin/audit"}},
		{auditor, "Days", []string{"system/days /settings/admin/files#system-days"}},
		{boss, "case clash", []string{"conf/names.case_clash /settings/admin/server#conf-names.case_clash"}},
		{leader, "days", nil}, {plain, "case_clash", nil}, {boss, "", nil},
	} {
		if got := g.titles(c.p, c.term); !slices.Equal(got, c.want) {
			t.Errorf("%s looks for %q: got %q, want %q", c.p.ID, c.term, got, c.want)
		}
	}
	if got := g.titles(boss, "conf"); len(got) != 5 {
		t.Errorf("more than was asked for: %q", got)
	}
}

// Who speaks another language finds pages and settings by their names in it, by the
// English ones and by what commands call them.
func TestSettingsAreFoundInTheLanguageOfWhoAsks(t *testing.T) {
	g := newRig(t, dbtest.SQLite(t, []db.Schema{settings.Schema}...))
	g.board.Settings.Add("sharing", []plug.Setting{{App: "core", Name: "shareapi_enabled", Kind: plug.SettingYes, Default: "yes"}})
	boss, de := &who.Principal{ID: "boss", Role: who.Admin}, tongue.All().For("de")
	label := names["core/shareapi_enabled"]
	for term, want := range map[string]string{
		"Prüfprotokoll": "Prüfprotokoll|Verwaltung", "audit log": "Prüfprotokoll|Verwaltung",
		de.Known(label): de.Known(label) + "|Teilen", strings.ToUpper(label): de.Known(label) + "|Teilen", "shareapi_enabled": de.Known(label) + "|Teilen",
	} {
		for _, s := range g.board.Search.All() {
			got, err := s.Search(t.Context(), plug.Wanted{Who: boss, Term: term, Limit: 5, Tongue: de})
			if err != nil || len(got.Hits) != 1 || got.Hits[0].Title+"|"+got.Hits[0].Subline != want {
				t.Errorf("%q: got %+v, %v, want %q", term, got.Hits, err, want)
			}
		}
	}
}

// What settings are called is what the web client calls them.
func TestNamesAreThoseOfTheWebClient(t *testing.T) {
	files, err := filepath.Glob("../../../web/src/rooms/admin/words/*.ts")
	if err != nil || len(files) == 0 {
		t.Fatalf("no words of the web client: %v", err)
	}
	short := regexp.MustCompile("const k = \\(name: string\\): string => `([^$]*)\\$")
	line := regexp.MustCompile(`key: (?:k\('(\w+)'\)|'(\w+/[^']+)'), label: t\('((?:[^'\\]|\\.)*)'\)`)
	want := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		prefix := ""
		if m := short.FindStringSubmatch(string(b)); m != nil {
			prefix = m[1]
		}
		for _, m := range line.FindAllStringSubmatch(string(b), -1) {
			key := m[2]
			if key == "" {
				key = prefix + m[1]
			}
			want[key] = strings.ReplaceAll(m[3], `\'`, "'")
		}
	}
	if !maps.Equal(names, want) {
		t.Errorf("got %q\nwant %q", names, want)
	}
}

// The pages are those of the web client.
func TestPagesAreThoseOfTheWebClient(t *testing.T) {
	files, err := filepath.Glob("../../../web/src/rooms/*/room.ts")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rooms of the web client: %v", err)
	}
	line := regexp.MustCompile(`\{ id: '(\w+)', (group: '\w+', )?label: t\('([^']+)'\), icon: \w+, rank: \d+, (?:needs: .*)?component: \(\) => import\('\./views/`)
	var want []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range strings.Split(string(b), "\n") {
			if m := line.FindStringSubmatch(l); m != nil {
				want = append(want, fmt.Sprint(m[1], m[2] != "", m[3]))
			}
		}
	}
	var got []string
	for _, g := range pages {
		got = append(got, fmt.Sprint(g.id, g.admin, g.title))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
