// Package theming is how the instance presents itself: its name, slogan and
// addresses, its colour, and the pictures that administrators put in the place of
// ours. Whatever colour they choose, what is written on it and with it can be
// read. It knows no page: pages ask for its face.
package theming
