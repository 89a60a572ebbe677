package raster

import (
	"errors"
	"io"

	"github.com/dhowden/tag"
)

// maxCover bounds the picture of a piece of music, in bytes.
const maxCover = 32 << 20

// coverOf is the picture in the tags of a piece of music: ID3, MP4, FLAC, Ogg.
func coverOf(in io.ReadSeeker) ([]byte, error) {
	m, err := tag.ReadFrom(in)
	if err != nil {
		return nil, err
	}
	p := m.Picture()
	if p == nil || len(p.Data) == 0 || len(p.Data) > maxCover {
		return nil, errors.New("there is no cover")
	}
	return p.Data, nil
}
