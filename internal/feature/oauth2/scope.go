package oauth2

import (
	"context"
	"errors"
	"slices"
	"strings"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
)

// The words of OpenID Connect (Core, sections 5.4 and 11), and groups. They open
// nothing of ours but what the client is told of the person.
const (
	openid  = "openid"
	offline = "offline_access"
	all     = "all" // everything that the person may do, as Nextcloud's tokens; "all:read": see
)

var claims = []string{openid, "profile", "email", "groups", offline}

// maxWords is how long scopes may be, in bytes.
const maxWords = 1000

// demand is what a client asks for, or was granted: the words for a person's data,
// those of a resource server, and those for us, of which there is either all or a
// scope.
type demand struct {
	Claims  []string
	Foreign []string
	All     who.Verb // 0: not all
	Words   who.Words
}

// read understands scopes. What nobody knows is refused rather than left out, so that
// a client learns of its mistake. No scope at all is everything, as with Nextcloud.
func read(said string, rooms, foreign []string) (d demand, err error) {
	if len(said) > maxWords {
		return demand{}, fault.New(fault.Invalid, "The scopes are too long.")
	}
	var ours []string
	for _, word := range strings.Fields(said) {
		room, verbs, _ := strings.Cut(word, ":")
		switch {
		case slices.Contains(claims, word):
			if !slices.Contains(d.Claims, word) {
				d.Claims = append(d.Claims, word)
			}
		case slices.Contains(foreign, word):
			if !slices.Contains(d.Foreign, word) {
				d.Foreign = append(d.Foreign, word)
			}
		case word == all || word == all+":read":
			if d.All = who.Everything; verbs != "" {
				d.All = who.Read
			}
		case slices.Contains(rooms, room) && foreign == nil:
			ours = append(ours, word)
		default:
			return demand{}, fault.New(fault.Invalid, "There is no scope “{scope}”.", "scope", strings.ToValidUTF8(word, ""))
		}
	}
	if d.Words, err = who.ParseWords(strings.Join(ours, " "), rooms); err != nil {
		return demand{}, err
	}
	if d.All != 0 && (d.Words.Any || foreign != nil) {
		return demand{}, fault.New(fault.Invalid, "The scopes ask for all and for parts.")
	}
	if len(strings.Fields(said)) == 0 && foreign == nil {
		d.All = who.Everything
	}
	return d, nil
}

// parts are the words for us, one for each room or folder.
func (d demand) parts() (out []string) {
	if d.All != 0 {
		return []string{strings.TrimSuffix(all+":"+strings.Join(d.All.Names(), ","), ":")}
	}
	if !d.Words.Any {
		return nil
	}
	verbs := strings.Join(d.Words.Scope.Verbs.Names(), ",")
	for _, room := range d.Words.Scope.Rooms {
		if room != who.FilesRoom || len(d.Words.Folders) == 0 {
			out = append(out, strings.TrimSuffix(room+":"+verbs, ":"))
			continue
		}
		if verbs == "" {
			verbs = "read,write,share"
		}
		for _, folder := range d.Words.Folders {
			out = append(out, room+":"+verbs+":"+folder)
		}
	}
	return out
}

// String is what was granted, as clients are told.
func (d demand) String() string {
	return strings.Join(slices.Concat(d.Claims, d.Foreign, d.parts()), " ")
}

func (d demand) has(claim string) bool { return slices.Contains(d.Claims, claim) }

// within tells whether no word goes beyond those that a client may ask for.
func (d demand) within(allowed string, rooms []string) error {
	if allowed == "" {
		return nil
	}
	most, err := read(allowed, rooms, nil)
	if err != nil {
		return err
	}
	beyond := slices.ContainsFunc(d.Claims, func(c string) bool { return !most.has(c) })
	switch {
	case most.All != 0:
		beyond = beyond || d.All&^most.All != 0 || d.Words.Any && d.Words.Scope.Verbs&^most.All != 0
	case d.All != 0:
		beyond = true
	case d.Words.Any:
		beyond = beyond || !most.Words.Any || d.Words.Scope.Verbs&^most.Words.Scope.Verbs != 0 ||
			slices.ContainsFunc(d.Words.Scope.Rooms, func(r string) bool { return !slices.Contains(most.Words.Scope.Rooms, r) }) ||
			len(most.Words.Folders) > 0 && !inside(d.Words, most.Words.Folders)
	}
	if beyond {
		return fault.New(fault.Invalid, "The program may not ask for this.")
	}
	return nil
}

// inside tells whether all folders lie in some of others.
func inside(w who.Words, folders []string) bool {
	if !slices.Contains(w.Scope.Rooms, who.FilesRoom) {
		return true
	}
	within := func(f string) bool {
		return slices.ContainsFunc(folders, func(top string) bool { return f == top || strings.HasPrefix(f, strings.TrimSuffix(top, "/")+"/") })
	}
	return len(w.Folders) > 0 && !slices.ContainsFunc(w.Folders, func(f string) bool { return strings.Contains(f, "/..") || !within(f) })
}

// narrowed is what is left of a demand when a person keeps only some of its words, and at
// most some verbs. openid is not theirs to choose: it says that they are asked.
func (d demand) narrowed(keep []string, most who.Verb, rooms, foreign []string) (demand, error) {
	var words []string
	for _, w := range slices.Concat(d.Claims, d.Foreign, d.parts()) {
		if w == openid || slices.Contains(keep, w) {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return demand{}, fault.New(fault.Invalid, "Please leave at least one thing, or decline.")
	}
	out, err := read(strings.Join(words, " "), rooms, foreign)
	out.All &= most
	out.Words.Scope.Verbs &= most
	return out, err
}

// scope is what an access token of ours is limited to. Without a word for us it opens
// nothing but what every credential may see of its account.
func (rm *Room) scope(ctx context.Context, uid string, d demand) (*who.Scope, error) {
	switch {
	case d.All == who.Everything:
		return nil, nil
	case d.All != 0:
		return &who.Scope{Verbs: d.All}, nil
	case !d.Words.Any:
		return &who.Scope{Rooms: []string{openid}}, nil
	}
	s := d.Words.Scope
	for _, path := range d.Words.Folders {
		node, err := rm.Folder(ctx, uid, path)
		if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Denied) || errors.Is(err, fault.Invalid) {
			return nil, fault.Wrap(fault.Invalid, err, "There is no folder “{path}”.", "path", path)
		}
		if err != nil {
			return nil, err
		}
		s.Folders = append(s.Folders, node)
	}
	return &s, s.Check()
}
