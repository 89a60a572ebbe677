package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atrium/internal/app"
	"atrium/internal/infra/db/dbtest"
)

// horse is everybody's password.
const horse = "correct horse battery staple"

func TestMain(m *testing.M) {
	app.Caged(os.Args[1:])
	os.Exit(m.Run())
}

// story is a server and the people at it.
type story struct {
	*testing.T
	url     string
	environ []string
	people  map[string]*person
	admin   *person
	ahead   atomic.Int64 // how far the server's clock goes ahead of the real one, in ns
}

// now is the server's clock, as far as shares and links end by it.
func (s *story) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// later lets time pass at once.
func (s *story) later(d time.Duration) { s.ahead.Add(int64(d)) }

// day is a date so many days from now, as the share API takes it.
func (s *story) day(n int) string { return s.now().AddDate(0, 0, n).UTC().Format(time.DateOnly) }

// tell runs a story on each database, with a server of its own.
func tell(t *testing.T, f func(s *story)) {
	dbtest.EachDSN(t, app.Schemas(), func(t *testing.T, dsn string) {
		s := &story{T: t, people: map[string]*person{}}
		s.serve(dsn)
		s.admin = &person{s: s, id: "admin", secret: horse}
		f(s)
	})
}

// serve starts the server, which ends with the test.
func (s *story) serve(dsn string) {
	s.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		s.Fatal(err)
	}
	s.url = "http://" + addr
	s.environ = []string{"ATRIUM_DB=" + dsn, "ATRIUM_DATA=" + s.TempDir(), "ATRIUM_HTTP_LISTEN=" + addr,
		"ATRIUM_ADMIN_PASSWORD=" + horse, "ATRIUM_LOG_LEVEL=error", "ATRIUM_STORAGE_DURABILITY=none"}
	read, write := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- app.RunAt(ctx, s.now, s.environ, write, os.Stderr, "serve") }()
	s.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			s.Errorf("the server ended with %d", code)
		}
	})
	greeting := bufio.NewReader(read)
	for range 2 { // the address, and the first account
		if _, err := greeting.ReadString('\n'); err != nil {
			s.Fatal(err)
		}
	}
}

// command runs an administrator's command beside the server and returns what it
// printed.
func (s *story) command(args ...string) string {
	s.Helper()
	var out strings.Builder
	if code := app.Run(s.Context(), s.environ, &out, &out, args...); code != 0 {
		s.Fatalf("%q: exit code %d\n%s", args, code, out.String())
	}
	return out.String()
}

// as is a person, whose account is made when the story first names them.
func (s *story) as(id string) *person {
	s.Helper()
	if p, ok := s.people[id]; ok {
		return p
	}
	s.admin.ocs("POST", "/cloud/users", "userid", id, "password", horse).want(200)
	p := &person{s: s, id: id, secret: horse}
	s.people[id] = p
	return p
}

// group puts people into a group, which is made if need be.
func (s *story) group(name string, ids ...string) {
	s.Helper()
	s.admin.ocs("POST", "/cloud/groups", "groupid", name)
	for _, id := range ids {
		s.as(id)
		s.admin.ocs("POST", "/cloud/users/"+id+"/groups", "groupid", name).want(200)
	}
}

// person is somebody at the server: an account, or a visitor of a public link.
type person struct {
	s          *story
	id, secret string
	link       string // the token of a public link; then secret is its password
}

// home is where the person's files stand in URLs.
func (p *person) home() string {
	if p.link != "" {
		return "/public.php/dav/files/" + p.link
	}
	return "/remote.php/dav/files/" + p.id
}

// answer is what the server said.
type answer struct {
	t      *testing.T
	what   string
	code   int
	header http.Header
	body   string
}

// want ends the story when the status is another.
func (a answer) want(codes ...int) answer {
	a.t.Helper()
	if !slices.Contains(codes, a.code) {
		a.t.Fatalf("%s: %d, want %v\n%s", a.what, a.code, codes, a.body)
	}
	return a
}

// header is a request header.
type header struct{ name, value string }

// do sends a request to a path of the server.
func (p *person) do(method, path, body string, headers ...header) answer {
	p.s.Helper()
	req, err := http.NewRequestWithContext(p.s.Context(), method, p.s.url+path, strings.NewReader(body))
	if err != nil {
		p.s.Fatal(err)
	}
	switch {
	case p.link == "":
		req.SetBasicAuth(p.id, p.secret)
	case p.secret != "":
		req.SetBasicAuth("anonymous", p.secret)
	}
	for _, h := range headers {
		req.Header.Set(h.name, h.value)
	}
	res, err := http.DefaultTransport.RoundTrip(req) // redirections are answers
	if err != nil {
		p.s.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.s.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{p.s.T, p.name() + ": " + method + " " + path, res.StatusCode, res.Header, string(b)}
}

func (p *person) name() string {
	if p.link != "" {
		return "a visitor"
	}
	return p.id
}

// at is the URL path of a file of the person's.
func (p *person) at(path string) string {
	return p.home() + (&url.URL{Path: path}).EscapedPath()
}

// put writes a file.
func (p *person) put(path, body string, headers ...header) answer {
	p.s.Helper()
	return p.do("PUT", p.at(path), body, headers...)
}

// get reads a file.
func (p *person) get(path string) answer { p.s.Helper(); return p.do("GET", p.at(path), "") }

func (p *person) mkdir(path string) answer { p.s.Helper(); return p.do("MKCOL", p.at(path), "") }

func (p *person) remove(path string) answer { p.s.Helper(); return p.do("DELETE", p.at(path), "") }

func (p *person) move(from, to string) answer {
	p.s.Helper()
	return p.do("MOVE", p.at(from), "", header{"Destination", p.at(to)}, header{"Overwrite", "F"})
}

func (p *person) copy(from, to string) answer {
	p.s.Helper()
	return p.do("COPY", p.at(from), "", header{"Destination", p.at(to)}, header{"Overwrite", "F"})
}

// seen is what a PROPFIND tells of a file.
type seen struct {
	Href  string `xml:"href"`
	Props []struct {
		ETag   string `xml:"prop>getetag"`
		ID     int64  `xml:"prop>fileid"`
		Size   int64  `xml:"prop>size"`
		Perm   string `xml:"prop>permissions"`
		Status string `xml:"status"`
	} `xml:"propstat"`
}

// asked are the properties that look asks for.
const asked = `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:getetag/><oc:fileid/><oc:size/><oc:permissions/></d:prop></d:propfind>`

// look asks for a file's or folder's properties, and with depth 1 for those of what
// lies in it.
func (p *person) look(path string, depth int) []seen {
	p.s.Helper()
	a := p.do("PROPFIND", p.at(path), asked, header{"Depth", strconv.Itoa(depth)}).want(207)
	var m struct {
		Responses []seen `xml:"response"`
	}
	if err := xml.Unmarshal([]byte(a.body), &m); err != nil {
		p.s.Fatalf("%s: %v", a.what, err)
	}
	return m.Responses
}

// id is a file's number.
func (p *person) fileID(path string) int64 { p.s.Helper(); return p.look(path, 0)[0].Props[0].ID }

// etag is a file's or folder's etag.
func (p *person) etag(path string) string { p.s.Helper(); return p.look(path, 0)[0].Props[0].ETag }

// list names what lies in a folder, folders with a slash at the end.
func (p *person) list(path string) (names []string) {
	p.s.Helper()
	all := p.look(path, 1)
	top := strings.TrimSuffix(all[0].Href, "/") + "/"
	for _, r := range all[1:] {
		name, err := url.PathUnescape(strings.TrimPrefix(r.Href, top))
		if err != nil {
			p.s.Fatal(err)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// sees ends the story when a folder does not hold exactly these.
func (p *person) sees(path string, names ...string) {
	p.s.Helper()
	if got := p.list(path); !slices.Equal(got, names) {
		p.s.Fatalf("%s sees %q in %s, want %q", p.name(), got, path, names)
	}
}

// ocs calls an OCS endpoint, version 2, with form fields as pairs.
func (p *person) ocs(method, path string, fields ...string) answer {
	p.s.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	path = "/ocs/v2.php" + path + sep + "format=json"
	hs := []header{{"OCS-APIRequest", "true"}}
	if method == "GET" {
		if len(form) > 0 {
			path += "&" + form.Encode()
		}
		return p.do(method, path, "", hs...)
	}
	return p.do(method, path, form.Encode(), append(hs, header{"Content-Type", "application/x-www-form-urlencoded"})...)
}

// into decodes the data of an OCS answer.
func (a answer) into(data any) {
	a.t.Helper()
	var env struct {
		OCS struct{ Data json.RawMessage }
	}
	if err := json.Unmarshal([]byte(a.body), &env); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.what, err, a.body)
	}
	if err := json.Unmarshal(env.OCS.Data, data); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.what, err, a.body)
	}
}

// kinds of shares, as the OCS share API numbers them.
const (
	toUser  = "0"
	toGroup = "1"
	byLink  = "3"
)

// share is what the share API says of a share.
type share struct {
	ID    string
	Token string
	Perm  int `json:"permissions"`
	Path  string
	Owner string `json:"uid_file_owner"`
	By    string `json:"uid_owner"`
	With  string `json:"share_with"`
}

// shares gives others a file; perm is the mask, further fields come as pairs.
func (p *person) shares(path, kind, with string, perm int, fields ...string) share {
	p.s.Helper()
	var sh share
	p.tryShare(path, kind, with, perm, fields...).want(200).into(&sh)
	return sh
}

func (p *person) tryShare(path, kind, with string, perm int, fields ...string) answer {
	p.s.Helper()
	all := append([]string{"path", path, "shareType", kind, "shareWith", with, "permissions", strconv.Itoa(perm)}, fields...)
	return p.ocs("POST", "/apps/files_sharing/api/v1/shares", all...)
}

func (p *person) unshare(sh share) answer {
	p.s.Helper()
	return p.ocs("DELETE", "/apps/files_sharing/api/v1/shares/"+sh.ID)
}

func (p *person) change(sh share, fields ...string) answer {
	p.s.Helper()
	return p.ocs("PUT", "/apps/files_sharing/api/v1/shares/"+sh.ID, fields...)
}

// visitor is somebody who has a link and no account.
func (s *story) visitor(sh share, password string) *person {
	return &person{s: s, link: sh.Token, secret: password}
}

// is ends the story when a file does not have this content.
func (p *person) reads(path, want string) {
	p.s.Helper()
	if a := p.get(path).want(200); a.body != want {
		p.s.Fatalf("%s reads %q in %s, want %q", p.name(), a.body, path, want)
	}
}

func (sh share) String() string { return fmt.Sprintf("share %s of %s", sh.ID, sh.Path) }

// soon asks again and again until what others do in the background, or believe for
// a moment, is done.
func (s *story) soon(what string, done func() bool) {
	s.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !done(); {
		select {
		case <-deadline:
			s.Fatalf("%s: not in a minute", what)
		case <-tick.C:
		}
	}
}
