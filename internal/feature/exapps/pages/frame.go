package pages

import (
	"bytes"
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/calls"
	"atrium/internal/feature/exapps/picture"
	"atrium/internal/proto/web"
)

const (
	patience = 30 * time.Second // for all that a page is made of
	maxPiece = 4 << 20          // bytes of a script or a style
	maxPage  = 16 << 20         // bytes of all of them
)

//go:embed frame.html
var frameFile embed.FS

// policy keeps an app's page from everything that is ours, and from loading anything: what
// it is made of stands in it, and what it asks of the app it asks the page around it.
const policy = "sandbox allow-scripts allow-forms allow-popups allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
	"img-src data: blob:; media-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

var errNoPage = fault.New(fault.NotFound, "The external app has no such page any more.")

// state is a value that an app's page begins with, as its scripts look for it.
type state struct{ ID, Value string }

// frame answers GET /apps/app_api/frame/{app}/{name}: the page behind an entry of the main
// menu, for the page of ours around it. Browsers send no cookies for what a document without
// rights loads, so that the scripts and styles the app has declared are fetched here, on the
// person's behalf, and stand in the document.
func (rm *Room) frame(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	app, name, p := web.Param(r, "app"), web.Param(r, "name"), who.From(ctx)
	mine, menu, err := rm.pieces(ctx, app, name)
	if err != nil {
		return err
	}
	if menu == nil || p.App != "" || number(*menu, "admin_required", 0) != 0 && p.Role != who.Admin {
		return errNoPage
	}
	if err := rm.apps.Used(ctx, app, p.ID); err != nil { // who uses an app lets it act for them
		return err
	}
	in := web.Tongue(r)
	page := struct {
		Lang, Dir, App, User, Title string
		States                      []state
		Styles                      []template.CSS
		Scripts                     []template.JS
	}{Lang: in.Code, Dir: in.Dir(), App: app, User: p.ID, Title: brief(text(*menu, "display_name"))}
	left := maxPage
	for _, piece := range mine {
		if piece.Kind == exapps.StateKind {
			value, err := json.Marshal(piece.Body["value"])
			if err != nil {
				return err
			}
			page.States = append(page.States, state{"initial-state-" + app + "-" + text(piece, "key"), base64.StdEncoding.EncodeToString(value)})
			continue
		}
		code, err := rm.code(ctx, piece, p.ID)
		if err != nil {
			return err
		}
		if left -= len(code); left < 0 {
			return fault.New(fault.Unavailable, "The page of the external app is too large.")
		}
		if piece.Kind == exapps.StyleKind {
			page.Styles = append(page.Styles, template.CSS(contained(code, "style")))
		} else {
			page.Scripts = append(page.Scripts, template.JS(contained(code, "script")))
		}
	}
	t, err := template.ParseFS(frameFile, "frame.html")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, page); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	_, err = w.Write(b.Bytes())
	return err
}

// icon answers GET /apps/app_api/icon/{app}/{name}: the picture of an entry of the main menu.
// It is asked for on behalf of nobody: to see an app in a list is not to use it.
func (rm *Room) icon(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	app := web.Param(r, "app")
	_, menu, err := rm.pieces(ctx, app, web.Param(r, "name"))
	if err != nil {
		return err
	}
	if menu == nil || text(*menu, "icon") == "" {
		return picture.ErrNone
	}
	answer, err := rm.apps.Send(ctx, exapps.Message{App: app, Method: http.MethodGet, Path: text(*menu, "icon")})
	if err != nil {
		return err
	}
	return picture.Show(w, r, answer)
}

// pieces are what the page of an entry is made of, scripts in their order, and the entry;
// nil if there is none.
func (rm *Room) pieces(ctx context.Context, app, name string) (mine []exapps.Part, menu *exapps.Part, err error) {
	all, err := rm.apps.Declared(ctx, exapps.MenuKind, exapps.StateKind, exapps.ScriptKind, exapps.StyleKind)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range all {
		switch {
		case p.App != app:
		case p.Kind == exapps.MenuKind && p.Name == name:
			menu = &p
		case p.Kind != exapps.MenuKind && text(p, "type") == "top_menu" && text(p, "name") == name:
			mine = append(mine, p)
		}
	}
	slices.SortStableFunc(mine, func(a, b exapps.Part) int { return number(a, "id", 0) - number(b, "id", 0) })
	return mine, menu, nil
}

// code is a script or a style, which apps name without the ending.
func (rm *Room) code(ctx context.Context, p exapps.Part, uid string) (string, error) {
	at, ending := text(p, "path"), ".js"
	if p.Kind == exapps.StyleKind {
		ending = ".css"
	}
	if path.Ext(at) != ending {
		at += ending
	}
	answer, err := rm.apps.Send(ctx, exapps.Message{App: p.App, UID: uid, Method: http.MethodGet, Path: at})
	if err != nil {
		return "", err
	}
	body, err := calls.Read(answer, maxPiece)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fault.New(fault.Unavailable, "The external app does not give what its page needs.")
	}
	return string(body), nil
}

// contained keeps a text from ending the element that it stands in, and from hiding what
// comes behind it.
func contained(code, element string) string {
	var b strings.Builder
	for {
		i := strings.Index(code, "<")
		if i < 0 {
			return b.String() + code
		}
		b.WriteString(code[:i])
		rest := strings.ToLower(code[i:min(len(code), i+9)])
		switch {
		case strings.HasPrefix(rest, "</"+element):
			b.WriteString(`<\`)
		case element == "script" && (strings.HasPrefix(rest, "<script") || strings.HasPrefix(rest, "<!--")):
			b.WriteString(`\x3c`)
		default:
			b.WriteString("<")
		}
		code = code[i+1:]
	}
}
