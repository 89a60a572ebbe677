package app

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// program sends a request of a program with an access token.
func (s *secured) program(method, path, token, body string) answer {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("OCS-APIRequest", "true")
	return s.send(&http.Client{}, req)
}

var carriedFields = regexp.MustCompile(`<input type="(?:hidden|checkbox)" name="([a-z_]+)" value="([^"]*)"`)

// TestAProgramIsLetIntoOneFolder goes the way from the program's address over the login
// to files: what was agreed to holds at WebDAV and OCS, stands in the list of devices, and
// ends there.
func TestAProgramIsLetIntoOneFolder(t *testing.T) {
	s := secure(t)
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	made := s.command("oauth2:add-client", "Photo Printer", "https://printer.example/cb", "--standard", "--output=json")
	if err := json.Unmarshal([]byte(made), &client); err != nil {
		t.Fatal(err, made)
	}
	home := "/remote.php/dav/files/tess"
	for _, folder := range []string{"/Photos", "/Letters"} {
		if a := s.basic("MKCOL", home+folder, "tess"); a.status != http.StatusCreated {
			t.Fatal(a)
		}
	}
	asks := "/apps/oauth2/authorize?" + url.Values{"client_id": {client.ID}, "response_type": {"code"}, "state": {"x"}, "scope": {"files:read:/Photos"}}.Encode()
	login := s.ask("GET", asks, nil)
	if !strings.HasPrefix(login.to, "/login?redirect_url=") {
		t.Fatalf("who is not signed in is sent to %q", login.to)
	}
	in := s.ask("POST", "/login", url.Values{"user": {"tess"}, "password": {secondPassword}, "redirect_url": {asks}})
	page := s.ask("GET", in.to, nil)
	if in.to != asks || !strings.Contains(page.body, "Photo Printer") || !strings.Contains(page.body, "/Photos") {
		t.Fatalf("the login leads to %q, %d %s", in.to, page.status, page.body)
	}
	form := url.Values{"answer": {"yes"}}
	for _, m := range carriedFields.FindAllStringSubmatch(page.body, -1) {
		if m[1] != "readonly" {
			form.Add(m[1], html.UnescapeString(m[2]))
		}
	}
	back, err := url.Parse(s.ask("POST", "/apps/oauth2/authorize", form).to)
	if err != nil || back.Host != "printer.example" {
		t.Fatal(back, err)
	}
	var token struct {
		Access string `json:"access_token"`
	}
	got := s.ask("POST", "/index.php/apps/oauth2/api/v1/token", url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "client_id": {client.ID}, "client_secret": {client.Secret}})
	if err := json.Unmarshal([]byte(got.body), &token); err != nil {
		t.Fatal(err, got)
	}
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"PROPFIND", home + "/Photos", http.StatusMultiStatus},
		{"PROPFIND", home + "/Letters", http.StatusNotFound},
		{"PUT", home + "/Photos/a.txt", http.StatusForbidden},
		{"DELETE", home + "/Photos", http.StatusForbidden},
		{"GET", "/ocs/v2.php/cloud/user?format=json", http.StatusOK},
		{"GET", "/ocs/v2.php/cloud/users?format=json", http.StatusForbidden},
		{"GET", "/settings/personal/authtokens", http.StatusForbidden},
	} {
		if a := s.program(c.method, c.path, token.Access, ""); a.status != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, a.status, c.want)
		}
	}
	list := s.ask("GET", "/settings/personal/authtokens", nil)
	var devices []struct {
		ID   int64
		Name string
	}
	if err := json.Unmarshal([]byte(list.body), &devices); err != nil {
		t.Fatal(err, list)
	}
	for _, d := range devices {
		if d.Name == "Photo Printer" {
			s.ask("DELETE", "/settings/personal/authtokens/"+strconv.FormatInt(d.ID, 10), url.Values{})
		}
	}
	if a := s.program("PROPFIND", home+"/Photos", token.Access, ""); a.status != http.StatusUnauthorized {
		t.Errorf("after it was removed in the list of devices: %d", a.status)
	}
}
