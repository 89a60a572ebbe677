// Package lock has short leases by which the nodes of an installation keep
// out of each other's way. It knows nothing of what is locked; WebDAV's locks,
// which people see, are rows elsewhere.
package lock

import (
	"context"
	"fmt"
	"time"

	"atrium/internal/base/fault"
)

// Locker gives out leases. Each is renewed in the background until release is
// called or ctx ends; when the holder's process dies, or once ctx has ended
// without a release, the lease runs out within ttl.
//
// Work under a lease with the held context: it ends, with Lost as its cause,
// if the lease could not be kept, and it ends at release. Release may be
// called more than once. Keys are 1 to 255 bytes; ttl is at least a
// millisecond.
type Locker interface {
	// Lock waits until the lease is free or ctx ends.
	Lock(ctx context.Context, key string, ttl time.Duration) (held context.Context, release func(), err error)
	// TryLock does not wait: ok is false when somebody else holds the lease.
	TryLock(ctx context.Context, key string, ttl time.Duration) (held context.Context, release func(), ok bool, err error)
}

// Lost is the cause with which the held context of a lost lease ends.
func Lost(key string) error {
	return fault.Wrap(fault.Unavailable, fmt.Errorf("lease %q was lost", key), "The server was interrupted. Please try again.")
}

// Check refuses keys and times that no Locker takes.
func Check(key string, ttl time.Duration) error {
	if key == "" || len(key) > 255 {
		return fault.Wrap(fault.Invalid, fmt.Errorf("key of a lease has %d bytes", len(key)), "This is no key of a lease.")
	}
	if ttl < time.Millisecond {
		return fault.Wrap(fault.Invalid, fmt.Errorf("lease of %v", ttl), "A lease must last a while.")
	}
	return nil
}
