package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"atrium/tools/drive"
)

// pushSecondClient: a computer that waits at the socket hears within a second of
// a file that another one has uploaded, and a sync then finds it. The engine of
// the desktop client has no sockets, so the waiting is ours.
func (h *house) pushSecondClient() error {
	p, err := h.planted("push", 10)
	if err != nil {
		return err
	}
	k, err := h.s.Listen(h.ctx, drive.User, h.pass)
	if err != nil {
		return err
	}
	defer k.Close()
	name := filepath.Join("d0/e0", names[0])
	a, err := h.c.Do(h.ctx, "PUT", h.c.File("sync-push/d0/e0/"+names[0]), []byte("changed elsewhere"))
	if err != nil || a.Status >= 300 {
		return fmt.Errorf("PUT: status %d: %w", a.Status, err)
	}
	ctx, cancel := context.WithTimeout(h.ctx, time.Second)
	defer cancel()
	text, err := k.Next(ctx)
	if err != nil || !strings.HasPrefix(text, "notify_file") {
		return fmt.Errorf("the socket says %q within a second: %w", text, err)
	}
	if err := p.sync(p.b); err != nil {
		return err
	}
	got, err := os.ReadFile(filepath.Join(p.b, name))
	if err == nil && string(got) != "changed elsewhere" {
		err = fmt.Errorf("the file holds %q after the sync", got)
	}
	return errors.Join(err, p.sync(p.a), drive.SameTrees(p.a, p.b))
}
