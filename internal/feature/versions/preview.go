package versions

import (
	"context"
	"slices"
	"strconv"

	"atrium/internal/base/who"
	"atrium/internal/core/files"
)

// Reveal finds a version of a file, which is given by its id or its path, and the
// view through which somebody may read it: for its preview.
func (rm *Room) Reveal(ctx context.Context, p *who.Principal, path string, id, version int64) (*files.View, *files.Entry, error) {
	if path != "" {
		v, err := rm.files.As(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		e, err := v.Stat(ctx, path)
		if err != nil {
			return nil, nil, err
		}
		id = e.ID
	}
	f, err := collection{rm}.find(ctx, p, strconv.FormatInt(id, 10))
	if err != nil {
		return nil, nil, err
	}
	at := slices.IndexFunc(f.versions, func(v Version) bool { return v.Name == version })
	if at < 0 {
		return nil, nil, errNone
	}
	then := *f.Entry
	then.Content, then.Size, then.SHA1, then.MTime = f.versions[at].Content, f.versions[at].Size, nil, f.versions[at].MTime
	return f.view, &then, nil
}
