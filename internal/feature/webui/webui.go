// Package webui serves the web client, a single page that is built from web/
// and embedded here. It knows where the page's addresses lead and nothing of
// what the page does: that goes through the same public APIs as every other
// client. Built with the tag noui, or before the page was built, it says so.
package webui

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed absent.html
var absentPage embed.FS

// filesPage is where the files are.
const filesPage = "/apps/files/files"

// Room is the web client.
type Room struct {
	// Chosen is what an account has chosen of the client's preferences, by name. It is
	// set before Plug; nil: nobody can choose.
	Chosen func(ctx context.Context, uid string) (map[string]string, error)

	files   *files.Service
	assets  *assets
	page    *template.Template // nil when the client was not built
	away    *template.Template // what is shown without a line to us
	program []byte             // what shows it
	absent  *web.Template
}

// New returns the room over the client that was built in.
func New(f *files.Service) (*Room, error) {
	fsys, err := built()
	if err != nil {
		return nil, err
	}
	return newRoom(f, fsys)
}

func newRoom(f *files.Service, fsys fs.FS) (*Room, error) {
	rm := &Room{files: f, assets: newAssets(fsys)}
	pages, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	if rm.absent, err = pages.Parse(absentPage, "absent.html"); err != nil {
		return nil, err
	}
	if rm.page, err = document(fsys, "index.html"); err != nil || rm.page == nil {
		return rm, err
	}
	if rm.away, err = document(fsys, "away.html"); err != nil {
		return nil, err
	}
	if rm.program, err = fs.ReadFile(fsys, "worker.js"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return rm, nil
}

// document reads a page of the client; nil when it was not built.
func document(fsys fs.FS, name string) (*template.Template, error) {
	b, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := template.New(name).Parse(string(b))
	if err != nil {
		return nil, fmt.Errorf("the page %s of the web client: %w", name, err)
	}
	return t, nil
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	b.Web.Handle(http.MethodGet, "/webui/{file...}", web.Anyone, rm.assets.serve)
	b.Web.Handle(http.MethodGet, "/apps/files", web.User|web.Page, start)
	b.Web.Handle(http.MethodGet, "/apps/files/files", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/apps/files/files/{id}", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/apps/files/{list}", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/apps/photos", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/apps/photos/{album...}", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/apps/app_api/embedded/{app}/{name}", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/apps/app_api/embedded/{app}/{name}/{rest...}", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/settings/user", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/settings/user/{section}", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/settings/admin", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/settings/admin/{section}", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/dev/ui", web.User|web.Page, rm.show)
	b.Web.Handle(http.MethodGet, "/f/{id}", web.User|web.Page, rm.find, web.In(who.FilesRoom))
	rm.plugInstall(b)
}

// start leads to the files, with the query that came along.
func start(w http.ResponseWriter, r *http.Request) error {
	to := filesPage
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	web.Redirect(w, r, to)
	return nil
}

// show answers with the page. It is told who is signed in, their language and
// which look they chose, so that it can begin without asking.
func (rm *Room) show(w http.ResponseWriter, r *http.Request) error {
	if to, ok := pretty(r.URL); ok { // the page knows itself without /index.php
		web.Redirect(w, r, to)
		return nil
	}
	id := web.Param(r, "id")
	if id != "" && !r.URL.Query().Has("dir") {
		return rm.find(w, r)
	}
	if rm.page == nil {
		return rm.absent.Render(w, r, http.StatusOK, web.Tongue(r).Say("No web client"), map[string]string{"Base": web.VisitOf(r.Context()).Base()})
	}
	var b bytes.Buffer
	in, uid := web.Tongue(r), who.From(r.Context()).ID
	var chosen map[string]string
	if rm.Chosen != nil {
		var err error
		if chosen, err = rm.Chosen(r.Context(), uid); err != nil {
			return err
		}
	}
	look := web.LookOf(r).With(chosen)
	if err := rm.page.Execute(&b, map[string]any{"User": uid, "Look": look, "Chosen": chosen, "Lang": in.Code, "Dir": in.Dir(), "Person": who.From(r.Context()).Display, "Face": web.FaceOf(r.Context())}); err != nil {
		return fmt.Errorf("the page of the web client: %w", err)
	}
	look.Keep(w, r)
	return send(w, r, b.Bytes(), "no-cache, no-store, must-revalidate")
}

// send answers with a document of ours.
func send(w http.ResponseWriter, r *http.Request, b []byte, cache string) error {
	web.Nonce(w, r)
	h := w.Header()
	// Nothing here makes code or markup of text: a browser that knows of Trusted Types sees to it.
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+";require-trusted-types-for 'script';trusted-types vue worker")
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Cache-Control", cache)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, err := w.Write(b)
	return err
}

// find leads to the folder of a file that is known by its number (oc:fileid),
// and to a folder itself.
func (rm *Room) find(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(web.Param(r, "id"), 10, 64)
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "There is no such file.")
	}
	v, err := rm.files.As(r.Context(), who.From(r.Context()))
	if err != nil {
		return err
	}
	e, err := v.ByID(r.Context(), id)
	if fault.Of(err) == fault.NotFound {
		return fault.Wrap(fault.NotFound, err, "This file is not among yours. It may have been deleted, or is no longer shared with you.")
	}
	if err != nil {
		return err
	}
	to := filesPage
	dir := e.Path
	if !e.IsDir() {
		to += "/" + strconv.FormatInt(e.ID, 10)
		dir = path.Dir(e.Path)
	}
	web.Redirect(w, r, to+"?dir="+url.QueryEscape(dir))
	return nil
}
