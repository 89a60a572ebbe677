package oauth2

import (
	"net/http"
	"net/url"
	"strings"

	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
	"atrium/internal/proto/web"
)

// carried are the parameters of a request that its page sends along.
var carried = []string{"client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method", "nonce", "prompt",
	"max_age", "resource", "response_mode"}

// item is one thing that a client wants, with a box to untick.
type item struct {
	Word, Text string
	Fixed      bool
}

type consentView struct {
	Client, Leads, Account, Login, Verbs string
	Items                                []item
	May                                  bool // it wants more than to read
	Retype, Wrong                        bool
	Action, Token                        string
	Carried                              [][2]string
}

// ask shows what a client wants, in words.
func (rm *Room) ask(w http.ResponseWriter, r *http.Request, a *ask) error {
	p := who.From(r.Context())
	if p.Via != who.ViaSession {
		return errNotInPerson
	}
	signed, err := rm.signedAt(r.Context(), p)
	if err != nil {
		return err
	}
	v := rm.view(r, a.client, a.server, a.demand)
	v.Retype, v.Wrong = rm.mustType(a, p, signed), a.wrong
	v.Action, v.Leads = base+"/authorize", strings.TrimSuffix(origin(a.redirect), ":")
	v.Carried = hidden(a.said, carried...)
	web.Unframed(r, origin(a.redirect))
	return rm.pages["consent"].Render(w, r, http.StatusOK, web.Tongue(r).Say("Access to your account"), v)
}

// view is what the page shows of a demand.
func (rm *Room) view(r *http.Request, c, server *Client, d demand) consentView {
	p, in := who.From(r.Context()), web.Tongue(r)
	v := consentView{Client: c.Name, Account: p.Display, Login: p.ID, Token: rm.Token(p.TokenID)}
	for _, word := range d.Claims {
		v.Items = append(v.Items, item{word, claimText(in, word), word == openid})
	}
	for _, word := range d.Foreign {
		v.Items = append(v.Items, item{word, in.Say("“{word}” at {server}", "word", word, "server", server.Name), false})
	}
	verbs := d.All
	if d.Words.Any {
		verbs = d.Words.Scope.Verbs
	}
	for _, word := range d.parts() {
		v.Items = append(v.Items, item{word, partText(in, word), d.All != 0 && len(d.Claims) == 0})
	}
	v.Verbs, v.May = verbsText(in, verbs), verbs != 0 && verbs != who.Read
	return v
}

func claimText(in *tongue.Tongue, word string) string {
	switch word {
	case openid:
		return in.Say("Who you are: the name of your account")
	case "profile":
		return in.Say("Your name as others see it")
	case "email":
		return in.Say("Your mail address")
	case "groups":
		return in.Say("The groups you are in")
	}
	return in.Say("All this also while you are away")
}

func partText(in *tongue.Tongue, word string) string {
	room, rest, _ := strings.Cut(word, ":")
	_, folder, narrow := strings.Cut(rest, ":")
	switch {
	case room == all:
		return in.Say("Everything in your account: files, shares and settings")
	case narrow:
		return in.Say("The folder {folder} with all that is in it", "folder", folder)
	case room == who.FilesRoom:
		return in.Say("All your files and folders")
	case room == who.AccountRoom:
		return in.Say("Your profile and your settings")
	}
	return room
}

func verbsText(in *tongue.Tongue, v who.Verb) string {
	switch v {
	case 0:
		return ""
	case who.Read:
		return in.Say("The program may look at this, and change nothing.")
	case who.Read | who.Write:
		return in.Say("The program may look at this and change it.")
	case who.Read | who.Share:
		return in.Say("The program may look at this and share it with others.")
	}
	return in.Say("The program may look at this, change it and share it with others.")
}

// hidden turns parameters into hidden fields.
func hidden(v url.Values, names ...string) (out [][2]string) {
	for _, n := range names {
		if v.Has(n) {
			out = append(out, [2]string{n, v.Get(n)})
		}
	}
	return out
}
