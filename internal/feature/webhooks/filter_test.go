package webhooks

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"atrium/internal/base/fault"
)

const sample = `{"event": {"node": {"id": 27355, "path": "/olga/files/a.txt"}, "tagIds": [4, 7], "value": true, "class": "C"}, "user": {"uid": "olga"}, "time": 1795313860}`

func parsed(t testing.TB) map[string]any {
	var m map[string]any
	if err := json.Unmarshal([]byte(sample), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFilters(t *testing.T) {
	m := parsed(t)
	for filter, want := range map[string]bool{
		``: true, `{}`: true, `[]`: true,
		`{"user.uid": "olga"}`: true, `{"user.uid": "otto"}`: false, `{"user.uid": "olga", "event.node.id": 1}`: false,
		`{"user.name": null}`: true, `{"user.uid": null}`: false, `{"user.uid.x": "olga"}`: false,
		`{"event.node.id": 27355}`: true, `{"event.node.id": "27355"}`: true, `{"event.value": true}`: true, `{"event.value": "true"}`: false,
		`{"event.tagIds": 7}`: true, `{"event.tagIds": 5}`: false, `{"event.tagIds.0": 4}`: true, `{"event.tagIds.9": 4}`: false, `{"event.tagIds.x": 4}`: false,
		`{"event.node.path": "/^\\/olga\\/files\\//"}`: true, `{"event.node.path": "/A\\.TXT$/"}`: false, `{"event.node.path": "/A\\.TXT$/i"}`: true,
		`{"event.node.path": {"$regex": "/txt/u"}}`: true, `{"event.node.id": "/2/"}`: false,
		`{"time": {"$lt": 1711971024}}`: false, `{"time": {"$not": {"$lt": 1711971024}}}`: true, `{"time": {"$gte": 1795313860, "$lte": 1795313860}}`: true,
		`{"time": {"$gt": 1795313860}}`: false, `{"time": {"$gt": "a"}}`: false, `{"user.uid": {"$gt": "oa"}}`: true, `{"user.name": {"$lt": 5}}`: false,
		`{"user.uid": {"$in": ["otto", "/^ol/"]}}`: true, `{"user.uid": {"$nin": ["otto", "olga"]}}`: false, `{"user.uid": {"$in": []}}`: false,
		`{"user.uid": {"$ne": "otto"}}`: true, `{"user.uid": {"$e": "olga"}}`: true, `{"user.uid": {"$eq": "otto"}}`: false,
		`{"$or": [{"user.uid": "otto"}, {"time": {"$gt": 5}}]}`: true, `{"$and": [{"user.uid": "olga"}, {"time": 5}]}`: false,
		`{"$nor": [{"user.uid": "otto"}, {"time": 5}]}`: true, `{"$not": {"user.uid": "olga"}}`: false,
	} {
		f, err := ParseFilter(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got := f.Match(m); got != want {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
}

func TestFiltersThatCannotBe(t *testing.T) {
	for _, filter := range []string{`x`, `5`, `["a"]`, `{"$where": "x"}`, `{"a": {"$size": 1}}`, `{"a": {"b": 1}}`, `{"a": [1]}`, `{"a": {"$in": 1}}`, `{"a": {"$gt": true}}`,
		`{"$or": {}}`, `{"$or": []}`, `{"$and": [1]}`, `{"$not": 1}`, `{"a": "/(/"}`, `{"a": "/x/x"}`, `{"a": "/(?<=x)y/"}`, `{"a": "/` + strings.Repeat("x", maxPattern+1) + `/"}`,
		`{"a": {"$in": ["` + strings.Repeat(`/x/","`, maxPatterns) + `/x/"]}}`, strings.Repeat(`{"$not":`, 9) + `{}` + strings.Repeat(`}`, 9),
		`{"a": ` + strings.Repeat(`{"$not":`, 9) + `{}` + strings.Repeat(`}`, 9) + `}`, `{"a": "` + strings.Repeat("x", maxFilter) + `"}`} {
		if _, err := ParseFilter(filter); !errors.Is(err, fault.Invalid) {
			t.Errorf("%.60s: %v", filter, err)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{`{"user.uid": "olga"}`, `{"$or": [{"a": {"$in": [1, "/x/i"]}}, {"$not": {"b": null}}]}`, `{"event.tagIds.0": {"$gte": 1}}`, `[]`} {
		f.Add(s)
	}
	m := parsed(f)
	f.Fuzz(func(_ *testing.T, s string) {
		if p, err := ParseFilter(s); err == nil {
			p.Match(m)
		}
	})
}
