package links

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/url"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/proto/web"
)

//go:embed pages/*
var pageFiles embed.FS

// pages are what visitors see.
type pages struct {
	folder, file, password, receipt *web.Template
	version                         string // of the style sheet and the script
}

func loadPages() (p pages, err error) {
	frame, err := web.NewPages()
	if err != nil {
		return p, err
	}
	for name, to := range map[string]**web.Template{"folder": &p.folder, "file": &p.file, "password": &p.password, "receipt": &p.receipt} {
		if *to, err = frame.Parse(pageFiles, "pages/"+name+".html", "pages/parts.html"); err != nil {
			return p, err
		}
	}
	sum := sha256.New()
	for _, name := range assets {
		b, err := fs.ReadFile(pageFiles, "pages/"+name)
		if err != nil {
			return p, err
		}
		sum.Write(b)
	}
	p.version = hex.EncodeToString(sum.Sum(nil)[:4])
	return p, nil
}

// assets are what the pages load.
var assets = []string{"links.css", "links.js"}

func (rm *Room) plugPages(m *web.Mux) {
	sub, err := fs.Sub(pageFiles, "pages")
	if err == nil {
		err = web.Static(m, "/core/links/", sub, assets...)
	}
	if err != nil {
		panic(err) // the files are part of the binary
	}
	get := func(path string, h web.Handler) { m.Handle("GET", path, web.Link, h) }
	get("/s/{token}", rm.page)
	get("/s/{token}/inline", rm.inline)
	get("/s/{token}/preview", rm.preview)
	get("/apps/files_sharing/publicpreview/{token}", rm.preview)
	for _, p := range []string{"/s/{token}/download", "/s/{token}/download/{file}", "/s/{token}/downloadShare"} {
		get(p, rm.download)
	}
	for _, p := range []string{"/s/{token}/authenticate", "/s/{token}/authenticate/{then}"} {
		get(p, rm.passwordPage)
		m.Handle("POST", p, web.Link, rm.authenticate)
	}
	m.Handle("POST", "/s/{token}/upload", web.Link, rm.upload, web.MaxBody(-1))
	m.Handle("POST", "/apps/files_sharing/shareinfo", web.Link|web.NoCSRF, rm.shareInfo)
}

// pageURL is the address of a link's page, of what hangs on it, or of something in
// it.
func pageURL(l *Link, hang string, query ...string) string {
	u := "/s/" + url.PathEscape(l.Token) + hang
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		if query[i+1] != "" && query[i+1] != "/" {
			q.Set(query[i], query[i+1])
		}
	}
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	return u
}

// look opens a link's page for a visitor: what lies at a path in it. A nil entry
// without an error means that the visitor was sent elsewhere.
func (rm *Room) look(w http.ResponseWriter, r *http.Request, at string) (*http.Request, *files.View, *files.Entry, error) {
	l, err := rm.arrive(w, r, "showShare")
	if l == nil || err != nil {
		return r, nil, nil, err
	}
	if l.Drop() {
		at = "/" // there is nothing else, as far as anybody may know
	}
	if r, err = rm.admit(r, l); err != nil {
		return r, nil, nil, err
	}
	v, err := rm.view(r)
	if err != nil {
		return r, nil, nil, err
	}
	e, err := v.Stat(r.Context(), at)
	return r, v, e, err
}

// preview answers /s/{token}/preview and publicpreview/{token}?file=&x=&y=&a= with
// a small picture (32-sharing/166 to 168). It counts as no download.
func (rm *Room) preview(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	at := q.Get("file")
	if at == "" {
		at = q.Get("path")
	}
	r, v, e, err := rm.look(w, r, at)
	switch {
	case fault.Of(err) == fault.NotFound && err != nil:
		web.WriteJSON(w, http.StatusNotFound, []int{})
		return nil
	case err != nil || e == nil:
		return err
	case e.IsDir() || linkOf(r.Context()).Drop():
		web.WriteJSON(w, http.StatusBadRequest, []int{})
		return nil
	case rm.Previews == nil:
		web.WriteJSON(w, http.StatusNotFound, []int{})
		return nil
	}
	return rm.Previews.Serve(w, r, v, e)
}
