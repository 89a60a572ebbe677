package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// keycloak is a running one, which its administrator changes.
type keycloak struct {
	at    string // address
	http  *http.Client
	token string
	until time.Time
}

func newKeycloak(at string) *keycloak {
	return &keycloak{at: at, http: &http.Client{Timeout: 2 * time.Minute}}
}

// entry signs the administrator in, whose tokens last a minute.
func (k *keycloak) entry(ctx context.Context) error {
	if time.Now().Before(k.until) {
		return nil
	}
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {"admin"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, k.at+"/realms/master/protocol/openid-connect/token", bytes.NewBufferString(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var said struct {
		Token string `json:"access_token"`
	}
	if err := k.do(r, &said); err != nil {
		return err
	}
	k.token, k.until = said.Token, time.Now().Add(30*time.Second)
	return nil
}

// do sends a request and reads JSON from the answer, if into is not nil.
func (k *keycloak) do(r *http.Request, into any) error {
	answer, err := k.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("keycloak: %s %s: %s: %.600s", r.Method, r.URL.Path, answer.Status, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

// admin calls the administrators' interface.
func (k *keycloak) admin(ctx context.Context, method, path string, body, into any) error {
	if err := k.entry(ctx); err != nil {
		return err
	}
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	default:
		var err error
		if text, err = json.Marshal(b); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, k.at+"/admin/realms"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+k.token)
	r.Header.Set("Content-Type", "application/json")
	return k.do(r, into)
}

// makeRealm imports a realm in the place of an older one of the name "company".
func (k *keycloak) makeRealm(ctx context.Context, realm string) error {
	var all []struct {
		Realm string `json:"realm"`
	}
	if err := k.admin(ctx, http.MethodGet, "?briefRepresentation=true", nil, &all); err != nil {
		return err
	}
	for _, one := range all {
		if one.Realm != "company" {
			continue
		}
		if err := k.admin(ctx, http.MethodDelete, "/company", nil, nil); err != nil {
			return err
		}
	}
	k.until = time.Time{} // a token made before the realm does not open it
	if err := k.admin(ctx, http.MethodPost, "", realm, nil); err != nil {
		return err
	}
	k.until = time.Time{}
	return nil
}

// user is somebody at Keycloak, as its interface shows them.
func (k *keycloak) user(ctx context.Context, name string) (map[string]any, error) {
	var all []map[string]any
	if err := k.admin(ctx, http.MethodGet, "/company/users?exact=true&username="+name, nil, &all); err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("keycloak has %d users %s", len(all), name)
	}
	return all[0], nil
}

// change changes fields of somebody.
func (k *keycloak) change(ctx context.Context, name string, fields map[string]any) error {
	u, err := k.user(ctx, name)
	if err != nil {
		return err
	}
	for field, value := range fields {
		u[field] = value
	}
	return k.admin(ctx, http.MethodPut, "/company/users/"+u["id"].(string), u, nil)
}

// move puts somebody into one group (PUT) or out of it (DELETE).
func (k *keycloak) move(ctx context.Context, method, name, group string) error {
	u, err := k.user(ctx, name)
	if err != nil {
		return err
	}
	var g struct {
		ID string `json:"id"`
	}
	if err := k.admin(ctx, http.MethodGet, "/company/group-by-path/"+group, nil, &g); err != nil {
		return err
	}
	return k.admin(ctx, method, "/company/users/"+u["id"].(string)+"/groups/"+g.ID, nil, nil)
}

// signOut ends all sessions of somebody, as an administrator does.
func (k *keycloak) signOut(ctx context.Context, name string) error {
	u, err := k.user(ctx, name)
	if err != nil {
		return err
	}
	return k.admin(ctx, http.MethodPost, "/company/users/"+u["id"].(string)+"/logout", nil, nil)
}

// certificate is what the realm signs with, as its console shows it.
func (k *keycloak) certificate(ctx context.Context) (string, error) {
	var all struct {
		Keys []struct {
			Algorithm   string `json:"algorithm"`
			Certificate string `json:"certificate"`
		} `json:"keys"`
	}
	if err := k.admin(ctx, http.MethodGet, "/company/keys", nil, &all); err != nil {
		return "", err
	}
	for _, key := range all.Keys {
		if key.Algorithm == "RS256" {
			return key.Certificate, nil
		}
	}
	return "", errors.New("keycloak: no key for RS256")
}

// importClient makes a client of SAML metadata, as the console does, and gives it
// mappers and, in the place of what the metadata asked for, attributes.
func (k *keycloak) importClient(ctx context.Context, metadata string, mappers json.RawMessage, changed map[string]string) error {
	var client map[string]any
	if err := k.admin(ctx, http.MethodPost, "/company/client-description-converter", metadata, &client); err != nil {
		return err
	}
	attributes, _ := client["attributes"].(map[string]any)
	for name, value := range changed {
		attributes[name] = value
	}
	client["protocolMappers"] = mappers
	return k.admin(ctx, http.MethodPost, "/company/clients", client, nil)
}
