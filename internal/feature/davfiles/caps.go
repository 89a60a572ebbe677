package davfiles

import (
	"context"
	"net/http"
	"strings"
)

// davSection is capabilities.dav (client-api 1.1).
type davSection struct {
	Chunking                   string `json:"chunking"`
	ChunkingParallel           bool   `json:"chunkingParallelUploadDisabled"`
	BulkUpload                 string `json:"bulkupload,omitempty"`
	SearchSupportsCreationTime bool   `json:"search_supports_creation_time"`
	SearchSupportsUploadTime   bool   `json:"search_supports_upload_time"`
}

// davCaps announces bulk upload to all but the desktop client 3.7 (Debian 12).
// When one of the files of its bulk upload is empty, that client sends the
// request's header with a right Content-Length, then not one byte of the body,
// closes the connection by itself and calls it "Network error: 99" for every file
// of the upload; so it does at each further run. No answer can reach it, but
// without the announcement it sends the same files by PUT.
func davCaps(_ context.Context, r *http.Request) any {
	s := davSection{Chunking: "1.0", BulkUpload: "1.0", SearchSupportsCreationTime: true, SearchSupportsUploadTime: true}
	if strings.Contains(r.UserAgent(), "mirall/3.7.") {
		s.BulkUpload = ""
	}
	return s
}

// filesSection is capabilities.files.
type filesSection struct {
	BigFileChunking     bool          `json:"bigfilechunking"`
	ChunkedUpload       chunkedUpload `json:"chunked_upload"`
	BlacklistedFiles    []string      `json:"blacklisted_files"`
	ForbiddenNames      []string      `json:"forbidden_filenames"`
	ForbiddenBasenames  []string      `json:"forbidden_filename_basenames"`
	ForbiddenCharacters []string      `json:"forbidden_filename_characters"`
	ForbiddenExtensions []string      `json:"forbidden_filename_extensions"`
	WindowsCompatible   bool          `json:"windows_compatible_filenames"`
}

type chunkedUpload struct {
	MaxSize          int64 `json:"max_size"` // bytes
	MaxParallelCount int   `json:"max_parallel_count"`
}

func filesCaps(context.Context, *http.Request) any {
	return filesSection{
		BigFileChunking: true, ChunkedUpload: chunkedUpload{MaxSize: 100 << 20, MaxParallelCount: 5},
		BlacklistedFiles: []string{".htaccess"}, ForbiddenNames: []string{".htaccess"},
		ForbiddenBasenames: []string{}, ForbiddenCharacters: []string{"\\", "/"}, ForbiddenExtensions: []string{".filepart", ".part"},
	}
}

// checksumSection is capabilities.checksums.
type checksumSection struct {
	Supported []string `json:"supportedTypes"`
	Preferred string   `json:"preferredUploadType"`
}

func checksumCaps(context.Context, *http.Request) any {
	return checksumSection{Supported: []string{"SHA1", "MD5", "SHA256", "SHA3-256", "ADLER32"}, Preferred: "SHA1"}
}
