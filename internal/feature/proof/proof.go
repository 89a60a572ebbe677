// Package proof tells a phone which of its pictures are safe: for thousands of
// checksums and sizes at once, which of them the account already holds
// (docs/developer/backup-proof.md). It keeps nothing, and looks at the account's
// own files alone, since what others share may go tomorrow.
package proof

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/tree"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// Bounds of a question.
const (
	maxPairs  = 10_000
	maxBody   = 2 << 20 // bytes; a pair takes about 70
	perMinute = 30
)

// Room answers.
type Room struct {
	tree  *tree.Tree
	files *files.Service
}

// New returns the room.
func New(t *tree.Tree, f *files.Service) *Room { return &Room{t, f} }

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	ocs.Handle(b.OCS, "POST /apps/atrium/api/v1/proof", web.User, rm.prove, web.In(who.FilesRoom), web.MaxBody(maxBody), web.PerMinute(perMinute))
	b.Caps.Add("backup-proof", caps)
}

// pair is a file as a client has it.
type pair struct {
	SHA1 string `json:"sha1"` // hex
	Size *int64 `json:"size"` // bytes; absent: any
}

// held is a pair that the account holds.
type held struct {
	Index int   `json:"index"` // in the question, from 0
	File  int64 `json:"fileid"`
}

// question is what a client asks, by checksum.
type question map[[20]byte][]asked

type asked struct {
	index int
	size  int64 // < 0: any
}

// parse reads {"files": [{"sha1": "…", "size": 123}, …]}.
func parse(body io.Reader) (q question, n int, err error) {
	var in struct {
		Files []pair `json:"files"`
	}
	if err := json.NewDecoder(body).Decode(&in); err != nil {
		return nil, 0, fault.Wrap(fault.Invalid, err, `The body must be JSON: {"files": [{"sha1": "…", "size": 123}]}.`)
	}
	if len(in.Files) > maxPairs {
		return nil, 0, fault.New(fault.TooLarge, "One question is about 10,000 files at most.")
	}
	q = question{}
	for i, p := range in.Files {
		raw, err := hex.DecodeString(strings.TrimSpace(p.SHA1))
		if err != nil || len(raw) != 20 || p.Size != nil && *p.Size < 0 {
			return nil, 0, fault.New(fault.Invalid, "Each file needs its SHA-1 in 40 hexadecimal digits, and may have its size in bytes.")
		}
		a := asked{i, -1}
		if p.Size != nil {
			a.size = *p.Size
		}
		sum := [20]byte(raw)
		q[sum] = append(q[sum], a)
	}
	return q, len(in.Files), nil
}

// prove answers which files the account holds. It walks the home once, whatever
// the number of pairs.
func (rm *Room) prove(ctx context.Context, r *ocs.Request) (any, error) {
	q, n, err := parse(r.Body)
	if err != nil {
		return nil, err
	}
	view, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	ids := make([]int64, n)
	if n > 0 {
		if err := rm.look(ctx, view, q, ids); err != nil {
			return nil, err
		}
	}
	out := struct {
		Asked int    `json:"asked"`
		Held  []held `json:"held"`
	}{n, []held{}}
	for i, id := range ids {
		if id != 0 {
			out.Held = append(out.Held, held{i, id})
		}
	}
	return out, nil
}

// look notes for each pair a file that holds it, the newest if there are more.
func (rm *Room) look(ctx context.Context, view *files.View, q question, ids []int64) error {
	for _, reach := range view.Reaches() {
		if reach.Owner != view.Who().ID {
			continue
		}
		for s, err := range rm.tree.Sums(ctx, reach.Root) {
			if err != nil {
				return err
			}
			for _, a := range q[s.SHA1] {
				if a.size < 0 || a.size == s.Size {
					ids[a.index] = max(ids[a.index], s.ID)
				}
			}
		}
	}
	return nil
}

// caps announces the question.
func caps(context.Context, *http.Request) any {
	return struct {
		Version string   `json:"version"`
		Max     int      `json:"max_files"`
		Sums    []string `json:"checksums"`
	}{"1.0", maxPairs, []string{"sha1"}}
}
