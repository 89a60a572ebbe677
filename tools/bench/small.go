package main

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// The properties that a desktop client asks for in every listing.
const desktopProps = `<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop>` +
	`<d:resourcetype/><d:getlastmodified/><d:getcontentlength/><d:getetag/><d:quota-available-bytes/><d:quota-used-bytes/>` +
	`<oc:size/><oc:id/><oc:fileid/><oc:downloadURL/><oc:dDC/><oc:permissions/><oc:checksums/><oc:share-types/>` +
	`<nc:is-encrypted/><nc:metadata-files-live-photo/></d:prop></d:propfind>`

const loadTime = 6 * time.Second

// mkcol makes a folder, which may be there already.
func (b *bench) mkcol(path string) error {
	a, err := b.c.Do(b.ctx, "MKCOL", b.c.File(path), nil)
	if err == nil && a.Status != http.StatusCreated && a.Status != http.StatusMethodNotAllowed {
		err = fmt.Errorf("MKCOL %s: status %d: %s", path, a.Status, a.Body)
	}
	return err
}

// small puts one file of 4 KiB for the rows that read.
func (b *bench) small() error {
	a, err := b.c.Do(b.ctx, "PUT", b.c.File("one.bin"), noise(4<<10, 1))
	if err == nil && a.Status >= 300 {
		err = fmt.Errorf("PUT: status %d: %s", a.Status, a.Body)
	}
	return err
}

func (b *bench) propfindFile() error {
	if err := b.small(); err != nil {
		return err
	}
	req := append(b.head("PROPFIND", b.c.File("one.bin"), int64(len(desktopProps)), "Depth", "0", "Content-Type", "application/xml"), desktopProps...)
	rate, err := b.hammer(16, loadTime, http.StatusMultiStatus, func(int, int, []byte) []byte { return req })
	b.set("propfind-0", rate, "")
	return err
}

func (b *bench) getSmall() error {
	if err := b.small(); err != nil {
		return err
	}
	req := b.head("GET", b.c.File("one.bin"), -1)
	rate, err := b.hammer(16, loadTime, http.StatusOK, func(int, int, []byte) []byte { return req })
	b.set("get-4k", rate, "")
	return err
}

func (b *bench) putSmall() error {
	const conns = 8
	var heads [conns][2][]byte
	body := noise(4<<10, 2)
	for i := range conns {
		folder := fmt.Sprintf("put-%d", i)
		if err := b.mkcol(folder); err != nil {
			return err
		}
		mark := b.head("PUT", b.c.File(folder+"/NAME"), int64(len(body)), "Content-Type", "application/octet-stream")
		before, after, _ := bytes.Cut(mark, []byte("NAME"))
		heads[i] = [2][]byte{before, after}
	}
	rate, err := b.hammer(conns, loadTime, http.StatusCreated, func(i, n int, buf []byte) []byte {
		buf = append(buf, heads[i][0]...)
		buf = fmt.Appendf(buf, "f%06d.bin", n)
		buf = append(buf, heads[i][1]...)
		at := len(buf)
		buf = append(buf, body...)
		copy(buf[at:], fmt.Appendf(nil, "%d/%d ", i, n)) // every content is its own
		return buf
	})
	b.set("put-4k", rate, "")
	return err
}

// bulkBody makes a multipart/related body of files; name and content by number.
func bulkBody(buf *bytes.Buffer, files int, file func(n int) (path string, content []byte)) {
	for n := range files {
		path, content := file(n)
		fmt.Fprintf(buf, "--bench\r\nContent-Length: %d\r\nX-File-Path: %s\r\nX-File-MD5: %x\r\nX-File-Mtime: 1700000000\r\n\r\n",
			len(content), path, md5.Sum(content))
		buf.Write(content)
		buf.WriteString("\r\n")
	}
	buf.WriteString("--bench--\r\n")
}

func (b *bench) bulkHead(length int) []byte {
	return b.head("POST", "/remote.php/dav/bulk", int64(length), "Content-Type", "multipart/related; boundary=bench")
}

// bulk sends a hundred files a request, as the desktop client does, over four connections.
func (b *bench) bulk() error {
	const conns, files = 4, 100
	for i := range conns {
		if err := b.mkcol(fmt.Sprintf("bulk-%d", i)); err != nil {
			return err
		}
	}
	content := [conns][]byte{}
	for i := range conns {
		content[i] = noise(4<<10, uint64(10+i))
	}
	rate, err := b.hammer(conns, loadTime, http.StatusOK, func(i, n int, buf []byte) []byte {
		var body bytes.Buffer
		bulkBody(&body, files, func(k int) (string, []byte) {
			copy(content[i], fmt.Sprintf("%d/%d/%d ", i, n, k))
			return fmt.Sprintf("/bulk-%d/f%05d-%03d.bin", i, n, k), content[i]
		})
		return append(append(buf, b.bulkHead(body.Len())...), body.Bytes()...)
	})
	if err != nil {
		return err
	}
	b.set("bulk-4k", rate*files, "")
	return b.count("bulk-0", files)
}

// count makes sure that a folder lists a multiple of a number of files: an
// answer of 200 to a bulk upload may hide files that were refused.
func (b *bench) count(folder string, of int) error {
	list, _, err := b.c.List(b.ctx, b.c.File(folder), "1")
	if n := len(list) - 1; err == nil && (n == 0 || n%of != 0) {
		err = fmt.Errorf("%s lists %d files, want a multiple of %d", folder, n, of)
	}
	return err
}

// noise is n bytes that no one can compress.
func noise(n int, seed uint64) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}
