package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// What hangs on a file is for those who see the file, and ends for who does not any
// more, on every way.
func TestWhatHangsOnAFileGoesWithTheShare(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := plans(s)
		given := alice.shares("/plans", toUser, "bob", mayAll)
		id := alice.fileID("/plans/a.txt")
		json := header{"Content-Type", "application/json"}

		tag := bob.do("POST", "/remote.php/dav/systemtags/", `{"name": "urgent"}`, json).want(201).header.Get("Content-Location")
		number := tag[strings.LastIndexByte(tag, '/')+1:]
		relation := fmt.Sprintf("/remote.php/dav/systemtags-relations/files/%d/%s", id, number)
		thread := fmt.Sprintf("/remote.php/dav/comments/files/%d", id)
		reminder := fmt.Sprintf("/apps/files_reminders/api/v1/%d", id)
		lock := fmt.Sprintf("/apps/files_lock/lock/%d", id)
		bob.do("PUT", relation, "").want(201)
		bob.do("POST", thread, `{"actorType": "users", "verb": "comment", "message": "done, @alice"}`, json).want(201)
		bob.ocs("PUT", reminder, "dueDate", "2040-01-01T00:00:00Z").want(201)
		bob.ocs("PUT", lock).want(200)

		alice.put("/plans/a.txt", "mine").want(423)
		if a := alice.do("PROPFIND", thread, "", header{"Depth", "1"}).want(207); !strings.Contains(a.body, "done, @alice") {
			t.Errorf("alice does not read what bob wrote: %s", a.body)
		}
		var found struct {
			Entries []struct{ Title string }
		}
		alice.ocs("GET", "/search/providers/comments/search?term="+url.QueryEscape("done")).want(200).into(&found)
		if len(found.Entries) != 1 {
			t.Errorf("alice finds %+v", found)
		}

		alice.unshare(given).want(200)
		for _, a := range []answer{bob.do("PROPFIND", thread, ""), bob.do("POST", thread, `{"actorType": "users", "verb": "comment", "message": "x"}`, json),
			bob.do("DELETE", relation, ""), bob.do("PROPFIND", relation, ""), bob.ocs("GET", reminder), bob.ocs("PUT", lock), bob.ocs("DELETE", lock)} {
			a.want(404)
		}
		bob.ocs("GET", "/search/providers/comments/search?term="+url.QueryEscape("done")).want(200).into(&found)
		if len(found.Entries) != 0 {
			t.Errorf("bob still finds %+v", found)
		}
		alice.ocs("DELETE", lock).want(200) // it is her file
		alice.put("/plans/a.txt", "mine").want(204)
		alice.do("PROPFIND", relation, "").want(207)
	})
}
