// Package archive writes zip and tar archives as they are downloaded, at constant
// memory: one entry after the other, straight into the answer. It knows no files.
package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"io"
	"io/fs"
	"strings"
	"time"
)

// Entry is a file or folder as it stands in an archive.
type Entry struct {
	Name  string // with slashes, without one at the end
	Size  int64  // bytes; files only
	MTime time.Time
	Mime  string // media type, which tells whether compressing is worth it
}

// Packer writes one kind of archive.
type Packer interface {
	Folder(e Entry) error
	// File begins a file; its bytes are written before the next call.
	File(e Entry) (io.Writer, error)
	// Close ends the archive, not the writer below.
	Close() error
}

type zipPacker struct{ *zip.Writer }

// NewZip returns a packer of zip archives, with zip64 where it is needed.
func NewZip(w io.Writer) Packer {
	z := zip.NewWriter(w)
	var shared *flate.Writer // entries come one after the other
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		if shared != nil {
			shared.Reset(w)
			return shared, nil
		}
		var err error
		shared, err = flate.NewWriter(w, flate.BestSpeed)
		return shared, err
	})
	return zipPacker{z}
}

// Folder implements Packer.
func (z zipPacker) Folder(e Entry) error {
	e.Name += "/"
	_, err := z.CreateHeader(zipHeader(e, fs.ModeDir|0o755, zip.Store))
	return err
}

// File implements Packer.
func (z zipPacker) File(e Entry) (io.Writer, error) {
	method := zip.Deflate
	if dense(e.Mime) || e.Size == 0 {
		method = zip.Store
	}
	return z.CreateHeader(zipHeader(e, 0o644, method))
}

// zipHeader tells an entry's time as MS-DOS does and in Info-ZIP's extended
// timestamp. Both count from later than we do: older times become 1980.
func zipHeader(e Entry, mode fs.FileMode, method uint16) *zip.FileHeader {
	h := &zip.FileHeader{Name: e.Name, Method: method, Modified: e.MTime.UTC()}
	if first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC); h.Modified.Before(first) {
		h.Modified = first
	}
	h.SetMode(mode)
	return h
}

// packed are types of application/ that do not get smaller.
var packed = map[string]bool{"application/zip": true, "application/gzip": true, "application/x-bzip2": true, "application/x-xz": true,
	"application/x-7z-compressed": true, "application/x-rar-compressed": true, "application/zstd": true, "application/java-archive": true,
	"application/pdf": true, "application/epub+zip": true, "application/x-deb": true, "application/x-rpm": true,
	"application/vnd.android.package-archive": true, "application/font-woff": true}

// dense tells whether a type is compressed already.
func dense(mime string) bool {
	kind, _, _ := strings.Cut(mime, "/")
	switch kind {
	case "image":
		return mime != "image/svg+xml" && mime != "image/bmp"
	case "audio", "video":
		return true
	}
	return packed[mime] || strings.Contains(mime, "openxmlformats") || strings.Contains(mime, "opendocument")
}

type tarPacker struct{ *tar.Writer }

// NewTar returns a packer of tar archives.
func NewTar(w io.Writer) Packer { return tarPacker{tar.NewWriter(w)} }

// Folder implements Packer.
func (t tarPacker) Folder(e Entry) error {
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: e.Name + "/", Mode: 0o755, ModTime: e.MTime.Truncate(time.Second)})
}

// File implements Packer.
func (t tarPacker) File(e Entry) (io.Writer, error) {
	err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: e.Name, Mode: 0o644, Size: e.Size, ModTime: e.MTime.Truncate(time.Second)})
	return t.Writer, err
}
