package links

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
)

// landing is where in a file drop an upload goes: into a folder of its own for
// each visitor who gives a name, below that as they had it. Elsewhere it is where
// they say. The folders are made. Names that are taken differ from free ones in
// nothing that a visitor can see.
func (rm *Room) landing(ctx context.Context, path string) (string, error) {
	l, p := linkOf(ctx), who.From(ctx)
	if !l.Drop() {
		return path, nil
	}
	inner, ok := strings.CutPrefix(path, "/"+l.Token+"/")
	if !ok || !l.Adds() {
		return "", fault.New(fault.Denied, "You may not upload here.")
	}
	segs, err := names.Split(inner)
	if err != nil {
		return "", err
	}
	if len(segs) == 0 {
		return "", fault.New(fault.Invalid, "The file needs a name.")
	}
	if err := l.named(p.Display, len(segs) > 1); err != nil {
		return "", err
	}
	if p.Display == "" {
		return path, nil
	}
	at, err := rm.folder(ctx, l, p, append([]string{p.Display}, segs[:len(segs)-1]...))
	return "/" + l.Token + at + "/" + segs[len(segs)-1], err
}

// named tells whether a visitor must say who they are, and has
// (18-public-dav/067, 069, 073).
func (l *Link) named(nick string, nested bool) error {
	switch {
	case nick != "":
		return nil
	case l.Request:
		return fault.New(fault.Invalid, "A nickname header is required for file requests")
	case nested:
		return fault.New(fault.Invalid, "A nickname header is required when uploading subfolders")
	}
	return nil
}

// folder finds or makes a folder in a drop, and returns its path. Where a file
// bears the name already, the folder gets another.
func (rm *Room) folder(ctx context.Context, l *Link, p *who.Principal, segs []string) (string, error) {
	m := l.Mount
	m.Perm |= files.Read
	v, err := rm.files.Through(ctx, p, m)
	if err != nil {
		return "", err
	}
	at := ""
	for _, s := range segs {
		if at, err = step(ctx, v, at, s); err != nil {
			return "", err
		}
	}
	return at, nil
}

// maxSteps is how many names are tried for one folder.
const maxSteps = 100

func step(ctx context.Context, v *files.View, at, name string) (string, error) {
	for n := 1; n < maxSteps; n++ {
		next := at + "/" + name
		if n > 1 {
			next = fmt.Sprintf("%s/%s (%d)", at, name, n)
		}
		switch e, err := v.Stat(ctx, next); {
		case err == nil && e.IsDir():
			return next, nil
		case err == nil:
			continue
		case !errors.Is(err, fault.NotFound):
			return "", err
		}
		switch _, err := v.Mkdir(ctx, next); {
		case err == nil:
			return next, nil
		case errors.Is(err, fault.Exists):
			n-- // another made it
		case errors.Is(err, fault.Conflict): // differs in case only
		default:
			return "", err
		}
	}
	return "", fault.New(fault.Conflict, "There is no free name for the folder.")
}
