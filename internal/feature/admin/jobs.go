package admin

import (
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"atrium/internal/proto/cli"
)

// backgroundJobs are the commands about work for later.
func (r *Room) backgroundJobs() []*cobra.Command {
	list := &cobra.Command{Use: "background-job:list", Short: "List the work that waits, by kind, and what failed too often", RunE: r.listJobs}
	again := &cobra.Command{Use: "background-job:execute ID", Short: "Let the server try a job again that failed too often", Args: cobra.ExactArgs(1), RunE: r.reviveJob}
	return []*cobra.Command{list, again}
}

func (r *Room) listJobs(cmd *cobra.Command, _ []string) error {
	waiting, err := r.jobs.Backlog(cmd.Context())
	if err != nil {
		return err
	}
	var kinds, failed cli.Table
	for _, kind := range sorted(waiting) {
		kinds = append(kinds, cli.Map{{Key: "class", Value: kind}, {Key: "waiting", Value: waiting[kind]}})
	}
	for j, err := range r.jobs.Buried(cmd.Context()) {
		if err != nil {
			return err
		}
		failed = append(failed, cli.Map{{Key: "id", Value: j.ID}, {Key: "class", Value: j.Kind}, {Key: "failed", Value: moment(j.Died)}, {Key: "error", Value: j.Err}})
	}
	if !cli.Plain(cmd) {
		return cli.Print(cmd, cli.Map{{Key: "waiting", Value: kinds}, {Key: "failed", Value: failed}})
	}
	if err := cli.Print(cmd, kinds); err != nil || len(failed) == 0 {
		return err
	}
	cli.Say(cmd, "Failed too often:")
	return cli.Print(cmd, failed)
}

// sorted are the keys of a count, in order.
func sorted(n map[string]int64) []string { return slices.Sorted(maps.Keys(n)) }

func (r *Room) reviveJob(cmd *cobra.Command, args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return cli.Usage("%q is no number of a job", args[0])
	}
	if _, err := r.jobs.Revive(cmd.Context(), id); err != nil {
		return err
	}
	cli.Say(cmd, "The server tries job %d again.", id)
	return nil
}
