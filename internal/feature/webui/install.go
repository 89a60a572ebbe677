package webui

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// The icons of the home screen: our mark, once as it is and once with room
// around it for devices that cut icons into shapes of their own. The PNG files
// are drawings of the SVG ones.
//
//go:embed icons/*.png
var iconFiles embed.FS

const (
	// paper and mark are the colours of the page and of our mark in light.
	paper, mark = "#f3f5f8", "#1f5fae"
	// shareTo is where a device posts what people share with the installed page. The worker
	// of the page takes it there and keeps it on the device.
	shareTo = "/apps/files/share"
	// mostShared is how much may come past the worker; it is thrown away.
	mostShared = 64 << 20
)

// plugInstall registers what a browser needs to install the page.
func (rm *Room) plugInstall(b *plug.Board) {
	if err := web.Static(b.Web, "/webui/", iconFiles, "icons/icon-192.png", "icons/icon-512.png", "icons/mask-512.png", "icons/touch-180.png"); err != nil {
		panic(err) // the files are part of the binary
	}
	b.Web.Handle(http.MethodGet, "/webui/manifest.webmanifest", web.Anyone, manifest)
	b.Web.Handle(http.MethodGet, "/webui/worker.js", web.Anyone, rm.worker)
	b.Web.Handle(http.MethodGet, "/webui/away", web.Anyone, rm.showAway)
	b.Web.Handle(http.MethodPost, shareTo, web.Anyone|web.NoCSRF, missed, web.MaxBody(mostShared))
}

type icon struct {
	Src     string `json:"src"`
	Type    string `json:"type"`
	Sizes   string `json:"sizes"`
	Purpose string `json:"purpose"`
}

type sharedFiles struct {
	Name   string   `json:"name"`
	Accept []string `json:"accept"`
}

type shareTarget struct {
	Action  string `json:"action"`
	Method  string `json:"method"`
	Enctype string `json:"enctype"`
	Params  struct {
		Title string        `json:"title"`
		Text  string        `json:"text"`
		URL   string        `json:"url"`
		Files []sharedFiles `json:"files"`
	} `json:"params"`
}

// manifest tells a browser how to install the page (W3C Web Application Manifest).
func manifest(w http.ResponseWriter, r *http.Request) error {
	in, face := web.Tongue(r), web.FaceOf(r.Context())
	if face.Color == "" {
		face.Color = mark
	}
	share := shareTarget{Action: shareTo, Method: http.MethodPost, Enctype: "multipart/form-data"}
	share.Params.Title, share.Params.Text, share.Params.URL = "title", "text", "url"
	share.Params.Files = []sharedFiles{{"files", []string{"*/*"}}}
	png := func(name, sizes, purpose string) icon {
		return icon{"/webui/icons/" + name, "image/png", sizes, purpose}
	}
	body, err := json.Marshal(struct {
		ID          string      `json:"id"`
		Name        string      `json:"name"`
		ShortName   string      `json:"short_name"`
		Description string      `json:"description"`
		Lang        string      `json:"lang"`
		Dir         string      `json:"dir"`
		StartURL    string      `json:"start_url"`
		Scope       string      `json:"scope"`
		Display     string      `json:"display"`
		Theme       string      `json:"theme_color"`
		Background  string      `json:"background_color"`
		Icons       []icon      `json:"icons"`
		Share       shareTarget `json:"share_target"`
	}{
		"/apps/files", face.Name, face.Name, in.Say("Your files on this server"), in.Code, in.Dir(),
		filesPage, "/", "standalone", face.Color, paper,
		[]icon{png("icon-192.png", "192x192", "any"), png("icon-512.png", "512x512", "any"), png("mask-512.png", "512x512", "maskable")}, share,
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/manifest+json")
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Language")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err = w.Write(body)
	return err
}

// worker is the program that shows the page when there is no line to us. It
// looks after all addresses, lies below one of them, and asks nobody but us.
func (rm *Room) worker(w http.ResponseWriter, _ *http.Request) error {
	if rm.program == nil {
		return fault.New(fault.NotFound, "There is nothing at this address.")
	}
	h := w.Header()
	h.Set("Service-Worker-Allowed", "/")
	h.Set("Content-Security-Policy", "default-src 'none';connect-src 'self';base-uri 'none';frame-ancestors 'none'")
	h.Set("Content-Type", kinds[".js"])
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(rm.program)))
	_, err := w.Write(rm.program)
	return err
}

// showAway answers with what the worker shows when there is no line. It is kept on
// devices that several people may use, so it says nothing of anybody.
func (rm *Room) showAway(w http.ResponseWriter, r *http.Request) error {
	if rm.away == nil {
		return fault.New(fault.NotFound, "There is nothing at this address.")
	}
	in := tongue.All().For(r.URL.Query().Get("lang"), "")
	var b bytes.Buffer
	if err := rm.away.Execute(&b, map[string]any{"Face": web.FaceOf(r.Context()), "Lang": in.Code, "Dir": in.Dir()}); err != nil {
		return fmt.Errorf("the page without a line: %w", err)
	}
	return send(w, r, b.Bytes(), "no-cache")
}

// missed leads to the page when something was shared and no worker was there to keep it.
func missed(w http.ResponseWriter, r *http.Request) error {
	web.Redirect(w, r, filesPage+"?shared=missed")
	return nil
}
