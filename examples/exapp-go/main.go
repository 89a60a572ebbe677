// Command exapp-go is a small external app: it counts the files in the home of whoever
// asks it through Atrium, and leaves a note about it there. It speaks either protocol:
// with a secret that is sent (AppAPI), or with signatures when SIGNED is 1.
//
// APP_ID, APP_VERSION, APP_SECRET, APP_HOST, APP_PORT and NEXTCLOUD_URL in its
// environment say who it is; docs/developer/external-apps.md says the rest.
package main

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"atrium/internal/feature/exapps/sign"
)

func main() {
	a := &app{id: os.Getenv("APP_ID"), version: os.Getenv("APP_VERSION"), secret: os.Getenv("APP_SECRET"),
		server: strings.TrimRight(os.Getenv("NEXTCLOUD_URL"), "/"), signed: os.Getenv("SIGNED") == "1"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /heartbeat", func(w http.ResponseWriter, _ *http.Request) { say(w, `{"status":"ok"}`) })
	mux.HandleFunc("GET /scopes", a.proven(func(w http.ResponseWriter, _ string) error { say(w, `{"required":[3],"optional":[]}`); return nil }))
	mux.HandleFunc("PUT /enabled", a.proven(func(w http.ResponseWriter, _ string) error { say(w, `{"error":""}`); return nil }))
	mux.HandleFunc("GET /count", a.proven(a.count))
	server := &http.Server{Addr: net.JoinHostPort(os.Getenv("APP_HOST"), os.Getenv("APP_PORT")), Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

type app struct {
	id, version, secret, server string
	signed                      bool
}

func say(w http.ResponseWriter, json string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, json)
}

// proven lets in whoever proves to be the server; uid is whom it acts for.
func (a *app) proven(f func(w http.ResponseWriter, uid string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		uid, err := a.check(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		if err := f(w, uid); err != nil {
			log.Print(err)
			http.Error(w, "Atrium did not do what it was asked", http.StatusBadGateway)
		}
	}
}

var errProof = errors.New("only the server may call")

func (a *app) check(r *http.Request) (uid string, err error) {
	if !a.signed {
		text, err := base64.StdEncoding.DecodeString(r.Header.Get("AUTHORIZATION-APP-API"))
		uid, secret, _ := strings.Cut(string(text), ":")
		if err != nil || r.Header.Get("EX-APP-ID") != a.id || subtle.ConstantTimeCompare([]byte(secret), []byte(a.secret)) == 0 {
			return "", errProof
		}
		return uid, nil
	}
	c, err := sign.Read(r.Header)
	if err != nil || c.App != a.id || !c.Fresh(time.Now()) || !c.Verify(a.secret, r.Method, r.RequestURI) {
		return "", errProof
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || sign.Hash(body) != c.Hash {
		return "", errProof
	}
	return c.User, nil
}

// count answers how many files there are in somebody's home, and writes it down there.
func (a *app) count(w http.ResponseWriter, uid string) error {
	home := "/remote.php/dav/files/" + url.PathEscape(uid)
	answer, err := a.call("PROPFIND", home+"/", uid, nil, http.StatusMultiStatus)
	if err != nil {
		return err
	}
	var listing struct {
		Responses []struct {
			Folder *struct{} `xml:"propstat>prop>resourcetype>collection"`
		} `xml:"response"`
	}
	if err := xml.Unmarshal(answer, &listing); err != nil {
		return err
	}
	n := 0
	for _, r := range listing.Responses {
		if r.Folder == nil {
			n++
		}
	}
	text := fmt.Sprintf("%d files were here", n)
	if _, err := a.call(http.MethodPut, home+"/"+url.PathEscape(a.id)+".txt", uid, []byte(text), http.StatusCreated, http.StatusNoContent); err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// call asks the server for something on behalf of somebody.
func (a *app) call(method, target, uid string, body []byte, wanted ...int) ([]byte, error) {
	r, err := http.NewRequest(method, a.server+target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if a.signed {
		sign.Claim{Version: "1.0.0", App: a.id, AppVersion: a.version, User: uid, Hash: sign.Hash(body), Time: time.Now().Unix()}.
			Sign(a.secret, method, target).Write(r.Header)
	} else {
		r.Header.Set("EX-APP-ID", a.id)
		r.Header.Set("EX-APP-VERSION", a.version)
		r.Header.Set("AUTHORIZATION-APP-API", base64.StdEncoding.EncodeToString([]byte(uid+":"+a.secret)))
	}
	if method == "PROPFIND" {
		r.Header.Set("Depth", "1")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 8<<20))
	if err != nil {
		return nil, err
	}
	for _, status := range wanted {
		if answer.StatusCode == status {
			return text, nil
		}
	}
	return nil, fmt.Errorf("%s %s: %s: %.200s", method, target, answer.Status, text)
}
