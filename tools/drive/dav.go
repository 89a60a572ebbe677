package drive

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client speaks DAV over connections of its own.
type Client struct {
	Base string // http://host:port
	User string
	Pass string
	HTTP *http.Client
}

// NewClient makes a client that keeps at most conns connections.
func NewClient(base, user, pass string, conns int, patience time.Duration) *Client {
	return &Client{Base: base, User: user, Pass: pass, HTTP: &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			MaxConnsPerHost: conns, MaxIdleConnsPerHost: conns,
			DisableCompression: true, WriteBufferSize: 64 << 10, ReadBufferSize: 64 << 10,
		},
	}}
}

// Answer is a response whose body has been read.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// File is the address of a path in the user's files: "" or "a/b".
func (c *Client) File(path string) string {
	return "/remote.php/dav/files/" + c.User + "/" + escape(path)
}

// Upload is the address of a chunked upload, or of a chunk of it.
func (c *Client) Upload(path string) string {
	return "/remote.php/dav/uploads/" + c.User + "/" + escape(path)
}

func escape(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// Do sends one request; header is pairs of name and value.
func (c *Client) Do(ctx context.Context, method, path string, body []byte, header ...string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.SetBasicAuth(c.User, c.Pass)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return Answer{res.StatusCode, res.Header, b}, err
}

// Entry is one resource of a listing.
type Entry struct {
	Path  string // relative to the user's files or the upload folder; "" is the folder itself
	Dir   bool
	Size  int64 // oc:size of folders, getcontentlength of files
	ETag  string
	ID    string // oc:id
	MTime int64  // seconds
	Used  int64  // quota-used-bytes; folders only
}

const listing = `<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>` +
	`<d:resourcetype/><d:getcontentlength/><d:getetag/><d:getlastmodified/><d:quota-used-bytes/><oc:size/><oc:id/></d:prop></d:propfind>`

type response struct {
	Href  string `xml:"DAV: href"`
	Stats []struct {
		Status string `xml:"DAV: status"`
		Prop   struct {
			Type struct {
				Collection *struct{} `xml:"DAV: collection"`
			} `xml:"DAV: resourcetype"`
			Length string `xml:"DAV: getcontentlength"`
			ETag   string `xml:"DAV: getetag"`
			MTime  string `xml:"DAV: getlastmodified"`
			Used   string `xml:"DAV: quota-used-bytes"`
			Size   string `xml:"http://owncloud.org/ns size"`
			ID     string `xml:"http://owncloud.org/ns id"`
		} `xml:"DAV: prop"`
	} `xml:"DAV: propstat"`
}

// List is a PROPFIND of an address made by File or Upload. Paths of the
// entries are relative to that address. A 404 is an error like any other
// status but 207; see Answer.
func (c *Client) List(ctx context.Context, address, depth string) ([]Entry, int, error) {
	a, err := c.Do(ctx, "PROPFIND", address, []byte(listing), "Depth", depth, "Content-Type", "application/xml")
	if err != nil {
		return nil, 0, err
	}
	if a.Status != http.StatusMultiStatus {
		return nil, a.Status, fmt.Errorf("PROPFIND %s: status %d", address, a.Status)
	}
	entries, err := parseListing(a.Body, address)
	return entries, a.Status, err
}

// parseListing reads a multistatus whole; one that ends early is an error.
func parseListing(body []byte, address string) ([]Entry, error) {
	var doc struct {
		XMLName   xml.Name   `xml:"DAV: multistatus"`
		Responses []response `xml:"DAV: response"`
	}
	if err := xml.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("multistatus: %w", err)
	}
	base, err := url.PathUnescape(strings.TrimSuffix(address, "/"))
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(doc.Responses))
	for _, r := range doc.Responses {
		href, err := url.PathUnescape(r.Href)
		if err != nil {
			return nil, fmt.Errorf("href %q: %w", r.Href, err)
		}
		rel, ok := strings.CutPrefix(strings.TrimSuffix(href, "/"), base)
		if !ok {
			return nil, fmt.Errorf("href %q is not below %q", href, base)
		}
		e := Entry{Path: strings.TrimPrefix(rel, "/")}
		for _, st := range r.Stats {
			if !strings.Contains(st.Status, " 200 ") {
				continue
			}
			p := st.Prop
			e.Dir, e.ETag, e.ID = p.Type.Collection != nil, p.ETag, p.ID
			e.Size, _ = strconv.ParseInt(or(p.Length, p.Size), 10, 64)
			e.Used, _ = strconv.ParseInt(p.Used, 10, 64)
			if when, err := http.ParseTime(p.MTime); err == nil {
				e.MTime = when.Unix()
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
