package theming

import (
	"context"
	"net/http"

	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// section is the section theming of the capabilities (30-core/003).
type section struct {
	Name              string `json:"name"`
	ProductName       string `json:"productName"`
	URL               string `json:"url"`
	Slogan            string `json:"slogan"`
	Color             string `json:"color"`
	ColorText         string `json:"color-text"`
	ColorElement      string `json:"color-element"`
	ElementBright     string `json:"color-element-bright"`
	ElementDark       string `json:"color-element-dark"`
	Logo              string `json:"logo"`
	Background        string `json:"background"`
	BackgroundText    string `json:"background-text"`
	BackgroundPlain   bool   `json:"background-plain"`
	BackgroundDefault bool   `json:"background-default"`
	LogoHeader        string `json:"logoheader"`
	Favicon           string `json:"favicon"`
	Legal             string `json:"imprint,omitempty"`
	Privacy           string `json:"privacy,omitempty"`
}

// caps tells clients how to look. The element colours can be told from what is
// around them: on bright ground, and on dark.
func (rm *Room) caps(ctx context.Context, _ *http.Request) any {
	l, _ := rm.given(ctx)
	base := web.VisitOf(ctx).Base()
	whole := func(addresses ...string) string {
		for _, a := range addresses {
			if a != "" {
				return base + a
			}
		}
		return base + "/core/img/logo/logo.svg"
	}
	bright, dark := l.colour.lightShades(lightPapers, readable).accent, l.colour.darkShades(darkPapers, readable).accent
	plain := l.colour
	if l.plain != nil {
		plain = *l.plain
	}
	s := section{
		Name: l.name, ProductName: web.Product, URL: l.url, Slogan: l.slogan,
		Color: l.colour.String(), ColorText: l.colour.ink().String(),
		ColorElement: bright.String(), ElementBright: bright.String(), ElementDark: dark.String(),
		Logo: whole(l.logo()), LogoHeader: whole(l.picture("logoheader"), l.logo()), Favicon: whole(l.picture("favicon"), l.logo()),
		Background: plain.String(), BackgroundText: plain.ink().String(),
		BackgroundPlain: l.kinds["background"] == "", BackgroundDefault: l.kinds["background"] == "" && l.plain == nil,
		Legal: l.legal, Privacy: l.privacy,
	}
	if !s.BackgroundPlain {
		s.Background = base + l.picture("background")
	}
	if s.URL == "" {
		s.URL = base
	}
	return s
}

// tint is a theme's tokens as the client shows them before they are chosen.
type tint struct {
	Accent string `json:"accent"`
	Ink    string `json:"ink"`
	Strong string `json:"strong"`
	Chosen string `json:"chosen"`
}

func (s shades) tint() tint {
	return tint{s.accent.String(), s.ink.String(), s.strong.String(), s.chosen.String()}
}

// shades tells what a colour makes of both themes.
func (rm *Room) shades(_ context.Context, r *ocs.Request) (any, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	c, ok := parseColour(p.Get("color"))
	if !ok {
		return nil, checkColour(p.Get("color"))
	}
	return map[string]tint{"light": c.lightShades(lightPapers, readable).tint(), "dark": c.darkShades(darkPapers, readable).tint()}, nil
}

// chosen tells the addresses of the pictures, "" where ours holds.
func (rm *Room) chosen(ctx context.Context, _ *ocs.Request) (any, error) {
	l, err := rm.given(ctx)
	out := map[string]string{}
	for _, key := range pictures {
		out[key] = l.picture(key)
	}
	return out, err
}
