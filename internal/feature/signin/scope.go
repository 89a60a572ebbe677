package signin

import (
	"context"
	"net/http"
	"slices"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/proto/web"
)

// scope is what a token is limited to, as JSON. The recorded server has
// filesystem only; what has no limit is left out.
type scope struct {
	Filesystem bool     `json:"filesystem"`
	Rooms      []string `json:"rooms,omitempty"`   // only these parts of the server
	But        []string `json:"but,omitempty"`     // all but these
	Verbs      []string `json:"verbs,omitempty"`   // of read, write, share
	Folders    []folder `json:"folders,omitempty"` // only these files and folders
}

// folder is a node of the file tree.
type folder struct {
	ID   int64  `json:"id"`
	Path string `json:"path,omitempty"` // "": gone, or no longer to be seen
}

// asked is a scope that somebody asks for. With more than filesystem it says all
// there is to say; else it opens the file tree or closes it, and leaves the rest.
type asked struct {
	Filesystem *bool
	Rooms      *[]string
	But        *[]string
	Verbs      *[]string
	Folders    *[]int64
}

func scopeOf(t *identity.Token, paths map[int64]string) scope {
	out := scope{Filesystem: t.Scope.Allows(who.FilesRoom, who.Read)}
	if s := t.Scope; s != nil {
		out.Rooms, out.But, out.Verbs = s.Rooms, s.But, s.Verbs.Names()
		for _, id := range s.Folders {
			out.Folders = append(out.Folders, folder{id, paths[id]})
		}
	}
	return out
}

// whole tells whether the scope says more than the recorded server's does.
func (a *asked) whole() bool {
	return a.Rooms != nil || a.But != nil || a.Verbs != nil || a.Folders != nil
}

func orNone[T any](p *[]T) []T {
	if p == nil {
		return nil
	}
	return *p
}

// scope is the scope that is asked for.
func (a *asked) scope() (*who.Scope, error) {
	verbs, err := who.ParseVerbs(orNone(a.Verbs))
	if err != nil {
		return nil, err
	}
	return &who.Scope{Rooms: orNone(a.Rooms), But: orNone(a.But), Verbs: verbs, Folders: orNone(a.Folders)}, nil
}

// files opens the file tree in s, or closes it, and changes nothing else.
func files(s *who.Scope, open bool) *who.Scope {
	if s.Allows(who.FilesRoom, who.Read) == open {
		return s
	}
	out := who.Scope{}
	if s != nil {
		out = *s
	}
	if open {
		out.But = slices.DeleteFunc(slices.Clone(out.But), func(r string) bool { return r == who.FilesRoom })
		if len(out.Rooms) > 0 && !slices.Contains(out.Rooms, who.FilesRoom) {
			out.Rooms = append(slices.Clone(out.Rooms), who.FilesRoom)
		}
		return &out
	}
	out.But = append(slices.Clone(out.But), who.FilesRoom)
	return &out
}

// newScope is what a new token is limited to: what is asked for, or what its kind
// of device has.
func (rm *Room) newScope(ctx context.Context, p *who.Principal, in wanted) (*who.Scope, error) {
	var base *who.Scope
	if in.Kind != "" {
		preset, err := who.PresetOf(in.Kind)
		if err != nil {
			return nil, err
		}
		base = preset.Scope
		if preset.Folders && (in.Scope == nil || len(orNone(in.Scope.Folders)) == 0) {
			return nil, fault.New(fault.Invalid, "Please choose a folder.")
		}
	}
	return rm.changedScope(ctx, p, in.Scope, base)
}

// changedScope applies what is asked for to what there is, and checks it.
func (rm *Room) changedScope(ctx context.Context, p *who.Principal, a *asked, s *who.Scope) (*who.Scope, error) {
	if a == nil {
		return s, nil
	}
	if a.whole() {
		next, err := a.scope()
		if err != nil {
			return nil, err
		}
		s = next
	}
	if a.Filesystem != nil {
		s = files(s, *a.Filesystem)
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	return s, rm.checkFolders(ctx, p, a)
}

// checkFolders refuses folders that the person does not see.
func (rm *Room) checkFolders(ctx context.Context, p *who.Principal, a *asked) error {
	ids := orNone(a.Folders)
	paths, err := rm.pathsOf(ctx, p, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, ok := paths[id]; !ok {
			return fault.New(fault.Invalid, "One of the folders is not among yours.")
		}
	}
	return nil
}

// pathsOf tells where somebody sees nodes. Whoever may see no files sees none.
func (rm *Room) pathsOf(ctx context.Context, p *who.Principal, ids []int64) (map[int64]string, error) {
	if len(ids) == 0 || rm.Paths == nil {
		return nil, nil
	}
	return rm.Paths(ctx, p, ids)
}

// kind is a kind of device for which there are limits ready.
type kind struct {
	ID      string `json:"id"`
	Scope   scope  `json:"scope"`
	Folders bool   `json:"folders,omitempty"` // folders are to be chosen
}

// listKinds answers GET …/authtokens/kinds.
func listKinds(w http.ResponseWriter, _ *http.Request) error {
	var out []kind
	for _, p := range who.Presets() {
		out = append(out, kind{p.ID, scopeOf(&identity.Token{Scope: p.Scope}, nil), p.Folders})
	}
	web.WriteJSON(w, http.StatusOK, out)
	return nil
}
