package oidc

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"atrium/internal/base/quota"
	"atrium/internal/core/identity/vouch"
)

func TestIDsAreThoseThatNextcloudGives(t *testing.T) { // vectors of sso.md 1.5 and 1.6
	for _, c := range []struct {
		id             int64
		unique, prefix bool
		claim, want    string
	}{
		{1, true, false, "alice", "a0441c15fcb94c813d92cb5e5080b66747751bc42eebcac6abaf114811030f5c"},
		{3, true, true, "staff", "f676f7039c296729fb7b836aacd8edf918050e3b03603c6c396048e11e675640"},
		{1, false, true, "alice", "corp-alice"},
		{1, false, false, "alice", "alice"},
		{1, false, false, strings.Repeat("a", 65), "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
	} {
		p := Provider{ID: c.id, Name: "corp", Settings: Settings{UniqueID: c.unique, PrefixID: c.prefix}}
		if got := p.accountID(c.claim); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

func TestClaimsAreFoundInsideOthers(t *testing.T) {
	c, err := parseClaims([]byte(`{"a":{"b":"inner","c.d":"dots"},"a.b":"literal","x":{"y":{"z":"deep"}},"null":null,"n":12345678901234567890}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a.b": "literal", "a.c.d": "dots", "x.y.z": "deep", "nope | x.y.z": "deep", "null | n": "12345678901234567890", "x.q": ""} {
		v, _ := c.get(name, true)
		if got, _ := text(v); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if v, ok := c.get(name, false); ok && name != "a.b" {
			t.Errorf("%s: %v without nesting", name, v)
		}
	}
}

func TestGroupsComeInThreeShapes(t *testing.T) {
	for said, want := range map[string][]groupName{
		`["a", "b ", "a", ""]`: {{"a", "a"}, {"b", "b "}},
		`"a, b"`:               {{"a", "a"}, {"b", "b"}},
		`[{"gid":"a","displayName":"The A"}, {"gid":7}]`: {{"a", "The A"}, {"7", ""}},
		`[]`: nil,
	} {
		var v any
		d := json.NewDecoder(strings.NewReader(said))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		got, err := groups(v)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(groupName{})); err != nil || diff != "" {
			t.Errorf("%s: %v %s", said, err, diff)
		}
	}
	for _, bad := range []any{map[string]any{"a": "b"}, []any{[]any{"a"}}, []any{map[string]any{"name": "a"}}, json.Number("1")} {
		if got, err := groups(bad); err == nil {
			t.Errorf("%v: got %v", bad, got)
		}
	}
}

func TestQuotaAndAddress(t *testing.T) {
	for said, want := range map[string]int64{"1 GB": 1 << 30, "none": quota.None, "default": quota.Default, "1048576": 1 << 20} {
		if got := room(said); got == nil || *got != want {
			t.Errorf("%s: got %v", said, got)
		}
	}
	for _, said := range []any{"", "much", nil, []any{"1 GB"}} {
		if got := room(said); got != nil {
			t.Errorf("%v: got %d", said, *got)
		}
	}
	got, ok := address(map[string]any{"street_address": "Quay 1", "postal_code": "20457", "locality": "Hamburg", "country": "DE"})
	if want := "Quay 1, 20457 Hamburg, DE"; !ok || got != want {
		t.Errorf("got %q", got)
	}
}

func FuzzClaims(f *testing.F) {
	for _, s := range []string{`{"sub":"a","groups":["x"],"quota":"1 GB","address":{"locality":"X"}}`, `{"sub":1}`, `[]`, `{"groups":{"a":{"b":"c"}}}`} {
		f.Add(s, "a.b | c")
	}
	p := Provider{ID: 1, Name: "p", Settings: Settings{Nested: true, Groups: true, GroupsOnly: true, AdminGroup: "x"}}
	f.Fuzz(func(t *testing.T, said, name string) {
		c, err := parseClaims([]byte(said))
		if err != nil {
			return
		}
		c.get(name, true)
		o, err := p.read(c)
		if err == nil && (o.Login.Subject == "" || len(o.Login.Subject) > 255 || len(o.Login.ID) > vouch.MaxID) {
			t.Errorf("%s: %+v", said, o)
		}
	})
}
