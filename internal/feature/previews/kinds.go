package previews

import (
	"slices"
	"strings"

	"atrium/internal/core/files"
	"atrium/internal/feature/previews/raster"
)

// kind is how a file is made into a picture. Its names stand in the names of kept
// previews and in the setting disabled_preview_kinds.
type kind string

// The kinds. Those of raster need nothing; the others need a program.
const (
	none     kind = ""
	picture  kind = raster.Picture
	text     kind = raster.Text
	markdown kind = "markdown"
	audio    kind = raster.Audio
	heif     kind = "heif" // HEIC, AVIF
	raw      kind = "raw"  // of cameras
	exotic   kind = "exotic"
	svg      kind = "svg"
	pdf      kind = "pdf"
	office   kind = "office"
	video    kind = "video"
)

// kinds of media types; what begins with text/ or video/ is not listed.
var kinds = map[string]kind{
	"image/jpeg": picture, "image/png": picture, "image/gif": picture, "image/webp": picture, "image/bmp": picture, "image/x-ms-bmp": picture, "image/tiff": picture,
	"image/heic": heif, "image/heif": heif, "image/avif": heif,
	"image/jxl": exotic, "image/jp2": exotic, "image/x-dcraw": raw,
	"image/svg+xml":   svg,
	"application/pdf": pdf,
	"audio/mpeg":      audio, "audio/mp4": audio, "audio/flac": audio, "audio/ogg": audio,
	"text/markdown": markdown, "text/html": none,
	"application/json": text, "application/xml": text, "application/yaml": text, "application/toml": text, "application/javascript": text,
	"application/x-tex": text, "application/x-php": text, "application/sql": text, "message/rfc822": text,
	"text/rtf": office, "application/msword": office, "application/vnd.ms-excel": office, "application/vnd.ms-powerpoint": office,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   office,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         office,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": office,
	"application/vnd.oasis.opendocument.text":                                   office, "application/vnd.oasis.opendocument.spreadsheet": office,
	"application/vnd.oasis.opendocument.presentation": office, "application/vnd.oasis.opendocument.graphics": office,
}

// kindOf tells how a media type is shown, whether or not it can be here.
func kindOf(mime string) kind {
	if k, ok := kinds[mime]; ok {
		return k
	}
	switch {
	case strings.HasPrefix(mime, "text/"):
		return text
	case strings.HasPrefix(mime, "video/"):
		return video
	}
	return none
}

// shows tells how a file is shown here and now, none if it is not.
func (c *config) shows(e *files.Entry, p *programs) kind {
	k := kindOf(e.Mime)
	switch {
	case !c.on || e.IsDir() || e.Size == 0 || k == none || !p.can(k) || slices.Contains(c.off, string(k)):
		return none
	case c.fileSize >= 0 && e.Size > c.fileSize && k != video && k != audio && k != text && k != markdown:
		return none
	}
	return k
}
