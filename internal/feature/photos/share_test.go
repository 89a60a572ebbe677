package photos_test

import (
	"fmt"
	"strings"
	"testing"

	"atrium/internal/core/files"
	"atrium/internal/core/identity"
	"atrium/internal/feature/davfiles/davtest"
	"atrium/internal/feature/photos"
	"atrium/internal/infra/db/dbtest"
)

func lent(uid string) string { return "/remote.php/dav/photos/" + uid + "/sharedalbums" }

// with is a PROPPATCH of nc:collaborators.
func with(value string) string {
	return `<d:propertyupdate xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:set><d:prop><nc:collaborators>` + value +
		`</nc:collaborators></d:prop></d:set></d:propertyupdate>`
}

func element(id string, kind int) string {
	return fmt.Sprintf("<nc:collaborator><nc:id>%s</nc:id><nc:label>%[1]s</nc:label><nc:type>%d</nc:type></nc:collaborator>", id, kind)
}

// people makes alice, bob and carol, and the group of friends, of which carol is one.
func people(r *davtest.Rig) {
	r.Helper()
	for _, uid := range []string{"alice", "bob", "carol"} {
		if _, err := r.People.Create(r.Context(), identity.NewUser{ID: uid, Display: strings.ToUpper(uid)}); err != nil {
			r.Fatal(err)
		}
	}
	if err := r.People.CreateGroup(r.Context(), "friends", "Good friends"); err != nil {
		r.Fatal(err)
	}
	r.Groups["carol"] = []string{"friends"}
}

// An album is seen by those with whom it is shared, for as long as it is, and changed
// by its owner alone.
func TestSharedAlbums(t *testing.T) {
	each(t, func(r *davtest.Rig) {
		people(r)
		trip := albums("alice") + "/Trip"
		theirs := func(uid string) string { return lent(uid) + "/Trip%20(alice)" }
		r.As("alice").Put("/a.jpg", "/b.jpg")
		r.Want(201, "MKCOL", trip, "")
		for _, name := range []string{"a.jpg", "b.jpg"} {
			r.Want(201, "COPY", r.Home()+"/"+name, "", "Destination: "+trip+"/"+name)
		}
		a := fmt.Sprint(r.ID("/a.jpg"))
		r.As("bob").Want(404, "PROPFIND", theirs("bob"), "")

		r.As("alice").Want(207, "PROPPATCH", trip, with(`[{"id":"bob","type":0},{"id":"friends","label":"x","type":1},{"id":"bob","type":0}]`))
		r.Has(r.Want(207, "PROPFIND", albums("alice"), davtest.Propfind("nc:collaborators"), "Depth: 1"),
			"<nc:collaborators><nc:collaborator><nc:id>bob</nc:id><nc:label>BOB</nc:label><nc:type>0</nc:type></nc:collaborator>"+
				"<nc:collaborator><nc:id>friends</nc:id><nc:label>Good friends</nc:label><nc:type>1</nc:type></nc:collaborator></nc:collaborators>")
		for _, uid := range []string{"bob", "carol"} {
			r.As(uid).Has(r.Want(207, "PROPFIND", lent(uid), davtest.Propfind("nc:nbItems", "nc:last-photo", "nc:collaborators"), "Depth: 1"),
				"/sharedalbums/Trip%20(alice)/</d:href>", "<nc:nbItems>2</nc:nbItems>", "<nc:nbItems>1</nc:nbItems>", "<nc:collaborators/>")
			r.Has(r.Want(207, "PROPFIND", theirs(uid), davtest.Propfind("oc:fileid", "oc:permissions", "nc:has-preview", "oc:share-types"), "Depth: 1"),
				a+"-a.jpg</d:href>", "<oc:fileid>"+a+"</oc:fileid>", "<nc:has-preview>false</nc:has-preview>", "<oc:permissions>")
			if res := r.Want(200, "GET", theirs(uid)+"/"+a+"-a.jpg", ""); res.Body != "/a.jpg" {
				t.Errorf("%s read %q", uid, res.Body)
			}
			r.Want(404, "GET", r.Home()+"/a.jpg", "")
			r.Want(404, "GET", albums("alice")+"/Trip/"+a+"-a.jpg", "")
			r.Want(403, "DELETE", theirs(uid)+"/"+a+"-a.jpg", "")
			r.Want(403, "MOVE", theirs(uid), "", "Destination: "+albums(uid)+"/Mine")
			r.Has(r.Want(207, "PROPPATCH", theirs(uid), with("[]")), "403 Forbidden")
			r.Put("/" + uid + ".jpg")
			r.Want(403, "COPY", r.Home()+"/"+uid+".jpg", "", "Destination: "+theirs(uid)+"/x.jpg")
			r.Want(403, "MKCOL", lent(uid)+"/New", "")
		}
		r.As("bob").Want(204, "DELETE", theirs("bob"), "") // bob leaves
		r.Want(404, "PROPFIND", theirs("bob"), "")
		r.As("carol").Want(403, "DELETE", theirs("carol"), "") // one of a group cannot
		delete(r.Groups, "carol")
		r.Want(404, "GET", theirs("carol")+"/"+a+"-a.jpg", "")

		r.As("alice").Want(207, "PROPPATCH", trip, with(element("carol", 0)))
		r.As("carol").Want(200, "GET", theirs("carol")+"/"+a+"-a.jpg", "")
		r.As("alice").Want(204, "DELETE", r.Home()+"/a.jpg", "")
		r.As("carol").Want(404, "GET", theirs("carol")+"/"+a+"-a.jpg", "")
		r.As("alice").Want(207, "PROPPATCH", trip, with(""))
		r.As("carol").Want(404, "PROPFIND", theirs("carol"), "")
	})
}

// Nobody sees more through an album than its owner may read and share at that moment.
func TestAlbumsShowNoMoreThanTheirOwnerMayShare(t *testing.T) {
	ru := &rules{passes: true}
	r := newRig(t, dbtest.SQLite(t, davtest.All(photos.Schema)...), ru)
	people(r)
	trip := albums("alice") + "/Trip"
	r.As("carol").Put("/open.jpg", "/closed.jpg")
	r.Share("/open.jpg", "alice", files.Read|files.Share)
	r.Share("/closed.jpg", "alice", files.Read)
	r.As("alice").Put("/own.jpg")
	r.Want(201, "MKCOL", trip, "")
	for _, name := range []string{"own.jpg", "open.jpg", "closed.jpg"} {
		r.Want(201, "COPY", r.Home()+"/"+name, "", "Destination: "+trip+"/"+name)
	}
	r.Want(207, "PROPPATCH", trip, with(element("bob", 0)))
	sees := func(want ...string) {
		t.Helper()
		res := r.As("bob").Want(207, "PROPFIND", lent("bob")+"/Trip%20(alice)", "", "Depth: 1")
		if n := strings.Count(res.Body, ".jpg</d:href>"); n != len(want) {
			t.Errorf("%d files, want %v", n, want)
		}
		r.Has(res, want...)
	}
	sees("own.jpg", "open.jpg")
	ru.passes = false // nothing that was received is shared on any more
	sees("own.jpg")
}

// Sharing an album obeys the rules of sharing; what cannot be read changes nothing.
func TestWithWhomAnAlbumIsShared(t *testing.T) {
	ru := &rules{refused: map[string]bool{"carol": true}}
	r := newRig(t, dbtest.SQLite(t, davtest.All(photos.Schema)...), ru)
	people(r)
	trip := albums("alice") + "/Trip"
	r.As("alice").Want(201, "MKCOL", trip, "")
	r.Want(207, "PROPPATCH", trip, with(element("bob", 0)))
	for value, status := range map[string]int{
		element("carol", 0):                          403,
		element("nobody", 0) + element("bob", 0):     404,
		element("nogroup", 1):                        404,
		element("alice", 0):                          400,
		element("", 3):                               400, // links
		`[{"id":"bob"`:                               400,
		`[{"id":"bob","type":"x"}]`:                  400,
		"bob":                                        400,
		"<nc:collaborator/>":                         400,
		strings.Repeat(element("bob", 0), 1):         207,
		"[" + strings.Repeat(`{"id":"x"},`, 50):      400,
		`[{"id":"bob","type":0,"label":"anything"}]`: 207,
	} {
		r.Want(status, "PROPPATCH", trip, with(value))
		r.As("bob").Want(207, "PROPFIND", lent("bob")+"/Trip%20(alice)", "")
		r.As("alice")
	}
	ru.refused["bob"] = true // who is on the list stays on it
	r.Want(207, "PROPPATCH", trip, with(element("bob", 0)))
	for _, gone := range []func() error{
		func() error { return r.People.Remove(t.Context(), "bob") },
		func() error { return r.People.RemoveGroup(t.Context(), "friends") },
	} {
		if err := gone(); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.Count("album_share"); n != 0 {
		t.Errorf("%d are left on the list", n)
	}
}

// Listing what others share costs the same for one album of somebody and for many.
func TestSharedAlbumsCostTheSame(t *testing.T) {
	d := dbtest.SQLite(t, davtest.All(photos.Schema)...)
	r := newRig(t, d, &rules{})
	people(r)
	cost := func() int64 {
		t.Helper()
		r.As("bob").Want(207, "PROPFIND", lent("bob"), davtest.Propfind("nc:nbItems", "nc:collaborators"), "Depth: 1")
		return r.Asked()
	}
	lend := func(from, to int) {
		for i := from; i < to; i++ {
			trip := fmt.Sprintf("%s/%d", albums("alice"), i)
			r.As("alice").Want(201, "MKCOL", trip, "")
			r.Want(207, "PROPPATCH", trip, with(element("bob", 0)))
		}
	}
	lend(0, 1)
	few := cost()
	lend(1, 10)
	if many := cost(); many > few {
		t.Errorf("%d statements for 10 albums, %d for one", many, few)
	}
}
