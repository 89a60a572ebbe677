package web

import "context"

// Face is how the instance presents itself on pages. Its addresses are ours and
// absolute, without the host.
type Face struct {
	Name  string
	Color string // such as "#1f5fae"
	Logo  string // the picture beside the name
	Icon  string // the one in the tab of the browser; "": Logo
	Sheet string // a style sheet with the colours; "": ours hold
	// The addresses of the imprint and of what is done with data, "" for none.
	Legal, Privacy string
}

// defaultLogo is our mark.
const defaultLogo = "/core/page/icon.svg"

// FaceOf is how the instance presents itself that a request has come to.
func FaceOf(ctx context.Context) Face {
	f := Face{Name: Product, Logo: defaultLogo}
	if x, ok := ctx.Value(visitKey{}).(*exchange); ok && x.door.cfg.Face != nil {
		f = x.door.cfg.Face(ctx)
	}
	if f.Logo == "" {
		f.Logo = defaultLogo
	}
	if f.Icon == "" {
		f.Icon = f.Logo
	}
	return f
}

// NameOf is what the instance is called that a request has come to.
func NameOf(ctx context.Context) string { return FaceOf(ctx).Name }
