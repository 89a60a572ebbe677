package ocs

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/proto/web"
)

// Format is how an answer is written.
type Format uint8

// The formats.
const (
	XML Format = iota
	JSON
)

func (f Format) contentType() string {
	if f == JSON {
		return "application/json; charset=utf-8"
	}
	return "application/xml; charset=utf-8"
}

// Request is a call of an endpoint.
type Request struct {
	*http.Request
	Version int // 1 or 2

	params url.Values
}

// Format is what the client asks for: the parameter format beats the header
// Accept, and without either it is XML, which some phones rely on.
func (r *Request) Format() (Format, error) {
	if strings.Contains(r.URL.RawQuery, "format=") {
		switch f := r.URL.Query().Get("format"); f {
		case "json":
			return JSON, nil
		case "xml", "":
			return XML, nil
		default:
			return XML, fault.New(fault.Invalid, "The format must be json or xml.")
		}
	}
	return fromAccept(r.Header.Get("Accept")), nil
}

// fromAccept takes the first type that is one of ours, whatever its weight.
func fromAccept(accept string) Format {
	for part := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "application/json":
			return JSON
		case "application/xml":
			return XML
		}
	}
	return XML
}

// Path returns a named segment of the endpoint's pattern, decoded.
func (r *Request) Path(name string) string { return web.Param(r.Request, name) }

// Params are the parameters of the query and the body: a form, or a JSON object
// whose numbers and booleans become text and whose lists become name[]. A body
// that cannot be read is fault.Invalid.
func (r *Request) Params() (url.Values, error) {
	if r.params != nil {
		return r.params, nil
	}
	kind := r.Header.Get("Content-Type")
	if !strings.HasPrefix(kind, "application/json") || r.Body == nil {
		var err error
		if strings.HasPrefix(kind, "multipart/form-data") {
			err = r.ParseMultipartForm(1 << 20)
		} else {
			err = r.ParseForm()
		}
		if err != nil {
			return nil, unreadable(err)
		}
		r.params = r.Request.Form
		return r.params, nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, unreadable(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	if len(body) > 0 {
		if err := fromJSON(body, q); err != nil {
			return nil, err
		}
	}
	r.params = q
	return q, nil
}

// unreadable keeps a fault such as fault.TooLarge, and makes the rest Invalid.
func unreadable(err error) error {
	if _, ok := errors.AsType[*fault.Fault](err); ok {
		return err
	}
	return fault.Wrap(fault.Invalid, err, "The request cannot be read.")
}

func fromJSON(body []byte, into url.Values) error {
	var obj map[string]json.RawMessage
	if err := json.Unmarshal(body, &obj); err != nil {
		return unreadable(err)
	}
	for k, v := range obj {
		if strings.HasPrefix(string(v), "[") {
			var list []json.RawMessage
			if err := json.Unmarshal(v, &list); err != nil {
				return unreadable(err)
			}
			for _, e := range list {
				into.Add(k+"[]", plain(e))
			}
			continue
		}
		if string(v) != "null" {
			into.Set(k, plain(v))
		}
	}
	return nil
}

// plain is a JSON value as a form would carry it.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

// Param returns a parameter, "" when it is missing.
func (r *Request) Param(name string) (string, error) {
	p, err := r.Params()
	if err != nil {
		return "", err
	}
	return p.Get(name), nil
}

// List returns a parameter that may be given more than once: name[]=a&name[]=b.
func (r *Request) List(name string) ([]string, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	return append(p[name+"[]"], p[name]...), nil
}

// Int returns a number, def when it is missing, fault.Invalid when it is none.
func (r *Request) Int(name string, def int64) (int64, error) {
	s, err := r.Param(name)
	if err != nil || s == "" {
		return def, err
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "The parameter {name} must be a number.", "name", name)
	}
	return n, nil
}

// Bool returns a truth value as PHP clients write it: 1, true, yes, on.
func (r *Request) Bool(name string) (bool, error) {
	s, err := r.Param(name)
	switch strings.ToLower(s) {
	case "1", "true", "yes", "on":
		return true, err
	}
	return false, err
}
