package drive

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">` +
	`<d:response><d:href>/remote.php/dav/files/a/x%20y/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype>` +
	`<d:getetag>"e1"</d:getetag><oc:size>7</oc:size><d:quota-used-bytes>7</d:quota-used-bytes><oc:id>00000001in</oc:id></d:prop>` +
	`<d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><d:getcontentlength/></d:prop>` +
	`<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>` +
	`<d:response><d:href>/remote.php/dav/files/a/x%20y/f.txt</d:href><d:propstat><d:prop><d:resourcetype/>` +
	`<d:getcontentlength>7</d:getcontentlength><d:getetag>"e2"</d:getetag><d:getlastmodified>Thu, 01 Jan 1970 00:00:05 GMT</d:getlastmodified>` +
	`</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`

func TestParseListing(t *testing.T) {
	got, err := parseListing([]byte(sample), "/remote.php/dav/files/a/x%20y")
	want := []Entry{
		{Path: "", Dir: true, Size: 7, ETag: `"e1"`, ID: "00000001in", Used: 7},
		{Path: "f.txt", Size: 7, ETag: `"e2"`, MTime: 5},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAListingCutShortIsAnError(t *testing.T) {
	for _, n := range []int{0, 100, len(sample) - 20} {
		if got, err := parseListing([]byte(sample[:n]), "/remote.php/dav/files/a/x%20y"); err == nil {
			t.Errorf("%d bytes: got %v, want an error", n, got)
		}
	}
}

func TestAddressesAreEscaped(t *testing.T) {
	c := Client{User: "a"}
	if got, want := c.File("x y/ü#.txt"), "/remote.php/dav/files/a/x%20y/%C3%BC%23.txt"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
