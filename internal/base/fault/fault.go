// Package fault names the kinds of things that go wrong, so that every layer
// speaks of them in the same words and each protocol maps them in one table.
//
// A Kind is itself an error: errors.Is(err, fault.NotFound) asks whether
// anything in the chain is of that kind. The package knows no protocol.
package fault

import "errors"

// Kind is a class of failure that callers and protocols tell apart.
type Kind uint8

// The kinds; their statuses per protocol stand in proto/web, proto/dav and proto/ocs.
const (
	Internal    Kind = iota // our own fault; details never leave the process
	Invalid                 // the request makes no sense as sent
	Anonymous               // nobody is signed in, or the credential is wrong
	Denied                  // signed in, but not allowed
	NotFound                // no such thing, or none that the caller may know of
	Exists                  // the name is taken
	Conflict                // the state does not fit, for example a parent is missing
	Stale                   // a precondition (etag, lock token) does not hold
	TooLarge                // over a limit that has nothing to do with quota
	Locked                  // somebody holds a lock
	Busy                    // too many requests or failed attempts
	Full                    // no room left: quota or disk
	Unsupported             // the verb or feature is not there
	Unavailable             // a part we depend on does not answer; try again
)

var kindNames = [...]string{
	"internal", "invalid", "anonymous", "denied", "not found", "exists", "conflict", "stale",
	"too large", "locked", "busy", "full", "unsupported", "unavailable",
}

// Error makes a Kind usable as the target of errors.Is.
func (k Kind) Error() string { return kindNames[k] }

// Fault is an error with a kind and a sentence for the user.
type Fault struct {
	Kind Kind
	Text string // for people: a whole sentence, nothing secret
	err  error
}

// New makes a fault whose text may be shown to the user.
func New(k Kind, text string) error { return &Fault{Kind: k, Text: text} }

// Wrap gives err a kind and a text for the user, and keeps err for the log.
func Wrap(k Kind, err error, text string) error { return &Fault{Kind: k, Text: text, err: err} }

func (f *Fault) Error() string {
	if f.err != nil {
		return f.Text + ": " + f.err.Error()
	}
	return f.Text
}

// Unwrap lets errors.Is see both the kind and the cause.
func (f *Fault) Unwrap() []error {
	if f.err != nil {
		return []error{f.Kind, f.err}
	}
	return []error{f.Kind}
}

// Of tells the kind of err: that of the outermost Fault or Kind in its chain,
// Internal when there is none.
func Of(err error) Kind {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Kind
	}
	if k, ok := errors.AsType[Kind](err); ok {
		return k
	}
	return Internal
}

// Text is the sentence for the user, or "" when err has none. An Internal
// fault has none by definition.
func Text(err error) string {
	f, ok := errors.AsType[*Fault](err)
	if !ok || f.Kind == Internal {
		return ""
	}
	return f.Text
}
