//go:build noui

package webui

import (
	"embed"
	"io/fs"
)

// built returns no files: this is a server without a web client.
func built() (fs.FS, error) { return embed.FS{}, nil }
