package mem_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"atrium/internal/infra/lock"
	"atrium/internal/infra/lock/locktest"
	"atrium/internal/infra/lock/mem"
)

func TestConformance(t *testing.T) {
	locktest.Run(t, func(*testing.T) lock.Locker { return mem.New() })
}

func TestTurnsComeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := mem.New()
		_, release, err := l.Lock(t.Context(), "k", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan int, 5)
		for i := range 5 {
			go func() {
				_, release, err := l.Lock(t.Context(), "k", time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				got <- i
				release()
			}()
			synctest.Wait()
		}
		release()
		for want := range 5 {
			if i := <-got; i != want {
				t.Errorf("turn of %d, want %d", i, want)
			}
		}
	})
}

func TestForgottenLeaseRunsOutAfterItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := mem.New()
		ctx, cancel := context.WithCancel(t.Context())
		if _, _, err := l.Lock(ctx, "k", time.Minute); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // of the bubble's clock: held as long as its context
		if _, _, ok, err := l.TryLock(t.Context(), "k", time.Minute); ok || err != nil {
			t.Errorf("TryLock = %v, %v while the holder lives", ok, err)
		}
		cancel()
		start := time.Now()
		_, release, err := l.Lock(t.Context(), "k", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if got := time.Since(start); got != time.Minute {
			t.Errorf("it ran out after %v, want a minute", got)
		}
	})
}
