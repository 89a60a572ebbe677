package conf

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhereValuesComeFrom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my.toml")
	if err := os.WriteFile(file, []byte("data = \"/srv\"\n\n[log]\nlevel = \"warn\"\nformat = \"json\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := Source{File: file, Environ: []string{"ATRIUM_LOG_LEVEL=error"}, Flags: map[string]string{"http.listen": ":80"}}
	want := map[string]string{"data": file + ":1", "log.level": "ATRIUM_LOG_LEVEL", "log.format": file + ":5", "http.listen": "--http.listen"}
	if diff := cmp.Diff(want, Where(src)); diff != "" {
		t.Error(diff)
	}
	for want, src := range map[string]Source{
		file:          {File: file, Environ: []string{"ATRIUM_CONFIG=/x"}},
		"/x":          {Environ: []string{"ATRIUM_CONFIG=/x"}},
		"atrium.toml": {},
	} {
		if got := File(src); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
