package drive

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// NextcloudCmd runs the desktop client's engine once as a user, between a local folder
// and a remote one ("/sync"). Its settings go to home. The client's exit status
// is 0 even when single files failed, so callers compare trees.
func (s *Server) NextcloudCmd(home, user, pass, folder, remote string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nextcloudcmd", "--non-interactive", "--silent", "-u", user, "-p", pass, "--path", remote, folder, s.URL())
	cmd.Env = append(os.Environ(), "HOME="+home, "QT_QPA_PLATFORM=offscreen", "XDG_CONFIG_HOME="+home+"/config",
		"XDG_DATA_HOME="+home+"/share", "XDG_RUNTIME_DIR="+home)
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("nextcloudcmd: %w: %s", err, out[max(0, len(out)-500):])
	}
	return time.Since(begun), nil
}

// Tree describes a local tree: for each path "folder" or the sha1, size and
// modification time. Names are NFC, as the server keeps them. The client's own
// files are left out.
func Tree(root string) (map[string]string, error) {
	tree := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		own := strings.HasPrefix(d.Name(), ".sync_") || strings.HasPrefix(d.Name(), "._sync_") || strings.HasPrefix(d.Name(), ".nextcloudsync")
		if err != nil || p == root || own {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = norm.NFC.String(rel)
		if d.IsDir() {
			tree[rel] = "folder"
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		tree[rel] = fmt.Sprintf("%x %d %d", sha1.Sum(b), len(b), info.ModTime().Unix())
		return nil
	})
	return tree, err
}

// SameTrees is nil when two local trees are the same, byte for byte and second
// for second; else it names the first differences.
func SameTrees(a, b string) error {
	x, err := Tree(a)
	if err != nil {
		return err
	}
	y, err := Tree(b)
	if err != nil {
		return err
	}
	var bad []string
	for p, what := range x {
		if y[p] != what {
			bad = append(bad, fmt.Sprintf("%s: %s here, %q there", p, what, y[p]))
		}
	}
	for p := range y {
		if x[p] == "" {
			bad = append(bad, p+": only there")
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return fmt.Errorf("%d differences: %s", len(bad), strings.Join(bad[:min(5, len(bad))], "; "))
}
