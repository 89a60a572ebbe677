package ldap

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"atrium/internal/infra/db/dbtest"
)

const (
	manyPeople = 50_000
	manyGroups = 5_000
)

// BenchmarkDirectory measures what a company costs: 50,000 people in 5,000 groups of
// 40, in a slapd of its own. The first sync makes all accounts, the second finds
// nothing to do; then people sign in, one by one.
func BenchmarkDirectory(b *testing.B) {
	address := company(b)
	g := &rig{now: time.Unix(1_800_000_000, 0)}
	g.house(b, dbtest.SQLite(b, schemas()...))
	ctx := b.Context()
	c := must[*Config](b)(g.room.Create(ctx))
	for key, value := range map[string]string{"ldapHost": address, "ldapBase": suffix, "ldapUserFilter": "(objectClass=inetOrgPerson)", "ldapExpertUsernameAttr": "uid",
		"ldapGroupFilter": "(objectClass=groupOfNames)", "ldapGroupMemberAssocAttr": "member", "ldapEmailAttribute": "mail", "ldapConfigurationActive": "1"} {
		if err := c.set(key, value); err != nil {
			b.Fatal(err)
		}
	}
	if err := g.room.Save(ctx, c); err != nil {
		b.Fatal(err)
	}
	for i, name := range []string{"first-sync-s", "next-sync-s"} {
		began := time.Now()
		r := must[*Report](b)(g.room.Sync(ctx, Write))
		if r.People != manyPeople || r.Groups != manyGroups || r.New+r.Changed != manyPeople*(1-i) {
			b.Fatalf("%+v", r)
		}
		b.ReportMetric(time.Since(began).Seconds(), name)
		b.ReportMetric(float64(r.Searches), "searches")
	}
	var took []time.Duration
	for i := range 500 {
		began := time.Now()
		if _, err := g.room.Verify(ctx, fmt.Sprintf("p%d", i*97), "pw"); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)*95/100].Seconds()*1000, "signin-p95-ms")
}

// company runs a slapd with many people and groups.
func company(b *testing.B) (address string) {
	dir := b.TempDir()
	l := must[net.Listener](b)(net.Listen("tcp", "127.0.0.1:0"))
	address = "ldap://" + l.Addr().String()
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	conf := filepath.Join(dir, "conf")
	text := "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\ninclude /etc/ldap/schema/inetorgperson.schema\n" +
		"modulepath /usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\nsuffix " + suffix + "\ndirectory " + dir + "\nmaxsize 2147483648\ndbnosync\n" +
		"sizelimit size.pr=unlimited size.prtotal=unlimited\nindex objectClass,entryUUID,uid,member eq\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	ldif := filepath.Join(dir, "ldif")
	if err := writeCompany(ldif); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.CommandContext(b.Context(), "slapadd", "-q", "-f", conf, "-l", ldif).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	server := exec.CommandContext(b.Context(), "slapd", "-d", "none", "-f", conf, "-h", address)
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Wait() }) // its context has ended it
	for range 100 {
		c, err := ldap.DialURL(address)
		if err == nil {
			if err := c.Close(); err != nil {
				b.Fatal(err)
			}
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatal("slapd does not start")
	return ""
}

func writeCompany(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintf(w, "dn: %s\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n", suffix)
	for i := range manyPeople {
		fmt.Fprintf(w, "dn: uid=p%d,%s\nobjectClass: inetOrgPerson\nuid: p%d\ncn: Person %d\nsn: %d\ndisplayName: Person %d\nmail: p%d@corp.example\nuserPassword: pw\n\n",
			i, suffix, i, i, i, i, i)
	}
	for i := range manyGroups {
		fmt.Fprintf(w, "dn: cn=g%d,%s\nobjectClass: groupOfNames\ncn: g%d\n", i, suffix, i)
		for j := range 40 {
			fmt.Fprintf(w, "member: uid=p%d,%s\n", (i*10+j)%manyPeople, suffix)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
