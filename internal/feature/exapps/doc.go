// Package exapps keeps external apps: programs that run beside the server, in any
// language, are registered by an administrator, and act for people through the public
// APIs. It speaks the protocol of today's AppAPI (a shared secret in a header) and the
// signed one it began as (package sign); the wire is that of reference exapp-auth and of
// the captures 34-apps/342 to 381. It starts no containers: apps are installed by hand.
//
// What an app reaches is the scopes an administrator granted, as a scope of the
// principal it acts for, and by route. It knows nothing of what apps do.
package exapps
