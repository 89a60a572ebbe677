package words

import "testing"

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"Report.TXT": "report.txt", "Ärger": "arger", "A\u0308RGER": "arger", "ｆｕｌｌ": "full", "Straße": "straße", "日本": "日本", "": ""} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) is %q, want %q", in, got, want)
		}
	}
}
