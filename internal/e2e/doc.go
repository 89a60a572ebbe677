// Package e2e tells stories: several people at one server, over real HTTP, on
// every database. It holds tests alone, and knows of the server what its clients
// know.
package e2e
