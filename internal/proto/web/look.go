package web

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// lookCookie is where a browser keeps the look that somebody chose, for the pages
// that are seen before anybody is signed in: words such as "dark.contrast.125".
const lookCookie = "atrium_theme"

// Look is how pages look: each as the attributes of the document say it.
type Look struct {
	Theme     string // "light", "dark", or "auto" for whatever the device prefers
	Contrast  string // "more", or "auto"
	Motion    string // "less", or "auto"
	Size      string // of letters in percent: "100"
	Underline string // of links: "yes" or "no"
}

var letterSizes = []string{"90", "112", "125", "150"}

// LookOf is the look that a browser has kept.
func LookOf(r *http.Request) Look {
	l := Look{"auto", "auto", "auto", "100", "no"}
	c, err := r.Cookie(lookCookie)
	if err != nil {
		return l
	}
	for word := range strings.SplitSeq(c.Value, ".") {
		switch {
		case word == "light" || word == "dark":
			l.Theme = word
		case word == "contrast":
			l.Contrast = "more"
		case word == "still":
			l.Motion = "less"
		case word == "underlined":
			l.Underline = "yes"
		case slices.Contains(letterSizes, word):
			l.Size = word
		}
	}
	return l
}

// With is the look with what an account has chosen, by the names of the fields in
// small letters.
func (l Look) With(chosen map[string]string) Look {
	for name, field := range map[string]*string{"theme": &l.Theme, "contrast": &l.Contrast, "motion": &l.Motion, "size": &l.Size, "underline": &l.Underline} {
		if v := chosen[name]; v != "" {
			*field = v
		}
	}
	return l
}

// words is what the cookie says.
func (l Look) words() string {
	words := []string{l.Theme}
	if l.Contrast == "more" {
		words = append(words, "contrast")
	}
	if l.Motion == "less" {
		words = append(words, "still")
	}
	if l.Size != "100" {
		words = append(words, l.Size)
	}
	if l.Underline == "yes" {
		words = append(words, "underlined")
	}
	return strings.Join(words, ".")
}

// Keep has the browser keep the look, if it does not yet.
func (l Look) Keep(w http.ResponseWriter, r *http.Request) {
	if l == LookOf(r) {
		return
	}
	http.SetCookie(w, &http.Cookie{Name: lookCookie, Value: l.words(), Path: "/", MaxAge: int(365 * 24 * time.Hour / time.Second),
		Secure: VisitOf(r.Context()).HTTPS(), SameSite: http.SameSiteLaxMode})
}
