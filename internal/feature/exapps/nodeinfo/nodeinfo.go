// Package nodeinfo writes files and folders as external apps read them: in the payloads
// of file actions and of events (docs of AppAPI, "Action payload to ExApp"; nc_py_api
// calls it ActionFileInfo). It looks nothing up but entries of a view.
package nodeinfo

import (
	"context"
	"fmt"
	"path"

	"atrium/internal/core/files"
	"atrium/internal/core/tree"
)

// Info is one file or folder. Times are Unix seconds, sizes bytes, Permissions the numbers
// of the OCS share API.
type Info struct {
	FileID       int64      `json:"fileId"`
	Name         string     `json:"name"`
	Directory    string     `json:"directory"` // from the home of the person, "/" at its top
	ETag         string     `json:"etag"`
	Mime         string     `json:"mime"`
	FileType     string     `json:"fileType"` // "file" or "dir"
	MTime        int64      `json:"mtime"`
	Size         int64      `json:"size"`
	Favorite     string     `json:"favorite"` // "true" or "false"
	Permissions  files.Perm `json:"permissions"`
	ShareOwner   *string    `json:"shareOwner"` // the owner's name, of what somebody else shares
	ShareOwnerID *string    `json:"shareOwnerId"`
	UserID       string     `json:"userId"` // whose view this is
	InstanceID   string     `json:"instanceId"`
}

// Writer makes infos. Its functions come from other rooms.
type Writer struct {
	Favorites func(ctx context.Context, uid string) (map[int64]bool, error)
	Name      func(ctx context.Context, uid string) (string, error) // what somebody is called
	Instance  string                                                // the id of this installation
}

// Write describes entries of a view of somebody, in their order.
func (w Writer) Write(ctx context.Context, uid string, entries ...*files.Entry) ([]Info, error) {
	liked, err := w.Favorites(ctx, uid)
	if err != nil {
		return nil, err
	}
	var out []Info
	for _, e := range entries {
		n := Lost(e.ID, e.Path, e.IsDir())
		n.ETag, n.MTime, n.Size, n.Permissions = fmt.Sprintf("%016x", e.ETag), e.MTime.Unix(), e.Size, e.Perm()
		n.Favorite, n.UserID, n.InstanceID = fmt.Sprint(liked[e.ID]), uid, w.Instance
		if !e.IsDir() {
			n.Mime = e.Mime
			n.Permissions &^= files.Create // nothing is created in a file
		}
		if owner := e.Mount.Owner; owner != "" && owner != uid {
			name, err := w.Name(ctx, owner)
			if err != nil {
				return nil, err
			}
			n.ShareOwner, n.ShareOwnerID = &name, &owner
		}
		out = append(out, n)
	}
	return out, nil
}

// Lost is what is known of a node that is no longer there: where it was.
func Lost(id int64, at string, dir bool) Info {
	n := Info{FileID: id, Name: path.Base(at), Directory: path.Dir(at), FileType: "file", Mime: "application/octet-stream", Favorite: "false"}
	if at == "/" {
		n.Name = ""
	}
	if dir {
		n.FileType, n.Mime = "dir", tree.FolderType
	}
	return n
}
