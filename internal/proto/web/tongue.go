package web

import (
	"context"
	"net/http"

	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
)

// Tongue is the language to answer a person in: that of the account, else the
// first one their browser asks for, else English.
func Tongue(r *http.Request) *tongue.Tongue {
	var own string
	if x, ok := r.Context().Value(visitKey{}).(*exchange); ok && x.door.cfg.Language != nil {
		if p := who.From(r.Context()); p != nil && p.ID != "" {
			own = x.door.cfg.Language(r.Context(), p)
		}
	}
	return tongue.All().For(own, r.Header.Get("Accept-Language"))
}

// Say is a text in the language to answer a person in, which is asked for only if
// there is a choice.
func Say(r *http.Request, s tongue.Saying) string {
	if !s.Translated() {
		return s.String()
	}
	return s.In(Tongue(r))
}

// Speaker returns the language of an account, "" when it has none.
type Speaker func(ctx context.Context, p *who.Principal) string
