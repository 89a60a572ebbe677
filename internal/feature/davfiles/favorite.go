package davfiles

import (
	"encoding/json"
	"net/http"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/infra/db"
	"atrium/internal/proto/web"
)

// favoriteTag is what clients call a favourite among the tags of a file.
const favoriteTag = "_$!<Favorite>!$_"

// setTags sets a file's personal tags, of which there is one: favourite
// (34-apps/045 to 047). Others are not kept, and the answer says so by leaving
// them out.
func (rm *Room) setTags(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var in struct {
		Tags []string `json:"tags"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fault.Wrap(fault.Invalid, err, "The body is not valid JSON.")
	}
	v, err := rm.view(ctx)
	if err != nil {
		return err
	}
	e, err := v.Stat(ctx, "/"+web.Param(r, "path"))
	if err != nil {
		return err
	}
	on := slices.Contains(in.Tags, favoriteTag)
	if err := rm.db.Tx(ctx, func(tx *db.DB) error { return rm.setFavorite(ctx, tx, who.From(ctx), e.ID, on) }); err != nil {
		return err
	}
	out := []string{}
	if on {
		out = append(out, favoriteTag)
	}
	web.WriteJSON(w, http.StatusOK, map[string][]string{"tags": out})
	return nil
}
