package locks

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// guard keeps others from changing what is locked.
type guard struct{ *Room }

// ForMany implements files.Manifold.
func (g guard) ForMany(ctx context.Context) context.Context { return withMemo(ctx) }

// Check implements files.Guard: each lock that covers what is to be changed must
// be the caller's own, and must have been named by its token unless it was taken
// by hand (RFC 4918 7).
func (g guard) Check(ctx context.Context, op files.Op, e *files.Entry) error {
	if op == files.OpRead {
		return nil
	}
	t, err := g.of(ctx, []int64{e.Mount.Space}, e.ID, e.Parent)
	if err != nil || len(t.rows) == 0 {
		return err
	}
	need := t.covering(e.ID)
	if op == files.OpMove || op == files.OpDelete {
		need = append(need, t.below(e.ID)...)
		need = append(need, t.covering(e.Parent)...)
	}
	k := keys{holder(who.From(ctx)), dav.Submitted(ctx)}
	for _, l := range need {
		if op == files.OpProps && l.kind == byHand {
			continue // the bytes stay
		}
		if !k.open(l) && !k.openOther(need, l) {
			return lockedError(l)
		}
	}
	return nil
}

// keys is what somebody has to open locks with. A token in the hands of somebody
// else opens nothing (RFC 4918 6.4).
type keys struct {
	holder string
	tokens []string
}

func (k keys) open(l row) bool {
	return l.UID == k.holder && (l.kind == byHand || slices.Contains(k.tokens, l.Token))
}

// openOther: of several shared locks on a resource one token is enough.
func (k keys) openOther(need []row, l row) bool {
	return l.Shared && slices.ContainsFunc(need, func(o row) bool { return o.node == l.node && k.open(o) })
}

// holder is under which name somebody takes locks: the user id, or one for the
// visitors of a public link, which no user can have.
func holder(p *who.Principal) string {
	switch {
	case p == nil:
		return "/"
	case p.Link != 0:
		return "/link/" + strconv.FormatInt(p.Link, 10)
	}
	return p.ID
}

// mayBreak tells whether somebody may end a lock on e: its holder and the owner of
// the file.
func mayBreak(p *who.Principal, e *files.Entry, l row) bool {
	return l.UID == holder(p) || p != nil && p.Link == 0 && p.ID == e.Mount.Owner
}

func lockedError(l row) error {
	name := l.display
	if name == "" && !strings.HasPrefix(l.UID, "/") {
		name = l.UID
	}
	if name == "" {
		name = "a visitor"
	}
	return fault.New(fault.Locked, "This is locked by {name} until {time}.", "name", name, "time", l.Expires.UTC().Format("2006-01-02 15:04 MST"))
}
