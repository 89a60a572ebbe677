package web

import "context"

// NameOf is what the instance is called that a request has come to.
func NameOf(ctx context.Context) string {
	if x, ok := ctx.Value(visitKey{}).(*exchange); ok && x.door.cfg.Name != nil {
		return x.door.cfg.Name(ctx)
	}
	return Product
}
