package readable

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/feature/readable/upkeep"
	"atrium/internal/proto/cli"
)

// commands are the admin commands about files on the disk.
func (r *Room) commands() []*cobra.Command {
	scan := &cobra.Command{Use: "files:scan [USER…]", Short: "Adopt files that others put into the readable tree, or changed there",
		Args: cobra.ArbitraryArgs, RunE: r.scanCommand}
	f := scan.Flags()
	f.Bool("all", false, "All users")
	f.StringP("path", "p", "", "Only this folder, such as /alice/files/Music")
	f.Bool("shallow", false, "Do not look into folders below")
	f.Bool("remove-missing", false, "Remove files that are missing on the disk, instead of putting them back")
	f.Bool("home-only", false, "Accepted; other storage is never scanned")
	trees := &cobra.Command{Use: "files:tree", Short: "Compare the readable tree with the tables", RunE: r.treeCommand}
	trees.Flags().String("user", "", "Only this user's")
	trees.Flags().Bool("repair", false, "Make the tree say what the tables say")
	return append(upkeep.Commands(r.ground), scan, trees)
}

// ground is what the commands of upkeep need of us.
func (r *Room) ground() upkeep.Ground {
	return upkeep.Ground{DB: r.db, Tree: r.tree, Content: r.content, Files: r.files, People: r.people, Counters: r.Counters,
		Store: r.Store, Shelf: r.disk, Admin: r.Admin, Adopt: r.adoptHome, Check: r.checkAll,
		Done: func(ctx context.Context) error { return r.settings.Set(ctx, settingsApp, settingBuilt, "1") }}
}

// adoptHome adopts everything in a home that is not ours.
func (r *Room) adoptHome(ctx context.Context, root int64, problem func(path string, err error)) (int, error) {
	s, err := r.disk(ctx)
	if err != nil {
		return 0, err
	}
	a := r.adoption(s, func(path, _ string, err error) {
		if err != nil {
			problem(path, err)
		}
	})
	err = a.tree(ctx, root, atOnce)
	return a.fresh, err
}

// repaired notes that the whole tree is made, unless only one user's is.
func (r *Room) repaired(ctx context.Context, cmd *cobra.Command) error {
	if cmd.Flag("user").Changed {
		return nil
	}
	if err := r.unparkAll(ctx); err != nil {
		return err
	}
	return r.settings.Set(ctx, settingsApp, settingBuilt, "1")
}

// checkAll checks all homes, if the tree was ever made.
func (r *Room) checkAll(ctx context.Context, report func(finding string)) (behind int, err error) {
	built, err := r.settings.Default(ctx, settingsApp, settingBuilt, "")
	if err != nil || built == "" {
		return 0, err
	}
	homes, err := r.homes(ctx)
	if err != nil {
		return 0, err
	}
	return r.check(ctx, homes, checkFor, func(path, what string) { report(path + " " + what) })
}

func flagged(cmd *cobra.Command, name string) bool {
	on, err := cmd.Flags().GetBool(name)
	return err == nil && on
}

func (r *Room) scanCommand(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	s, err := r.disk(ctx)
	if err != nil {
		return err
	}
	places, err := r.scanned(ctx, cmd, args)
	if err != nil {
		return err
	}
	began := r.Now()
	var sum tally
	for i, p := range places {
		if cli.Plain(cmd) {
			cli.Say(cmd, "Starting scan for user %d out of %d (%s)", i+1, len(places), p.owner)
		}
		t, err := r.scan(ctx, cmd, s, p)
		if err != nil {
			return err
		}
		sum.add(t)
	}
	err = cli.Print(cmd, cli.Table{{
		{Key: "Folders", Value: sum.folders}, {Key: "Files", Value: sum.files}, {Key: "New", Value: sum.fresh},
		{Key: "Updated", Value: sum.updated + sum.moved + sum.restored}, {Key: "Removed", Value: sum.removed},
		{Key: "Errors", Value: sum.failed}, {Key: "Elapsed time", Value: clock(r.Now().Sub(began))},
	}})
	if err == nil && sum.failed > 0 {
		return cli.ErrSaid
	}
	return err
}

func (t *tally) add(o tally) {
	t.folders += o.folders
	t.files += o.files
	t.fresh += o.fresh
	t.updated += o.updated
	t.moved += o.moved
	t.removed += o.removed
	t.restored += o.restored
	t.failed += o.failed
}

// clock shows a time span as hours, minutes and seconds.
func clock(d time.Duration) string {
	n := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", n/3600, n/60%60, n%60)
}

// target is a folder to be scanned.
type target struct {
	owner string
	root  int64
	node  int64
}

// scanned finds out what is to be scanned.
func (r *Room) scanned(ctx context.Context, cmd *cobra.Command, users []string) ([]target, error) {
	path := cmd.Flag("path").Value.String()
	switch {
	case path != "":
		if len(users) > 0 || flagged(cmd, "all") {
			return nil, cli.Usage("--path says whose files are meant; leave the user out")
		}
		t, err := r.targetOf(ctx, path)
		return []target{t}, err
	case flagged(cmd, "all"):
		homes, err := r.homes(ctx)
		var out []target
		for _, sp := range homes {
			out = append(out, target{sp.Owner, sp.Root, sp.Root})
		}
		return out, err
	case len(users) == 0:
		return nil, cli.Usage("say whose files: a user, --all, or --path")
	}
	var out []target
	for _, uid := range users {
		t, err := r.targetOf(ctx, uid)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// targetOf finds a folder: "alice", "/alice/files" or "/alice/files/Music".
func (r *Room) targetOf(ctx context.Context, path string) (target, error) {
	segs, err := names.Split(path)
	if err != nil {
		return target{}, err
	}
	if len(segs) == 0 || len(segs) > 1 && segs[1] != shelf.FilesName {
		return target{}, cli.Usage("want a path such as /alice/files/Music")
	}
	sp, err := r.homeOf(ctx, segs[0])
	if err != nil {
		return target{}, err
	}
	n, err := r.tree.Find(ctx, r.db, sp.Root, segs[min(2, len(segs)):])
	if errors.Is(err, fault.NotFound) || err == nil && !n.IsDir() {
		return target{}, fault.New(fault.NotFound, "There is no folder "+path+".")
	}
	return target{sp.Owner, sp.Root, n.ID}, err
}

// homeOf is a user's home; it is made for an account that was never used.
func (r *Room) homeOf(ctx context.Context, uid string) (tree.Space, error) {
	u, err := r.people.Find(ctx, uid)
	if errors.Is(err, fault.NotFound) {
		return tree.Space{}, fault.New(fault.NotFound, "Unknown user "+uid)
	}
	if err != nil {
		return tree.Space{}, err
	}
	if _, _, err := r.files.Usage(ctx, u.ID); err != nil {
		return tree.Space{}, err
	}
	return r.tree.SpaceOf(ctx, r.db, tree.Home, u.ID)
}

func (r *Room) scan(ctx context.Context, cmd *cobra.Command, s *shelf.Shelf, t target) (tally, error) {
	a := r.adoption(s, func(path, what string, err error) {
		switch {
		case err != nil && fault.Text(err) != "":
			cli.Warn(cmd, "%s: %s", path, fault.Text(err))
		case err != nil:
			cli.Warn(cmd, "%s: %v", path, err)
		case cli.Verbose(cmd) && cli.Plain(cmd):
			cli.Say(cmd, "%s %s", path, what)
		}
	})
	if a.gone = flagged(cmd, "remove-missing"); a.gone {
		if err := r.standing(ctx, s, t); err != nil {
			return tally{}, err
		}
	}
	var err error
	if flagged(cmd, "shallow") {
		_, err = a.folder(ctx, t.node)
	} else {
		err = a.tree(ctx, t.node, atOnce)
	}
	if err == nil {
		err = a.finish(ctx, 2*patience)
	}
	for range a.busy {
		a.failed++
	}
	if a.behind {
		cli.Warn(cmd, "The readable tree is behind, or the server does not run. What is missing or was moved in it was left alone.")
	}
	return a.tally, err
}

// standing makes sure that a home's folder is there: if all of it is missing,
// nothing says that its files were removed one by one.
func (r *Room) standing(ctx context.Context, s *shelf.Shelf, t target) error {
	c := &checking{r: r, s: s}
	return c.peeking(func(v *visit) error {
		if err := v.learn(ctx, t.root); err != nil {
			return err
		}
		d, err := v.dir(t.root)
		if err == nil && d == shelf.Nowhere {
			err = fault.New(fault.Conflict, "The folder of "+t.owner+" is missing as a whole. Nothing is removed.")
		}
		return err
	})
}

// checkFor is how long a check waits for the events under way.
const checkFor = 30 * time.Second

func (r *Room) treeCommand(cmd *cobra.Command, _ []string) error {
	ctx := cmd.Context()
	if _, err := r.disk(ctx); err != nil {
		return err
	}
	homes, err := r.homes(ctx)
	if err != nil {
		return err
	}
	if uid := cmd.Flag("user").Value.String(); uid != "" {
		sp, err := r.homeOf(ctx, uid)
		if err != nil {
			return err
		}
		homes = []tree.Space{sp}
	}
	if flagged(cmd, "repair") {
		for _, sp := range homes {
			if err := r.mend(ctx, sp.Root); err != nil {
				return err
			}
		}
		if err := r.repaired(ctx, cmd); err != nil {
			return err
		}
	}
	return upkeep.Report(cmd, func(report func(string)) (int, error) {
		return r.check(ctx, homes, checkFor, func(path, what string) { report(path + " " + what) })
	})
}
