package core

import (
	"errors"
	"strings"
)

// Class sorts errors by what the caller does next. The commands' exit codes
// follow from it.
type Class int

// The classes. Failed is the zero value: something went wrong here.
const (
	Failed   Class = iota // went wrong on this side or on the way: exit 1
	Usage                 // asked for something that does not exist or make sense: exit 2
	Locked                // the store is locked, held or not there: exit 3
	Refused               // the vendor said no: exit 4
	Conflict              // somebody else was faster: exit 5
	Unknown               // it may or may not have happened: exit 6
)

// Error says what was tried, on what, and why it failed. Its texts for people
// are not here: Tried and Code are keys into assets/locales and
// assets/advice, where meaning and next step stand in every language.
type Error struct {
	Tried  string            // key of what was tried, for example "refresh": locale text tried.<Tried>
	On     string            // the thing it was tried on, as the admin calls it; never a secret
	Code   string            // stable code and advice key, for example "zoho.invalid_code"; locale text error.<Code> or an advice entry
	Class  Class             //
	Params map[string]string // values for the texts; never a secret
	Err    error             // the cause, kept for errors.Is and errors.As
}

// Error returns one plain English line for logs: what was tried on what,
// the code, the cause. Screens and commands render package core/advice's
// explanation instead.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Tried != "" {
		b.WriteString(e.Tried)
		if e.On != "" {
			b.WriteString(" " + e.On)
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Code)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, &Error{Code: c}) match by code, so that packages
// can declare sentinels without repeating what was tried.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Tried == "" && t.Err == nil && t.Code == e.Code
}

// Sentinels every store and service uses.
var (
	ErrNotFound = &Error{Code: "not-found", Class: Usage}
	ErrConflict = &Error{Code: "conflict", Class: Conflict}
	ErrLocked   = &Error{Code: "store.locked", Class: Locked}
	ErrExists   = &Error{Code: "exists", Class: Usage}
)

// ClassOf returns the class of the outermost *Error in err's chain; Failed
// when there is none.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return Failed
}

// Unrecorded is the error of what was tried on on and not done, since err kept
// it from being written into the log: err's own code and values where it has a
// code (a busy store is not a broken one), else events.unwritten.
func Unrecorded(tried, on string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Code != "" {
		return &Error{Tried: tried, On: on, Code: e.Code, Class: e.Class, Params: e.Params, Err: err}
	}
	return &Error{Tried: tried, On: on, Code: "events.unwritten", Class: Failed, Err: err}
}

// CodeOf returns the code of the outermost *Error in err's chain, or "".
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
