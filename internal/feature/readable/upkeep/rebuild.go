package upkeep

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/core/tree"
	"atrium/internal/feature/readable/shelf"
	"atrium/internal/infra/db"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/cli"
)

// rebuildCommand is the admin command.
func rebuildCommand(ground func() Ground) *cobra.Command {
	c := &cobra.Command{Use: "rebuild", Short: "Make a new database of the readable tree alone"}
	c.Flags().String("password-file", "", "Write the new passwords to this file, instead of printing them")
	c.RunE = func(cmd *cobra.Command, _ []string) error { return rebuild(cmd, ground()) }
	return cli.Begins(c)
}

// rebuild makes accounts, folders and files of what lies below users, in a
// database that has no accounts yet. Files that are links to blobs keep them;
// others are copied into the store.
func rebuild(cmd *cobra.Command, g Ground) error {
	ctx := cmd.Context()
	if n, _, err := g.People.CountUsers(ctx); err != nil {
		return err
	} else if n > 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("The database has %d accounts. Rebuild works on an empty one only; nothing was changed.", n))
	}
	if err := g.Store(ctx); err != nil {
		return err
	}
	s, err := g.Shelf(ctx)
	if err != nil {
		return err
	}
	b := &rebuilding{Ground: g, s: s, cmd: cmd, blobs: map[uint64]int64{}, kept: map[int64]*kept{}}
	if err := b.survey(ctx); err != nil {
		return shelf.Broken(err)
	}
	// What the disk holds was allowed when it was written.
	g.Files.Quota = tree.NoQuota
	for _, uid := range b.users {
		if err := b.user(ctx, uid); err != nil {
			return fmt.Errorf("user %s: %w", uid, shelf.Broken(err))
		}
	}
	if err := b.admin(ctx); err != nil {
		return err
	}
	if err := g.Done(ctx); err != nil {
		return err
	}
	return b.tell()
}

// rebuilding is one run of rebuild.
type rebuilding struct {
	Ground
	s     *shelf.Shelf
	cmd   *cobra.Command
	users []string
	blobs map[uint64]int64 // inode → content
	most  int64            // the greatest id that is in use

	mu        sync.Mutex
	kept      map[int64]*kept // contents that have a row
	passwords [][2]string
	folders   int
	files     int
	failed    int
}

// kept is a content that was read once.
type kept struct {
	once sync.Once
	c    content.Content
	err  error
}

// survey finds the blobs and users, and sees to it that new ids are above all
// that are in use.
func (b *rebuilding) survey(ctx context.Context) error {
	if err := b.findBlobs(ctx, b.s.Blobs, 2); err != nil {
		return err
	}
	uids, err := b.s.Users.Folders()
	if err != nil {
		return err
	}
	slices.Sort(uids)
	for _, uid := range uids {
		if uid == shelf.OwnName {
			continue
		}
		b.users = append(b.users, uid)
		user, err := b.s.Users.OpenDir(uid)
		if err != nil {
			return err
		}
		err = b.findMarks(ctx, user, shelf.FilesName)
		user.Close()
		if err != nil {
			return err
		}
	}
	next, err := b.DB.ID(ctx)
	if err != nil || next > b.most {
		return err
	}
	_, err = b.DB.IDs(ctx, b.most-next)
	return err
}

func (b *rebuilding) findBlobs(ctx context.Context, d shelf.Dir, levels int) error {
	names, err := d.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if levels > 0 {
			if len(name) != 1 {
				continue
			}
			sub, err := d.OpenDir(name)
			if shelf.Missing(err) {
				continue
			}
			if err != nil {
				return err
			}
			err = b.findBlobs(ctx, sub, levels-1)
			sub.Close()
			if err != nil {
				return err
			}
			continue
		}
		id, err := strconv.ParseInt(name, 36, 64)
		if err != nil || content.Key(id) != name {
			continue
		}
		e, err := d.Stat(name)
		if err != nil {
			return err
		}
		if e != nil && e.IsFile() {
			b.blobs[e.Ino], b.most = id, max(b.most, id)
		}
	}
	return ctx.Err()
}

// findMarks looks for the ids that folders bear.
func (b *rebuilding) findMarks(ctx context.Context, parent shelf.Dir, name string) error {
	d, err := parent.OpenDir(name)
	if shelf.Missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	m, _, err := d.Self()
	if err != nil {
		return err
	}
	b.most = max(b.most, m.ID)
	subs, err := d.Folders()
	if err != nil {
		return err
	}
	for _, sub := range subs {
		if err := b.findMarks(ctx, d, sub); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// user makes an account and its files.
func (b *rebuilding) user(ctx context.Context, uid string) error {
	if err := b.account(ctx, uid); err != nil {
		b.problem(uid, err)
		return nil
	}
	view, err := b.Files.As(ctx, &who.Principal{ID: uid, Display: uid, Login: uid})
	if err != nil {
		return err
	}
	user, err := b.s.Users.OpenDir(uid)
	if err != nil {
		return err
	}
	defer user.Close()
	d, err := user.Plain(shelf.FilesName)
	if err != nil {
		return err
	}
	defer d.Close()
	root, err := view.Stat(ctx, "/")
	if err != nil {
		return err
	}
	if err := b.folder(ctx, view, d, root.ID, nil); err != nil {
		return err
	}
	more, err := b.Adopt(ctx, root.ID, func(path string, err error) { b.problem(uid+path, err) })
	if err != nil {
		return err
	}
	b.add(&b.files, more)
	if err := b.Tree.Settle(ctx, root.ID); err != nil {
		return err
	}
	return b.times(ctx, d, root.ID)
}

func (b *rebuilding) problem(path string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed++
	if text := fault.Text(err); text != "" {
		cli.Warn(b.cmd, "%s: %s", path, text)
		return
	}
	cli.Warn(b.cmd, "%s: %v", path, err)
}

// account makes an account with a new password.
func (b *rebuilding) account(ctx context.Context, uid string) error {
	n := identity.NewUser{ID: uid, Password: seal.Token(16)}
	if uid == b.Admin {
		n.Groups = []string{identity.AdminGroup}
	}
	if _, err := b.People.Create(ctx, n); err != nil {
		return err
	}
	b.passwords = append(b.passwords, [2]string{uid, n.Password})
	return nil
}

// admin sees to it that somebody can administer the instance.
func (b *rebuilding) admin(ctx context.Context) error {
	if slices.Contains(b.users, b.Admin) {
		return nil
	}
	return b.account(ctx, b.Admin)
}

// readers is how many files are read at once.
const readers = 4

// folder makes the nodes of what is in a folder of ours. What is not ours is
// left to the adoption.
func (b *rebuilding) folder(ctx context.Context, view *files.View, d shelf.Dir, node int64, path []string) error {
	if err := d.Claim(node); err != nil {
		return err
	}
	b.add(&b.folders, 1)
	names, err := d.Names()
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	var below []string
	for _, name := range names {
		e, err := d.Stat(name)
		if err != nil {
			return errors.Join(err, g.Wait())
		}
		switch {
		case e == nil:
		case e.IsDir():
			below = append(below, name)
		case e.IsFile():
			g.Go(func() error { return b.survive(gctx, pathOf(path, name), b.file(gctx, view, d, e, path)) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, name := range below {
		if err := b.survive(ctx, pathOf(path, name), b.subfolder(ctx, view, d, name, path)); err != nil {
			return err
		}
	}
	return nil
}

func (b *rebuilding) subfolder(ctx context.Context, view *files.View, d shelf.Dir, name string, path []string) error {
	sub, err := d.OpenDir(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	if _, ours, err := sub.Self(); err != nil || !ours {
		return err // the adoption makes it
	}
	e, err := view.Mkdir(ctx, pathOf(path, name))
	if err != nil {
		return err
	}
	if e.Name != name {
		return fmt.Errorf("%q is no name that we have given", name)
	}
	return b.folder(ctx, view, sub, e.ID, append(path[:len(path):len(path)], name))
}

func pathOf(folder []string, name string) string {
	return "/" + strings.Join(append(folder[:len(folder):len(folder)], name), "/")
}

// survive reports what went wrong with one file, unless it would go wrong with
// all.
func (b *rebuilding) survive(ctx context.Context, path string, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, fault.Unavailable) {
		return err
	}
	b.problem(path, err)
	return nil
}

func (b *rebuilding) add(sum *int, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*sum += n
}

// file makes the node of a link to a blob. Of anything else the mark is taken
// away, so that it is adopted as what it is: somebody's file.
func (b *rebuilding) file(ctx context.Context, view *files.View, d shelf.Dir, e *shelf.Entry, path []string) error {
	id, ok := b.blobs[e.Ino]
	if !ok {
		return d.Unmark(e.Name)
	}
	c, err := b.refer(ctx, id)
	if err != nil {
		return err
	}
	_, err = view.Write(ctx, pathOf(path, e.Name), files.Put{Parts: []content.Content{c}, MTime: time.Unix(0, e.MTime)})
	if err != nil {
		drop := b.DB.Tx(ctx, func(tx *db.DB) error { return b.Content.Refer(ctx, tx, id, -1) })
		return errors.Join(err, drop)
	}
	b.add(&b.files, 1)
	return d.Stamp(e.Name, shelf.Mark{ID: id}, e.MTime)
}

// refer counts one more name of a blob. At the first one the blob gets its row,
// and all of it is read for its checksum.
func (b *rebuilding) refer(ctx context.Context, id int64) (content.Content, error) {
	b.mu.Lock()
	k := b.kept[id]
	if k == nil {
		k = &kept{}
		b.kept[id] = k
	}
	b.mu.Unlock()
	first := false
	k.once.Do(func() { first, k.err = true, b.keep(ctx, id, &k.c) })
	if k.err != nil || first {
		return k.c, k.err
	}
	return k.c, b.DB.Tx(ctx, func(tx *db.DB) error { return b.Content.Refer(ctx, tx, id, 1) })
}

func (b *rebuilding) keep(ctx context.Context, id int64, c *content.Content) error {
	f, err := b.s.OpenBlob(content.Key(id))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha1.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return err
	}
	*c = content.Content{ID: id, Size: n, SHA1: sum.Sum(nil)}
	return b.DB.Tx(ctx, func(tx *db.DB) error { return b.Content.Keep(ctx, tx, *c) })
}

// times gives folders the times that they have on the disk, which have come
// through all this unchanged.
func (b *rebuilding) times(ctx context.Context, d shelf.Dir, node int64) error {
	mtime, err := d.MTime()
	if err != nil {
		return err
	}
	if err := b.Tree.Backdate(ctx, node, mtime); err != nil {
		return err
	}
	subs, err := d.Folders()
	if err != nil {
		return err
	}
	for _, name := range subs {
		sub, err := d.OpenDir(name)
		if shelf.Missing(err) {
			continue
		}
		if err != nil {
			return err
		}
		m, ours, err := sub.Self()
		if err == nil && ours {
			err = b.times(ctx, sub, m.ID)
		}
		sub.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// tell prints what was made, and the passwords.
func (b *rebuilding) tell() error {
	if path := b.cmd.Flag("password-file").Value.String(); path != "" {
		var text strings.Builder
		for _, p := range b.passwords {
			fmt.Fprintf(&text, "%s:%s\n", p[0], p[1])
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = f.WriteString(text.String())
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		b.passwords = nil
	}
	var table cli.Table
	for _, p := range b.passwords {
		table = append(table, cli.Map{{Key: "user", Value: p[0]}, {Key: "password", Value: p[1]}})
	}
	left := len(b.blobs) - len(b.kept)
	if !cli.Plain(b.cmd) {
		return cli.Print(b.cmd, cli.Map{{Key: "accounts", Value: table}, {Key: "folders", Value: b.folders}, {Key: "files", Value: b.files},
			{Key: "unnamed_contents", Value: left}, {Key: "errors", Value: b.failed}})
	}
	cli.Say(b.cmd, "%d folders and %d files of %d users are in the new database.", b.folders, b.files, len(b.users))
	if left > 0 {
		cli.Say(b.cmd, "%d contents in the store have no name; they are removed with the next cleaning up.", left)
	}
	if err := cli.Print(b.cmd, table); err != nil || b.failed == 0 {
		return err
	}
	return cli.ErrSaid
}
