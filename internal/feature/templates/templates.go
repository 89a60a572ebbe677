// Package templates lets people begin a file as a copy of one in their folder of
// templates (client-api 14, 34-apps/057 to 062). It keeps which folder that is;
// /Templates when nobody said otherwise.
package templates

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema holds the table template_folder.
var Schema = db.Schema{Room: "templates", Files: schema}

// Pictures tells which files have a preview.
type Pictures interface {
	HasPreview(ctx context.Context, e *files.Entry) (bool, error)
}

// Room keeps the folders of templates.
type Room struct {
	db       *db.DB
	files    *files.Service
	pictures Pictures
}

// New returns the room.
func New(d *db.DB, f *files.Service, people *identity.Directory, p Pictures) *Room {
	people.OnRemoved(forget)
	return &Room{d, f, p}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	const root = "/apps/files/api/v1/templates"
	ocs.Handle(b.OCS, "GET "+root, web.User, rm.list, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "GET "+root+"/fields/{fileId}", web.User, noFields, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "POST "+root+"/create", web.User, rm.create, web.In(who.FilesRoom))
	ocs.Handle(b.OCS, "POST "+root+"/path", web.User, rm.setFolder, web.In(who.FilesRoom))
}

// creator is a kind of files that can be begun.
type creator struct {
	App       string   `json:"app"`
	Label     string   `json:"label"`
	Extension string   `json:"extension"`
	IconClass *string  `json:"iconClass"`
	Icon      string   `json:"iconSvgInline"`
	Mimes     []string `json:"mimetypes"`
	Ratio     int      `json:"ratio"`
	Action    string   `json:"actionLabel"`
}

// withTemplates is a creator with what its files can begin as.
type withTemplates struct {
	creator
	Templates []template `json:"templates"`
}

// creators are the kinds that this server knows.
func creators() []creator {
	return []creator{{App: "text", Label: "New text file", Extension: ".md", Mimes: []string{"text/markdown", "text/plain"}, Ratio: 1,
		Action: "Create new text file", Icon: `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">` +
			`<path d="M5 3h14v18H5zM8 8h8M8 12h8M8 16h5" fill="none" stroke="#969696" stroke-width="2"/></svg>`}}
}

// info is a file as clients get it.
type info struct {
	Basename   string `json:"basename"`
	ETag       string `json:"etag"`
	FileID     int64  `json:"fileid"`
	Filename   string `json:"filename"` // path
	LastMod    int64  `json:"lastmod"`  // Unix seconds
	Mime       string `json:"mime"`
	Size       int64  `json:"size"`
	Type       string `json:"type"`
	HasPreview bool   `json:"hasPreview"`
}

// template is a file that others can begin as.
type template struct {
	Type string `json:"templateType"`
	ID   string `json:"templateId"`
	info
	PreviewURL *string  `json:"previewUrl"`
	Fields     []string `json:"fields"`
}

func (rm *Room) infoOf(ctx context.Context, e *files.Entry) (info, error) {
	has, err := rm.pictures.HasPreview(ctx, e)
	return info{Basename: e.Base(), ETag: fmt.Sprintf("%016x", uint64(e.ETag)), FileID: e.ID, Filename: e.Path, LastMod: e.MTime.Unix(),
		Mime: e.Mime, Size: e.Size, Type: "file", HasPreview: has}, err
}

// defaultFolder is where templates lie when nobody said otherwise.
const defaultFolder = "/Templates"

func (rm *Room) folder(ctx context.Context, uid string) (string, error) {
	path, err := db.One(ctx, rm.db, db.Scan1[string], "SELECT path FROM template_folder WHERE uid = ?", uid)
	if errors.Is(err, fault.NotFound) {
		return defaultFolder, nil
	}
	return path, err
}

// templates lists the caller's templates by name; none where there is no folder.
func (rm *Room) templates(ctx context.Context, v *files.View) (out []template, err error) {
	path, err := rm.folder(ctx, v.Who().ID)
	if err != nil {
		return nil, err
	}
	folder, err := v.Stat(ctx, path)
	if errors.Is(err, fault.NotFound) || err == nil && (!folder.IsDir() || folder.IsRoot()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for e, err := range v.List(ctx, folder) {
		if err != nil {
			return nil, err
		}
		if e.IsDir() || len(out) == maxTemplates {
			continue
		}
		i, err := rm.infoOf(ctx, e)
		if err != nil {
			return nil, err
		}
		out = append(out, template{Type: "user", ID: e.Path, info: i, Fields: []string{}})
	}
	return out, nil
}

// maxTemplates bounds how many there are to choose from.
const maxTemplates = 500

func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	v, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	all, err := rm.templates(ctx, v)
	if err != nil {
		return nil, err
	}
	var out []withTemplates
	for _, c := range creators() {
		w := withTemplates{c, []template{}}
		for _, t := range all {
			if slices.Contains(c.Mimes, t.Mime) {
				w.Templates = append(w.Templates, t)
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// noFields: templates have no fields to fill in.
func noFields(context.Context, *ocs.Request) (any, error) { return []string{}, nil }

// create begins a file, empty or as a copy of a template.
func (rm *Room) create(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	v, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	put := files.Put{Body: strings.NewReader(""), Check: func(cur *files.Entry) error {
		if cur != nil {
			return fault.New(fault.Denied, "File already exists")
		}
		return nil
	}}
	if from := p.Get("templatePath"); from != "" {
		body, size, err := open(ctx, v, from)
		if err != nil {
			return nil, err
		}
		defer body.Close()
		put.Body, put.Size = body, size
	}
	w, err := v.Write(ctx, p.Get("filePath"), put)
	if err != nil {
		return nil, err
	}
	i, err := rm.infoOf(ctx, w.Entry)
	return struct {
		info
		Perms int `json:"permissions"`
	}{i, int(w.Perm() &^ files.Create)}, err
}

// open reads a template.
func open(ctx context.Context, v *files.View, path string) (io.ReadCloser, int64, error) {
	e, err := v.Stat(ctx, path)
	if err != nil {
		return nil, 0, err
	}
	if e.Size == 0 && !e.IsDir() {
		return io.NopCloser(strings.NewReader("")), 0, nil
	}
	r, err := v.Open(ctx, e, 0, -1)
	return r, e.Size, err
}

// setFolder says which folder has the templates, and makes it if it is not there.
func (rm *Room) setFolder(ctx context.Context, r *ocs.Request) (any, error) {
	path, err := r.Param("templatePath")
	if err != nil {
		return nil, err
	}
	if path == "" {
		path = defaultFolder
	}
	v, err := rm.files.As(ctx, r.Caller())
	if err != nil {
		return nil, err
	}
	e, err := v.Stat(ctx, path)
	if errors.Is(err, fault.NotFound) {
		e, err = v.Mkdir(ctx, path)
	}
	if err == nil && (!e.IsDir() || e.IsRoot()) {
		err = fault.New(fault.Invalid, "Templates need a folder of their own.")
	}
	if err != nil {
		return nil, err
	}
	_, err = rm.db.Exec(ctx, "INSERT INTO template_folder (uid, path) VALUES (?, ?) {{on uid set path}}", r.Caller().ID, e.Path)
	return struct {
		Path      string    `json:"template_path"`
		Templates []creator `json:"templates"`
	}{e.Path, creators()}, err
}

func forget(ctx context.Context, tx *db.DB, uid string) error {
	_, err := tx.Exec(ctx, "DELETE FROM template_folder WHERE uid = ?", uid)
	return err
}
