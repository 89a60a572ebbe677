package app

import (
	"cmp"
	"context"
	"errors"
	"os"

	"atrium/internal/base/who"
	"atrium/internal/core/identity"
	"atrium/internal/feature/accountmail"
	"atrium/internal/feature/admin"
	"atrium/internal/feature/administration"
	"atrium/internal/feature/audit"
	"atrium/internal/feature/cloud"
	"atrium/internal/feature/davfiles"
	"atrium/internal/feature/export"
	named "atrium/internal/feature/homes"
	"atrium/internal/feature/kerberos"
	"atrium/internal/feature/ldap"
	"atrium/internal/feature/leave"
	"atrium/internal/feature/monitor"
	"atrium/internal/feature/oauth2"
	"atrium/internal/feature/oauth2/clients"
	"atrium/internal/feature/oidc"
	"atrium/internal/feature/passwords"
	"atrium/internal/feature/preferences"
	"atrium/internal/feature/previews"
	"atrium/internal/feature/principals"
	"atrium/internal/feature/profile"
	"atrium/internal/feature/provisioning"
	"atrium/internal/feature/rewind"
	"atrium/internal/feature/roles"
	"atrium/internal/feature/saml"
	"atrium/internal/feature/scim"
	"atrium/internal/feature/search"
	"atrium/internal/feature/shares"
	shareapi "atrium/internal/feature/shares/api"
	"atrium/internal/feature/shares/sharees"
	"atrium/internal/feature/signin"
	"atrium/internal/feature/status"
	"atrium/internal/feature/transfer"
	"atrium/internal/feature/twofactor"
	"atrium/internal/proto/dav"
	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

// plugIn makes the rooms and plugs them in: the list of what we are. A room in
// may("name", …) can be switched off by that name, which is the one that clients
// and scripts for Nextcloud know; all others are always on (switching.go).
func (h *house) plugIn() (*plug.Board, error) {
	b := h.board()
	in, second, letters, err := h.waysIn()
	if err != nil {
		return nil, err
	}
	about, err := h.clouds()
	if err != nil {
		return nil, err
	}
	choices := preferences.New(h.db, h.people)
	pages, err := h.pages(in, choices)
	if err != nil {
		return nil, err
	}
	presence := status.New(h.db, h.people)
	faces, err := profile.New(h.db, h.people)
	if err != nil {
		return nil, err
	}
	faces.Statuses = presence
	news, err := h.news(presence)
	if err != nil {
		return nil, err
	}
	davs, olds, bin, pictures := h.holders()
	var rooms []plug.Room
	rooms = []plug.Room{
		always("user_oidc", h.openid), // before the room that knows no other bearer tokens
		always("user_saml", h.asserted), always("user_ldap", together{h.known, h.namedHomes()}), h.tickets, may("scim", scim.New(h.db, h.people, h.settings, h.box, h.tell)),
		in, second,
		may("oauth2", together{h.programs, clients.New(h.programs)}), may("app_api", h.externalApps(davs)),
		h.themed(about),
		pages, h.origins,
		always("provisioning", h.accounts(apps{h, func() []plug.Room { return rooms }}, letters, choices)),
		letters,
		may("user_status", presence),
		may("profile", faces),
		roles.New(h.db, h.people),
		audit.New(h.db, h.box), leave.New(h.people, h.settings, h.lock),
		may("transfer", transfer.New(h.db, h.people, h.files, h.publish, h.knows)),
		may("export", export.New(h.people, h.files)),
		passwords.New(h.db, h.people, h.settings, h.hashes),
		always("files_sharing", h.sharing(presence, pictures, davs)),
		always("files", davs),
		pictures, // before the rooms that show none of themselves
		rewind.New(h.db, h.tree, h.content, h.files, h.people, rewind.Parts{Versions: olds, Trash: bin, Publish: h.publish}),
		may("files_versions", olds),
		h.usage(olds),
		may("files_trashbin", bin),
		h.readableTree(davs.Contents, olds.Contents),
		h.search(davs),
		h.administration(),
		h.monitoring(),
		admin.New(h.people, h.files, h.settings, h.jobs, h.env.site(h)),
	}
	rooms = append(append(rooms, h.roomsOnFiles(pictures)...), news...)
	h.plugAll(b, rooms)
	return b, h.letIn(b, pictures)
}

func (h *house) plugAll(b *plug.Board, rooms []plug.Room) {
	for _, r := range rooms {
		h.plug(b, r)
	}
	b.CLI.Add("security:limits", h.limits(b.Web))
}

// themed are the rooms that tell who we are and how we look.
func (h *house) themed(about *cloud.Room) plug.Room {
	h.theming.Mark = about.Mark
	return together{about, h.theming}
}

// namedHomes makes the room of the names that directories and providers have for homes.
func (h *house) namedHomes() *named.Room {
	rm := named.New(h.db, h.people, h.conf.Data)
	h.known.SetHome, h.asserted.SetHome = rm.SetHome, rm.SetHome
	return rm
}

// clouds makes the room that tells of the instance and keeps the pictures of people, which
// come from those who vouch for them too.
func (h *house) clouds() (*cloud.Room, error) {
	rm, err := cloud.New(h.db, h.people, h.settings)
	if err == nil {
		h.openid.Portraits, h.known.SetPortrait = rm, rm.SetPortrait
	}
	return rm, err
}

// accounts makes the room of accounts and groups.
func (h *house) accounts(parts apps, letters *accountmail.Room, choices *preferences.Room) plug.Room {
	rm := provisioning.New(h.people, homes{h.db, h.tree, h.files}, h.settings, parts, h.mailer(letters))
	rm.Preferences = choices
	return together{rm, choices}
}

// sharing makes the rooms of shares.
func (h *house) sharing(presence *status.Room, pictures *previews.Room, davs *davfiles.Room) plug.Room {
	h.shares = shares.New(h.db, h.tree, h.files, h.people, h.settings, h.hashes, h.publish)
	h.shares.Now = h.env.clock()
	rm := shareapi.New(h.shares, h.files, h.people)
	if h.mail.Ready() {
		rm.Send = h.sendShare
	}
	rm.Presence, rm.Previews, rm.Favorites = presence.Brief, pictures.Shows, davs.Favorites
	found := sharees.New(h.shares, h.people)
	found.Presence = presence.Brief
	h.sharees = found
	return together{rm, found, principals.New(found)}
}

// knows finds an account that somebody may know of, by the rules of sharing.
func (h *house) knows(ctx context.Context, p *who.Principal, uid string) (*identity.User, error) {
	return h.sharees.Person(ctx, p, uid)
}

// together are rooms that are one to whoever switches them.
type together []plug.Room

// Plug implements plug.Room.
func (t together) Plug(b *plug.Board) {
	for _, r := range t {
		r.Plug(b)
	}
}

// board is a board without rooms.
func (h *house) board() *plug.Board {
	m := web.NewMux()
	m.Switches = h.switches
	b := &plug.Board{Web: m, OCS: ocs.NewMux(m), DAV: dav.NewMux("/remote.php/dav"), Hook: &h.files.Hooks, Bus: h.bus, Jobs: h.jobs,
		Auth: &[]web.Authenticator{}}
	b.DAV.Switches, b.Caps.Switches, b.PublicCaps.Switches, b.Search.Switches = h.switches, h.switches, h.switches, h.switches
	b.Filters.Switches, b.Settings.Switches, b.Health.Switches, b.Letters.Switches = h.switches, h.switches, h.switches, h.switches
	return b
}

// waysIn makes the rooms of the login, which know each other by a few functions.
func (h *house) waysIn() (*signin.Room, *twofactor.Room, *accountmail.Room, error) {
	in, err := signin.New(h.db, h.people, h.box)
	if err != nil {
		return nil, nil, nil, err
	}
	in.Paths = h.files.Paths
	second, err := twofactor.New(h.db, h.people, h.box, h.settings, in)
	if err != nil {
		return nil, nil, nil, err
	}
	in.Passed, in.Script, second.Log = second.Passed, second.Script(), h.log
	if err := errors.Join(h.vouchers(in), h.clients(in)); err != nil {
		return nil, nil, nil, err
	}
	letters, err := accountmail.New(h.db, h.people, h.mail, h.box, h.conf.BaseURL())
	if err == nil && h.mail.Ready() {
		in.Forgot = accountmail.Forgot
	}
	return in, second, letters, err
}

// vouchers makes the rooms of the providers that vouch for people.
func (h *house) vouchers(in *signin.Room) error {
	rm, err := oidc.New(h.db, h.people, h.settings, h.box, in)
	if err != nil {
		return err
	}
	rm.Now, rm.Log, rm.Rooms = h.env.clock(), h.log, scopeRooms()
	rm.Folder = h.folder
	h.openid = rm
	if h.asserted, err = saml.New(h.db, h.people, h.settings, h.box, in); err != nil {
		return err
	}
	h.asserted.Now, h.asserted.Log, h.asserted.Home = h.env.clock(), h.log, h.conf.BaseURL()
	in.Leaving, in.Renewed, in.Doors = h.leaving, h.renewed, h.doors
	h.known = h.directories()
	if h.tickets, err = kerberos.New(h.db, h.people, h.settings, h.box, in); err != nil {
		return err
	}
	h.tickets.Now, h.tickets.Log, h.tickets.Person = h.env.clock(), h.log, h.known.Person
	h.tickets.Home, h.tickets.Conf = h.conf.BaseURL(), cmp.Or(os.Getenv("KRB5_CONFIG"), "/etc/krb5.conf")
	return nil
}

// folder finds the node at a path of somebody's, for the scopes of tokens.
func (h *house) folder(ctx context.Context, uid, path string) (int64, error) {
	v, err := h.files.As(ctx, &who.Principal{ID: uid})
	if err != nil {
		return 0, err
	}
	e, err := v.Stat(ctx, path)
	if err != nil {
		return 0, err
	}
	return e.ID, nil
}

// clients makes the room of the programs that people let use their accounts.
func (h *house) clients(in *signin.Room) error {
	rm, err := oauth2.New(h.db, h.people, h.box)
	if err != nil {
		return err
	}
	rm.Now, rm.Rooms, rm.Folder = h.env.clock(), scopeRooms(), h.folder
	rm.Token, rm.Leave = signin.Tokens(h.box).Make, in.Leave
	h.programs = rm
	return nil
}

// scopeRooms are the parts of the server that the scopes of others' tokens may name.
func scopeRooms() []string { return []string{who.FilesRoom, who.AccountRoom} }

// leaving tells where a session that ends here ends too.
func (h *house) leaving(ctx context.Context, p *who.Principal) (string, error) {
	to, err := h.openid.Leaving(ctx, p)
	if to != "" || err != nil {
		return to, err
	}
	return h.asserted.Leaving(ctx, p)
}

// renewed tells whoever vouched for a session what has taken its place.
func (h *house) renewed(ctx context.Context, was, is int64) error {
	return errors.Join(h.openid.Renewed(ctx, was, is), h.asserted.Renewed(ctx, was, is))
}

// doors are the ways in beside the password.
func (h *house) doors(ctx context.Context, to string) (doors []signin.Door, err error) {
	some, err := h.openid.Doors(ctx, to)
	if err != nil {
		return nil, err
	}
	for _, d := range some {
		doors = append(doors, signin.Door(d))
	}
	more, err := h.asserted.Doors(ctx, to)
	if err != nil {
		return nil, err
	}
	for _, d := range more {
		doors = append(doors, signin.Door(d))
	}
	last, err := h.tickets.Doors(ctx, to)
	for _, d := range last {
		doors = append(doors, signin.Door(d))
	}
	return doors, err
}

// directories is the room of the directories that know people.
func (h *house) directories() *ldap.Room {
	rm := ldap.New(h.db, h.people, h.box)
	rm.Now, rm.Log = h.env.clock(), h.log
	return rm
}

// administration makes the room of the settings and the log.
func (h *house) administration() *administration.Room {
	rm := administration.New(h.settings, h.conf, h.env.src)
	rm.Log = h.recent
	return rm
}

// monitoring makes the room that tells how busy we are. Requests are counted at
// the door, which comes later.
func (h *house) monitoring() *monitor.Room {
	h.monitor = monitor.New(h.db, h.people, h.tree, h.settings, monitor.Site{Version: Version + ".2", Server: "Atrium " + h.version, Data: h.conf.Data})
	h.monitor.Log = h.log
	h.monitor.Shares = func(ctx context.Context) (out []monitor.Tally, err error) {
		all, err := h.shares.Tallies(ctx)
		for _, t := range all {
			out = append(out, monitor.Tally{Kind: int64(t.Kind), Perms: t.Perms, Locked: t.Locked, N: t.N})
		}
		return out, err
	}
	return h.monitor
}

// search is the room of the unified search.
func (h *house) search(davs *davfiles.Room) *search.Room {
	rm := search.New(h.db, h.tree, h.files, h.people)
	rm.Favorites = davs.Favorites
	return rm
}

// mailer is who writes to people, nil where no mail server is set up.
func (h *house) mailer(letters *accountmail.Room) provisioning.Mailer {
	if !h.mail.Ready() {
		return nil
	}
	return letters
}
