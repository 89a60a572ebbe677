package webhooks

import (
	"errors"
	"net"
	"net/http"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/infra/outside"
)

// patience is how long a receiver may take to answer.
const patience = 10 * time.Second

// errPrivate refuses an address in our own network.
var errPrivate = fault.New(fault.Denied, "Webhooks go to public addresses only, unless webhook_listeners allow_local_address is on.")

// client sends to public addresses only, unless local is true.
func client(local bool) *http.Client {
	c := outside.Client(patience, func(r outside.Reach) error {
		if r == outside.Public || local {
			return nil
		}
		return errPrivate
	})
	c.Transport.(*http.Transport).MaxIdleConnsPerHost = atOnce
	return c
}

// timedOut tells whether a receiver kept us waiting.
func timedOut(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
