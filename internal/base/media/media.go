// Package media tells the type of a file by its name. It never looks at contents.
package media

import (
	"path"
	"strings"
)

// Unknown is the media type of a name that tells nothing.
const Unknown = "application/octet-stream"

// TypeOf tells a file's type by the ending of its name, as clients expect it of
// the recorded server.
func TypeOf(name string) string {
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	if t, ok := types[ext]; ok {
		return t
	}
	return Unknown
}

// types follow the IANA registry, and for what is not in it the common use.
var types = map[string]string{
	"txt": "text/plain", "text": "text/plain", "log": "text/plain", "conf": "text/plain", "ini": "text/plain",
	"md": "text/markdown", "markdown": "text/markdown", "csv": "text/csv", "tsv": "text/tab-separated-values",
	"html": "text/html", "htm": "text/html", "css": "text/css", "js": "application/javascript", "mjs": "application/javascript",
	"json": "application/json", "xml": "application/xml", "yaml": "application/yaml", "yml": "application/yaml", "toml": "application/toml",
	"ics": "text/calendar", "vcf": "text/vcard", "eml": "message/rfc822", "rtf": "text/rtf", "tex": "application/x-tex",
	"go": "text/x-go", "py": "text/x-python", "c": "text/x-c", "h": "text/x-h", "cpp": "text/x-c++src", "java": "text/x-java-source",
	"sh": "text/x-shellscript", "rs": "text/rust", "ts": "video/mp2t", "php": "application/x-php", "sql": "application/sql",
	"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
	"svg": "image/svg+xml", "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff", "ico": "image/x-icon",
	"heic": "image/heic", "heif": "image/heif", "avif": "image/avif", "jxl": "image/jxl", "psd": "application/x-photoshop",
	"dng": "image/x-dcraw", "cr2": "image/x-dcraw", "nef": "image/x-dcraw", "arw": "image/x-dcraw", "raf": "image/x-dcraw",
	"mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg", "flac": "audio/flac",
	"wav": "audio/wav", "aac": "audio/aac", "mid": "audio/midi",
	"mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska",
	"avi": "video/x-msvideo", "mpg": "video/mpeg", "mpeg": "video/mpeg", "ogv": "video/ogg", "3gp": "video/3gpp", "wmv": "video/x-ms-wmv",
	"pdf": "application/pdf", "ps": "application/postscript", "eps": "application/postscript", "epub": "application/epub+zip",
	"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"odt":  "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
	"odp": "application/vnd.oasis.opendocument.presentation", "odg": "application/vnd.oasis.opendocument.graphics",
	"zip": "application/zip", "gz": "application/gzip", "tgz": "application/gzip", "tar": "application/x-tar",
	"bz2": "application/x-bzip2", "xz": "application/x-xz", "7z": "application/x-7z-compressed", "rar": "application/x-rar-compressed",
	"zst": "application/zstd", "jar": "application/java-archive", "iso": "application/x-iso9660-image", "apk": "application/vnd.android.package-archive",
	"bin": "application/x-bin", "exe": "application/x-ms-dos-executable", "deb": "application/x-deb", "rpm": "application/x-rpm",
	"ttf": "application/font-sfnt", "otf": "application/font-sfnt", "woff": "application/font-woff", "woff2": "application/font-woff2",
	"kdbx": "application/x-keepass", "gpx": "application/gpx+xml", "kml": "application/vnd.google-earth.kml+xml", "whiteboard": "application/vnd.excalidraw+json",
}
