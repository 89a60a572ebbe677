package signin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/identity"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/web"
)

// codeLife is how long a QR code that nobody scanned opens anything.
const codeLife = 10 * time.Minute

// qrCode is an address that the official apps read with the phone's camera.
type qrCode struct {
	URI     string `json:"uri"`
	SVG     string `json:"svg"`
	Expires int64  `json:"expires"` // Unix seconds: then it is void unless it was scanned
}

// newCode makes the app password that a QR code hands over: at once ("login",
// which every app reads), or against a token that is worth nothing afterwards
// ("onetime", client-api 2).
func (rm *Room) newCode(r *http.Request, how, login string, t *identity.Token) (*qrCode, string, error) {
	secret, scheme := identity.AppPassword(), "nc://login/"
	switch how {
	case "login":
	case "onetime":
		scheme, t.Kind = "nc://onetime-login/", identity.KindOnce
	default:
		return nil, "", fault.New(fault.Invalid, "A QR code is either for a login or for one time.")
	}
	t.Lapses = rm.Now().Add(codeLife)
	uri := scheme + "user:" + codePart.Replace(login) + "&password:" + secret + "&server:" + web.VisitOf(r.Context()).Base()
	svg, err := picture(uri)
	if err != nil {
		return nil, "", err
	}
	return &qrCode{uri, svg, t.Lapses.Unix()}, secret, nil
}

// codePart escapes what would end a part, or be taken for an escape. All else is
// as it is, since not every app decodes.
var codePart = strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", " ", "%20")

// exchange answers GET /core/getapppassword-onetime: Basic with a one-time token
// gives an app password.
func (rm *Room) exchange(ctx context.Context, r *ocs.Request) (any, error) {
	login, once, ok := r.BasicAuth()
	if !ok || login == "" || once == "" {
		return nil, fault.New(fault.Anonymous, "Current user is not logged in")
	}
	secret := identity.AppPassword()
	if _, err := rm.dir.Exchange(ctx, login, once, secret, r.UserAgent()); err != nil {
		return nil, err
	}
	return appPassword{secret}, nil
}
