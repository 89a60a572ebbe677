package locks

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/ocs"
)

// shown is a lock as the OCS calls tell it.
type shown struct {
	UserID      string `json:"userId"`
	DisplayName string `json:"displayName"`
	FileID      int64  `json:"fileId"`
	Token       string `json:"token"`
	Creation    int64  `json:"creation"` // Unix seconds
	ETA         int64  `json:"eta"`      // seconds that are left
	Type        int    `json:"type"`     // 0 by hand, 2 with a token
	Agent       string `json:"userAgent"`
}

func (rm *Room) show(l row) shown {
	return shown{UserID: l.UID, DisplayName: l.display, FileID: l.node, Token: l.bare(), Creation: l.Created.Unix(),
		ETA: int64(l.Expires.Sub(rm.Now()) / time.Second), Type: int(l.kind), Agent: l.agent}
}

// node is the entry that a call names by its id.
func (rm *Room) node(ctx context.Context, r *ocs.Request) (*files.Entry, error) {
	id, err := strconv.ParseInt(r.Path("fileId"), 10, 64)
	if err != nil {
		return nil, fault.New(fault.NotFound, "This file or folder does not exist.")
	}
	v, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	return v.ByID(ctx, id)
}

// putLock locks a file by hand (client-api 3.4).
func (rm *Room) putLock(ctx context.Context, r *ocs.Request) (any, error) {
	e, err := rm.node(ctx, r)
	if err != nil {
		return nil, err
	}
	k, err := r.Int("lockType", 0)
	if err != nil {
		return nil, err
	}
	l, err := rm.lock(ctx, e, kind(k))
	if err != nil {
		return nil, rm.explain(err)
	}
	return rm.show(l), nil
}

// deleteLock ends the locks on a file.
func (rm *Room) deleteLock(ctx context.Context, r *ocs.Request) (any, error) {
	e, err := rm.node(ctx, r)
	if err != nil {
		return nil, err
	}
	return nil, rm.explain(rm.unlock(ctx, e))
}

// explain adds the lock that is in the way, without its token.
func (rm *Room) explain(err error) error {
	held, ok := errors.AsType[heldError](err)
	if !ok {
		return err
	}
	l := rm.show(held.row)
	l.Token = ""
	return &ocs.Failure{Code: 423, Says: fault.Said(err), Data: l}
}

// command is files:lock.
func (rm *Room) command(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	end, err := cmd.Flags().GetBool("unlock")
	if err != nil {
		return err
	}
	var only int64
	if len(args) > 0 {
		if only, err = strconv.ParseInt(args[0], 10, 64); err != nil {
			return cli.Usage("a file is named by its id")
		}
	}
	if end && only == 0 {
		return cli.Usage("which file is to be unlocked?")
	}
	t, err := rm.all(ctx)
	if err != nil {
		return err
	}
	var ids []int64
	var found []row
	for _, l := range t.rows {
		if only == 0 || l.node == only {
			ids, found = append(ids, l.node), append(found, l)
		}
	}
	if end {
		if len(found) == 0 {
			return errFree
		}
		if err := remove(ctx, rm.db, found...); err != nil {
			return err
		}
		cli.Say(cmd, "%d locks ended", len(found))
		return nil
	}
	return rm.print(cmd, ids, found)
}

func (rm *Room) print(cmd *cobra.Command, ids []int64, found []row) error {
	out := cli.Table{}
	if len(ids) == 0 {
		return cli.Print(cmd, out)
	}
	chains, err := rm.files.Chains(cmd.Context(), ids...)
	if err != nil {
		return err
	}
	for _, l := range found {
		out = append(out, cli.Map{{Key: "file", Value: l.node}, {Key: "path", Value: files.PathOf(chains[l.node])},
			{Key: "user", Value: l.UID}, {Key: "since", Value: l.Created.UTC().Format(time.RFC3339)},
			{Key: "until", Value: l.Expires.UTC().Format(time.RFC3339)}, {Key: "program", Value: l.agent}})
	}
	return cli.Print(cmd, out)
}
