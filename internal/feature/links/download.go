package links

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/web"
)

// davURL is the address of what lies in a link, for DAV.
func davURL(l *Link, at string) string {
	return publicDAV + "/files/" + url.PathEscape(l.Token) + string(dav.AppendHref(nil, path.Join("/", at)))
}

// download answers GET /s/{token}/download?path=&files=, the address that people
// know: it leads on to where the bytes are (18-public-dav/027, 028; 32-sharing/164,
// 165). files is one name, or a JSON list of names in path. One name leads to the
// file itself, where the recorded server leads to an archive that is none.
func (rm *Room) download(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.arrive(w, r, "downloadShare")
	if l == nil || err != nil {
		return err
	}
	if l.Mount.Sealed || l.HideDownload { // 32-sharing/175, with the status of a success
		return fault.New(fault.Denied, "Share has no download permission")
	}
	q := r.URL.Query()
	at, pick := q.Get("path"), q.Get("files")
	if name := web.Param(r, "file"); name != "" && pick == "" {
		web.Redirect(w, r, web.VisitOf(r.Context()).Base()+davURL(l, "")+"?accept=zip") // the name is but how programs shall call it
		return nil
	}
	to := web.VisitOf(r.Context()).Base() + davURL(l, at)
	switch {
	case pick == "":
		to = strings.TrimSuffix(to, "/") + "/?accept=zip"
	case json.Valid([]byte(pick)) && strings.ContainsAny(pick[:1], `["`):
		to = strings.TrimSuffix(to, "/") + "/?accept=zip&files=" + url.QueryEscape(pick)
	default:
		to = web.VisitOf(r.Context()).Base() + davURL(l, path.Join(at, pick))
	}
	web.Redirect(w, r, to)
	return nil
}

// arrive finds the link of a page and whether the visitor may see it. Who has yet
// to show the password is sent to where they can: then there is neither link nor
// error.
func (rm *Room) arrive(w http.ResponseWriter, r *http.Request, then string) (*Link, error) {
	l, err := rm.find(r, web.Param(r, "token"))
	if err != nil {
		return nil, err
	}
	switch err := rm.enter(r, l); {
	case errors.Is(err, fault.Anonymous):
		web.Redirect(w, r, "/s/"+url.PathEscape(l.Token)+"/authenticate/"+then)
		return nil, nil
	case err != nil:
		return nil, err
	}
	return l, nil
}
