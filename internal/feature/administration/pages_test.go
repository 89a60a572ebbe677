package administration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

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
