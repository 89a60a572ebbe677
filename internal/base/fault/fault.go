// Package fault names the kinds of things that go wrong, so that every layer
// speaks of them in the same words and each protocol maps them in one table.
//
// A Kind is itself an error: errors.Is(err, fault.NotFound) asks whether
// anything in the chain is of that kind. The package knows no protocol.
package fault

import (
	"errors"

	"atrium/internal/base/tongue"
)

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
	Says tongue.Saying // for people: a whole sentence, nothing secret
	err  error
}

// New makes a fault whose text may be shown to the user. It stands there in English
// and in double quotes, and what is filled in follows in pairs of a name and a value:
// New(Exists, "There is already a tag “{name}”.", "name", name).
func New(k Kind, text string, pairs ...any) error { return Say(k, nil, tongue.Of(text, pairs...)) }

// Wrap gives err a kind and a text for the user, as New does, and keeps err for the log.
func Wrap(k Kind, err error, text string, pairs ...any) error {
	return Say(k, err, tongue.Of(text, pairs...))
}

// Say gives err, which may be nil, a kind and what to tell the user.
func Say(k Kind, err error, s tongue.Saying) error { return &Fault{Kind: k, Says: s, err: err} }

func (f *Fault) Error() string {
	if f.err != nil {
		return f.Says.String() + ": " + f.err.Error()
	}
	return f.Says.String()
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

// Text is the sentence for the user in English, or "" when err has none. An Internal
// fault has none by definition.
func Text(err error) string { return Said(err).String() }

// Said is the sentence for the user, to be said in their language; zero when err has
// none.
func Said(err error) tongue.Saying {
	f, ok := errors.AsType[*Fault](err)
	if !ok || f.Kind == Internal {
		return tongue.Saying{}
	}
	return f.Says
}

// Told is what there is to say of err: its sentence, or where it has none the error as
// it is, for those who may read that. Zero for nil.
func Told(err error) tongue.Saying {
	if s := Said(err); err == nil || !s.IsZero() {
		return s
	}
	return tongue.Plain(err.Error())
}
