// Package portrait fetches the picture that a provider names in a claim, from no nearer
// than the provider itself lies. It keeps nothing and decodes no picture.
package portrait

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/outside"
)

const (
	patience = 20 * time.Second // for all of it
	maxBytes = 5 << 20
	maxHops  = 3
	maxETag  = 100
)

// Place says what may be asked.
type Place struct {
	TLS      *tls.Config // nil: the system's
	Insecure bool        // plain HTTP too
	Home     string      // host of the provider: pictures may lie as near as it does
}

// Picture is what was found.
type Picture struct {
	Raw  []byte
	ETag string // to ask by next time; "": it has none
	Same bool   // it is that of the ETag that was asked by, and there is no Raw
}

// Data reads the picture that a claim carries itself: data:image/png;base64,… or jpeg. What
// is none is not ok.
func Data(claim string) (raw []byte, ok bool) {
	kind, text, found := strings.Cut(claim, ",")
	if !found || kind != "data:image/png;base64" && kind != "data:image/jpeg;base64" || len(text) > maxBytes*4/3 {
		return nil, false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	return raw, err == nil && len(raw) > 0
}

// Fetch asks for the picture at an address, if it is another than that of an ETag. What
// may not be asked is fault.Denied; what answers no picture or too large a one fault.Invalid;
// what does not answer fault.Unavailable.
func Fetch(ctx context.Context, in Place, address, etag string) (*Picture, error) {
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	client, err := in.client(ctx)
	if err != nil {
		return nil, err
	}
	for range maxHops + 1 {
		answer, err := in.ask(ctx, client, address, etag)
		if err != nil {
			return nil, err
		}
		next, err := answer.Location()
		if answer.StatusCode >= 300 && answer.StatusCode < 400 && err == nil {
			answer.Body.Close()
			address = next.String()
			continue
		}
		defer answer.Body.Close()
		return read(answer)
	}
	return nil, fault.New(fault.Invalid, "The picture is sent from place to place.")
}

// client goes as near as the provider is: to its network, or to this machine, but nowhere
// else that is not public.
func (in Place) client(ctx context.Context) (*http.Client, error) {
	home, err := outside.Where(ctx, in.Home)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The provider cannot be reached.")
	}
	c := outside.Client(patience, func(r outside.Reach) error {
		if r == outside.Public || r == home && r != outside.Nobody {
			return nil
		}
		return errNear
	})
	if in.TLS != nil {
		c.Transport.(*http.Transport).TLSClientConfig = in.TLS
	}
	c.Transport.(*http.Transport).DisableKeepAlives = true
	return c, nil
}

var (
	errNear     = fault.New(fault.Denied, "The picture lies in a network that the provider is not in.")
	errInsecure = fault.New(fault.Denied, "Pictures are fetched over https only.")
)

func (in Place) ask(ctx context.Context, client *http.Client, address, etag string) (*http.Response, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fault.New(fault.Invalid, "The claim of the picture is no address.")
	}
	if u.Scheme != "https" && !in.Insecure {
		return nil, errInsecure
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "image/png, image/jpeg")
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	answer, err := client.Do(r)
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return nil, f
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The picture cannot be fetched.")
	}
	return answer, nil
}

func read(answer *http.Response) (*Picture, error) {
	switch {
	case answer.StatusCode == http.StatusNotModified:
		return &Picture{Same: true}, nil
	case answer.StatusCode >= http.StatusInternalServerError, answer.StatusCode == http.StatusTooManyRequests:
		return nil, fault.Wrap(fault.Unavailable, fmt.Errorf("status %d", answer.StatusCode), "The picture cannot be fetched.")
	case answer.StatusCode != http.StatusOK:
		return nil, fault.Wrap(fault.Invalid, fmt.Errorf("status %d", answer.StatusCode), "There is no picture.")
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxBytes+1))
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The picture cannot be fetched.")
	}
	if len(raw) > maxBytes || len(raw) == 0 {
		return nil, fault.New(fault.Invalid, "The picture is empty or too large.")
	}
	p := &Picture{Raw: raw, ETag: answer.Header.Get("ETag")}
	if len(p.ETag) > maxETag {
		p.ETag = ""
	}
	return p, nil
}
