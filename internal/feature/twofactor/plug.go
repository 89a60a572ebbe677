package twofactor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"

	"atrium/internal/proto/ocs"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web"
)

const (
	assetPath  = "/core/twofactor/"
	scriptName = "keys.js"
	styleName  = "pages.css"
)

// Script is the address of what lets the login page talk to passkeys.
func (rm *Room) Script() string { return rm.script }

// assetAddress names a file with a hash of it, so that browsers may keep it.
func assetAddress(name string) (string, error) {
	b, err := fs.ReadFile(files, "assets/"+name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return assetPath + name + "?v=" + hex.EncodeToString(sum[:4]), nil
}

// Plug implements plug.Room.
func (rm *Room) Plug(b *plug.Board) {
	rm.dir.Second = rm.Needed
	rm.dir.OnRemoved(rm.removed)
	m := b.Web
	sub, err := fs.Sub(files, "assets")
	if err == nil {
		err = web.Static(m, assetPath, sub, scriptName, styleName)
	}
	if err != nil {
		panic(err) // the files are part of the program
	}
	// Nobody is signed in here yet; the handlers look at the half session.
	m.Handle("GET", choosePage, web.Anyone, rm.choose)
	m.Handle("GET", challengePage+"{provider}", web.Anyone, rm.challenge)
	m.Handle("POST", challengePage+"{provider}", web.Anyone, rm.answer)
	m.Handle("GET", setupPage, web.Anyone, rm.setUp)
	m.Handle("GET", setupPage+"/{provider}", web.Anyone, rm.setUp)
	m.Handle("POST", setupPage+"/{provider}", web.Anyone, rm.learn)
	m.Handle("POST", "/login/passkey/begin", web.Anyone, rm.beginPasskey, web.PerMinute(600))
	m.Handle("POST", "/login/passkey", web.Anyone, rm.passkey)

	m.Handle("POST", "/login/confirm/passkey/begin", web.User, rm.beginConfirm)
	m.Handle("POST", "/login/confirm/passkey", web.User, rm.confirm)
	m.Handle("GET", "/settings/personal/second-factors", web.User, rm.overview)
	m.Handle("POST", "/settings/personal/keys/begin", web.User|web.Confirmed, rm.beginKey)
	m.Handle("POST", "/settings/personal/keys", web.User|web.Confirmed, rm.addKey)
	m.Handle("PUT", "/settings/personal/keys/{id}", web.User|web.Confirmed, rm.renameKey)
	m.Handle("DELETE", "/settings/personal/keys/{id}", web.User|web.Confirmed, rm.removeKey)
	m.Handle("GET", "/apps/twofactor_totp/settings/state", web.User, rm.totpState)
	m.Handle("POST", "/apps/twofactor_totp/settings/enable", web.User|web.Confirmed, rm.setTOTP)
	m.Handle("POST", "/apps/twofactor_backupcodes/settings/create", web.User|web.Confirmed, rm.makeBackup)
	m.Handle("GET", "/settings/api/admin/twofactorauth", web.Admin, rm.showPolicy)
	m.Handle("PUT", "/settings/api/admin/twofactorauth", web.Admin|web.Confirmed, rm.setPolicy)
	ocs.Handle(b.OCS, "GET /twofactor/state", web.Admin, rm.stateFor)
	ocs.Handle(b.OCS, "POST /twofactor/enable", web.Admin|web.Confirmed, rm.enableFor)
	ocs.Handle(b.OCS, "POST /twofactor/disable", web.Admin|web.Confirmed, rm.disableFor)
	b.Jobs.Every("daily 03:55", "twofactor.tidy", func(ctx context.Context) error { return rm.guesses.tidy(ctx, rm.Now()) })
	for _, c := range rm.commands() {
		b.CLI.Add(c.Name(), c)
	}
}
