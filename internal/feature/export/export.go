// Package export lets people take along what is theirs, as one zip archive that
// any program can open: their files under files/, with their times, and
// account.json with what they say of themselves. The same archive can be read
// back in, here or on another server, and read in again after it was stopped.
package export

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/proto/archive"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Room writes and reads archives.
type Room struct {
	Now func() time.Time

	dir   *identity.Directory
	files *files.Service
}

// New returns the room.
func New(dir *identity.Directory, f *files.Service) *Room {
	return &Room{Now: time.Now, dir: dir, files: f}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Web.Handle("GET", "/settings/export", web.User|web.Confirmed, rm.download, web.In(who.FilesRoom))
	b.CLI.Add("user:export", &cobra.Command{Use: "user:export UID FILE", Args: cobra.ExactArgs(2), RunE: rm.exportTo,
		Short: "Write all that an account has into a zip archive"})
	b.CLI.Add("user:import", &cobra.Command{Use: "user:import UID FILE", Args: cobra.ExactArgs(2), RunE: rm.importFrom,
		Short: "Read an archive of user:export into an account"})
}

const (
	format      = 1
	accountName = "account.json"
	filesName   = "files"
)

// account is account.json.
type account struct {
	Format  int        `json:"format"`
	Made    string     `json:"made"` // RFC 3339
	By      string     `json:"by"`
	ID      string     `json:"id"`
	Profile []property `json:"profile"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Scope string `json:"scope,omitempty"`
}

// download answers GET /settings/export with one's own archive. The door asks for
// the password first.
func (rm *Room) download(w http.ResponseWriter, r *http.Request) error {
	p := who.From(r.Context())
	if p.Scope.Limits() {
		return fault.New(fault.Denied, "This app password does not reach all that is yours.")
	}
	name := mime.FormatMediaType("attachment", map[string]string{"filename": p.ID + "-" + rm.Now().Format(time.DateOnly) + ".zip"})
	out := archive.NewHeld(w, http.Header{"Content-Type": {"application/zip"}, "Content-Disposition": {name}})
	if err := rm.write(r.Context(), p, out); err != nil {
		return err // after the first bytes this cuts the connection
	}
	return out.End()
}

func (rm *Room) exportTo(cmd *cobra.Command, args []string) error {
	p, err := rm.principal(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	f, err := os.OpenFile(args[1], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The archive cannot be made.")
	}
	err = rm.write(cmd.Context(), p, f)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(args[1]) // half an archive is none
		return err
	}
	cli.Say(cmd, "The account %s is in %s", args[0], args[1])
	return nil
}

func (rm *Room) principal(ctx context.Context, uid string) (*who.Principal, error) {
	u, err := rm.dir.User(ctx, uid)
	if err != nil {
		return nil, err
	}
	return &who.Principal{ID: u.ID, Display: u.Display, Login: u.ID}, nil
}

// write writes the archive, at constant memory but for the names in one branch.
func (rm *Room) write(ctx context.Context, p *who.Principal, w io.Writer) error {
	u, err := rm.dir.User(ctx, p.ID)
	if err != nil {
		return err
	}
	profile, err := rm.dir.Profile(ctx, u)
	if err != nil {
		return err
	}
	a := account{Format: format, Made: rm.Now().UTC().Format(time.RFC3339), By: web.Product, ID: p.ID, Profile: []property{}}
	for _, f := range profile {
		if f.Value != "" {
			a.Profile = append(a.Profile, property{f.Name, f.Value, f.Scope})
		}
	}
	b, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return err
	}
	zip := archive.NewZip(w)
	f, err := zip.File(archive.Entry{Name: accountName, Size: int64(len(b)), MTime: rm.Now(), Mime: "application/json"})
	if err == nil {
		_, err = f.Write(b)
	}
	if err != nil {
		return err
	}
	view, err := rm.files.As(ctx, p)
	if err != nil {
		return err
	}
	root, err := view.Stat(ctx, "/")
	if err != nil {
		return err
	}
	out := packing{ctx, view, zip, make([]byte, 64<<10)}
	if err := out.add(root); err != nil {
		return err
	}
	return zip.Close()
}

// packing is the files on their way into an archive.
type packing struct {
	ctx  context.Context // of the export
	view *files.View
	zip  archive.Packer
	buf  []byte
}

// add packs an entry and what is below it. What others have shared is theirs and
// stays out.
func (a *packing) add(e *files.Entry) error {
	name := filesName + strings.TrimSuffix(e.Path, "/")
	if !e.IsDir() {
		return a.file(name, e)
	}
	if err := a.zip.Folder(archive.Entry{Name: name, MTime: e.MTime}); err != nil {
		return err
	}
	var below []*files.Entry
	for c, err := range a.view.List(a.ctx, e) {
		if err != nil {
			return err
		}
		if !c.IsMountRoot() {
			below = append(below, c)
		}
	}
	for _, c := range below {
		if err := a.add(c); err != nil {
			return err
		}
	}
	return nil
}

func (a *packing) file(name string, e *files.Entry) error {
	return archive.Add(a.zip, archive.Entry{Name: name, Size: e.Size, MTime: e.MTime, Mime: e.Mime},
		func() (io.ReadCloser, error) { return a.view.Open(a.ctx, e, 0, -1) }, a.buf)
}
