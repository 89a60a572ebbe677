package actions

import (
	"context"
	"net/http"

	"atrium/internal/base/who"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/picture"
)

// icon answers GET /files/action/icon?appId=…&exFileActionName=…: the picture of an entry,
// as the app has it.
func (rm *Room) icon(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	q := r.URL.Query()
	a, err := rm.find(ctx, q.Get("appId"), q.Get("exFileActionName"))
	if err != nil {
		return err
	}
	if a.icon == "" {
		return picture.ErrNone
	}
	answer, err := rm.apps.Send(ctx, exapps.Message{App: a.app, UID: who.From(ctx).ID, Method: http.MethodGet, Path: a.icon})
	if err != nil {
		return err
	}
	return picture.Show(w, r, answer)
}
