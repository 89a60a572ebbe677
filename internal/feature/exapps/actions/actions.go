// Package actions carries what people choose in the menu of a file to the external app
// that put it there, and shows the app's pictures of its entries. The calls are those of
// AppAPI's first protocol; what the app gets has the shape that it declared: that of the
// first protocol, or one file a request (version 1.0), or all of them (2.0).
package actions

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/feature/exapps"
	"atrium/internal/feature/exapps/calls"
	"atrium/internal/feature/exapps/nodeinfo"
	"atrium/internal/feature/exapps/scope"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const (
	patience  = 30 * time.Second // for all answers of an app
	maxAnswer = 64 << 10         // bytes of it
	maxFiles  = 500              // that are chosen at once
)

// Room is the actions.
type Room struct {
	apps  *exapps.Room
	files *files.Service
	nodes nodeinfo.Writer
}

// New returns the room.
func New(apps *exapps.Room, f *files.Service, nodes nodeinfo.Writer) *Room {
	return &Room{apps, f, nodes}
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	for _, root := range []string{scope.API, scope.Seed} {
		ocs.Handle(b.OCS, "POST "+root+"/api/v1/files/action", web.User, rm.choose, web.In(who.FilesRoom))
		for _, v := range []string{"/ocs/v1.php", "/ocs/v2.php"} {
			b.Web.Handle("GET", v+root+"/api/v1/files/action/icon", web.User, rm.icon)
		}
	}
}

var errNone = fault.New(fault.NotFound, "The external app does not offer this any more.")

// action is an entry that an enabled app has put into the menu.
type action struct {
	app, name string
	handler   string
	icon      string // a path of the app; "": none
	version   string // "" of the first protocol
}

func (rm *Room) find(ctx context.Context, app, name string) (a action, err error) {
	all, err := rm.apps.Declared(ctx, exapps.ActionKind)
	if err != nil {
		return a, err
	}
	for _, p := range all {
		if p.App == app && p.Name == name {
			text := func(key string) string { s, _ := p.Body[key].(string); return s }
			return action{app, name, text("action_handler"), text("icon"), text("version")}, nil
		}
	}
	return a, errNone
}

// choose answers POST /files/action: appId, actionName and the files: actionFile with a
// fileId as the first protocol has it, or fileIds. The data is success, and the
// redirect_handler that an app answers, if any: a path of its page to open.
func (rm *Room) choose(ctx context.Context, r *ocs.Request) (any, error) {
	in, err := r.Params()
	if err != nil {
		return nil, err
	}
	ids, err := chosen(r)
	if err != nil {
		return nil, err
	}
	a, err := rm.find(ctx, in.Get("appId"), in.Get("actionName"))
	if err != nil {
		return nil, err
	}
	p := r.Caller()
	v, err := rm.files.As(ctx, p)
	if err != nil {
		return nil, err
	}
	seen, err := v.Seen(ctx, ids)
	if err != nil {
		return nil, err
	}
	var entries []*files.Entry
	for _, id := range ids {
		if seen[id] == nil {
			return nil, fault.New(fault.NotFound, "This file is not there any more.")
		}
		entries = append(entries, seen[id])
	}
	bodies, err := rm.bodies(ctx, a, p.ID, entries)
	if err != nil {
		return nil, err
	}
	if p.App == "" { // who uses an app lets it act for them
		if err := rm.apps.Used(ctx, a.app, p.ID); err != nil {
			return nil, err
		}
	}
	out := map[string]any{"success": true}
	brief, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, body := range bodies {
		redirect, err := rm.send(brief, a, p.ID, body)
		if err != nil {
			return nil, err
		}
		if redirect != "" {
			out["redirect_handler"] = redirect
		}
	}
	return out, nil
}

// chosen are the ids of the files that a call names.
func chosen(r *ocs.Request) ([]int64, error) {
	texts, err := r.List("fileIds")
	if err != nil {
		return nil, err
	}
	one, err := r.Param("actionFile")
	if err != nil {
		return nil, err
	}
	if one != "" {
		var f struct{ FileID json.Number }
		if err := json.Unmarshal([]byte(one), &f); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The file cannot be read.")
		}
		texts = append(texts, f.FileID.String())
	}
	if len(texts) == 0 || len(texts) > maxFiles {
		return nil, fault.New(fault.Invalid, "Please choose from 1 to {n} files.", "n", maxFiles)
	}
	var ids []int64
	for _, t := range texts {
		id, err := strconv.ParseInt(t, 10, 64)
		if err != nil || id <= 0 {
			return nil, fault.New(fault.Invalid, "A file is named by its id, a number.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// seedFile is a file as apps of the first protocol read it.
type seedFile struct {
	FileID int64  `json:"fileId"`
	Name   string `json:"name"`
	Dir    string `json:"dir"`
}

// bodies are what the app is sent: one after the other for those that take one file each.
func (rm *Room) bodies(ctx context.Context, a action, uid string, entries []*files.Entry) (out [][]byte, err error) {
	infos, err := rm.nodes.Write(ctx, uid, entries...)
	if err != nil {
		return nil, err
	}
	var all []any
	switch a.version {
	case "2.0":
		all = append(all, map[string]any{"files": infos})
	case "":
		for _, n := range infos {
			all = append(all, struct {
				Name    string   `json:"actionName"`
				Handler string   `json:"actionHandler"`
				File    seedFile `json:"actionFile"`
			}{a.name, a.handler, seedFile{n.FileID, n.Name, n.Directory}})
		}
	default:
		for _, n := range infos {
			all = append(all, n)
		}
	}
	for _, one := range all {
		body, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		out = append(out, body)
	}
	return out, nil
}

// send hands the app one request, and reads where it wants the person to go.
func (rm *Room) send(ctx context.Context, a action, uid string, body []byte) (redirect string, err error) {
	answer, err := rm.apps.Send(ctx, exapps.Message{App: a.app, UID: uid, Method: http.MethodPost, Path: a.handler, Body: body})
	if err != nil {
		return "", err
	}
	text, err := calls.Read(answer, maxAnswer)
	if err != nil {
		return "", err
	}
	if answer.StatusCode/100 != 2 {
		return "", fault.New(fault.Unavailable, "The external app could not do this: it answers {status}.", "status", answer.StatusCode)
	}
	var said struct {
		Redirect string `json:"redirect_handler"`
	}
	if json.Unmarshal(text, &said) != nil {
		return "", nil // an app need not answer JSON
	}
	return said.Redirect, nil
}
