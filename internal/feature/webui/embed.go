//go:build !noui

package webui

import (
	"embed"
	"io/fs"
)

// dist is what `npm run build` in web/ made; before that it holds no page.
//
//go:embed all:dist
var dist embed.FS

// built returns the files of the web client, with index.html if there is one.
func built() (fs.FS, error) { return fs.Sub(dist, "dist") }
