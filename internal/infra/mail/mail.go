// Package mail sends messages to people through an SMTP server. A message is
// queued in the transaction that makes it necessary, sealed, and sent after
// that, again and again until the server has taken it or refuses it for good.
// It knows no rooms; the texts are theirs (see Letters).
package mail

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	smtp "github.com/wneessen/go-mail"

	"atrium/internal/base/fault"
	"atrium/internal/infra/db"
	"atrium/internal/infra/jobs"
	"atrium/internal/infra/seal"
)

// Config is how to reach the mail server.
type Config struct {
	Host           string      // "": no mail is sent
	Port           int         // 0: 587, or 465 with Security "tls"
	Security       string      // "starttls" (required), "tls", or "none" for a server on this machine
	User, Password string      // "": no authentication
	From           string      // address that messages come from
	Name           string      // and its name
	TLS            *tls.Config // nil: trust what this machine trusts
}

// Brand is how letters present whose they are. As what a letter calls "Site" it is
// the name in its text, and gives it its colour.
type Brand struct{ Name, Color, Ink string } // colours such as "#1f5fae"

func (b Brand) String() string { return b.Name }

// Site is how the instance presents itself in a letter.
func (s *Sender) Site(ctx context.Context) Brand {
	if s.Brand == nil {
		return Brand{Name: s.cfg.Name}
	}
	return s.Brand(ctx)
}

// Message is one message to one person.
type Message struct {
	To, Name   string // address and, if known, name
	Subject    string
	Text, HTML string
	ReplyTo    string // address, or ""
	ID         string // of the message, without host; Queue makes one
}

// Sender sends messages. The fields may be set before Plug.
type Sender struct {
	Log *slog.Logger
	Now func() time.Time
	// Brand is how the instance presents itself in letters; nil: by the name of Config.
	Brand func(ctx context.Context) Brand

	cfg   Config
	box   *seal.Box
	queue *jobs.Kind[sealed]
}

// sealed is a message as the queue keeps it: it may hold a link that opens an
// account.
type sealed struct{ Message string }

// sealedFor keeps the seals of messages apart from others.
const sealedFor = "mail"

// New returns a sender. It touches nothing.
func New(cfg Config, box *seal.Box) *Sender {
	return &Sender{Log: slog.Default(), Now: time.Now, cfg: cfg, box: box}
}

// Plug has the queue send messages.
func (s *Sender) Plug(q *jobs.Queue) {
	s.queue = jobs.Define(q, "mail.send", s.work)
}

// Ready tells whether a mail server is set up.
func (s *Sender) Ready() bool { return s.cfg.Host != "" }

// errNone is the answer where no mail server is set up.
var errNone = fault.New(fault.Unsupported, "This server sends no mail: no mail server is set up.")

// Queue has a message sent once tx is committed. An address that cannot be one
// is fault.Invalid; without a mail server, fault.Unsupported.
func (s *Sender) Queue(ctx context.Context, tx *db.DB, m Message) error {
	if !s.Ready() {
		return errNone
	}
	if err := CheckAddress(m.To); err != nil {
		return err
	}
	m.ID = seal.Token(24)
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.queue.Add(ctx, tx, sealed{s.box.Seal(b, sealedFor)})
}

// work sends a message of the queue. A refusal for good is logged and ends it.
func (s *Sender) work(ctx context.Context, q sealed) error {
	b, err := s.box.Open(q.Message, sealedFor)
	if err != nil {
		return fmt.Errorf("a queued message cannot be opened: %w", err)
	}
	var m Message
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	err = s.Send(ctx, m)
	if errors.Is(err, fault.Invalid) {
		s.Log.Warn("a message was refused for good", "id", m.ID, "error", err)
		return nil
	}
	return err
}

// Send sends a message now. A refusal for good is fault.Invalid; a server that
// cannot be reached or says "later" is fault.Unavailable.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if !s.Ready() {
		return errNone
	}
	msg, err := s.compose(m)
	if err != nil {
		return err
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	err = c.DialAndSendWithContext(ctx, msg)
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*smtp.SendError](err); ok && !refused.IsTemp() && refused.ErrorCode() >= 500 {
		return fault.Wrap(fault.Invalid, err, "The mail server refuses the message.")
	}
	return fault.Wrap(fault.Unavailable, err, "The mail server cannot be reached.")
}

func (s *Sender) client() (*smtp.Client, error) {
	port := s.cfg.Port
	opts := []smtp.Option{smtp.WithTimeout(30 * time.Second), smtp.WithHELO(host(s.cfg.From))}
	switch s.cfg.Security {
	case "tls":
		opts = append(opts, smtp.WithSSL())
		if port == 0 {
			port = 465
		}
	case "none":
		opts = append(opts, smtp.WithTLSPolicy(smtp.NoTLS))
	default:
		opts = append(opts, smtp.WithTLSPolicy(smtp.TLSMandatory))
	}
	if port == 0 {
		port = 587
	}
	opts = append(opts, smtp.WithPort(port))
	if s.cfg.TLS != nil {
		opts = append(opts, smtp.WithTLSConfig(s.cfg.TLS))
	}
	if s.cfg.User != "" {
		opts = append(opts, smtp.WithSMTPAuth(smtp.SMTPAuthAutoDiscover), smtp.WithUsername(s.cfg.User), smtp.WithPassword(s.cfg.Password))
	}
	c, err := smtp.NewClient(s.cfg.Host, opts...)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "The mail server cannot be reached.")
	}
	return c, nil
}

func (s *Sender) compose(m Message) (*smtp.Msg, error) {
	msg := smtp.NewMsg()
	bad := func(err error) error { return fault.Wrap(fault.Invalid, err, "This is not a mail address.") }
	if err := msg.FromFormat(oneLine(s.cfg.Name), s.cfg.From); err != nil {
		return nil, bad(err)
	}
	if err := msg.AddToFormat(oneLine(m.Name), m.To); err != nil {
		return nil, bad(err)
	}
	if m.ReplyTo != "" {
		if err := msg.ReplyTo(m.ReplyTo); err != nil {
			return nil, bad(err)
		}
	}
	id := m.ID
	if id == "" {
		id = seal.Token(24)
	}
	msg.SetMessageIDWithValue(id + "@" + host(s.cfg.From))
	msg.SetDateWithValue(s.Now())
	msg.Subject(oneLine(m.Subject))
	// RFC 3834, section 5: no holiday notes in reply.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(smtp.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(smtp.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// oneLine keeps values of others from making headers.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func host(address string) string {
	if _, h, ok := strings.Cut(address, "@"); ok {
		return h
	}
	return "localhost"
}

// CheckAddress tells whether s is one mail address and nothing else (RFC 5321):
// nil or fault.Invalid.
func CheckAddress(s string) error {
	a, err := mail.ParseAddress(s)
	if err == nil && (a.Address != s || a.Name != "" || len(s) > 254 || !strings.Contains(s, "@")) {
		err = errors.New("more than an address")
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "This is not a mail address.")
	}
	return nil
}
