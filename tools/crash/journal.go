package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// journal is the log for the post-mortem: one line per thing sent, answered
// or noticed. The model, not the journal, decides what is right.
type journal struct {
	mu    sync.Mutex
	f     *os.File
	start time.Time
}

func openJournal(path string) (*journal, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &journal{f: f, start: time.Now()}, nil
}

// note writes one line; the time is seconds since the start of the run.
func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(j.f, "%9.4f %s\n", time.Since(j.start).Seconds(), fmt.Sprintf(format, args...))
}
