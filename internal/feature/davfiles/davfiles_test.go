package davfiles_test

import (
	"strings"
	"testing"
)

func TestAFileFromPutToDelete(t *testing.T) {
	each(t, func(r *rig) {
		put := r.want(201, "PUT", home+"/a.txt", "hello", "X-OC-MTime: 1700000000", "OC-Checksum: SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d")
		for _, h := range []string{"OC-FileId", "ETag", "OC-ETag", "X-OC-MTime"} {
			if put.Header.Get(h) == "" {
				t.Errorf("PUT without %s", h)
			}
		}
		get := r.want(200, "GET", home+"/a.txt", "")
		if get.body != "hello" || get.Header.Get("ETag") != put.Header.Get("ETag") || get.Header.Get("OC-Checksum") == "" {
			t.Errorf("got %q, %v", get.body, get.Header)
		}
		if lm := get.Header.Get("Last-Modified"); lm != "Tue, 14 Nov 2023 22:13:20 GMT" {
			t.Errorf("Last-Modified %s", lm)
		}
		r.want(204, "PUT", home+"/a.txt", "hello again", "If-Match: "+put.Header.Get("ETag"))
		r.want(412, "PUT", home+"/a.txt", "lost", "If-Match: "+put.Header.Get("ETag"))
		r.want(400, "PUT", home+"/a.txt", "damaged", "OC-Checksum: SHA1:00")
		if got := r.want(206, "GET", home+"/a.txt", "", "Range: bytes=6-").body; got != "again" {
			t.Errorf("range %q", got)
		}
		r.want(204, "DELETE", home+"/a.txt", "")
		r.want(404, "GET", home+"/a.txt", "")
	})
}

func TestListingAndEtags(t *testing.T) {
	each(t, func(r *rig) {
		r.want(201, "MKCOL", home+"/d", "")
		r.want(405, "MKCOL", home+"/d", "")
		r.want(409, "MKCOL", home+"/none/d", "")
		before := r.want(207, "PROPFIND", home+"/", "", "Depth: 0").body
		r.want(201, "PUT", home+"/d/%C3%A5%20%26%201%25.txt", "x")
		after := r.want(207, "PROPFIND", home+"/", "", "Depth: 0").body
		if before == after {
			t.Error("the root's etag did not change")
		}
		list := r.want(207, "PROPFIND", home+"/d/", `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:getetag/><oc:permissions/><oc:id/><d:nope/></d:prop></d:propfind>`)
		r.has(list, "<d:href>"+home+"/d/</d:href>", "<d:href>"+home+"/d/%c3%a5%20%26%201%25.txt</d:href>",
			"<oc:permissions>RGDNVCK</oc:permissions>", "<oc:permissions>RGDNVW</oc:permissions>", "<d:nope/></d:prop><d:status>HTTP/1.1 404 Not Found")
	})
}

func TestMoveAndCopy(t *testing.T) {
	each(t, func(r *rig) {
		r.want(201, "MKCOL", home+"/d", "")
		id := r.want(201, "PUT", home+"/d/f", "x").Header.Get("OC-FileId")
		r.want(201, "COPY", home+"/d", "", "Destination: "+r.srv.URL+home+"/e")
		res := r.want(201, "MOVE", home+"/d/f", "", "Destination: "+home+"/e/g")
		if res.Header.Get("OC-FileId") != id {
			t.Error("the id changed")
		}
		r.want(412, "MOVE", home+"/e/f", "", "Destination: "+home+"/e/g", "Overwrite: F")
		r.want(204, "MOVE", home+"/e/f", "", "Destination: "+home+"/e/g")
		r.want(403, "MOVE", home+"/e/g", "", "Destination: "+home+"/e/g")
		r.want(409, "MOVE", home+"/e", "", "Destination: "+home+"/e/x")
		r.want(403, "MOVE", home+"/e", "", "Destination: /remote.php/dav/files/bob/x")
	})
}

func TestChunkedUpload(t *testing.T) {
	each(t, func(r *rig) {
		up := "/remote.php/dav/uploads/alice/1234"
		r.want(201, "MKCOL", up, "")
		r.want(201, "PUT", up+"/00002", "world")
		r.want(201, "PUT", up+"/1", "hello ")
		r.want(201, "PUT", up+"/10", "!")
		r.has(r.want(207, "PROPFIND", up, ""), "<d:getcontentlength>6<", up+"/00002<")
		r.want(400, "MOVE", up+"/.file", "", "Destination: "+home+"/big", "OC-Total-Length: 99")
		first := r.want(201, "MOVE", up+"/.file", "", "Destination: "+home+"/big", "OC-Total-Length: 12", "X-OC-MTime: 1700000000.5")
		again := r.want(201, "MOVE", up+"/.file", "", "Destination: "+home+"/big", "OC-Total-Length: 12")
		if first.Header.Get("ETag") == "" || first.Header.Get("ETag") != again.Header.Get("ETag") {
			t.Errorf("etags %q and %q", first.Header.Get("ETag"), again.Header.Get("ETag"))
		}
		if got := r.want(200, "GET", home+"/big", "").body; got != "hello world!" {
			t.Errorf("assembled %q", got)
		}
	})
}

func TestPropPatch(t *testing.T) {
	each(t, func(r *rig) {
		r.want(201, "PUT", home+"/f", "x")
		patch := func(set string) reply {
			return r.want(207, "PROPPATCH", home+"/f", `<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:z="urn:z"><d:set><d:prop>`+set+`</d:prop></d:set></d:propertyupdate>`)
		}
		r.has(patch(`<oc:favorite>1</oc:favorite><z:colour>red &amp; blue</z:colour><d:lastmodified>-1</d:lastmodified>`), "200 OK")
		r.has(patch(`<oc:size>1</oc:size><oc:favorite>0</oc:favorite>`), "<oc:size/></d:prop><d:status>HTTP/1.1 403", "<oc:favorite/></d:prop><d:status>HTTP/1.1 424")
		r.has(r.want(207, "PROPFIND", home+"/f", `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:z="urn:z"><d:prop><oc:favorite/><z:colour/><d:getlastmodified/></d:prop></d:propfind>`),
			"<oc:favorite>1<", `<x1:colour xmlns:x1="urn:z">red &amp; blue</x1:colour>`, "Wed, 31 Dec 1969 23:59:59 GMT")
	})
}

func TestChecksumIsComputedAnew(t *testing.T) {
	r := one(t)
	r.want(201, "PUT", home+"/f", "hello")
	res := r.want(204, "PATCH", home+"/f", "", "X-Recalculate-Hash: sha1")
	if got, want := res.Header.Get("OC-Checksum"), "SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"; got != want {
		t.Errorf("OC-Checksum %s, want %s", got, want)
	}
	r.want(400, "PATCH", home+"/f", "", "X-Recalculate-Hash: crc9")
}

// The files app sets favourites as tags (34-apps/045 to 047).
func TestFavouritesAsTags(t *testing.T) {
	r := one(t)
	r.want(201, "MKCOL", home+"/d", "")
	r.want(201, "PUT", home+"/d/ä b.txt", "x")
	const api = "/index.php/apps/files/api/v1/files/"
	favorite := func() string {
		t.Helper()
		res := r.want(207, "PROPFIND", home+"/d/ä b.txt", `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:favorite/></d:prop></d:propfind>`)
		_, rest, _ := strings.Cut(res.body, "<oc:favorite>")
		return rest[:1]
	}
	r.has(r.want(200, "POST", api+"d/%C3%A4%20b.txt", `{"tags": ["_$!<Favorite>!$_", "mine"]}`), `{"tags":["_$!\u003cFavorite\u003e!$_"]}`)
	if favorite() != "1" {
		t.Error("it is no favourite")
	}
	r.has(r.want(200, "POST", api+"d/%C3%A4%20b.txt", `{"tags": []}`), `{"tags":[]}`)
	if favorite() != "0" {
		t.Error("it still is a favourite")
	}
	r.want(404, "POST", api+"none.txt", `{"tags": []}`)
	r.want(400, "POST", api+"d", `{`)
}
