package rewind

import (
	"context"
	"path"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/plug"
)

func (rm *Room) commands(b *plug.Board) {
	c := &cobra.Command{Use: "files:rewind", Args: cobra.NoArgs, RunE: rm.command, Short: "Bring an account's files, or a folder, back to an instant"}
	c.Flags().String("user", "", "The account")
	c.Flags().String("path", "/", "Only this folder or file, as it is called now")
	c.Flags().String("to", "", "The instant, such as 2026-01-31T12:00:00Z, or Unix seconds")
	c.Flags().Bool("dry-run", false, "Only tell what would be done")
	b.CLI.Add("files:rewind", c)
}

func (rm *Room) command(cmd *cobra.Command, _ []string) error {
	var text [3]string
	for i, name := range []string{"user", "path", "to"} {
		var err error
		if text[i], err = cmd.Flags().GetString(name); err != nil {
			return err
		}
	}
	if text[0] == "" || text[2] == "" {
		return cli.Usage("say whose files, with --user UID, and back to when, with --to TIME")
	}
	at, err := cli.Instant(text[2])
	if err != nil {
		return err
	}
	dry, err := cmd.Flags().GetBool("dry-run")
	if err != nil {
		return err
	}
	do := rm.Rewind
	if dry {
		do = rm.Look
	}
	began := rm.Now()
	r, err := do(cmd.Context(), text[0], text[1], at)
	if err != nil {
		return err
	}
	if err := cli.Print(cmd, cli.Map{{Key: "restored", Value: r.Restored}, {Key: "returned", Value: r.Returned}, {Key: "moved", Value: r.Moved},
		{Key: "trashed", Value: r.Trashed}, {Key: "left", Value: r.Left}}); err != nil {
		return err
	}
	if dry {
		cli.Say(cmd, "Nothing was changed.")
	} else {
		cli.Say(cmd, "This is undone by rewinding to %s.", began.UTC().Format(time.RFC3339Nano))
	}
	return nil
}

// Rewind brings what somebody has at a path back to an instant.
func (rm *Room) Rewind(ctx context.Context, uid, at string, to time.Time) (Report, error) {
	p, err := rm.plan(ctx, uid, at, to)
	if err != nil {
		return Report{}, err
	}
	err = p.run(ctx)
	return p.Report, err
}

// Look tells what Rewind would do.
func (rm *Room) Look(ctx context.Context, uid, at string, to time.Time) (Report, error) {
	p, err := rm.plan(ctx, uid, at, to)
	if err != nil {
		return Report{}, err
	}
	err = p.tally(ctx)
	return p.Report, err
}

func (rm *Room) plan(ctx context.Context, uid, at string, to time.Time) (*plan, error) {
	now := rm.Now()
	if to.After(now) {
		return nil, fault.New(fault.Invalid, "This time has not come yet.")
	}
	if now.Sub(to) > keepFor {
		return nil, fault.New(fault.Invalid, "Where things were is known for 90 days only.")
	}
	u, err := rm.people.User(ctx, uid)
	if err != nil {
		return nil, err
	}
	v, err := rm.files.As(ctx, &who.Principal{ID: u.ID, Login: u.ID, Display: u.Display})
	if err != nil {
		return nil, err
	}
	top, err := v.Stat(ctx, at)
	if err != nil {
		return nil, err
	}
	if top.Mount.Owner != u.ID || top.Mount.Kind != "" {
		return nil, fault.New(fault.Denied, "This belongs to somebody else.")
	}
	p, err := rm.prepare(ctx, u.ID, top.Node, top.Mount.Space, to)
	if err == nil {
		p.prefix = path.Join("/", top.Path)
	}
	return p, err
}
