package ldap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/feature/ldap/entries"
	"atrium/internal/proto/cli"
)

func (rm *Room) commands() []*cobra.Command {
	create := &cobra.Command{Use: "ldap:create-empty-config", Short: "Make an empty configuration of a directory and print its name", Args: cobra.NoArgs, RunE: rm.createCommand}
	create.Flags().BoolP("only-print-prefix", "p", false, "Print nothing else")
	set := &cobra.Command{Use: "ldap:set-config ID KEY [VALUE]", Short: "Change a setting of a directory", Args: cobra.RangeArgs(2, 3), RunE: rm.setCommand}
	set.Flags().String("file", "", "A file that holds the value")
	search := &cobra.Command{Use: "ldap:search TERM", Short: "Find people or groups in the directories", Args: cobra.ExactArgs(1), RunE: rm.searchCommand}
	search.Flags().Bool("group", false, "Find groups")
	search.Flags().Int("limit", 15, "So many of each directory at most")
	user := &cobra.Command{Use: "ldap:check-user UID", Short: "Tell whether an account's entry is still in its directory", Args: cobra.ExactArgs(1), RunE: rm.checkUserCommand}
	user.Flags().Bool("update", false, "Bring the account up to what the directory says")
	sync := &cobra.Command{Use: "ldap:sync", Short: "Bring accounts and groups up to what the directories say", Args: cobra.NoArgs, RunE: rm.syncCommand}
	sync.Flags().Bool("dry-run", false, "Show what would change, and write nothing")
	sync.Flags().Bool("force", false, "Lock accounts that are no longer found even if they are very many")
	try := &cobra.Command{Use: "ldap:test-user-settings LOGIN", Short: "Show what a sign-in would come to; nothing is written", Args: cobra.ExactArgs(1), RunE: rm.tryCommand}
	try.Flags().Bool("password", false, "Ask for the password and try it")
	return []*cobra.Command{create, set, search, user, sync, try,
		{Use: "ldap:show-config [ID]", Short: "Show the settings of one directory or all, without passwords", Args: cobra.MaximumNArgs(1), RunE: rm.showCommand},
		{Use: "ldap:delete-config ID", Short: "Forget a directory; accounts stay", Args: cobra.ExactArgs(1), RunE: rm.deleteCommand},
		{Use: "ldap:test-config ID", Short: "Ask a directory for some people and groups", Args: cobra.ExactArgs(1), RunE: rm.testCommand},
		{Use: "ldap:check-group GID", Short: "Tell whether a group is still in its directory", Args: cobra.ExactArgs(1), RunE: rm.checkGroupCommand},
		{Use: "ldap:show-remnants", Short: "List accounts that their directory no longer knows", Args: cobra.NoArgs, RunE: rm.remnantsCommand},
		{Use: "ldap:link LOGIN UID", Short: "Keep an account that there is as a directory says of a login", Args: cobra.ExactArgs(2), RunE: rm.linkCommand}}
}

func (rm *Room) createCommand(cmd *cobra.Command, _ []string) error {
	c, err := rm.Create(cmd.Context())
	if err != nil {
		return err
	}
	if cmd.Flag("only-print-prefix").Value.String() == "true" {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), c.ID)
		return err
	}
	cli.Say(cmd, "The configuration %s is made", c.ID)
	return nil
}

func (rm *Room) setCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.Config(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	value, err := valueOf(cmd, args[2:])
	if err != nil {
		return err
	}
	if err := c.set(args[1], value); err != nil {
		return err
	}
	if _, mute := idle[args[1]]; mute {
		cli.Warn(cmd, "%s has no effect here", args[1])
	}
	return rm.Save(cmd.Context(), c)
}

// valueOf is what stands on the command line or in the file that it names.
func valueOf(cmd *cobra.Command, args []string) (string, error) {
	file := cmd.Flag("file").Value.String()
	if (file == "") == (len(args) == 0) {
		return "", cli.Usage("Give a value or --file.")
	}
	if file == "" {
		return args[0], nil
	}
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}

func (rm *Room) showCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		c, err := rm.Config(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return cli.Print(cmd, c.described())
	}
	all, err := rm.Configs(cmd.Context())
	if err != nil {
		return err
	}
	out := cli.Map{}
	for _, c := range all {
		out = append(out, cli.Member{Key: c.ID, Value: c.described()})
	}
	return cli.Print(cmd, out)
}

func (c *Config) described() cli.Map {
	m := cli.Map{}
	for _, key := range Keys() {
		m = append(m, cli.Member{Key: key, Value: c.shown(key)})
	}
	return m
}

func (rm *Room) deleteCommand(cmd *cobra.Command, args []string) error {
	if err := rm.Remove(cmd.Context(), args[0]); err != nil {
		return err
	}
	cli.Say(cmd, "The configuration %s is deleted", args[0])
	return nil
}

func (rm *Room) testCommand(cmd *cobra.Command, args []string) error {
	c, err := rm.Config(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	t, err := rm.Probe(cmd.Context(), c)
	if err != nil {
		return err
	}
	for _, w := range t.Warnings {
		cli.Warn(cmd, "%s", w)
	}
	return cli.Print(cmd, cli.Map{{Key: "server", Value: t.Server}, {Key: "encrypted", Value: t.Safe}, {Key: "people", Value: cli.Strings(t.People)},
		{Key: "groups", Value: cli.Strings(t.Groups)}})
}

func (rm *Room) searchCommand(cmd *cobra.Command, args []string) error {
	limit, err := cmd.Flags().GetInt("limit")
	if err != nil {
		return err
	}
	all, err := rm.active(cmd.Context())
	if err != nil {
		return err
	}
	find := rm.findPeople
	if cmd.Flag("group").Value.String() == "true" {
		find = rm.findGroups
	}
	found := cli.Map{}
	for _, c := range all {
		p, err := rm.pool(c)
		if err != nil {
			return err
		}
		some, err := find(cmd.Context(), p, args[0], limit)
		if err != nil {
			return err
		}
		found = append(found, some...)
	}
	return cli.Print(cmd, found)
}

// findPeople finds people by a part of a name: the id here and the name.
func (rm *Room) findPeople(ctx context.Context, p *pool, part string, limit int) (cli.Map, error) {
	es, err := p.few(ctx, p.config.bases("ldapBaseUsers"), p.config.searchFilter(part), p.config.personAttributes(), limit)
	if err != nil {
		return nil, err
	}
	m := cli.Map{}
	for _, e := range es {
		if who, err := p.config.read(e); err == nil {
			m = append(m, cli.Member{Key: who.login.ID, Value: who.login.Fields["displayname"]})
		}
	}
	return m, nil
}

// findGroups finds groups by a part of a name.
func (rm *Room) findGroups(ctx context.Context, p *pool, part string, limit int) (cli.Map, error) {
	if !p.config.hasGroups() {
		return nil, nil
	}
	es, err := p.few(ctx, p.config.bases("ldapBaseGroups"), p.config.groupSearchFilter(part), p.config.groupAttributes(), limit)
	if err != nil {
		return nil, err
	}
	var groups []*group
	for _, e := range es {
		if g, err := p.config.readGroup(e); err == nil {
			groups = append(groups, g)
		}
	}
	n, err := rm.name(ctx, groups)
	m := cli.Map{}
	for _, g := range groups {
		m = append(m, cli.Member{Key: n.of[g.subject], Value: g.title})
	}
	return m, err
}

func (rm *Room) checkUserCommand(cmd *cobra.Command, args []string) error {
	p, who, err := rm.entryOf(cmd.Context(), args[0])
	if errors.Is(err, fault.NotFound) {
		return err
	}
	if err != nil {
		return fmt.Errorf("nothing can be said of %s: %w", args[0], err)
	}
	if who == nil {
		return fault.New(fault.NotFound, "The entry is no longer in the directory. The next sync locks the account and lists it; user:delete removes it.")
	}
	if cmd.Flag("update").Value.String() == "true" {
		if err := rm.withGroups(cmd.Context(), p, who); err != nil {
			return err
		}
		if _, _, err := rm.dir.Provision(cmd.Context(), who.login); err != nil {
			return err
		}
	}
	cli.Say(cmd, "The entry is in the directory: %s", who.dn)
	return nil
}

func (rm *Room) checkGroupCommand(cmd *cobra.Command, args []string) error {
	dn, err := rm.groupDN(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	cli.Say(cmd, "The group is in the directory: %s", dn)
	return nil
}

func (rm *Room) remnantsCommand(cmd *cobra.Command, _ []string) error {
	all, err := rm.gone.All(cmd.Context())
	if err != nil {
		return err
	}
	uids := make([]string, len(all))
	for i, g := range all {
		uids[i] = g.UID
	}
	users, err := rm.dir.Some(cmd.Context(), uids)
	if err != nil {
		return err
	}
	table := cli.Table{}
	for _, g := range all {
		u := users[g.UID]
		if u == nil {
			continue
		}
		last := ""
		if !u.LastLogin.IsZero() {
			last = u.LastLogin.UTC().Format(time.DateTime)
		}
		table = append(table, cli.Map{{Key: "uid", Value: u.ID}, {Key: "displayname", Value: u.Display}, {Key: "last login", Value: last},
			{Key: "gone since", Value: g.Since.UTC().Format(time.DateTime)}, {Key: "locked", Value: !u.Enabled}})
	}
	return cli.Print(cmd, table)
}

func (rm *Room) syncCommand(cmd *cobra.Command, _ []string) error {
	mode := Write
	if cmd.Flag("force").Value.String() == "true" {
		mode = Force
	}
	if cmd.Flag("dry-run").Value.String() == "true" {
		mode = Dry
	}
	r, err := rm.Sync(cmd.Context(), mode)
	if r == nil {
		return err
	}
	for _, no := range r.Refused {
		cli.Warn(cmd, "%s: %s", no.DN, no.Why)
	}
	out := cli.Map{{Key: "people", Value: r.People}, {Key: "groups", Value: r.Groups}, {Key: "new", Value: r.New}, {Key: "changed", Value: r.Changed},
		{Key: "back", Value: r.Back}, {Key: "gone", Value: cli.Strings(r.Gone)}, {Key: "refused", Value: len(r.Refused)}, {Key: "searches", Value: r.Searches}}
	if mode == Dry {
		out = append(out, cli.Member{Key: "changes", Value: changesOf(r)})
	}
	return errors.Join(cli.Print(cmd, out), err)
}

func changesOf(r *Report) cli.Map {
	m := cli.Map{}
	for _, c := range r.Changes {
		what := cli.Map{}
		for name, v := range c.Fields {
			what = append(what, cli.Member{Key: name, Value: v.From + " → " + v.To})
		}
		if len(c.Joins) > 0 {
			what = append(what, cli.Member{Key: "joins", Value: cli.Strings(c.Joins)})
		}
		if len(c.Leaves) > 0 {
			what = append(what, cli.Member{Key: "leaves", Value: cli.Strings(c.Leaves)})
		}
		m = append(m, cli.Member{Key: c.Account, Value: what})
	}
	return m
}

func (rm *Room) tryCommand(cmd *cobra.Command, args []string) (err error) {
	password := ""
	if cmd.Flag("password").Value.String() == "true" {
		if password, err = cli.AskSecret(cmd, "Password: "); err != nil {
			return err
		}
	}
	p, who, err := rm.meant(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	t, err := rm.try(cmd.Context(), p, who, password)
	if err != nil {
		return err
	}
	said, err := json.MarshalIndent(t, "", "  ")
	if err == nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), string(said))
	}
	return err
}

func (rm *Room) linkCommand(cmd *cobra.Command, args []string) error {
	_, who, err := rm.meant(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	if err := rm.dir.Link(cmd.Context(), Source, who.login.Subject, args[1]); err != nil {
		return err
	}
	cli.Say(cmd, "%s is kept as %s says", args[1], who.dn)
	return nil
}

// entryOf finds the entry of an account; nil when its directory has none any more.
func (rm *Room) entryOf(ctx context.Context, uid string) (*pool, *person, error) {
	links, err := rm.dir.Links(ctx, uid)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range links {
		if l.Source != Source {
			continue
		}
		p, id, err := rm.poolOf(ctx, l.Subject)
		if err != nil {
			return nil, nil, err
		}
		who, err := p.find(ctx, "(&"+p.config.userFilter()+entries.ByID(id, p.config.get("ldapExpertUUIDUserAttr"))+")")
		if errors.Is(err, fault.NotFound) {
			return p, nil, nil
		}
		return p, who, err
	}
	return nil, nil, fault.New(fault.NotFound, "This account comes from no directory.")
}
