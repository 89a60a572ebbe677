package davfiles

import (
	"context"
	"net/http"

	"atrium/internal/core/files"
	"atrium/internal/proto/dav"
)

// getFolder serves GET on a folder: an archive if one is asked for.
func (c collection) getFolder(_ context.Context, _ *files.View, _ *files.Entry, w http.ResponseWriter, _ *http.Request) (*dav.Content, error) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil, nil
}
