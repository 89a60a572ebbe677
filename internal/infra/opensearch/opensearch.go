// Package opensearch speaks to a search server by the part of the JSON API that
// OpenSearch (1 and later) and Elasticsearch (7 and later) have in common: create
// and delete an index, put a document, delete many by _bulk, search. It keeps one
// index and knows nothing of what is in it. The calls are those of the API
// references of both, "Index APIs", "Document APIs" and "Search APIs".
package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
)

// Bounds of one exchange.
const (
	patience   = 30 * time.Second
	answerMost = 16 << 20 // bytes
)

// Client speaks to one index of one server.
type Client struct {
	base           string // address of the index
	user, password string
	http           *http.Client
}

// New returns a client of an index at a server's address, such as
// https://search.example.com:9200. Without a user it signs in nowhere.
func New(address, index, user, password string) *Client {
	return &Client{base: strings.TrimRight(address, "/") + "/" + url.PathEscape(index), user: user, password: password,
		http: &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the password is for this server alone
		}}}
}

// Name is the address of the index, without a password.
func (c *Client) Name() string { return c.base }

// Create makes the index with these settings and mappings, if there is none.
func (c *Client) Create(ctx context.Context, settings any) error {
	err := c.do(ctx, http.MethodPut, "", settings, nil)
	if r, ok := errors.AsType[*Refusal](err); ok && r.Type == "resource_already_exists_exception" {
		return nil
	}
	return err
}

// Drop deletes the index with all that is in it, if there is one.
func (c *Client) Drop(ctx context.Context) error {
	err := c.do(ctx, http.MethodDelete, "", nil, nil)
	if r, ok := errors.AsType[*Refusal](err); ok && r.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// Put writes a document, instead of one that has this id.
func (c *Client) Put(ctx context.Context, id int64, doc any) error {
	return c.do(ctx, http.MethodPut, "/_doc/"+strconv.FormatInt(id, 10), doc, nil)
}

// Delete deletes documents; those that are not there are no error.
func (c *Client) Delete(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	var lines bytes.Buffer
	for _, id := range ids {
		fmt.Fprintf(&lines, `{"delete":{"_id":"%d"}}`+"\n", id)
	}
	var done struct {
		Items []struct {
			Delete struct {
				Status int      `json:"status"`
				Error  *Refusal `json:"error"`
			} `json:"delete"`
		} `json:"items"`
	}
	if err := c.do(ctx, http.MethodPost, "/_bulk", lines.Bytes(), &done); err != nil {
		return err
	}
	if len(done.Items) != len(ids) {
		return down(fmt.Errorf("%d of %d deletions are answered", len(done.Items), len(ids)))
	}
	for _, it := range done.Items {
		if s := it.Delete.Status; s >= 300 && s != http.StatusNotFound {
			return down(fmt.Errorf("a deletion is answered with %d: %w", s, it.Delete.Error))
		}
	}
	return nil
}

// Search returns the ids of the documents that a query finds, in its order. An
// answer that is not whole, as of a server whose parts do not all answer, is an
// error.
func (c *Client) Search(ctx context.Context, query any) ([]int64, error) {
	var found struct {
		TimedOut bool `json:"timed_out"`
		Shards   struct {
			Failed int `json:"failed"`
		} `json:"_shards"`
		Hits *struct {
			Hits []struct {
				ID string `json:"_id"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := c.do(ctx, http.MethodPost, "/_search?allow_partial_search_results=false", query, &found); err != nil {
		return nil, err
	}
	if found.TimedOut || found.Shards.Failed > 0 || found.Hits == nil {
		return nil, down(errors.New("the answer is not whole"))
	}
	ids := make([]int64, len(found.Hits.Hits))
	for i, h := range found.Hits.Hits {
		id, err := strconv.ParseInt(h.ID, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the search server has a document that is not ours: %w", err)
		}
		ids[i] = id
	}
	return ids, nil
}

// Refusal is what the server says against a request.
type Refusal struct {
	Status int    `json:"-"`
	Type   string `json:"type"`
	Reason string `json:"reason"`
}

// Error implements error.
func (r *Refusal) Error() string {
	if r == nil {
		return "no reason given"
	}
	return fmt.Sprintf("the search server refuses: %d %s %s", r.Status, r.Type, r.Reason)
}

// down is an error that passes once the server, or what we are told of it, is
// mended.
func down(err error) error {
	return fault.Wrap(fault.Unavailable, err, "The search server does not answer as it should.")
}

// do sends a request and reads the answer. A body of bytes goes as it is, as lines of
// JSON. What is no fault of the request is fault.Unavailable; else the error is a
// Refusal.
func (c *Client) do(ctx context.Context, method, path string, body, answer any) error {
	var in io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		in, kind = bytes.NewReader(b), "application/x-ndjson"
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, in)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", kind)
	}
	if c.user != "" {
		req.SetBasicAuth(c.user, c.password)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return down(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, answerMost))
	if err != nil {
		return down(err)
	}
	if res.StatusCode >= 300 {
		return refusal(res.StatusCode, text)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return down(err)
	}
	return nil
}

// refusal reads an error of the server. Those of a single document or query are
// Refusals; that we may not come in, that it is busy or broken is no fault of theirs.
func refusal(status int, text []byte) error {
	var said struct {
		Error json.RawMessage `json:"error"`
	}
	r := &Refusal{}
	if json.Unmarshal(text, &said) != nil || json.Unmarshal(said.Error, r) != nil {
		r.Reason = string(text[:min(len(text), 200)]) // not ours to read, such as the page of a proxy
	}
	r.Status = status
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge:
		return r
	}
	return down(r)
}
