package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"atrium/tools/drive"
)

const (
	pushSockets  = 10_000
	pushAccounts = 50 // each with as many sockets as one may have
)

// push holds idle sockets on a server of its own, weighs it, and sees how soon
// after a PUT each client of its owner hears of it.
func (b *bench) push() error {
	s := &drive.Server{Bin: b.bin, Data: filepath.Join(b.base, "push")}
	if err := s.Start(); err != nil {
		return err
	}
	if err := s.Ready(b.ctx, time.Minute); err != nil {
		return err
	}
	before, err := s.Memory()
	if err != nil {
		return err
	}
	secrets, err := pushPeople(b.ctx, s)
	if err != nil {
		return err
	}
	sockets := make([]*drive.Socket, pushSockets)
	g, ctx := errgroup.WithContext(b.ctx)
	g.SetLimit(32)
	for i := range sockets {
		g.Go(func() (err error) {
			n := i % pushAccounts
			sockets[i], err = s.Listen(ctx, fmt.Sprintf("push%02d", n), secrets[n])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	time.Sleep(40 * time.Second) // longer than from one ping to the next
	m, err := s.Memory()
	if err != nil {
		return err
	}
	b.set("push-10k", float64(m)/1e6, "beyond the %.0f MB before: %.1f KB for each socket", float64(before)/1e6, float64(m-before)/1e3/pushSockets)
	err = b.pushDelay(s, sockets[0], secrets[0])
	for _, k := range sockets {
		k.Close()
	}
	if err != nil {
		return err
	}
	return s.Stop(time.Minute)
}

// pushDelay is the median time from the answer to a PUT until a client hears of it.
func (b *bench) pushDelay(s *drive.Server, k *drive.Socket, secret string) error {
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	c := drive.NewClient(s.URL(), "push00", secret, 1, time.Minute)
	var times []time.Duration
	for i := range 9 {
		a, err := c.Do(ctx, http.MethodPut, c.File(fmt.Sprintf("f%d", i)), []byte("x"))
		if err != nil || a.Status != http.StatusCreated {
			return fmt.Errorf("PUT: status %d: %w", a.Status, err)
		}
		begun := time.Now()
		text, err := k.Next(ctx)
		for err == nil && text == "notify_activity" { // of the file before
			text, err = k.Next(ctx)
		}
		if err != nil || text != "notify_file" {
			return fmt.Errorf("the socket says %q: %v", text, err)
		}
		times = append(times, time.Since(begun))
		time.Sleep(2 * time.Second) // past the pause between two messages
	}
	b.set("push-delay", median(times), "")
	return nil
}

// pushPeople makes accounts and gives an app password of each.
func pushPeople(ctx context.Context, s *drive.Server) ([]string, error) {
	secrets := make([]string, pushAccounts)
	for i := range secrets {
		uid := fmt.Sprintf("push%02d", i)
		form := strings.NewReader("userid=" + uid + "&password=" + drive.Password)
		if err := ocs(ctx, s, http.MethodPost, "/cloud/users", drive.User, form, nil); err != nil {
			return nil, err
		}
		var data struct{ AppPassword string }
		if err := ocs(ctx, s, http.MethodGet, "/core/getapppassword", uid, nil, &data); err != nil {
			return nil, err
		}
		secrets[i] = data.AppPassword
	}
	return secrets, nil
}

// ocs calls an endpoint with the password that all accounts have here.
func ocs(ctx context.Context, s *drive.Server, method, path, user string, form *strings.Reader, data any) error {
	if form == nil {
		form = strings.NewReader("")
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+"/ocs/v2.php"+path+"?format=json", form)
	if err != nil {
		return err
	}
	req.SetBasicAuth(user, drive.Password)
	req.Header.Set("OCS-APIRequest", "true")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: status %d", method, path, res.StatusCode)
	}
	if data == nil {
		return nil
	}
	body := struct {
		OCS struct {
			Data any `json:"data"`
		} `json:"ocs"`
	}{}
	body.OCS.Data = data
	return json.NewDecoder(res.Body).Decode(&body)
}
