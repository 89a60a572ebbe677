package profile

import (
	"strings"
	"testing"
)

func TestPhoneNumbers(t *testing.T) {
	for _, c := range []struct{ number, region, want string }{
		{"+46701234567", "", "+46701234567"}, {"0701-23 45 67", "se", "+46701234567"}, {"0046 70 123 45 67", "DE", "+46701234567"},
		{"(0)30 901820", "DE", "+4930901820"}, {"06 6982", "IT", "+39066982"}, {"(212) 555-0100", "US", "+12125550100"},
		{"1 212 555 0100", "US", "+12125550100"}, {"011 46 701234567", "US", "+46701234567"}, {"0701234567", "", ""}, {"0701234567", "XX", ""},
		{"abc", "SE", ""}, {"+", "SE", ""}, {"", "SE", ""}, {"+0701234567", "SE", ""}, {"+461234567890123456", "SE", ""}, {"12", "SE", ""}, {"+46٣٤٥٦٧٨٩", "SE", ""},
	} {
		if got, ok := E164(c.number, c.region); got != c.want || ok != (c.want != "") {
			t.Errorf("%q in %q: %q, %v; want %q", c.number, c.region, got, ok, c.want)
		}
	}
}

func FuzzE164(f *testing.F) {
	f.Add("+46 70-123", "SE")
	f.Add("011", "US")
	f.Fuzz(func(t *testing.T, number, region string) {
		got, ok := E164(number, region)
		if ok && (len(got) < 8 || len(got) > 16 || got[0] != '+' || strings.Trim(got[1:], "0123456789") != "") {
			t.Errorf("%q", got)
		}
		if again, _ := E164(got, ""); ok && again != got {
			t.Errorf("%q becomes %q", got, again)
		}
	})
}

func FuzzFieldValues(f *testing.F) {
	f.Add("website", "https://x")
	f.Add("language", "de_AT")
	f.Add("email", "a@b")
	f.Fuzz(func(t *testing.T, name, value string) {
		clean, err := Clean(name, value, "SE")
		if err != nil {
			return
		}
		if again, err := Clean(name, clean, "SE"); err != nil && clean != "" || again != clean {
			t.Errorf("%s %q becomes %q, then %q, %v", name, value, clean, again, err)
		}
	})
}
