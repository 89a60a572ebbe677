// Package mailtest is a mail server for tests: it speaks SMTP on loopback and
// keeps what it is sent.
package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is a message that arrived.
type Letter struct {
	From, To, Subject string
	Text, HTML        string
	Header            mail.Header
}

// Server keeps what arrives. An address that begins with "refused" is refused
// for good, one that begins with "later" for now, until Open is called.
type Server struct {
	Host string
	Port int
	TLS  *tls.Config // with which clients trust it

	mu      sync.Mutex
	letters []Letter
	open    bool
	logins  []string
}

// Serve starts a server until the test ends.
func Serve(t testing.TB) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Host: host}
	if s.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	cert := httptest.NewTLSServer(nil)
	cert.Close()
	roots := x509.NewCertPool()
	roots.AddCert(cert.Certificate())
	srv.TLSConfig, s.TLS = &tls.Config{Certificates: cert.TLS.Certificates}, &tls.Config{RootCAs: roots, ServerName: "example.com"}
	srv.ReadTimeout, srv.WriteTimeout = 10*time.Second, 10*time.Second
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	// The listener too: a server that is closed before it serves does not know it yet.
	t.Cleanup(func() { _, _ = srv.Close(), l.Close(); <-done })
	return s
}

// Open lets those through that were told to come later.
func (s *Server) Open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
}

// Letters are all that have arrived.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters)
}

// Logins are the names that clients signed in with.
func (s *Server) Logins() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logins)
}

type session struct {
	server   *Server
	from, to string
}

// AuthMechanisms implements smtp.AuthSession.
func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession: the password is "right".
func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "right" {
			return errors.New("wrong password")
		}
		x.server.mu.Lock()
		defer x.server.mu.Unlock()
		x.server.logins = append(x.server.logins, user)
		return nil
	}), nil
}

// Reset implements smtp.Session.
func (x *session) Reset() { x.from, x.to = "", "" }

// Logout implements smtp.Session.
func (x *session) Logout() error { return nil }

// Mail implements smtp.Session.
func (x *session) Mail(from string, _ *smtp.MailOptions) error { x.from = from; return nil }

// Rcpt implements smtp.Session.
func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.server.mu.Lock()
	open := x.server.open
	x.server.mu.Unlock()
	switch {
	case strings.HasPrefix(to, "refused"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody here"}
	case strings.HasPrefix(to, "later") && !open:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
	}
	x.to = to
	return nil
}

// Data implements smtp.Session.
func (x *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	l := Letter{From: x.from, To: x.to, Header: m.Header}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	if err := l.read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body); err != nil {
		return err
	}
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	x.server.letters = append(x.server.letters, l)
	return nil
}

// read takes a body apart into its texts.
func (l *Letter) read(kind, encoding string, body io.Reader) error {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return err
	}
	if strings.HasPrefix(media, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := l.read(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
				return err
			}
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	if media == "text/html" {
		l.HTML = text
	} else {
		l.Text = text
	}
	return err
}
