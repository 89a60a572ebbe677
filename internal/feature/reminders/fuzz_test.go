package reminders

import "testing"

func FuzzDates(f *testing.F) {
	f.Add("2030-01-01T10:00:00+00:00")
	f.Add("9999-12-31T23:59:59Z")
	f.Fuzz(func(t *testing.T, s string) {
		sec, err := parse(s)
		if err != nil {
			return
		}
		if again, err := parse(iso(sec)); err != nil || again != sec {
			t.Errorf("%q is %d, and %s again %d, %v", s, sec, iso(sec), again, err)
		}
	})
}
