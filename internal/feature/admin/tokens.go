package admin

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/cli"
)

// tokens are the commands about app passwords and sessions.
func (r *Room) tokens() []*cobra.Command {
	add := &cobra.Command{Use: "user:auth-tokens:add UID", Aliases: []string{"user:add-app-password"},
		Short: "Make an app password and print it", Args: cobra.ExactArgs(1), RunE: r.addToken}
	add.Flags().String("name", "cli", "Name of the device, as people see it")
	add.Flags().Bool("password-from-env", false, "Accepted; app passwords work without the account's password")
	add.Flags().String("kind", "", "Limits of a kind of device: client, files, folder, backup, calendar or monitor")
	add.Flags().StringSlice("room", nil, "Only this part of the server, such as files or calendar; may be repeated")
	add.Flags().StringSlice("not-room", nil, "Not this part of the server; may be repeated")
	add.Flags().StringSlice("verb", nil, "What it may do: read, write, share; may be repeated")
	add.Flags().StringArray("folder", nil, "In the files only this folder or file, by its path; may be repeated")
	add.Flags().String("expires", "", "When it ends (RFC 3339, date or Unix seconds)")

	list := &cobra.Command{Use: "user:auth-tokens:list UID", Short: "List an account's app passwords and sessions", Args: cobra.ExactArgs(1), RunE: r.listTokens}

	remove := &cobra.Command{Use: "user:auth-tokens:delete UID [ID]", Short: "Revoke an app password or end a session", Args: cobra.RangeArgs(1, 2), RunE: r.deleteTokens}
	remove.Flags().String("last-used-before", "", "Instead of one: all that were last used before this time (RFC 3339, date or Unix seconds)")
	return []*cobra.Command{add, list, remove}
}

func (r *Room) addToken(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	u, err := r.people.User(ctx, args[0])
	if err != nil {
		return err
	}
	if flagged(cmd, "password-from-env") {
		if _, err := environPassword(); err != nil {
			return err
		}
	}
	want := identity.Token{UID: u.ID, Login: u.ID, Name: text(cmd, "name"), Kind: identity.KindApp}
	if want.Scope, err = r.scopeOf(cmd, u.ID); err != nil {
		return err
	}
	if s := text(cmd, "expires"); s != "" {
		if want.Expires, err = parseMoment(s); err != nil {
			return err
		}
		if err := r.people.CheckExpiry(want.Expires); err != nil {
			return err
		}
	}
	secret := identity.AppPassword()
	t, err := r.people.AddToken(ctx, want, secret)
	if err != nil {
		return err
	}
	if !cli.Plain(cmd) {
		return cli.Print(cmd, cli.Map{{Key: "user_id", Value: u.ID}, {Key: "id", Value: t.ID}, {Key: "name", Value: t.Name}, {Key: "token", Value: secret}})
	}
	cli.Say(cmd, "app password:")
	cli.Say(cmd, "%s", secret)
	return nil
}

// scopeOf reads what a new app password shall be limited to; nil: nothing.
func (r *Room) scopeOf(cmd *cobra.Command, uid string) (*who.Scope, error) {
	s, needs := who.Scope{}, false
	if kind := text(cmd, "kind"); kind != "" {
		preset, err := who.PresetOf(kind)
		if err != nil {
			return nil, err
		}
		if needs = preset.Folders; preset.Scope != nil {
			s = *preset.Scope
		}
	}
	s.Rooms = slices.Concat(s.Rooms, several(cmd, "room"))
	s.But = several(cmd, "not-room")
	if names := several(cmd, "verb"); names != nil {
		verbs, err := who.ParseVerbs(names)
		if err != nil {
			return nil, err
		}
		s.Verbs = verbs
	}
	paths, err := cmd.Flags().GetStringArray("folder")
	if err != nil {
		return nil, err
	}
	if needs && len(paths) == 0 {
		return nil, cli.Usage("this kind of device needs a --folder")
	}
	if s.Folders, err = r.nodesAt(cmd.Context(), uid, paths); err != nil {
		return nil, err
	}
	if !s.Limits() {
		return nil, nil
	}
	return &s, s.Check()
}

// nodesAt finds files and folders of an account by their paths.
func (r *Room) nodesAt(ctx context.Context, uid string, paths []string) (ids []int64, err error) {
	if len(paths) == 0 {
		return nil, nil
	}
	v, err := r.files.As(ctx, &who.Principal{ID: uid})
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		e, err := v.Stat(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// several is the values of a flag that may be repeated, nil when it was not given.
func several(cmd *cobra.Command, name string) []string {
	vs, err := cmd.Flags().GetStringSlice(name)
	if err != nil || len(vs) == 0 {
		return nil
	}
	return vs
}

// scopeMap is what a token reaches, for scripts: "filesystem" as ever, the rest
// where there are limits.
func scopeMap(t *identity.Token) cli.Map {
	m := cli.Map{{Key: "filesystem", Value: reachesFiles(t)}}
	if s := t.Scope; s.Limits() {
		m = append(m, cli.Map{{Key: "rooms", Value: s.Rooms}, {Key: "but", Value: s.But}, {Key: "verbs", Value: s.Verbs.Names()}, {Key: "folders", Value: s.Folders}}...)
	}
	return m
}

// limits shows what a token reaches, for people: "filesystem, only files, read,
// until 2026-12-31T00:00:00Z".
func limits(t *identity.Token) string {
	var words []string
	if reachesFiles(t) {
		words = append(words, "filesystem")
	}
	if s := t.Scope; s.Limits() {
		for _, r := range s.Rooms {
			words = append(words, "only "+r)
		}
		for _, b := range s.But {
			words = append(words, "not "+b)
		}
		words = append(words, s.Verbs.Names()...)
		if n := len(s.Folders); n > 0 {
			words = append(words, strconv.Itoa(n)+" folders")
		}
	}
	if !t.Expires.IsZero() {
		words = append(words, "until "+moment(t.Expires))
	}
	return strings.Join(words, ", ")
}

// Types of tokens, in Nextcloud's numbers and words.
func tokenType(t *identity.Token) (int, string) {
	switch {
	case t.Wipe:
		return 2, "wipe"
	case t.Kind == identity.KindApp:
		return 1, "permanent"
	case t.Kind == identity.KindOnce:
		return 3, "one-time"
	}
	return 0, "temporary"
}

func (r *Room) listTokens(cmd *cobra.Command, args []string) error {
	if _, err := r.people.User(cmd.Context(), args[0]); err != nil {
		return err
	}
	var list cli.Table
	for t, err := range r.people.Tokens(cmd.Context(), args[0]) {
		if err != nil {
			return err
		}
		number, word := tokenType(t)
		row := cli.Map{
			{Key: "id", Value: t.ID},
			{Key: "name", Value: t.Name},
			{Key: "lastActivity", Value: t.Used.Unix()},
			{Key: "type", Value: number},
			{Key: "scope", Value: scopeMap(t)},
		}
		if cli.Plain(cmd) {
			row[2].Value, row[3].Value, row[4].Value = moment(t.Used), word, limits(t)
		}
		list = append(list, row)
	}
	return cli.Print(cmd, list)
}

func (r *Room) deleteTokens(cmd *cobra.Command, args []string) error {
	ctx, uid, before := cmd.Context(), args[0], text(cmd, "last-used-before")
	if (before == "") == (len(args) == 1) {
		return cli.Usage("name one token, or use --last-used-before")
	}
	if _, err := r.people.User(ctx, uid); err != nil {
		return err
	}
	if before == "" {
		id, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return cli.Usage("%q is no number of a token", args[1])
		}
		return r.people.RemoveToken(ctx, uid, id)
	}
	limit, err := parseMoment(before)
	if err != nil {
		return err
	}
	var old []int64
	for t, err := range r.people.Tokens(ctx, uid) {
		if err != nil {
			return err
		}
		if t.Used.Before(limit) {
			old = append(old, t.ID)
		}
	}
	for _, id := range old {
		if err := r.people.RemoveToken(ctx, uid, id); err != nil {
			return err
		}
	}
	cli.Say(cmd, "%d deleted", len(old))
	return nil
}

func parseMoment(s string) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "A time is written as 2026-01-31, 2026-01-31T15:04:05Z or in Unix seconds.")
}

func reachesFiles(t *identity.Token) bool { return t.Scope.Allows(who.FilesRoom, who.Read) }
