package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
)

//go:embed page/*
var pageFiles embed.FS

// Product is what we call ourselves to people and clients.
const Product = "Atrium"

// Icon is our mark as SVG.
func Icon() []byte {
	b, err := pageFiles.ReadFile("page/icon.svg")
	if err != nil {
		panic(err) // the file is part of the binary
	}
	return b
}

// Pages renders server-made pages in one frame. Every room that needs one
// parses its own templates into it.
type Pages struct {
	frame   *template.Template
	version string
}

// NewPages parses the frame.
func NewPages() (*Pages, error) {
	css, err := fs.ReadFile(pageFiles, "page/page.css")
	if err != nil {
		return nil, err
	}
	frame, err := template.New("frame.html").Funcs(speech(tongue.English())).ParseFS(pageFiles, "page/frame.html")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(css)
	return &Pages{frame: frame, version: hex.EncodeToString(sum[:4])}, nil
}

// Parse reads templates that define "body", and "head" if there is more to load, and
// returns a page of them. They speak with {{t "…"}}, in every language.
func (p *Pages) Parse(fsys fs.FS, from ...string) (*Template, error) {
	page, err := p.frame.Clone()
	if err != nil {
		return nil, err
	}
	if page, err = page.ParseFS(fsys, from...); err != nil {
		return nil, fmt.Errorf("page %v: %w", from, err)
	}
	return &Template{page: page, in: map[string]*template.Template{}, version: p.version}, nil
}

// speech is what templates say things with: {{t "Log in"}}, {{t "By {name}" "name" .Name}};
// {{known .Notice}} for what was written elsewhere; strong is t with what is filled in in bold.
func speech(in *tongue.Tongue) template.FuncMap {
	return template.FuncMap{"t": in.Say, "known": in.Known, "strong": func(english string, pairs ...any) template.HTML { return strong(in, english, pairs) }}
}

// strong says a text with what stands in it in bold. All of it is escaped.
func strong(in *tongue.Tongue, english string, pairs []any) template.HTML {
	const open, shut = "\x01", "\x02"
	marks := strings.NewReplacer(open, "", shut, "")
	pairs = slices.Clone(pairs)
	for i := 1; i < len(pairs); i += 2 {
		pairs[i] = open + marks.Replace(fmt.Sprint(pairs[i])) + shut
	}
	text := template.HTMLEscapeString(in.Say(english, pairs...))
	return template.HTML(strings.NewReplacer(open, "<strong>", shut, "</strong>").Replace(text))
}

// Assets registers the style sheet and the icon of pages.
func (p *Pages) Assets(m *Mux) error {
	sub, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return err
	}
	return Static(m, "/core/page/", sub, "page.css", "icon.svg")
}

// Template is a page: a room's body in the common frame.
type Template struct {
	page    *template.Template // never executed, so that it can be cloned
	version string
	mu      sync.Mutex
	in      map[string]*template.Template // by language, those that were asked for
}

// speaking is the page in a language.
func (t *Template) speaking(in *tongue.Tongue) (*template.Template, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if page, ok := t.in[in.Code]; ok {
		return page, nil
	}
	page, err := t.page.Clone()
	if err != nil {
		return nil, err
	}
	t.in[in.Code] = page.Funcs(speech(in))
	return t.in[in.Code], nil
}

// Render answers with the page. Title stands in the window's title bar.
func (t *Template) Render(w http.ResponseWriter, r *http.Request, status int, title string, data any) error {
	var b bytes.Buffer
	in := Tongue(r)
	page, err := t.speaking(in)
	if err == nil {
		err = page.ExecuteTemplate(&b, "frame.html", map[string]any{
			"Lang": in.Code, "Dir": in.Dir(), "Title": title, "Face": FaceOf(r.Context()), "Version": t.version, "Look": LookOf(r), "Data": data,
		})
	}
	if err != nil {
		return fmt.Errorf("page %q: %w", title, err)
	}
	Nonce(w, r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Cache-Control", "no-cache, no-store, must-revalidate")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, err = w.Write(b.Bytes())
	return err
}

// Static registers files below a path, for anyone. Pages ask for them with
// ?v=HASH, so browsers may keep them.
func Static(m *Mux, prefix string, fsys fs.FS, files ...string) error {
	for _, f := range files {
		b, err := fs.ReadFile(fsys, f)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		etag := `"` + hex.EncodeToString(sum[:8]) + `"`
		kind := mime.TypeByExtension(path.Ext(f))
		m.Handle(http.MethodGet, prefix+f, Anyone, func(w http.ResponseWriter, r *http.Request) error {
			h := w.Header()
			h.Set("Content-Type", kind)
			h.Set("Etag", etag)
			h.Set("Cache-Control", "public, max-age=604800")
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return nil
			}
			h.Set("Content-Length", strconv.Itoa(len(b)))
			_, err := w.Write(b)
			return err
		})
	}
	return nil
}

func errorPage() (*Template, error) {
	p, err := NewPages()
	if err != nil {
		return nil, err
	}
	return p.Parse(pageFiles, "page/error.html")
}

// writeErrorPage shows an error to a person.
func writeErrorPage(w http.ResponseWriter, r *http.Request, x *exchange, err error) {
	title := map[fault.Kind]string{
		fault.NotFound: "Page not found", fault.Denied: "Access forbidden", fault.Anonymous: "Please log in",
		fault.Busy: "Too many requests", fault.Unavailable: "Please try again later",
	}[fault.Of(err)]
	if title == "" {
		title = "Something went wrong"
	}
	text := Text(r, err)
	if errors.Is(err, ErrCSRF) {
		title, text = "This page has expired", "Please go back, reload the page and try again."
	}
	in := Tongue(r)
	title, text = in.Known(title), in.Known(text) // what Text made is said already
	t, perr := x.door.errors()
	if perr == nil {
		perr = t.Render(w, r, Status(err), title, map[string]string{"Heading": title, "Text": text})
	}
	if perr != nil && x.status == 0 {
		WriteJSON(w, Status(err), map[string]string{"message": Text(r, err)})
	}
}
