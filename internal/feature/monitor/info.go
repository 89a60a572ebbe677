package monitor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"atrium/internal/base/who"
	"atrium/internal/core/identity/active"
	"atrium/internal/core/tree"
	"atrium/internal/infra/db"
	"atrium/internal/infra/machine"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/ocs"
)

// The answer of serverinfo as recorded (34-apps/309 and 310), without what there
// is no counterpart of: php and fpm.
type info struct {
	Nextcloud struct {
		System  system  `json:"system"`
		Storage storage `json:"storage"`
		Shares  figures `json:"shares"`
	} `json:"nextcloud"`
	Server server  `json:"server"`
	Active figures `json:"activeUsers"`
}

type system struct {
	Version     string     `json:"version"`
	Theme       string     `json:"theme"`
	Avatars     string     `json:"enable_avatars"`
	Previews    string     `json:"enable_previews"`
	Local       string     `json:"memcache.local"`
	Distributed string     `json:"memcache.distributed"`
	Locking     string     `json:"filelocking.enabled"`
	LockCache   string     `json:"memcache.locking"`
	Debug       string     `json:"debug"`
	Free        int64      `json:"freespace"` // bytes
	Load        [3]float64 `json:"cpuload"`
	CPUs        int        `json:"cpunum"`
	Memory      int64      `json:"mem_total"` // KB, as all that follow
	MemoryFree  int64      `json:"mem_free"`
	Swap        int64      `json:"swap_total"`
	SwapFree    int64      `json:"swap_free"`
}

type storage struct {
	Users    int64 `json:"num_users"`
	Disabled int64 `json:"num_disabled_users"`
	Files    int64 `json:"num_files"`
	Spaces   int64 `json:"num_storages"`
	Local    int64 `json:"num_storages_local"`
	Homes    int64 `json:"num_storages_home"`
	Other    int64 `json:"num_storages_other"`
	AppData  int64 `json:"size_appdata_storage"` // always 0: what the server makes for itself lies among no files
	AppFiles int64 `json:"num_files_appdata"`
}

type server struct {
	Web      string `json:"webserver"`
	Database struct {
		Type    string `json:"type"`
		Version string `json:"version"`
		Size    string `json:"size"` // bytes
	} `json:"database"`
}

// figures are numbers by their names, in an order.
type figures []figure

type figure struct {
	name string
	n    int64
}

// MarshalJSON implements json.Marshaler.
func (f figures) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range f {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%d", x.name, x.n)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// info tells those who may monitor, and programs that know the token in the
// setting serverinfo/token.
func (rm *Room) info(ctx context.Context, r *ocs.Request) (any, error) {
	ok, err := rm.mayLook(ctx, r)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &ocs.Failure{Code: http.StatusUnauthorized, Data: map[string]string{"message": "Unauthorized"}}
	}
	var out info
	for _, fill := range []func(context.Context, *info) error{rm.tellSystem, rm.tellStorage, rm.tellShares, rm.tellServer, rm.tellActive} {
		if err := fill(ctx, &out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (rm *Room) mayLook(ctx context.Context, r *ocs.Request) (bool, error) {
	if p := who.From(ctx); p != nil && p.Holds("monitor") {
		return true, nil
	}
	got := r.Header.Get("NC-Token")
	if got == "" {
		return false, nil
	}
	want, err := rm.settings.Default(ctx, "serverinfo", "token", "")
	return want != "" && seal.Equal(got, want), err
}

func (rm *Room) tellSystem(_ context.Context, out *info) error {
	m, err := machine.Read()
	if err != nil {
		return err
	}
	disk, err := machine.DiskOf(rm.site.Data)
	const none = "none" // no cache but our own
	out.Nextcloud.System = system{Version: rm.site.Version, Theme: none, Avatars: "yes", Previews: "yes", Local: none, Distributed: none,
		Locking: "yes", LockCache: none, Debug: "no", Free: disk.Free, Load: m.Load, CPUs: m.CPUs,
		Memory: m.Memory >> 10, MemoryFree: m.Free >> 10, Swap: m.Swap >> 10, SwapFree: m.SwapFree >> 10}
	return err
}

func (rm *Room) tellStorage(ctx context.Context, out *info) (err error) {
	s := &out.Nextcloud.Storage
	if s.Users, s.Disabled, err = rm.people.CountUsers(ctx); err != nil {
		return err
	}
	if s.Files, err = rm.tree.CountFiles(ctx); err != nil {
		return err
	}
	kept, err := rm.tree.Kept(ctx)
	for kind, k := range kept {
		s.Spaces += k.Spaces
		if kind == tree.Home {
			s.Homes = k.Spaces
		} else {
			s.Other += k.Spaces
		}
	}
	return err
}

// The kinds of shares that are counted apart, in the numbers of the OCS share API.
const (
	withUser  = 0
	withGroup = 1
	byLink    = 3
	byMail    = 4
)

func (rm *Room) tellShares(ctx context.Context, out *info) error {
	tallies, err := rm.Shares(ctx)
	if err != nil {
		return err
	}
	kinds, open, all := map[int64]int64{}, int64(0), int64(0)
	var perms figures
	for _, t := range tallies {
		all += t.N
		kinds[t.Kind] += t.N
		if t.Kind == byLink && !t.Locked {
			open += t.N
		}
		name := fmt.Sprintf("permissions_%d_%d", t.Kind, t.Perms)
		if n := len(perms); n > 0 && perms[n-1].name == name {
			perms[n-1].n += t.N
		} else {
			perms = append(perms, figure{name, t.N})
		}
	}
	out.Nextcloud.Shares = append(figures{{"num_shares", all}, {"num_shares_user", kinds[withUser]}, {"num_shares_groups", kinds[withGroup]},
		{"num_shares_link", kinds[byLink]}, {"num_shares_mail", kinds[byMail]}, {"num_shares_room", 0}, {"num_shares_link_no_password", open},
		{"num_fed_shares_sent", 0}, {"num_fed_shares_received", 0}}, perms...)
	return nil
}

func (rm *Room) tellServer(ctx context.Context, out *info) error {
	about, err := rm.db.About(ctx)
	s := &out.Server
	s.Web = rm.site.Server
	s.Database.Type = map[db.Dialect]string{db.SQLite: "sqlite3", db.Postgres: "pgsql", db.MySQL: "mysql"}[rm.db.Dialect()]
	s.Database.Version, s.Database.Size = about.Version, strconv.FormatInt(about.Size, 10)
	return err
}

func (rm *Room) tellActive(ctx context.Context, out *info) error {
	const day = 24 * time.Hour
	spans := []struct {
		name string
		long time.Duration
	}{{"last5minutes", lately}, {"last1hour", time.Hour}, {"last24hours", day}, {"last7days", 7 * day}, {"last1month", 30 * day},
		{"last3months", 91 * day}, {"last6months", 182 * day}, {"lastyear", 365 * day}}
	now := rm.Now()
	times := make([]time.Time, len(spans))
	for i, x := range spans {
		times[i] = now.Add(-x.long)
	}
	counts, err := active.Since(ctx, rm.db, times...)
	if err != nil {
		return err
	}
	for i, x := range spans {
		out.Active = append(out.Active, figure{x.name, counts[i]})
	}
	return nil
}
