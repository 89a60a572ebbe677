package audit

import (
	"errors"
	"testing"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/core/event"
	"atrium/internal/infra/bus"
	"atrium/internal/infra/db"
	"atrium/internal/infra/db/dbtest"
	lock "atrium/internal/infra/lock/mem"
	"atrium/internal/infra/seal"
	"atrium/internal/proto/plug"
)

func TestTheLog(t *testing.T) {
	dbtest.Each(t, []db.Schema{bus.Schema, Schema}, func(t *testing.T, d *db.DB) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		rm, b, ctx := New(d, box), bus.New(d, lock.New()), t.Context()
		now := time.Unix(1_800_000_000, 0)
		rm.Now = func() time.Time { return now }
		rm.Plug(&plug.Board{Bus: b})
		for _, ev := range []event.AccountChanged{
			{UID: "olga", What: event.AccountMade, Actor: "admin", Addr: "192.0.2.1"},
			{UID: "otto", What: event.AccountMade, Actor: "admin"},
			{UID: "olga", What: event.AppPasswordMade, Detail: "Ö phone", Actor: "olga", Agent: "curl/8"},
		} {
			if err := d.Tx(ctx, func(tx *db.DB) error { return b.Publish(ctx, tx, ev) }); err != nil {
				t.Fatal(err)
			}
			if err := b.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Hour)
		}
		var got []Entry
		for e, err := range rm.Entries(ctx, "olga", time.Time{}, 10) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if len(got) != 2 || got[0].What != event.AppPasswordMade || got[0].Detail != "Ö phone" || got[0].Agent != "curl/8" || got[1].Addr != "192.0.2.1" {
			t.Errorf("%+v", got)
		}
		for e, err := range rm.Entries(ctx, "", time.Unix(1_800_000_000, 0).Add(90*time.Minute), 0) {
			if err != nil || e.ID != 3 {
				t.Errorf("%+v, %v", e, err)
			}
		}
		if n, err := rm.Verify(ctx); n != 3 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		for _, tamper := range []string{"UPDATE audit SET actor = 'olga' WHERE id = 2", "DELETE FROM audit WHERE id = 1"} {
			if _, err := d.Exec(ctx, tamper); err != nil {
				t.Fatal(err)
			}
			if _, err := rm.Verify(ctx); !errors.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", tamper, err)
			}
		}
	})
}
