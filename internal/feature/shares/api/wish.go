package api

import (
	"net/url"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/core/files"
	"atrium/internal/feature/shares"
)

// The kinds of shares that clients may ask for and that are not kept here.
const (
	remoteKind      = 6
	circleKind      = 7
	remoteGroupKind = 9
	roomKind        = 10
	deckKind        = 12
	scienceKind     = 15
)

// wish reads what a client wants to share (client-api §7).
func wish(q url.Values, e *files.Entry) (shares.Wish, error) {
	w := shares.Wish{Recipient: q.Get("shareWith"), PublicUpload: yes(q.Get("publicUpload")), Password: q.Get("password"),
		Note: q.Get("note"), Label: q.Get("label"), HideDownload: yes(q.Get("hideDownload"))}
	kind, err := strconv.Atoi(q.Get("shareType"))
	if err != nil {
		return w, errKind
	}
	if err := absent(kind, q.Get("shareWith"), e); err != nil {
		return w, err
	}
	w.Kind = shares.Kind(kind)
	if yes(q.Get("sendPasswordByTalk")) {
		return w, fault.New(fault.Denied, "Sharing {path} sending the password by Nextcloud Talk failed because Nextcloud Talk is not enabled", "path", e.Path)
	}
	if w.Perms, err = permsOf(q); err != nil {
		return w, fault.New(fault.Denied, "Valid permissions are required for sharing")
	}
	w.Expires, w.Attributes = given(q, "expireDate"), given(q, "attributes")
	return w, nil
}

// errKind is a kind of share that nobody knows (32-sharing/016, 017).
var errKind = fault.New(fault.Invalid, "Unknown share type")

// absent refuses the kinds that need what is not there: other servers, teams,
// conversations (32-sharing/008, 010, 011, 033, 034).
func absent(kind int, with string, e *files.Entry) error {
	switch kind {
	case int(shares.User), int(shares.Group), int(shares.Link), int(shares.Mail):
		return nil
	case remoteKind, remoteGroupKind:
		if user, host, ok := strings.Cut(with, "@"); !ok || user == "" || host == "" {
			return fault.New(fault.Denied, "Invalid cloud id")
		}
		return fault.New(fault.Denied, "Failed to create share.")
	case circleKind:
		return fault.New(fault.NotFound, "You cannot share to a Team if the app is not enabled")
	case roomKind:
		return fault.New(fault.Denied, "Sharing {path} failed because the back end does not support room shares", "path", e.Path)
	case deckKind, scienceKind:
		return fault.New(fault.Denied, "Sharing {path} failed because the back end does not support this kind of shares", "path", e.Path)
	}
	return errKind
}

// given is a parameter that may be left out: nil, or its value.
func given(q url.Values, name string) *string {
	if !q.Has(name) {
		return nil
	}
	s := q.Get(name)
	return &s
}

func permsOf(q url.Values) (*files.Perm, error) {
	if q.Get("permissions") == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(q.Get("permissions"), 10, 8)
	if err != nil {
		return nil, err
	}
	p := files.Perm(n)
	return &p, nil
}

// change reads what a client wants to be otherwise.
func change(q url.Values) (c shares.Change, err error) {
	if yes(q.Get("sendPasswordByTalk")) {
		return c, fault.New(fault.Denied, `"Sending the password by Nextcloud Talk" for sharing a file or folder failed because Nextcloud Talk is not enabled.`)
	}
	if c.Perms, err = permsOf(q); err != nil {
		return c, fault.New(fault.Invalid, "Failed to update share.")
	}
	for name, to := range map[string]**bool{"publicUpload": &c.PublicUpload, "hideDownload": &c.HideDownload} {
		if q.Get(name) != "" {
			on := yes(q.Get(name))
			*to = &on
		}
	}
	for name, to := range map[string]**string{"password": &c.Password, "expireDate": &c.Expires, "note": &c.Note, "label": &c.Label,
		"attributes": &c.Attributes, "token": &c.Token} {
		*to = given(q, name)
	}
	return c, nil
}
