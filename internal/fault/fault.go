// Package fault names what can go wrong in words a person can act on.
//
// A Fault is made where its meaning is known, travels up wrapped with %w, and
// is turned into a page in one place (package web). Sentences are keys into the
// text catalogue, never data: a fault may be logged and shown.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a person can do about it; web maps each to a status.
type Kind int

const (
	// Internal is our mistake: 500, with a reference number, logged once.
	Internal Kind = iota
	// Invalid is input that can be corrected: 422, the form drawn again.
	Invalid
	// NotFound is a thing that is absent, or not this person's: 404.
	NotFound
	// Denied is a thing that may not be done; answered exactly like NotFound.
	Denied
	// Conflict is a race lost or a state that moved on: 409.
	Conflict
	// TooMany is a limit reached: 429 with Retry-After.
	TooMany
	// Unavailable is a part that is down or full: 503 with Retry-After.
	Unavailable
)

// Problem is one sentence at one form field. Field is the input's name, "" for
// the form as a whole. Text is a key of the catalogue; Args fill its blanks. About
// names the field, in the person's language, in a list of problems whose sentences
// are all the same; a page sets it.
type Problem struct {
	Field string
	Text  string
	Args  []any
	About string
}

// Fault is an error with a meaning.
type Fault struct {
	Kind     Kind
	Text     string // key of the catalogue, for the error page
	Problems []Problem
	Retry    time.Duration // for TooMany and Unavailable
	Cause    error         // for the log, never shown
}

func (f *Fault) Error() string {
	s := f.Text
	for _, p := range f.Problems {
		s += fmt.Sprintf(" [%s: %s]", p.Field, p.Text)
	}
	if f.Cause != nil {
		s += ": " + f.Cause.Error()
	}
	return s
}

func (f *Fault) Unwrap() error { return f.Cause }

// Bad is an Invalid fault with one problem at one field.
func Bad(field, text string, args ...any) *Fault {
	return &Fault{Kind: Invalid, Text: "error.invalid", Problems: []Problem{{Field: field, Text: text, Args: args}}}
}

// And adds a problem, making the fault if there was none: `var p *fault.Fault;
// p = p.And(…); return p.OrNil()`.
func (f *Fault) And(field, text string, args ...any) *Fault {
	if f == nil {
		return Bad(field, text, args...)
	}
	f.Problems = append(f.Problems, Problem{Field: field, Text: text, Args: args})
	return f
}

// OrNil keeps a nil *Fault from becoming a non-nil error.
func (f *Fault) OrNil() error {
	if f == nil {
		return nil
	}
	return f
}

func New(k Kind, text string) *Fault { return &Fault{Kind: k, Text: text} }
func Missing() *Fault                { return New(NotFound, "error.notfound") }
func Refused() *Fault                { return New(Denied, "error.notfound") }
func Lost(text string) *Fault        { return New(Conflict, text) }

// Wait is TooMany: come back after d.
func Wait(text string, d time.Duration) *Fault {
	return &Fault{Kind: TooMany, Text: text, Retry: d}
}

// Down is Unavailable: come back after d; cause goes to the log.
func Down(text string, d time.Duration, cause error) *Fault {
	return &Fault{Kind: Unavailable, Text: text, Retry: d, Cause: cause}
}

// As finds the fault in err's chain.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Is tells whether err is a fault of kind k.
func Is(err error, k Kind) bool {
	f, ok := As(err)
	return ok && f.Kind == k
}

// Fixable tells whether the person can correct err in the form they sent.
func Fixable(err error) bool { return Is(err, Invalid) }

// Problems lists what is to be corrected, nil if err is not Invalid.
func Problems(err error) []Problem {
	if f, ok := As(err); ok {
		return f.Problems
	}
	return nil
}
