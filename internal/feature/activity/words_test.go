package activity

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"atrium/internal/base/tongue"
	"atrium/internal/core/event"
)

func TestPictures(t *testing.T) {
	g := lite(t)
	for path := range pictures {
		for _, front := range []string{"", "/index.php"} {
			if w := g.serve(httptest.NewRequest("GET", front+path, nil)); w.Code != 200 || !strings.HasPrefix(w.Body.String(), "<svg") {
				t.Errorf("%s: %d", front+path, w.Code)
			}
		}
	}
}

// Whatever happens, there are words for it, in all languages, and each place in
// them is filled.
func TestWordsForEverything(t *testing.T) {
	g := lite(t)
	var facts []fact
	for _, k := range []kind{created, changed, deleted, restored, renamed, moved} {
		for _, actor := range []string{"olga", "otto", ""} {
			facts = append(facts, fact{kind: k, actor: actor, path: "a", more: more{Old: "b"}}, fact{kind: k, path: "a", more: more{Old: "b", Link: true}})
		}
	}
	for _, with := range []int16{shareUser, shareGroup, shareLink, shareMail} {
		for _, k := range []kind{shareMade, shareOver} {
			for _, why := range []string{event.ShareUnshared, event.ShareLeft, event.ShareExpired} {
				for _, actor := range []string{"olga", "otto", ""} {
					if why == event.ShareLeft && (with > shareGroup || actor == "") || why == event.ShareExpired && actor != "" {
						continue
					}
					facts = append(facts, fact{kind: k, actor: actor, path: "a", more: more{With: with, To: "oda", Why: why}},
						fact{kind: k, actor: actor, path: "a", more: more{With: with, To: "olga", Why: why}})
				}
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(accountWords)) {
		facts = append(facts, fact{kind: account, actor: "olga", more: more{Why: what}}, fact{kind: account, more: more{Why: what}})
	}
	for _, actor := range []string{"olga", "otto", ""} {
		facts = append(facts, fact{kind: commented, actor: actor, path: "a"}, fact{kind: tagged, actor: actor, path: "a", more: more{About: "x"}},
			fact{kind: untagged, actor: actor, path: "a", more: more{About: "x"}})
	}
	n := names{g.room, map[string]known{}}
	for _, f := range append(facts, fact{kind: linkRead, path: "a"}, fact{kind: shareRead, actor: "otto", path: "a"}, fact{kind: linkRead, path: "a", more: more{Guest: "Gus"}}) {
		for _, lang := range tongue.All().Each() {
			for _, s := range []style{whole, brief} {
				got, err := n.say(t.Context(), entry{fact: f, place: "a"}, &reader{uid: "olga", tongue: lang}, "", s)
				if err != nil || got.text == "" || strings.Contains(got.plain(), "{") {
					t.Errorf("%+v in %s: %q, %v", f, lang.Name, got.plain(), err)
				}
			}
		}
	}
}

func FuzzSettings(f *testing.F) {
	f.Add("notify_setting_batchtime=0&notify_setting_self=0&shared_email=1")
	f.Add("file_created_stream=0&notify_setting_batchtime")
	f.Fuzz(func(t *testing.T, s string) {
		form, err := url.ParseQuery(s)
		if err != nil {
			return
		}
		p, err := prefs{}.change(form)
		if err == nil && (p.Batch < hourly || p.Batch > soon) {
			t.Errorf("%q makes %+v", s, p)
		}
	})
}
