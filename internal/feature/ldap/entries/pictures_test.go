package entries

import (
	"testing"
	"time"
)

func TestFiltersOfPictures(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 30, 5, 0, time.FixedZone("", 3600))
	if got, want := ChangedSince("(uid=*)", at, nil), "(&(uid=*)(|(modifyTimestamp>=20260301113005Z)(whenChanged>=20260301113005.0Z)))"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := ChangedSince("(uid=*)", time.Time{}, []string{"jpegPhoto", "thumbnailPhoto"}), "(&(uid=*)(|(jpegPhoto=*)(thumbnailPhoto=*)))"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzPictures(f *testing.F) {
	for _, rule := range []string{"", "default", "none", "data:jpegPhoto", "data:a)(b=*"} {
		f.Add(rule)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		names, err := Pictures(rule)
		for _, name := range names {
			if err != nil || !attribute.MatchString(name) {
				t.Errorf("%q: %q", rule, names)
			}
		}
	})
}
