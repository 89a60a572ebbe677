package exapps

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/feature/exapps/calls"
	"atrium/internal/feature/exapps/sign"
	"atrium/internal/proto/web"
)

// maxAnswer bounds what an app may answer to a call of ours, in bytes.
const maxAnswer = 1 << 20

// outgoing is a request of ours to an app.
type outgoing struct {
	method string
	target string // path and query as they are sent: "/enabled?enabled=1"
	uid    string // on whose behalf; "": nobody's
	body   []byte // JSON; nil: none
}

// call sends a request to an app and reads what it answers.
func (rm *Room) call(ctx context.Context, a *App, o outgoing) (status int, answer []byte, err error) {
	r, err := rm.request(ctx, a, o)
	if err != nil {
		return 0, nil, err
	}
	got, err := rm.calls.To(a.ID).RoundTrip(r)
	if err != nil {
		return 0, nil, err
	}
	answer, err = calls.Read(got, maxAnswer)
	return got.StatusCode, answer, err
}

func (rm *Room) request(ctx context.Context, a *App, o outgoing) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, o.method, a.address().String()+o.target, bytes.NewReader(o.body))
	if err != nil {
		return nil, fmt.Errorf("external app %s: %w", a.ID, err)
	}
	r.Header.Set("User-Agent", "Atrium")
	r.Header.Set("Accept", "application/json")
	if o.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	rm.prove(r, a, o.uid, sign.Hash(o.body))
	return r, nil
}

// prove adds to a request what tells the app that it is from us. hash is that of the body
// and of use in the signed protocol only.
func (rm *Room) prove(r *http.Request, a *App, uid, hash string) {
	id := web.VisitOf(r.Context()).ID
	if id == "" {
		id = "CLI"
	}
	if a.Signed {
		sign.Claim{Version: seedVersion, App: a.ID, AppVersion: a.Version, User: uid, Hash: hash, Time: rm.Now().Unix()}.
			Sign(a.secret, r.Method, r.URL.RequestURI()).Write(r.Header)
		r.Header.Set(sign.RequestID, id)
		return
	}
	r.Header.Set(versionHeader, apiVersion)
	r.Header.Set(sign.AppID, a.ID)
	r.Header.Set(sign.AppVersion, a.Version)
	r.Header.Set(sharedHeader, base64.StdEncoding.EncodeToString([]byte(uid+":"+a.secret)))
	r.Header.Set(requestHeader, id)
}

// beats asks an app whether it runs. Nothing proves to it who asks.
func (rm *Room) beats(ctx context.Context, a *App) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.address().String()+"/heartbeat", http.NoBody)
	if err != nil {
		return false
	}
	r.Header.Set("Accept", "application/json")
	answer, err := rm.calls.To(a.ID).RoundTrip(r)
	if err != nil {
		return false
	}
	body, err := calls.Read(answer, maxAnswer)
	var said struct{ Status string }
	return err == nil && answer.StatusCode == http.StatusOK && json.Unmarshal(body, &said) == nil && said.Status == "ok"
}

// tellEnabled tells an app that it is enabled or not. An app that says what is wrong with
// that is fault.Conflict.
func (rm *Room) tellEnabled(ctx context.Context, a *App, on int) error {
	status, body, err := rm.call(ctx, a, outgoing{method: http.MethodPut, target: fmt.Sprintf("/enabled?enabled=%d", on)})
	if err != nil {
		return err
	}
	var said struct{ Error *string }
	if status != http.StatusOK || json.Unmarshal(body, &said) != nil || said.Error == nil {
		return fault.New(fault.Conflict, "The external app answers /enabled with {status} and nothing that can be read.", "status", status)
	}
	if *said.Error != "" {
		return fault.New(fault.Conflict, "The external app says: {words}", "words", clip(*said.Error))
	}
	return nil
}

// clip keeps what an app says to a line.
func clip(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// whole reads a body that is to be signed.
func whole(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxHeld+1))
	if err == nil && len(b) > maxHeld {
		err = fault.New(fault.TooLarge, "This external app takes requests of up to 1 MiB.")
	}
	return b, err
}
