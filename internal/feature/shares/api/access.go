package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/ocs"
)

// way is one way by which a file is seen, in the answer of
// GET /apps/atrium/api/v1/access/{fileid}.
type way struct {
	Type     string     `json:"type"` // owner, user, group, link or mail
	With     string     `json:"with"` // user id, group id, mail address; "" for a link
	People   []string   `json:"people"`
	Perms    files.Perm `json:"permissions"`
	Download bool       `json:"download"`
	Via      via        `json:"via"`
	Share    string     `json:"share,omitempty"` // number of the share
	Sharer   string     `json:"sharer,omitempty"`
	Since    *string    `json:"since"` // RFC 3339; null for the owner
	Expires  *string    `json:"expires"`
	Password bool       `json:"password"` // a link that asks for one
	Label    string     `json:"label,omitempty"`
}

// via is what is shared: the file itself or a folder above it.
type via struct {
	ID   int64  `json:"fileid"`
	Path string `json:"path"` // as the caller sees it, else from the owner's home; "" if that is not theirs to know
}

// typeOf names the kind of a way.
func typeOf(w shares.Way) string {
	if w.Share.ID == 0 {
		return "owner"
	}
	return kindOf(w.Share)
}

func kindOf(s shares.Share) string {
	return map[shares.Kind]string{shares.User: "user", shares.Group: "group", shares.Link: "link", shares.Mail: "mail"}[s.Kind]
}

func instant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC3339)
	return &s
}

// access answers who can see a file, by which way and since when.
func (rm *Room) access(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := strconv.ParseInt(r.Path("fileid"), 10, 64)
	if err != nil {
		return nil, fault.New(fault.NotFound, "There is no such file or folder.")
	}
	p := r.Caller()
	ways, err := rm.shares.Explain(ctx, p, id)
	if err != nil {
		return nil, err
	}
	paths, err := rm.pathsFor(ctx, p, ways)
	if err != nil {
		return nil, err
	}
	out := struct {
		ID     int64  `json:"fileid"`
		Owner  string `json:"owner"`
		Access []way  `json:"access"`
	}{ID: id, Access: []way{}}
	for _, w := range ways {
		out.Owner = w.Owner
		one := way{Type: typeOf(w), With: w.Share.Recipient, People: list(w.UIDs), Perms: w.Perms, Download: !w.Sealed, Via: via{w.Via.ID, paths[w.Via.ID]},
			Sharer: w.Share.Sharer, Since: instant(w.Since), Expires: instant(w.Share.Expires), Password: w.Share.Password != "", Label: w.Share.Label}
		if w.Share.ID != 0 {
			one.Share = strconv.FormatInt(w.Share.ID, 10)
		}
		out.Access = append(out.Access, one)
	}
	return out, nil
}

// pathsFor tells where what is shared lies, as far as the caller may know.
func (rm *Room) pathsFor(ctx context.Context, p *who.Principal, ways []shares.Way) (map[int64]string, error) {
	var ids []int64
	for _, w := range ways {
		ids = append(ids, w.Via.ID)
	}
	paths, err := rm.files.Paths(ctx, p, ids)
	if err != nil {
		return nil, err
	}
	out := map[int64]string{}
	for _, w := range ways {
		switch path, seen := paths[w.Via.ID]; {
		case seen:
			out[w.Via.ID] = path
		case p.Role == who.Admin || w.Owner == p.ID:
			out[w.Via.ID] = files.PathOf(w.Chain)
		}
	}
	return out, nil
}

// command is files:access.
func (rm *Room) command() *cobra.Command {
	return &cobra.Command{Use: "files:access FILE", Args: cobra.ExactArgs(1), RunE: rm.accessCommand,
		Short: "Tell who can see a file or folder, by which way, and since when: FILE is its number, or alice/files/path"}
}

func (rm *Room) accessCommand(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	id, err := rm.nodeOf(ctx, args[0])
	if err != nil {
		return err
	}
	ways, err := rm.shares.Ways(ctx, id)
	if err != nil {
		return err
	}
	rows := cli.Table{}
	for _, w := range ways {
		rows = append(rows, cli.Map{{Key: "type", Value: typeOf(w)}, {Key: "with", Value: w.Share.Recipient}, {Key: "people", Value: cli.Strings(w.UIDs)},
			{Key: "permissions", Value: letters(w.Perms)}, {Key: "download", Value: !w.Sealed}, {Key: "via", Value: w.Owner + "/files" + files.PathOf(w.Chain)},
			{Key: "share", Value: w.Share.ID}, {Key: "sharer", Value: w.Share.Sharer}, {Key: "since", Value: text(w.Since)}, {Key: "expires", Value: text(w.Share.Expires)}})
	}
	return cli.Print(cmd, rows)
}

func text(t time.Time) string {
	if s := instant(t); s != nil {
		return *s
	}
	return ""
}

// letters write rights for people: read, update, create, delete, share.
func letters(p files.Perm) string {
	b := []byte("-----")
	for i, c := range "rucds" {
		if p&(1<<i) != 0 {
			b[i] = byte(c)
		}
	}
	return string(b)
}

// nodeOf finds what a command names: by number, or by owner and path.
func (rm *Room) nodeOf(ctx context.Context, name string) (int64, error) {
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		return id, nil
	}
	uid, path, ok := strings.Cut(strings.Trim(name, "/"), "/files")
	if !ok {
		return 0, cli.Usage("name a file by its number, or as alice/files/path")
	}
	if _, err := rm.dir.User(ctx, uid); err != nil {
		return 0, err
	}
	v, err := rm.files.As(ctx, &who.Principal{ID: uid})
	if err != nil {
		return 0, err
	}
	e, err := v.Stat(ctx, "/"+strings.Trim(path, "/"))
	if err != nil {
		return 0, err
	}
	return e.ID, nil
}
