// Command resource-server is a second service behind the same identity provider as
// Atrium: it takes the access token that a page brings, checks that the provider gave
// it for this service, and reads the person's folder /Photos at Atrium with it. Atrium
// decides on its own what the token may open there.
package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "the address to serve on")
	issuer := flag.String("issuer", "", "the identity provider, such as https://id.example.com/realms/company")
	audience := flag.String("audience", "resource-server", "what tokens for this service name as their audience")
	atrium := flag.String("atrium", "", "Atrium's address")
	page := flag.String("page", "", "the origin whose page may call, such as https://photos.example.com")
	flag.Parse()
	provider, err := oidc.NewProvider(context.Background(), *issuer)
	if err != nil {
		log.Fatal(err)
	}
	s := &service{atrium: *atrium, page: *page, tokens: provider.Verifier(&oidc.Config{ClientID: *audience})}
	mux := http.NewServeMux()
	mux.HandleFunc("OPTIONS /pictures", s.preflight)
	mux.HandleFunc("GET /pictures", s.pictures)
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

type service struct {
	atrium, page string
	tokens       *oidc.IDTokenVerifier // of signed tokens; it asks for no nonce
}

func (s *service) cross(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", s.page)
	w.Header().Set("Vary", "Origin")
}

func (s *service) preflight(w http.ResponseWriter, _ *http.Request) {
	s.cross(w)
	w.Header().Set("Access-Control-Allow-Headers", "Authorization")
	w.WriteHeader(http.StatusNoContent)
}

// pictures answers the names in the folder, as a list in JSON.
func (s *service) pictures(w http.ResponseWriter, r *http.Request) {
	s.cross(w)
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	token, err := s.tokens.Verify(r.Context(), raw)
	if !ok || err != nil {
		http.Error(w, "This token is not for this service.", http.StatusUnauthorized)
		return
	}
	var claims struct {
		Name string `json:"preferred_username"`
	}
	if err := token.Claims(&claims); err != nil || claims.Name == "" {
		http.Error(w, "The token does not say whose it is.", http.StatusUnauthorized)
		return
	}
	names, err := s.list(r.Context(), claims.Name, raw)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(names); err != nil {
		log.Print(err)
	}
}

// list asks Atrium for what is in somebody's folder, with their own token.
func (s *service) list(ctx context.Context, name, token string) ([]string, error) {
	folder := s.atrium + "/remote.php/dav/files/" + url.PathEscape(name) + "/Photos/"
	r, err := http.NewRequestWithContext(ctx, "PROPFIND", folder, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Depth", "1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusMultiStatus {
		return nil, fmt.Errorf("the server answers %s", answer.Status)
	}
	var listing struct {
		Hrefs []string `xml:"DAV: response>href"`
	}
	if err := xml.NewDecoder(answer.Body).Decode(&listing); err != nil {
		return nil, err
	}
	if len(listing.Hrefs) == 0 {
		return nil, errors.New("nothing is shown, not even the folder")
	}
	names := []string{}
	for _, href := range listing.Hrefs[1:] { // the first is the folder
		at, err := url.PathUnescape(href)
		if err != nil {
			return nil, err
		}
		names = append(names, path.Base(at))
	}
	return names, nil
}
