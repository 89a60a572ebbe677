package app

import (
	"cmp"
	"slices"

	"github.com/spf13/cobra"

	"atrium/internal/proto/cli"
	"atrium/internal/proto/web"
)

// limits is the command that shows how many requests one client may send.
func (h *house) limits(m *web.Mux) *cobra.Command {
	return &cobra.Command{Use: "security:limits", Short: "List how many requests one client may send, in all and to single routes", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l := h.conf.Limits
			row := func(what, who string, perMinute float64, burst int) cli.Map {
				return cli.Map{{Key: "requests", Value: what}, {Key: "client", Value: who}, {Key: "per_minute", Value: perMinute}, {Key: "at_once", Value: burst}}
			}
			list := cli.Table{row("all", "address", 60*l.RequestsPerSecond, l.RequestsBurst),
				row("all", "account", 60*signedIn*l.RequestsPerSecond, signedIn*l.RequestsBurst)}
			routes := slices.SortedFunc(slices.Values(m.Routes()), func(a, b web.Route) int {
				return cmp.Or(cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Method, b.Method))
			})
			for _, r := range routes {
				if n := r.Limit() * l.RouteFactor; n > 0 {
					list = append(list, row(r.Method+" "+r.Pattern, "address or account", n, max(1, int(n))))
				}
			}
			return cli.Print(cmd, list)
		}}
}
