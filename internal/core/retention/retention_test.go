package retention

import (
	"testing"
	"time"
)

func TestRules(t *testing.T) {
	for text, want := range map[string]Rule{
		"auto":       {Most: 30 * Day},
		"":           {Most: 30 * Day},
		"auto, auto": {Most: 30 * Day},
		"7, auto":    {Least: 7 * Day},
		"auto, 90":   {Most: 90 * Day},
		"30,60":      {Least: 30 * Day, Most: 60 * Day},
		"60, 30":     {Least: 60 * Day, Most: 60 * Day},
		"Disabled":   {Forever: true},
	} {
		if got, err := Parse(text, Auto(30)); err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"30", "never", "a, b", "-1, auto", "1, 2, 3", "9999999999, auto"} {
		if got, err := Parse(text, Auto(30)); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

func TestWhenThingsGo(t *testing.T) {
	type verdict struct{ must, may bool }
	for text, ages := range map[string]map[time.Duration]verdict{
		"auto":     {0: {false, true}, 30*Day - 1: {false, true}, 30 * Day: {true, true}},
		"7, auto":  {6 * Day: {false, false}, 7 * Day: {false, true}, 900 * Day: {false, true}},
		"30, 60":   {29 * Day: {false, false}, 45 * Day: {false, true}, 60 * Day: {true, true}},
		"disabled": {9000 * Day: {false, false}},
	} {
		r, err := Parse(text, Auto(30))
		if err != nil {
			t.Fatal(err)
		}
		for age, want := range ages {
			if got := (verdict{r.Must(age), r.May(age)}); got != want {
				t.Errorf("%s at %v: %+v, want %+v", text, age, got, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"auto", "30, auto", "auto,30", "1,2", "disabled", ",", "99999999999999999999, 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := Parse(s, Auto(30))
		if err == nil && (r.Least < 0 || r.Most < 0 || r.Most > 0 && r.Most < r.Least) {
			t.Errorf("%q is %+v", s, r)
		}
	})
}
