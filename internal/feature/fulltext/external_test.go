package fulltext

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"atrium/internal/base/fault"
	"atrium/internal/core/content"
	"atrium/internal/core/files"
	"atrium/internal/infra/blob/mem"
	"atrium/internal/infra/db/dbtest"
	"atrium/internal/infra/opensearch"
)

// standIn is a stand-in for a search server, which cannot be had where these tests
// run: it keeps documents in memory and understands of the API what external asks,
// as its reference says. That a real server understands the same it cannot show.
type standIn struct {
	*httptest.Server
	mu     sync.Mutex
	made   bool
	down   bool
	docs   map[int64]file
	refuse string // documents with this word are refused
}

func newStandIn(t *testing.T) *standIn {
	s := &standIn{docs: map[int64]file{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *standIn) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *standIn) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.docs)
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		http.Error(w, "no", http.StatusServiceUnavailable)
		return
	}
	if err := s.serve(w, r); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":{"type":%q,"reason":"so it is"},"status":400}`, err)
	}
}

func (s *standIn) serve(w http.ResponseWriter, r *http.Request) error {
	at := strings.TrimPrefix(r.URL.Path, "/atrium")
	switch {
	case r.Method == http.MethodPut && at == "":
		if s.made {
			return errors.New("resource_already_exists_exception")
		}
		s.made = true
		return nil
	case r.Method == http.MethodDelete && at == "":
		s.made = false
		clear(s.docs)
		return nil
	case !s.made:
		return errors.New("index_not_found_exception")
	case r.Method == http.MethodPut && strings.HasPrefix(at, "/_doc/"):
		return s.put(r, strings.TrimPrefix(at, "/_doc/"))
	case r.Method == http.MethodPost && at == "/_bulk":
		return s.bulk(w, r)
	case r.Method == http.MethodPost && at == "/_search":
		return s.search(w, r)
	}
	return errors.New("no_such_call")
}

func (s *standIn) put(r *http.Request, id string) error {
	n, err := strconv.ParseInt(id, 10, 64)
	var f file
	if err == nil {
		err = json.NewDecoder(r.Body).Decode(&f)
	}
	if err == nil && s.refuse != "" && strings.Contains(f.Words, s.refuse) {
		err = errors.New("mapper_parsing_exception")
	}
	if err == nil {
		s.docs[n] = f
	}
	return err
}

func (s *standIn) bulk(w http.ResponseWriter, r *http.Request) error {
	var answers []string
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		var line struct {
			Delete struct {
				ID string `json:"_id"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return err
		}
		n, err := strconv.ParseInt(line.Delete.ID, 10, 64)
		if err != nil {
			return err
		}
		status := 404
		if _, ok := s.docs[n]; ok {
			status = 200
		}
		delete(s.docs, n)
		answers = append(answers, fmt.Sprintf(`{"delete":{"_id":"%d","status":%d}}`, n, status))
	}
	_, err := fmt.Fprintf(w, `{"errors":false,"items":[%s]}`, strings.Join(answers, ","))
	return err
}

// filter is one of a query; a document has to pass all.
type filter struct {
	Terms  map[string][]int64
	Range  map[string]struct{ LT int64 }
	Term   map[string]struct{ Value string }
	Prefix map[string]struct{ Value string }
}

func (f filter) passes(d file) bool {
	has := strings.Fields(d.Words)
	switch {
	case f.Terms["space"] != nil:
		return slices.Contains(f.Terms["space"], d.Space)
	case f.Terms["node"] != nil:
		return slices.Contains(f.Terms["node"], d.Node)
	case f.Range != nil:
		return d.Node < f.Range["node"].LT
	case f.Term != nil:
		return slices.Contains(has, f.Term["words"].Value)
	case f.Prefix != nil:
		return slices.ContainsFunc(has, func(w string) bool { return strings.HasPrefix(w, f.Prefix["words"].Value) })
	}
	return false
}

func (s *standIn) search(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		Size  int
		Query struct{ Bool struct{ Filter []filter } }
		Sort  []map[string]string
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return err
	}
	var ids []int64
	for id, d := range s.docs {
		if !slices.ContainsFunc(q.Query.Bool.Filter, func(f filter) bool { return !f.passes(d) }) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	hits := []string{}
	for _, id := range ids[:min(len(ids), q.Size)] {
		hits = append(hits, fmt.Sprintf(`{"_id":"%d"}`, id))
	}
	_, err := fmt.Fprintf(w, `{"timed_out":false,"_shards":{"failed":0},"hits":{"hits":[%s]}}`, strings.Join(hits, ","))
	return err
}

// withServer has the index of a rig in a search server.
func withServer(g *rig) *standIn {
	s := newStandIn(g.TB.(*testing.T))
	g.room.UseServer(opensearch.New(s.URL, "atrium", "", ""))
	return s
}

// Whatever keeps the index, the same is found, by the same people.
func TestAnIndexInASearchServer(t *testing.T) {
	each(t, func(g *rig) {
		s := withServer(g)
		team := g.mkdir("ann", "/team")
		g.put("ann", "/team/plan.txt", "The Annual Plan")
		g.put("ann", "/b.md", "# Ärger\nim Büro, annually")
		g.put("ann", "/日本.txt", "私は日本語を話します")
		g.put("bob", "/b.txt", "an annual plan of bob")
		g.settle()
		g.want("ann", "annual", "/b.md: # Ärger im Büro, annually", "/team/plan.txt: The Annual Plan")
		g.want("ann", "annual plan", "/team/plan.txt: The Annual Plan")
		g.want("ann", "arger buro", "/b.md: # Ärger im Büro, annually")
		g.want("ann", "語", "/日本.txt: 私は日本語を話します")
		g.want("ann", `'") OR 1 * & | ! (`)
		if s.count() != 4 || g.rows("text_index") != 0 {
			g.Errorf("%d files in the server, %d in the database", s.count(), g.rows("text_index"))
		}
		g.mounts["bob"] = []files.Mount{{Path: []string{"From Ann"}, Space: team.Mount.Space, Root: team.ID, Perm: files.Read, Kind: "shared", Owner: "ann"}}
		g.want("bob", "annual", "/b.txt: an annual plan of bob", "/From Ann/plan.txt: The Annual Plan")
		g.mounts["bob"] = nil
		g.want("bob", "annual", "/b.txt: an annual plan of bob")
		v := g.view("ann")
		if err := v.Remove(g.ctx, team, nil); err != nil {
			g.Fatal(err)
		}
		g.put("ann", "/b.md", "quarterly")
		g.want("ann", "annual") // the server still says so
		g.settle()
		if err := g.room.tidy(g.ctx); err != nil {
			g.Fatal(err)
		}
		g.settle()
		g.want("ann", "quarter", "/b.md: quarterly")
		if s.count() != 3 || g.rows("text_gone") != 0 {
			g.Errorf("%d files in the server, %d wait to be dropped", s.count(), g.rows("text_gone"))
		}
	})
}

// While the server is away nothing is written off, nobody is told that there is
// nothing, and files can be written and deleted.
func TestASearchServerThatIsAway(t *testing.T) {
	g := lite(t)
	s := withServer(g)
	g.put("ann", "/a.txt", "first")
	g.settle()
	s.set(func() { s.down = true })
	g.put("ann", "/b.txt", "second")
	a, err := g.view("ann").Stat(g.ctx, "/a.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.view("ann").Remove(g.ctx, a, nil); err != nil {
		t.Fatal(err)
	}
	if err := g.bus.Drain(g.ctx); err != nil {
		t.Fatal(err)
	}
	if err := g.room.work(g.ctx); !errors.Is(err, fault.Unavailable) {
		t.Errorf("work: %v", err)
	}
	if _, _, err := g.room.find(g.ctx, g.view("ann"), "second", 1<<40, 5); !errors.Is(err, fault.Unavailable) {
		t.Errorf("find: %v", err)
	}
	if f := g.room.health(g.ctx); f.State != "fail" {
		t.Errorf("%+v", f)
	}
	s.set(func() { s.down, s.refuse = false, "poison" })
	g.put("ann", "/c.txt", "poison for the server")
	g.put("ann", "/d.txt", "third")
	g.settle()
	g.want("ann", "second", "/b.txt: second")
	g.want("ann", "third", "/d.txt: third") // the one that is refused holds up no other
	g.want("ann", "poison")
	if s.count() != 2 {
		t.Errorf("%d files in the server", s.count())
	}
}

// Another index than before gets all files, by the texts that were read before.
func TestFromOneIndexToTheOther(t *testing.T) {
	store := mem.New()
	g := newRig(t, dbtest.SQLite(t, schemas...), store)
	e := g.put("ann", "/a.txt", "needle")
	g.settle()
	if err := store.Delete(g.ctx, content.Key(e.Content)); err != nil {
		t.Fatal(err)
	}
	own := g.room.index
	s := withServer(g)
	g.command("fulltextsearch:index")
	g.settle()
	g.want("ann", "needle", "/a.txt: needle")
	if s.count() != 1 || g.rows("text_index") != 0 {
		t.Errorf("%d files in the server, %d in the database", s.count(), g.rows("text_index"))
	}
	g.command("fulltextsearch:reset")
	if s.count() != 0 {
		t.Errorf("%d files in the server after a reset", s.count())
	}
	g.put("ann", "/b.txt", "another needle")
	g.settle()
	g.room.index = own
	g.command("fulltextsearch:index")
	g.settle()
	s.Close()
	g.want("ann", "needle", "/b.txt: another needle")
}
