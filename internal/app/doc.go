// Package app builds everything by hand, in one readable list: it chooses the
// drivers, makes the rooms, plugs them in and runs the process. It knows every
// package and no package knows it.
package app
