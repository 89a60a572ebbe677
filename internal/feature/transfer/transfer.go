// Package transfer hands what belongs to one account over to another: at once,
// however much it is, and before an account goes. It keeps nothing.
package transfer

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
)

// Room hands over.
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
	one := &cobra.Command{Use: "files:transfer-ownership SOURCE DESTINATION", Args: cobra.ExactArgs(2), RunE: rm.transfer,
		Short: "Give an account's files to another account, into a folder that is named after it"}
	one.Flags().String("path", "/", "Only this file or folder")
	all := &cobra.Command{Use: "user:transfer SOURCE DESTINATION", Args: cobra.ExactArgs(2), RunE: rm.everything,
		Short: "Give all that an account has to another account"}
	all.Flags().Bool("delete", false, "Then delete the account that has nothing any more")
	b.CLI.Add("files:transfer-ownership", one)
	b.CLI.Add("user:transfer", all)
}

func (rm *Room) transfer(cmd *cobra.Command, args []string) error {
	path, err := cmd.Flags().GetString("path")
	if err != nil {
		return err
	}
	return rm.handOver(cmd, args[0], args[1], path)
}

// handOver moves files into the folder of the day, so that a command that was
// stopped goes on where it was when it is called again.
func (rm *Room) handOver(cmd *cobra.Command, source, destination, path string) error {
	ctx := cmd.Context()
	if source == destination {
		return fault.New(fault.Invalid, "Source and destination are the same account.")
	}
	var ps [2]*who.Principal
	for i, uid := range []string{source, destination} {
		u, err := rm.dir.User(ctx, uid)
		if err != nil {
			return err
		}
		ps[i] = &who.Principal{ID: u.ID, Display: u.Display, Login: u.ID}
	}
	into := fmt.Sprintf("/Transferred from %s on %s", source, rm.Now().Format(time.DateOnly))
	n, err := rm.files.HandOver(ctx, ps[0], ps[1], path, into)
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
	if remove { // what is written after the transfer would go with the account
		if err := rm.dir.Disable(cmd.Context(), args[0]); err != nil {
			return err
		}
	}
	if err := rm.handOver(cmd, args[0], args[1], "/"); err != nil || !remove {
		return err
	}
	if err := rm.dir.Remove(cmd.Context(), args[0]); err != nil {
		return err
	}
	cli.Say(cmd, "The account %s is deleted", args[0])
	return nil
}
