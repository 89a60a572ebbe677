// Package drive runs a built server as a process of its own and speaks to it
// over HTTP, for the tools that test it from outside. It knows the process
// contract and the wire, and nothing of the inside.
package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The first account, made by the server on its first start.
const (
	User     = "admin"
	Password = "correct-Horse-7-battery"
)

// Server is one server process and the folder it keeps its data in.
type Server struct {
	Bin  string   // path of the binary
	Data string   // scratch folder; the log is Data + ".log"
	DB   string   // DSN; "" leaves the server's default, SQLite in Data
	Addr string   // host:port; "" picks a free port at the first start
	Env  []string // more NAME=value

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan error // what Wait said, once
}

// URL is the base of the server's addresses, without a slash at the end.
func (s *Server) URL() string { return "http://" + s.Addr }

// Start runs the binary and returns at once; see Ready.
func (s *Server) Start() error {
	if s.Addr == "" {
		addr, err := FreeAddr()
		if err != nil {
			return err
		}
		s.Addr = addr
	}
	log, err := os.OpenFile(s.Data+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := s.command("serve")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.Bin, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	s.mu.Lock()
	s.cmd, s.done = cmd, done
	s.mu.Unlock()
	return nil
}

// command prepares the binary with the environment of this server. It dies
// with this process, so that an interrupted run leaves nothing behind.
func (s *Server) command(args ...string) *exec.Cmd {
	bin, err := filepath.Abs(s.Bin)
	if err != nil {
		bin = s.Bin
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = filepath.Dir(s.Data)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ATRIUM_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env,
		"ATRIUM_DATA="+s.Data, "ATRIUM_HTTP_LISTEN="+s.Addr, "ATRIUM_URL="+s.URL(),
		"ATRIUM_ADMIN_USER="+User, "ATRIUM_ADMIN_PASSWORD="+Password,
		"ATRIUM_LIMITS_REQUESTS_PER_SECOND=0") // one address sends more here than a house full of people
	if s.DB != "" {
		cmd.Env = append(cmd.Env, "ATRIUM_DB="+s.DB)
	}
	cmd.Env = append(cmd.Env, s.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Ready waits until /readyz answers 200. It returns early when the process ends.
func (s *Server) Ready(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready(ctx, s.URL()+"/readyz") {
			return nil
		}
		select {
		case err := <-s.done:
			s.done <- err
			return fmt.Errorf("the server ended before it was ready (%v); log: %s.log", err, s.Data)
		case <-ctx.Done():
			return fmt.Errorf("the server was not ready after %s; log: %s.log", patience, s.Data)
		case <-tick.C:
		}
	}
}

func ready(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// Ended tells whether the process has ended, and how.
func (s *Server) Ended() (error, bool) {
	select {
	case err := <-s.done:
		s.done <- err
		return err, true
	default:
		return nil, false
	}
}

// Kill is SIGKILL: no handler runs, nothing is flushed. It waits for the end.
func (s *Server) Kill() {
	s.cmd.Process.Kill()
	err := <-s.done
	s.done <- err
}

// Stop is SIGTERM; a server that does not exit 0 within the patience is an error.
func (s *Server) Stop(patience time.Duration) error {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.done:
		s.done <- err
		return err
	case <-time.After(patience):
		s.Kill()
		return errors.New("the server did not stop in time")
	}
}

// Run runs an admin command against this server's data and returns its output.
func (s *Server) Run(args ...string) (string, error) {
	out, err := s.command(args...).CombinedOutput()
	return string(out), err
}

// Shell runs a script in a folder, in which "atrium" is the binary with this server's
// data, and returns what it prints. A command that fails ends the script.
func (s *Server) Shell(folder, script string) (string, error) {
	like := s.command()
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir, cmd.SysProcAttr = folder, like.SysProcAttr
	cmd.Env = append(like.Env, "PATH="+filepath.Dir(like.Path)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Memory is the resident memory of the process, in bytes.
func (s *Server) Memory() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(b), "VmRSS:")
	if fields := strings.Fields(rest); ok && len(fields) > 1 {
		kb, err := strconv.ParseInt(fields[0], 10, 64)
		return kb << 10, err
	}
	return 0, errors.New("no VmRSS in /proc/PID/status")
}

// ChildMemory is the most resident memory, in bytes, that one of the processes takes
// which the server has started; 0 when there is none.
func (s *Server) ChildMemory() (most int64) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	for _, list := range lists {
		pids, _ := os.ReadFile(list)
		for pid := range strings.FieldsSeq(string(pids)) {
			status, _ := os.ReadFile("/proc/" + pid + "/status") // which may have ended
			_, rest, _ := strings.Cut(string(status), "VmHWM:")
			if fields := strings.Fields(rest); len(fields) > 1 {
				kb, _ := strconv.ParseInt(fields[0], 10, 64)
				most = max(most, kb<<10)
			}
		}
	}
	return most
}

// AppPassword trades the account's password for an app password.
func (s *Server) AppPassword(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/ocs/v2.php/core/getapppassword?format=json", nil)
	if err != nil {
		return "", err
	}
	req.SetBasicAuth(User, Password)
	req.Header.Set("OCS-APIRequest", "true")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var body struct {
		OCS struct {
			Data struct {
				Password string `json:"apppassword"`
			} `json:"data"`
		} `json:"ocs"`
	}
	err = json.NewDecoder(res.Body).Decode(&body)
	if err == nil && body.OCS.Data.Password == "" {
		err = fmt.Errorf("status %d without an app password", res.StatusCode)
	}
	if err != nil {
		return "", fmt.Errorf("getapppassword: %w", err)
	}
	return body.OCS.Data.Password, nil
}

// FreeAddr is an address on loopback where nobody listens at the moment.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
