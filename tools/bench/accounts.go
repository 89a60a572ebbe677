package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"
)

// What the rows about accounts are measured with.
const (
	manyAccounts = 100_000
	manyMembers  = 10_000 // of one group
)

// accounts makes accounts through the provisioning API, as a script does, and
// then looks at them.
func (b *bench) accounts() error {
	if err := b.post("/cloud/groups", url.Values{"groupid": {"everyone"}}); err != nil {
		return err
	}
	const conns = 8
	var made atomic.Int64
	made.Store(-1)
	begun := time.Now()
	_, err := b.hammer(conns, time.Hour, http.StatusOK, func(_, _ int, buf []byte) []byte {
		n := made.Add(1)
		if n >= manyAccounts {
			return nil
		}
		return b.newAccount(buf, int(n), url.Values{})
	})
	if err != nil {
		return err
	}
	b.set("account-make", manyAccounts/time.Since(begun).Seconds(), "%d of them, with a mail address, %d in one group", manyAccounts, manyMembers)
	made.Store(manyAccounts)
	rate, err := b.hammer(conns, loadTime, http.StatusOK, func(_, _ int, buf []byte) []byte {
		return b.newAccount(buf, int(made.Add(1)), url.Values{"password": {"nine lives here, and more"}})
	})
	if err != nil {
		return err
	}
	b.set("account-pass", rate, "hashing with argon2id takes nearly all of it")
	return b.lookAtAccounts()
}

// newAccount is the request that makes the n-th account.
func (b *bench) newAccount(buf []byte, n int, form url.Values) []byte {
	form.Set("userid", fmt.Sprintf("u%06d", n))
	form.Set("displayName", fmt.Sprintf("%s %s %d", given[n%len(given)], family[n/len(given)%len(family)], n))
	form.Set("email", fmt.Sprintf("%s.%s.%d@example.org", given[n%len(given)], family[n/len(given)%len(family)], n))
	if n < manyMembers {
		form.Set("groups[]", "everyone")
	}
	body := form.Encode()
	buf = append(buf, b.head("POST", "/ocs/v2.php/cloud/users?format=json", int64(len(body)), "OCS-APIRequest", "true",
		"Content-Type", "application/x-www-form-urlencoded")...)
	return append(buf, body...)
}

var (
	given  = [...]string{"Alma", "Bruno", "Clara", "David", "Edith", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Karla", "Linus", "Mona"}
	family = [...]string{"Abel", "Baumann", "Conti", "Dahl", "Ekberg", "Fischer", "Grund", "Horvat", "Ivanov", "Jensen", "Keller"}
)

func (b *bench) post(path string, form url.Values) error {
	a, err := b.c.Do(b.ctx, "POST", "/ocs/v2.php"+path+"?format=json", []byte(form.Encode()), "OCS-APIRequest", "true",
		"Content-Type", "application/x-www-form-urlencoded")
	if err == nil && a.Status != http.StatusOK {
		err = fmt.Errorf("POST %s: status %d: %s", path, a.Status, a.Body)
	}
	return err
}

// lookAtAccounts takes the slowest of the questions that belong to a row.
func (b *bench) lookAtAccounts() error {
	for _, row := range []struct {
		id    string
		paths []string // with a number
	}{
		{"account-list", []string{"/cloud/users?limit=25&offset=%d00", "/cloud/users/details?limit=25&offset=%d00"}},
		{"account-search", []string{"/cloud/users?search=nobody%d&limit=25", "/cloud/users?search=%d7&limit=25", "/cloud/users?search=lmut.%d", "/cloud/users?search=keller.%d77@&limit=25"}},
		{"account-group", []string{"/cloud/groups/everyone/users?limit=25&offset=%d0", "/cloud/groups/everyone/users/details?limit=25&offset=%d0",
			"/cloud/groups/details?x=%d", "/cloud/users/u000%d/groups"}},
	} {
		worst, which := 0.0, ""
		for _, path := range row.paths {
			ms, err := b.p95(path)
			if err != nil {
				return err
			}
			if ms > worst {
				worst, which = ms, path
			}
		}
		b.set(row.id, worst, "slowest: %s", which)
	}
	return nil
}

// p95 asks a question often, with another number each time, and returns below
// what 95 of 100 answers stay, in milliseconds.
func (b *bench) p95(path string) (float64, error) {
	const times = 200
	ask := func(n int) []byte {
		return b.head("GET", "/ocs/v2.php"+fmt.Sprintf(path, n), -1, "OCS-APIRequest", "true", "Accept", "application/json")
	}
	c, err := dial(b.s.Addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var took []time.Duration
	for i := range times {
		d, err := b.timed(c, ask(100+i*4), http.StatusOK)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		took = append(took, d)
	}
	slices.Sort(took)
	return float64(took[times*95/100].Microseconds()) / 1000, nil
}
