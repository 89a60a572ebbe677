package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/feature/shares"
	"atrium/internal/proto/web"
)

// plugPages registers the plain routes by which the web client sets how somebody
// receives, and the address that mails lead to (32-sharing/121, 136 to 139, 160).
func (rm *Room) plugPages(m *web.Mux) {
	const root = "/apps/files_sharing/"
	in := web.In(who.FilesRoom)
	m.Handle("GET", root+"settings", web.User, rm.taste, in)
	m.Handle("PUT", root+"settings/defaultAccept", web.User, rm.setAccept, in)
	m.Handle("PUT", root+"settings/shareFolder", web.User, rm.setFolder, in)
	m.Handle("DELETE", root+"settings/shareFolder", web.User, rm.resetFolder, in)
	m.Handle("GET", root+"accept/{id}", web.User|web.Page, rm.acceptPage, in)
	m.Handle("GET", root+"api/externalShares", web.User, func(w http.ResponseWriter, _ *http.Request) error { return empty(w) }, in)
}

func empty(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err := w.Write([]byte("[]"))
	return err
}

// field reads one member of a JSON object or one field of a form.
func field(r *http.Request, name string) (string, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return r.FormValue(name), nil
	}
	var doc map[string]any
	if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The request cannot be read.")
	}
	switch v := doc[name].(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", nil
}

// taste tells how the caller receives: whether shares appear unasked, and where.
func (rm *Room) taste(w http.ResponseWriter, r *http.Request) error {
	ask, folder, err := rm.shares.Taste(r.Context(), who.From(r.Context()))
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, struct {
		Accept bool   `json:"accept"`
		Folder string `json:"shareFolder"`
	}{!ask, folder})
	return nil
}

// setAccept takes whether shares appear unasked.
func (rm *Room) setAccept(w http.ResponseWriter, r *http.Request) error {
	v, err := field(r, "accept")
	if err != nil {
		return err
	}
	if err := rm.shares.SetAsk(r.Context(), who.From(r.Context()), !yes(v)); err != nil {
		return err
	}
	return empty(w)
}

// setFolder takes the folder in which shares appear.
func (rm *Room) setFolder(w http.ResponseWriter, r *http.Request) error {
	path, err := field(r, "shareFolder")
	if err != nil {
		return err
	}
	if err := rm.shares.SetFolder(r.Context(), who.From(r.Context()), path); err != nil {
		return err
	}
	return empty(w)
}

func (rm *Room) resetFolder(w http.ResponseWriter, r *http.Request) error {
	if err := rm.shares.SetFolder(r.Context(), who.From(r.Context()), "/"); err != nil {
		return err
	}
	return empty(w)
}

// acceptPage takes the share that a mail is about and leads to the file.
func (rm *Room) acceptPage(w http.ResponseWriter, r *http.Request) error {
	ctx, p := r.Context(), who.From(r.Context())
	n, err := strconv.ParseInt(strings.TrimPrefix(web.Param(r, "id"), "ocinternal:"), 10, 64)
	if err != nil {
		return shares.ErrNoShare
	}
	s, _, role, err := rm.shares.Find(ctx, p, n)
	if err != nil {
		return err
	}
	if role == shares.Recipient {
		if err := rm.shares.Accept(ctx, p, n); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	http.Redirect(w, r, web.VisitOf(ctx).Base()+"/f/"+strconv.FormatInt(s.Node, 10), http.StatusSeeOther)
	return nil
}
