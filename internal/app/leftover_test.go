package app

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"atrium/internal/core/identity"
	"atrium/internal/infra/db"
)

// person is what a column is called that names an account.
var person = regexp.MustCompile(`^(uid|account|owner|actor|author|creator|initiator|recipient|sharer|sharee|user|viewer|who)$|(^|_)(uid|owner|user|author|actor)$`)

// staying are such columns whose rows an account that goes leaves behind, with the
// reason.
func staying() map[string]string {
	return map[string]string{
		"activity.actor":  "others go on reading who did what, until it is old; a new account of that name is told apart",
		"audit.actor":     "what happened stays provable",
		"audit.uid":       "what happened stays provable",
		"role.actor":      "who changed a role stays in its history",
		"space.owner":     "files.DropHome removes the home with what is in it, TestADeletedAccountTakesItsFilesAlong",
		"guess.account":   "is forgotten within the hour, and must not be by making an account anew",
		"signin_flow.uid": "ends after minutes, and what it opens went with the tokens",
		"job.owner":       "names a node",
		"lease.owner":     "names a node",
	}
}

// column is one of a table.
type column struct{ table, name, kind string }

func columnsOf(t *testing.T, d *db.DB) (out []column) {
	t.Helper()
	for c, err := range db.All(t.Context(), d, func(r db.Row) (c column, err error) { return c, r.Scan(&c.table, &c.name, &c.kind) },
		"SELECT m.name, p.name, p.type FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, p.cid") {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// plant writes a row whose columns that name an account are all uid.
func plant(ctx context.Context, d *db.DB, table string, cs []column, uid string) error {
	var names, marks []string
	var values []any
	for _, c := range cs {
		if c.table != table {
			continue
		}
		names, marks = append(names, c.name), append(marks, "?")
		switch {
		case person.MatchString(c.name):
			values = append(values, uid)
		case strings.Contains(c.kind, "INT"):
			values = append(values, 1)
		case strings.Contains(c.kind, "BLOB"):
			values = append(values, make([]byte, 32))
		default:
			values = append(values, "x")
		}
	}
	_, err := d.Exec(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(marks, ", ")), values...)
	return err
}

// Whatever names an account goes with it, but for what has a reason to stay. A new
// table that names accounts is cleared in a hook of the Directory's OnRemoved, or
// has its reason in staying.
func TestLawRemovedAccountsLeaveNothing(t *testing.T) {
	c := newConsole(t, "ATRIUM_ADMIN_PASSWORD="+octopass)
	h := c.node().h
	const uid = "leaver"
	if _, err := h.people.Create(t.Context(), identity.NewUser{ID: uid, Password: octopass}); err != nil {
		t.Fatal(err)
	}
	all, reasons, planted := columnsOf(t, h.db), staying(), map[string]bool{}
	for _, c := range all {
		if _, ok := reasons[c.table+"."+c.name]; ok || !person.MatchString(c.name) || planted[c.table] || c.table == "account" {
			continue
		}
		planted[c.table] = true
		if err := plant(t.Context(), h.db, c.table, all, uid); err != nil {
			t.Errorf("%s: %v", c.table, err)
		}
	}
	if len(planted) < 10 {
		t.Errorf("only %d tables name accounts", len(planted))
	}
	if err := h.people.Remove(t.Context(), uid); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		key := c.table + "." + c.name
		if _, ok := reasons[key]; ok || !person.MatchString(c.name) {
			delete(reasons, key)
			continue
		}
		n, err := db.One(t.Context(), h.db, db.Scan1[int], fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s = ?", c.table, c.name), uid)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			t.Errorf("%s still names the account that was removed", key)
		}
	}
	for key := range reasons {
		t.Errorf("there is no %s that could stay", key)
	}
}
