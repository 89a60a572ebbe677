// Package transfer hands what belongs to one account over to another: at once,
// however much it is, and before an account goes; or when its owner offers it and
// the other accepts (34-apps/080 to 086). It keeps the offers.
package transfer

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table handover.
var Schema = db.Schema{Room: "transfer", Files: schema}

// Known is an account that somebody may know of by its id; otherwise fault.NotFound.
type Known func(ctx context.Context, p *who.Principal, uid string) (*identity.User, error)

// Room hands over.
type Room struct {
	Now func() time.Time

	db      *db.DB
	dir     *identity.Directory
	files   *files.Service
	publish files.Publish
	known   Known
}

// New returns the room. The offers of an account, and to it, go with it.
func New(d *db.DB, dir *identity.Directory, f *files.Service, publish files.Publish, known Known) *Room {
	rm := &Room{Now: time.Now, db: d, dir: dir, files: f, publish: publish, known: known}
	dir.OnRemoved(func(ctx context.Context, tx *db.DB, uid string) error {
		return rm.withdraw(ctx, tx, "owner = ? OR recipient = ?", uid, uid)
	})
	return rm
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	one := &cobra.Command{Use: "files:transfer-ownership SOURCE DESTINATION", Args: cobra.ExactArgs(2), RunE: rm.transfer,
		Short: "Give an account's files to another account, into a folder that is named after it"}
	one.Flags().String("path", "/", "Only this file or folder")
	all := &cobra.Command{Use: "user:transfer SOURCE DESTINATION", Args: cobra.ExactArgs(2), RunE: rm.everything,
		Short: "Give all that an account has to another account"}
	all.Flags().Bool("delete", false, "Then delete the account that has nothing any more")
	ocs.Handle(b.OCS, "POST /apps/transfer/api/v1/accounts/{id}", web.Admin|web.Confirmed, rm.transferAll)
	const offers = " /apps/files/api/v1/transferownership"
	ocs.Handle(b.OCS, "GET /apps/transfer/api/v1/offers", web.User, rm.offers, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "POST"+offers, web.User, rm.ask, web.In(who.FilesRoom), web.Shares())
	ocs.Handle(b.OCS, "POST"+offers+"/{id}", web.User, rm.accept, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "DELETE"+offers+"/{id}", web.User, rm.reject, web.In(who.FilesRoom))
	b.Caps.Add("transfer", func(context.Context, *http.Request) any { return map[string]bool{"offers": true} })
	b.Jobs.Every("daily 04:10", "transfer.tidy", rm.Tidy)
	b.CLI.Add("files:transfer-ownership", one)
	b.CLI.Add("user:transfer", all)
}

func (rm *Room) transfer(cmd *cobra.Command, args []string) error {
	path, err := cmd.Flags().GetString("path")
	if err != nil {
		return err
	}
	return rm.tellHandOver(cmd, args[0], args[1], path)
}

// handOver moves files into the folder of the day, so that a command that was
// stopped goes on where it was when it is called again.
func (rm *Room) handOver(ctx context.Context, source, destination, path string) (n int, into string, err error) {
	return rm.carry(ctx, source, destination, path, rm.files.HandOver)
}

// carry moves files in a way of core/files.
func (rm *Room) carry(ctx context.Context, source, destination, path string,
	move func(ctx context.Context, from, to *who.Principal, path, into string) (int, error)) (n int, into string, err error) {
	if err := differ(source, destination); err != nil {
		return 0, "", err
	}
	var ps [2]*who.Principal
	for i, uid := range []string{source, destination} {
		u, err := rm.dir.User(ctx, uid)
		if err != nil {
			return 0, "", err
		}
		ps[i] = &who.Principal{ID: u.ID, Display: u.Display, Login: u.ID}
	}
	into = fmt.Sprintf("/Transferred from %s on %s", source, rm.Now().Format(time.DateOnly))
	n, err = move(ctx, ps[0], ps[1], path, into)
	return n, into, err
}

// differ refuses to give an account what it has.
func differ(source, destination string) error {
	if source == destination {
		return fault.New(fault.Invalid, "Source and destination are the same account.")
	}
	return nil
}

func (rm *Room) tellHandOver(cmd *cobra.Command, source, destination, path string) error {
	n, into, err := rm.handOver(cmd.Context(), source, destination, path)
	if err != nil {
		return err
	}
	cli.Say(cmd, "%d files and folders of %s are in %s of %s", n, source, into, destination)
	return nil
}

func (rm *Room) everything(cmd *cobra.Command, args []string) error {
	remove, err := cmd.Flags().GetBool("delete")
	if err != nil {
		return err
	}
	n, into, err := rm.giveAll(cmd.Context(), args[0], args[1], remove)
	if err != nil {
		return err
	}
	cli.Say(cmd, "%d files and folders of %s are in %s of %s", n, args[0], into, args[1])
	if remove {
		cli.Say(cmd, "The account %s is deleted", args[0])
	}
	return nil
}

// giveAll gives all that an account has to another, and then removes it if that is
// wanted.
func (rm *Room) giveAll(ctx context.Context, source, destination string, remove bool) (n int, into string, err error) {
	if err := differ(source, destination); err != nil { // before anything is switched off
		return 0, "", err
	}
	if remove { // what is written after the transfer would go with the account
		if _, err := rm.dir.User(ctx, destination); err != nil {
			return 0, "", err
		}
		if err := rm.dir.Disable(ctx, source); err != nil {
			return 0, "", err
		}
	}
	if n, into, err = rm.handOver(ctx, source, destination, "/"); err != nil || !remove {
		return n, into, err
	}
	return n, into, rm.dir.Remove(ctx, source)
}

// transferAll does what user:transfer does, for {to, delete}.
func (rm *Room) transferAll(ctx context.Context, r *ocs.Request) (any, error) {
	to, err := r.Param("to")
	if err != nil {
		return nil, err
	}
	remove, err := r.Bool("delete")
	if err != nil {
		return nil, err
	}
	if remove && r.Path("id") == r.Caller().ID {
		return nil, fault.New(fault.Denied, "Nobody deletes their own account here.")
	}
	n, into, err := rm.giveAll(ctx, r.Path("id"), to, remove)
	return struct {
		Moved int    `json:"moved"`
		Into  string `json:"into"`
	}{n, into}, err
}
