package scope

import (
	"fmt"
	"net/netip"
)

// Kind says what is wrong with a scope.
type Kind string

// The kinds.
const (
	BadFile          Kind = "file"          // cannot be read
	BadSyntax        Kind = "syntax"        // not TOML, or a key that does not exist
	BadAuthorisation Kind = "authorisation" // missing, incomplete, expired, not yet valid
	BadTargets       Kind = "targets"       // an entry, a port, or nobody left
)

// Error says what is wrong with a scope and what helps. Nothing was sent.
type Error struct {
	Kind   Kind
	File   string
	Line   int // 0 where it is of no line
	What   string
	Remedy string
	Err    error // below, or nil
}

func (e *Error) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if where == "" {
		return "scope: " + e.What
	}
	return fmt.Sprintf("scope: %s: %s", where, e.What)
}

func (e *Error) Unwrap() error { return e.Err }

// Hint is what helps.
func (e *Error) Hint() string { return e.Remedy }

// RefusedError says that an address must not be asked.
type RefusedError struct {
	Addr netip.AddrPort
	Why  string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("scope: %s is %s", e.Addr, e.Why) }
