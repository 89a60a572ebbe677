package locks_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atrium/internal/core/identity"
	"atrium/internal/core/settings"
	"atrium/internal/feature/locks"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/proto/cli"
)

const (
	exclusive = `<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype><d:owner>me</d:owner></d:lockinfo>`
	shared    = `<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:shared/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>`
	ask       = `<d:propfind xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:prop><d:getetag/><d:lockdiscovery/><nc:lock/><nc:lock-owner/>` +
		`<nc:lock-owner-displayname/><nc:lock-owner-type/><nc:lock-timeout/><nc:lock-token/></d:prop></d:propfind>`
)

func TestLocksByToken(t *testing.T) {
	each(t, func(r *rig) {
		r.want(201, "PUT", home+"/f", "x")
		token := r.want(200, "LOCK", home+"/f", exclusive, "Timeout: Second-60").Header.Get("Lock-Token")
		r.want(423, "PUT", home+"/f", "y")
		r.want(423, "DELETE", home+"/f", "")
		r.want(423, "LOCK", home+"/f", exclusive)
		r.want(423, "LOCK", home+"/f", shared)
		r.want(204, "PUT", home+"/f", "y", "If: ("+token+")")
		bare := strings.TrimPrefix(token, "<opaquelocktoken:")
		r.has(r.want(207, "PROPFIND", home+"/f", ask), "opaquelocktoken:", "<nc:lock-owner-displayname>Alice<", "<nc:lock-timeout>60<",
			"<nc:lock-owner-type>2<", "<nc:lock-token>"+bare[:36]+"<")
		r.want(200, "LOCK", home+"/f", "", "If: ("+token+")", "Timeout: Second-120")
		r.want(204, "UNLOCK", home+"/f", "", "Lock-Token: "+token)
		r.want(409, "UNLOCK", home+"/f", "", "Lock-Token: "+token)
		r.want(204, "PUT", home+"/f", "z")
	})
}

// Locks belong to addresses: they do not move along, wherever below they are.
func TestLocksStayBehind(t *testing.T) {
	lite(t, func(r *rig) {
		for _, f := range []string{"/d", "/d/sub", "/top"} {
			r.want(201, "MKCOL", home+f, "")
		}
		r.want(201, "PUT", home+"/d/sub/f", "x")
		deep := r.want(200, "LOCK", home+"/d/sub/f", exclusive).Header.Get("Lock-Token")
		above := r.want(200, "LOCK", home+"/top", exclusive).Header.Get("Lock-Token")
		r.want(423, "MOVE", home+"/d", "", "Destination: "+home+"/top/d")
		r.want(423, "MOVE", home+"/d", "", "Destination: "+home+"/top/d", "If: <"+home+"/d/sub/f> ("+deep+")")
		r.want(201, "MOVE", home+"/d", "", "Destination: "+home+"/top/d", "If: <"+home+"/d/sub/f> ("+deep+") <"+home+"/top> ("+above+")")
		r.has(r.want(207, "PROPFIND", home+"/top/d/sub/f", ask), above[1:len(above)-1], "<d:href>"+home+"/top</d:href>", "-"+deep[1:len(deep)-1])
		r.want(409, "UNLOCK", home+"/top/d/sub/f", "", "Lock-Token: "+deep)
		r.want(204, "UNLOCK", home+"/top", "", "Lock-Token: "+above)
		r.want(204, "PUT", home+"/top/d/sub/f", "y")
	})
}

// Of many who lock a file at the same time one gets the lock, or none.
func TestLocksAreExclusive(t *testing.T) {
	each(t, func(r *rig) {
		r.want(201, "PUT", home+"/f", "x")
		var wg sync.WaitGroup
		var got, others atomic.Int32
		for range 8 {
			wg.Go(func() {
				switch r.try("LOCK", home+"/f", exclusive).StatusCode {
				case 200:
					got.Add(1)
				case 423:
					others.Add(1)
				}
			})
		}
		wg.Wait()
		if got.Load() > 1 || got.Load()+others.Load() != 8 {
			t.Errorf("%d got an exclusive lock, %d did not", got.Load(), others.Load())
		}
	})
}

// A lock on a received share holds for the owner too, who sees whose it is and may
// break it; a token in the wrong hands opens nothing.
func TestLocksOnReceivedShares(t *testing.T) {
	const theirs = "/remote.php/dav/files/bob/from-alice"
	lite(t, func(r *rig) {
		r.share()
		token := r.as("bob").want(200, "LOCK", theirs+"/f", exclusive).Header.Get("Lock-Token")
		r.as("alice").want(423, "PUT", home+"/shared/f", "y")
		r.want(412, "PUT", home+"/shared/f", "y", "If: ("+token+")")
		r.has(r.want(207, "PROPFIND", home+"/shared/f", ask), "<nc:lock-owner>bob<", token[1:len(token)-1])
		r.want(204, "UNLOCK", home+"/shared/f", "", "Lock-Token: "+token)
		r.want(204, "PUT", home+"/shared/f", "y")

		r.want(200, "LOCK", home+"/shared", exclusive) // deep
		list := r.as("bob").want(207, "PROPFIND", theirs+"/f", ask)
		r.has(list, "<nc:lock-owner>alice<", "-opaquelocktoken", "<nc:lock-token/>", "<d:href>/remote.php/dav/files/bob/from-alice</d:href>")
		r.want(423, "PUT", theirs+"/new", "y")
		r.want(423, "UNLOCK", theirs+"/f", "", "X-User-Lock: 1")
	})
}

func TestLocksByHand(t *testing.T) {
	const theirs = "/remote.php/dav/files/bob/from-alice"
	each(t, func(r *rig) {
		r.share()
		etag := func() string {
			return regexp.MustCompile(`<d:getetag>([^<]*)`).FindString(r.want(207, "PROPFIND", theirs+"/f", ask).body)
		}
		r.as("bob")
		before := etag()
		locked := r.want(200, "LOCK", theirs+"/f", "", "X-User-Lock: 1")
		r.has(locked, "<nc:lock>1</nc:lock>", "<nc:lock-owner-type>0<", "<nc:lock-owner>bob<", "<nc:lock-owner-displayname>Bob<", "<nc:lock-timeout>86400<", etag())
		if before == etag() {
			t.Error("the etag stayed, so that no client would see the lock")
		}
		r.want(204, "PUT", theirs+"/f", "bob's") // with any of his programs
		r.want(200, "LOCK", theirs+"/f", "", "X-User-Lock: 1")
		r.as("alice").has(r.want(423, "LOCK", home+"/shared/f", "", "X-User-Lock: 1"), "<nc:lock-owner>bob<")
		r.want(423, "PUT", home+"/shared/f", "y")
		r.want(423, "DELETE", home+"/shared", "")
		r.want(207, "PROPPATCH", home+"/shared/f", `<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set></d:propertyupdate>`)
		r.has(r.want(200, "UNLOCK", home+"/shared/f", "", "X-User-Lock: 1"), "<nc:lock>0</nc:lock>") // it is her file
		r.want(412, "UNLOCK", home+"/shared/f", "", "X-User-Lock: 1")
		r.want(204, "PUT", home+"/shared/f", "y")

		r.want(200, "LOCK", home+"/shared/f", "", "X-User-Lock: 1")
		r.as("bob").want(423, "UNLOCK", theirs+"/f", "", "X-User-Lock: 1")
		r.want(400, "LOCK", theirs+"/f", "", "X-User-Lock: 1", "X-User-Lock-Type: 7")
		r.as("alice").want(201, "MOVE", home+"/shared/f", "", "Destination: "+home+"/elsewhere")
		r.has(r.want(207, "PROPFIND", home+"/elsewhere", ask), "<nc:lock-owner>alice<")
	})
}

// The desktop client locks what an office program has open with a token.
func TestTokensForTheDesktop(t *testing.T) {
	lite(t, func(r *rig) {
		r.want(201, "PUT", home+"/f", "x")
		res := r.want(200, "LOCK", home+"/f", "", "X-User-Lock: 1", "X-User-Lock-Type: 2")
		token := regexp.MustCompile(`<nc:lock-token>([^<]+)<`).FindStringSubmatch(res.body)[1]
		r.want(423, "PUT", home+"/f", "y")
		r.want(204, "PUT", home+"/f", "y", "If: <"+r.srv.URL+home+"/f> (<opaquelocktoken:"+token+">)")
		r.want(200, "UNLOCK", home+"/f", "", "X-User-Lock: 1", "X-User-Lock-Type: 2")
		r.want(204, "PUT", home+"/f", "z")
	})
}

func TestLocksByOCS(t *testing.T) {
	lite(t, func(r *rig) {
		r.share()
		id := regexp.MustCompile(`^0*([0-9]+)oc`).FindStringSubmatch(r.want(201, "PUT", home+"/shared/g", "x").Header.Get("OC-FileId"))[1]
		const api = "/ocs/v2.php/apps/files_lock/lock/"
		proof := []string{"OCS-APIRequest: true", "Accept: application/json"}
		r.as("bob").has(r.want(200, "PUT", api+id, "", proof...), `"userId":"bob"`, `"type":0`)
		r.as("alice").has(r.want(423, "PUT", api+id, "", proof...), `"userId":"bob"`, `"token":""`)
		r.as("carol").want(404, "PUT", api+id, "", proof...)
		r.want(404, "DELETE", api+"x", "", proof...)
		r.as("alice").want(200, "DELETE", api+id, "", proof...)
		r.want(412, "DELETE", api+id, "", proof...)
	})
}

// No lock outlives its time, nor its holder's account; an administrator may end it.
func TestLocksEnd(t *testing.T) {
	each(t, func(r *rig) {
		now := time.Now()
		r.room.Now = func() time.Time { return now }
		for i := range 4 {
			r.want(201, "PUT", fmt.Sprint(home, "/", i), "x")
		}
		lock := func(i int) { r.want(200, "LOCK", fmt.Sprint(home, "/", i), "", "X-User-Lock: 1") }
		count := func() int64 {
			t.Helper()
			n, err := db.One(t.Context(), r.db, db.Scan1[int64], "SELECT COUNT(*) FROM filelock")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if err := settings.New(r.db).Set(t.Context(), "files_lock", "lock_timeout", "10"); err != nil {
			t.Fatal(err)
		}
		lock(0)
		now = now.Add(10 * time.Minute)
		r.want(204, "PUT", home+"/0", "over")
		if err := r.room.Expire(t.Context()); err != nil || count() != 0 {
			t.Errorf("%v, %d locks", err, count())
		}
		lock(1)
		lock(2)
		id := regexp.MustCompile(`^0*([0-9]+)oc`).FindStringSubmatch(r.want(204, "PUT", home+"/1", "x").Header.Get("OC-FileId"))[1]
		if got := r.run("files:lock"); strings.Count(got, "alice") != 2 {
			t.Errorf("files:lock prints\n%s", got)
		}
		if got := r.run("files:lock", "--unlock", id); got != "1 locks ended\n" || count() != 1 {
			t.Errorf("got %q", got)
		}
		if _, err := r.people.Create(t.Context(), identity.NewUser{ID: "alice"}); err != nil {
			t.Fatal(err)
		}
		if err := r.people.Remove(t.Context(), "alice"); err != nil || count() != 0 {
			t.Errorf("%v, %d locks", err, count())
		}
	})
}

// run executes an admin command and returns what it prints.
func (r *rig) run(args ...string) string {
	r.Helper()
	root := cli.Root("atrium", "", "")
	for _, c := range r.board.CLI.All() {
		cli.Add(root, c)
	}
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	if code := cli.Run(r.Context(), root, args); code != cli.OK {
		r.Errorf("%v: %d %s", args, code, out.String())
	}
	return out.String()
}

// What was locked before the room had a table of its own stays locked.
func TestFormerLocksStay(t *testing.T) {
	former := schemas[:len(schemas)-1]
	dbtest.Each(t, former, func(t *testing.T, d *db.DB) {
		end := time.Now().Add(time.Hour).Unix()
		for _, token := range []string{"opaquelocktoken:1", "opaquelocktoken:2"} {
			if _, err := d.Exec(t.Context(), `INSERT INTO davlock (token, space, node, deep, shared, owner, uid, display, created, expires)
				VALUES (?, 1, 2, 0, 0, '', 'alice', 'Alice', 1, ?)`, token, end); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Migrate(t.Context(), d, append(former, locks.Schema)...); err != nil {
			t.Fatal(err)
		}
		n, err := db.One(t.Context(), d, db.Scan1[int64], "SELECT COUNT(*) FROM filelock WHERE uid = 'alice' AND kind = 2 AND expires = ?", end)
		if n != 2 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})
}
