package admin

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/web"
)

// bruteForce are the commands about those who guess passwords.
func (r *Room) bruteForce() []*cobra.Command {
	attempts := &cobra.Command{Use: "security:bruteforce:attempts IPADDRESS [ACTION]", Short: "Show how many wrong passwords came from an address, and how it is delayed",
		Args: cobra.RangeArgs(1, 2), RunE: r.attempts}
	reset := &cobra.Command{Use: "security:bruteforce:reset [IPADDRESS]", Short: "Forgive the wrong passwords that came from an address, or for an account",
		Args: cobra.MaximumNArgs(1), RunE: r.forgive}
	reset.Flags().String("user", "", "Only those for this account")
	list := &cobra.Command{Use: "security:bruteforce:list", Short: "List the accounts and networks that are delayed for wrong passwords", Args: cobra.NoArgs, RunE: r.delayed}
	return []*cobra.Command{attempts, list, reset}
}

// networkOf is what the server counts a client by.
func networkOf(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return web.Network(p.Addr()), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fault.Wrap(fault.Invalid, err, "\"{address}\" is not a valid IP address", "address", s)
	}
	return web.Network(a.Unmap()), nil
}

// attempts answers as scripts expect it: whether the address is let through, how
// many attempts count, and the delay in milliseconds. The second argument names
// an action elsewhere; here all are logins.
func (r *Room) attempts(cmd *cobra.Command, args []string) error {
	from, err := networkOf(args[0])
	if err != nil {
		return err
	}
	all, err := r.people.Delayed(cmd.Context())
	if err != nil {
		return err
	}
	var n int
	var delay time.Duration
	if len(args) == 1 || args[1] == "login" {
		for _, d := range all {
			if d.From != from {
				continue
			}
			if delay = max(delay, d.Delay); d.Account != "" {
				n += d.Count
			}
		}
	}
	free := r.people.Lets(from)
	if free {
		delay = 0
	}
	return cli.Print(cmd, cli.Map{{Key: "bypass-listed", Value: free}, {Key: "attempts", Value: n}, {Key: "delay", Value: delay.Milliseconds()}})
}

func (r *Room) forgive(cmd *cobra.Command, args []string) error {
	var from netip.Prefix
	var err error
	if len(args) == 1 {
		if from, err = networkOf(args[0]); err != nil {
			return err
		}
	}
	uid := text(cmd, "user")
	if !from.IsValid() && uid == "" {
		return cli.Usage("name an address or a --user")
	}
	n, err := r.people.Forgive(cmd.Context(), from, uid)
	if err != nil {
		return err
	}
	cli.Say(cmd, "%d records forgiven", n)
	return nil
}

func (r *Room) delayed(cmd *cobra.Command, _ []string) error {
	all, err := r.people.Delayed(cmd.Context())
	if err != nil {
		return err
	}
	list := cli.Table{}
	for _, d := range slices.SortedFunc(slices.Values(all), func(a, b identity.Delayed) int { return b.Last.Compare(a.Last) }) {
		row := cli.Map{
			{Key: "account", Value: d.Account},
			{Key: "network", Value: prefix(d.From)},
			{Key: "count", Value: d.Count},
			{Key: "last", Value: d.Last.Unix()},
			{Key: "delay", Value: d.Delay.Milliseconds()},
			{Key: "until", Value: unixOf(d.Until)},
		}
		if cli.Plain(cmd) {
			row[0].Value, row[3].Value, row[4].Value, row[5].Value = guessed(d.Account), moment(d.Last), d.Delay.String(), ""
			if !d.Until.IsZero() {
				row[5].Value = moment(d.Until)
			}
		}
		list = append(list, row)
	}
	return cli.Print(cmd, list)
}

// guessed is what people read of an account that somebody guesses at.
func guessed(account string) string {
	switch {
	case account == "":
		return "(all together)"
	case strings.HasPrefix(account, "?"):
		return "(no account)"
	}
	return account
}

func prefix(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func unixOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
