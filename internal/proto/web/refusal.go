package web

import (
	"log/slog"
	"net/http"
)

// Refusal is the page for whom another service vouches and who is not let in.
type Refusal struct{ page *Template }

// Refusal parses the page.
func (p *Pages) Refusal() (*Refusal, error) {
	page, err := p.Parse(pageFiles, "page/refused.html")
	return &Refusal{page}, err
}

// Show tells somebody why they do not get in, and logs it.
func (f *Refusal) Show(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) error {
	status := Status(err)
	if status >= http.StatusInternalServerError {
		log.Error("a login by a provider failed", "error", err)
	} else {
		log.Info("a login by a provider was refused", "error", err)
	}
	if status == http.StatusConflict {
		status = http.StatusBadRequest
	}
	return f.page.Render(w, r, status, Tongue(r).Say("Login"), map[string]string{"Text": Text(r, err)})
}
