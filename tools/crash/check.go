package main

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"

	"atrium/tools/drive"
)

// state is everything that is there, from one PROPFIND of depth infinity.
type state struct {
	own    []map[string]drive.Entry // by worker, paths relative to its folder
	shared map[string]drive.Entry   // by name
	folder drive.Entry              // the shared folder itself
	top    drive.Entry
	files  int64 // sum of the sizes of all files
}

// look lists the whole home of the user.
func (r *run) look(ctx context.Context) (state, error) {
	entries, _, err := r.c.List(ctx, r.c.File(""), "infinity")
	if err != nil {
		return state{}, err
	}
	s := state{shared: map[string]drive.Entry{}}
	for range r.workers {
		s.own = append(s.own, map[string]drive.Entry{})
	}
	for _, e := range entries {
		if !e.Dir {
			s.files += e.Size
		}
		first, rest, below := strings.Cut(e.Path, "/")
		var n int
		switch _, err := fmt.Sscanf(first, "w%d", &n); {
		case e.Path == "":
			s.top = e
		case first == "shared" && !below:
			s.folder = e
		case first == "shared":
			s.shared[rest] = e
		case err == nil && n < len(s.own):
			s.own[n][rest] = e
		}
	}
	return s, nil
}

// check compares what is there with what was acknowledged. Differences are
// reported through lost and find; it returns false when there are any.
func (r *run) check(ctx context.Context, full bool) bool {
	before := len(r.findings)
	s, err := r.look(ctx)
	if err != nil {
		r.find("listing after the restart: %v", err)
		return false
	}
	for _, w := range r.workers {
		r.checkWorker(ctx, w, s.own[w.n], full)
	}
	if len(r.findings) > before {
		return false
	}
	r.checkShared(ctx, s)
	r.checkTop(s)
	r.checkDepthOne(ctx, s)
	return len(r.findings) == before
}

// checkWorker finds out whether the operation that was in flight happened, and
// that nothing else did.
func (r *run) checkWorker(ctx context.Context, w *worker, there map[string]drive.Entry, full bool) {
	sums := map[string]string{}
	read := func(p string) string {
		if sums[p] == "" {
			sums[p] = r.sum(ctx, w.own(p))
		}
		return sums[p]
	}
	wrong := w.tree.compare(there, full, read)
	if w.flying == nil || w.flying.shared {
		r.lose(fmt.Sprintf("w%d", w.n), wrong)
		w.tree.adopt(there)
		return
	}
	w.happened = false
	if len(wrong) > 0 {
		after := w.tree.clone()
		w.flying.apply(after)
		if wrongAfter := after.compare(there, full, read); len(wrongAfter) > 0 {
			r.lose(fmt.Sprintf("w%d, if %s did not happen", w.n, w.flying), wrong)
			r.lose(fmt.Sprintf("w%d, if it did", w.n), wrongAfter)
			return
		}
		w.tree, w.happened = after, true
	}
	r.j.note("w%d: %s happened: %v", w.n, w.flying, w.happened)
	w.tree.adopt(there)
	if w.flying.kind == give {
		r.regs.decide(w.flying.to, w.flying, w.happened)
	}
	if w.flying.kind == chunked && !w.happened {
		r.checkChunks(ctx, w)
	}
}

// checkChunks finds acknowledged chunks that are gone.
func (r *run) checkChunks(ctx context.Context, w *worker) {
	if w.chunks == 0 {
		return
	}
	o := w.flying
	list, _, err := r.c.List(ctx, r.c.Upload(o.id), "1")
	if err != nil {
		r.lose(o.String(), []string{fmt.Sprintf("%d chunks were acknowledged: %v", w.chunks, err)})
		return
	}
	sizes := map[string]int64{}
	for _, e := range list {
		sizes[e.Path] = e.Size
	}
	body := o.body()
	for n := range w.chunks {
		name := fmt.Sprintf("%05d", n+1)
		if got, ok := sizes[name]; !ok || got != int64(len(o.chunk(body, n))) {
			r.lose(o.String(), []string{fmt.Sprintf("chunk %s has %d bytes, want %d", name, got, len(o.chunk(body, n)))})
		}
	}
}

// checkShared compares the shared names with what they may hold.
func (r *run) checkShared(ctx context.Context, s state) {
	for name := range s.shared {
		if r.regs.settled[name].sets == "" && r.regs.since[name] == nil {
			r.lose("shared", []string{fmt.Sprintf("/%s is there, but nobody made it", name)})
		}
	}
	written := false
	for _, name := range r.regs.names() {
		for _, e := range r.regs.since[name] {
			written = written || e.changed && !e.end.IsZero()
		}
		got := value("")
		switch e, ok := s.shared[name]; {
		case ok && e.Dir:
			got = dirValue
		case ok:
			got = value(r.sum(ctx, r.c.File("shared/"+name)))
		}
		if err := r.regs.settle(name, got); err != nil {
			r.lose("shared", []string{err.Error()})
		}
	}
	if written && r.folder == s.folder.ETag {
		r.find("the etag of /shared is still %s after acknowledged writes in it", r.folder)
	}
	r.folder = s.folder.ETag
}

// checkTop checks what is derived: sizes, quota and the etag of the root.
func (r *run) checkTop(s state) {
	if s.top.Size != s.files {
		r.find("the root has size %d, its files have %d", s.top.Size, s.files)
	}
	if s.top.Used != s.files {
		r.find("the quota counts %d bytes as used, the files have %d", s.top.Used, s.files)
	}
	if n := r.acked(); n > r.ackedThen && r.root == s.top.ETag {
		r.find("the etag of the root is still %s after %d acknowledged writes", r.root, n-r.ackedThen)
	}
	r.root, r.ackedThen = s.top.ETag, r.acked()
}

// checkDepthOne lists a folder of each worker by itself: it must be what the
// deep listing said, no entry less.
func (r *run) checkDepthOne(ctx context.Context, s state) {
	for _, w := range r.workers {
		_, folders := paths(w.tree)
		folder := pick(r.rand, folders)
		list, _, err := r.c.List(ctx, w.own(folder), "1")
		if err != nil {
			r.find("listing /w%d/%s: %v", w.n, folder, err)
			continue
		}
		want := 0
		for p := range s.own[w.n] {
			if p == folder || p != "" && up(p) == folder {
				want++
			}
		}
		if len(list) != want {
			r.find("/w%d/%s lists %d entries, want %d", w.n, folder, len(list), want)
		}
		for _, e := range list {
			if deep := s.own[w.n][path.Join(folder, e.Path)]; deep.ETag != e.ETag || deep.ID != e.ID {
				r.find("/w%d/%s/%s has etag %s and id %s, %s and %s in the deep listing", w.n, folder, e.Path, e.ETag, e.ID, deep.ETag, deep.ID)
			}
		}
	}
}

// sum is the hex sha1 of what a GET gives, or the reason why there is none.
func (r *run) sum(ctx context.Context, address string) string {
	a, err := r.c.Do(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err.Error()
	}
	if a.Status != http.StatusOK {
		return fmt.Sprintf("status %d", a.Status)
	}
	sum := sha1.Sum(a.Body)
	return hex.EncodeToString(sum[:])
}

// resend repeats what was in flight, as a client does that got no answer.
func (r *run) resend(ctx context.Context, w *worker) error {
	o := w.flying
	if o == nil {
		return nil
	}
	w.flying, o.resumed = nil, true
	r.j.note("again %s", o)
	start := r.clock()
	status, err := w.send(ctx, o)
	if err != nil {
		return fmt.Errorf("%s, sent again: %w", o, err)
	}
	r.j.note("ack  %s: %d", o, status)
	if w.happened && !o.shared && o.kind != put && o.kind != copyTo {
		want := map[kind][]int{chunked: {201, 204}, mkcol: {405}, move: {404}, give: {404}, remove: {404}}[o.kind]
		for _, ok := range want {
			if status == ok {
				return nil
			}
		}
		return fmt.Errorf("%s had happened; sent again it got %d, want %v: %s", o, status, want, o.answer.text)
	}
	if err := w.judge(o, status); err != nil {
		return fmt.Errorf("sent again: %w", err)
	}
	w.count2xx(status)
	w.registerShared(o, start, r.clock(), status)
	return w.done(o)
}
