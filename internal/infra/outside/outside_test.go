package outside

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestReaches(t *testing.T) {
	for address, want := range map[string]Reach{
		"127.0.0.1": Host, "::1": Host, "::ffff:127.0.0.1": Host, "10.1.2.3": Private, "192.168.0.1": Private, "172.16.5.5": Private, "100.64.1.1": Private,
		"fc00::1": Private, "169.254.169.254": Nobody, "0.0.0.0": Nobody, "255.255.255.255": Nobody, "224.0.0.1": Nobody, "::": Nobody, "fe80::1%eth0": Nobody,
		"64:ff9b::7f00:1": Nobody, "2002:7f00:1::": Nobody, "2001:0:4136:e378::1": Nobody, "::7f00:1": Nobody,
		"93.184.215.14": Public, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": Public, "::ffff:93.184.215.14": Public,
	} {
		if got := Of(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
	if got, err := Where(t.Context(), "127.0.0.1"); got != Host || err != nil {
		t.Errorf("%d %v", got, err)
	}
}

func TestAClientGoesNoNearerThanItMay(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer s.Close()
	no := errors.New("too near")
	_, err := Client(time.Minute, func(r Reach) error {
		if r != Public {
			return no
		}
		return nil
	}).Get(s.URL)
	if !errors.Is(err, no) || asked != 0 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	answer, err := Client(time.Minute, nil).Get(s.URL)
	if err != nil || answer.StatusCode != http.StatusFound || asked != 1 {
		t.Fatalf("%v, asked %d times", err, asked)
	}
	answer.Body.Close()
}
