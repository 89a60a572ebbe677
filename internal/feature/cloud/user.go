package cloud

import (
	"context"

	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// config is the oldest page of OCS (30-core/011).
func config(ctx context.Context, _ *ocs.Request) (any, error) {
	v, ssl := web.VisitOf(ctx), "false"
	if v.HTTPS() {
		ssl = "true"
	}
	return struct {
		Version string `json:"version"`
		Website string `json:"website"`
		Host    string `json:"host"`
		Contact string `json:"contact"`
		SSL     string `json:"ssl"`
	}{"1.7", web.Product, v.Host, "", ssl}, nil
}

type navEntry struct {
	ID      string `json:"id"`
	Order   int    `json:"order"`
	Href    string `json:"href"`
	Icon    string `json:"icon"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	App     string `json:"app"`
	Active  bool   `json:"active"`
	Unread  int    `json:"unread"`
	Classes string `json:"classes"`
	Default bool   `json:"default"`
}

// navigation lists the apps for the menus of clients (30-core/075).
func navigation(ctx context.Context, r *ocs.Request) (any, error) {
	absolute, err := r.Bool("absolute")
	if err != nil {
		return nil, err
	}
	base := ""
	if absolute {
		base = web.VisitOf(ctx).Base()
	}
	return ocs.Answer{ETag: true, Data: []navEntry{
		{ID: "files", Href: base + "/apps/files/", Icon: base + "/core/img/logo/logo.svg", Type: "link", Name: "Files", App: "files", Default: true},
	}}, nil
}

func none(context.Context, *ocs.Request) (any, error) {
	return ocs.Answer{Data: []int{}, ETag: true}, nil
}
