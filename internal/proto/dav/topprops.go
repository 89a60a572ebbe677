package dav

import (
	"context"
	"encoding/xml"
	"net/url"

	"atrium/internal/base/who"
)

// topProps are the properties that every collection of the engine's own has.
type topProps struct{}

// Default implements Props.
func (topProps) Default() []xml.Name {
	return []xml.Name{{Space: NSDAV, Local: "resourcetype"}}
}

// Open implements Props.
func (topProps) Open(ctx context.Context, _ Resource, want []xml.Name) (PropSet, error) {
	set := PropSet{Writers: make([]Writer, len(want))}
	for i, n := range want {
		switch n {
		case xml.Name{Space: NSDAV, Local: "resourcetype"}:
			set.Writers[i] = ResourceType
		case xml.Name{Space: NSDAV, Local: "current-user-principal"}:
			set.Writers[i] = CurrentUserPrincipal(ctx)
		case xml.Name{Space: NSDAV, Local: "principal-collection-set"}:
			set.Writers[i] = PrincipalCollectionSet
		}
	}
	return set, nil
}

// ResourceType writes d:resourcetype.
func ResourceType(b []byte, r *Resource) ([]byte, bool) {
	if r.Dir {
		b = append(b, "<d:collection/>"...)
	}
	return b, true
}

// Principals is the mount of people and groups as WebDAV names them (RFC 3744).
const Principals = "principals"

// PrincipalCollectionSet writes d:principal-collection-set (RFC 3744 5.8,
// 17-dav-misc/062).
func PrincipalCollectionSet(b []byte, _ *Resource) ([]byte, bool) {
	for _, kind := range []string{"users", "groups", "calendar-resources", "calendar-rooms"} {
		b = append(b, "<d:href>/remote.php/dav/"+Principals+"/"+kind+"/</d:href>"...)
	}
	return b, true
}

// CurrentUserPrincipal writes d:current-user-principal (RFC 5397).
func CurrentUserPrincipal(ctx context.Context) Writer {
	value := "<d:unauthenticated/>"
	if p := who.From(ctx); p != nil {
		value = "<d:href>/remote.php/dav/" + Principals + "/users/" + url.PathEscape(p.ID) + "/</d:href>"
	}
	return func(b []byte, _ *Resource) ([]byte, bool) { return append(b, value...), true }
}
