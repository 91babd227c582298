package dicomweb

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Problem is an answer that is no success (PS3.18 section 8.5).
type Problem struct {
	HTTP int // the status code
	// Scheme is the authentication that a server of status 401 wants, as
	// "Basic" or "Bearer"; its realm is left out.
	Scheme string

	// What follows is of a server's own Problem, which it answers with.

	Detail  string // for the peer: without patient data
	Failure uint16 // Failure Reason (0008,1197) of an instance that is not stored
	Err     error  // the cause, which the peer is not told
}

func (p *Problem) Unwrap() error { return p.Err }

func (p *Problem) Error() string {
	s := fmt.Sprintf("HTTP status %d", p.HTTP)
	if text := http.StatusText(p.HTTP); text != "" {
		s += " " + text
	}
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	if p.Err != nil {
		s += ": " + p.Err.Error()
	}
	return s
}

// Refused says that the server wants to know who asks, or does know and denies.
func (p *Problem) Refused() bool {
	return p.HTTP == http.StatusUnauthorized || p.HTTP == http.StatusForbidden ||
		p.HTTP == http.StatusProxyAuthRequired || p.HTTP == http.StatusNetworkAuthenticationRequired
}

// ErrRedirect is a redirect to another server, which is not followed.
var ErrRedirect = errors.New("redirected to another server")

// ErrPaging is a server that answers every page with the same results.
var ErrPaging = errors.New("the server ignores the offset of a page")

// MediaTypeError is an answer of a media type that was not asked for, as a login
// page of text/html.
type MediaTypeError struct{ Got string }

func (e *MediaTypeError) Error() string { return fmt.Sprintf("media type %q was not asked for", e.Got) }

// wrap says what was being done. It takes the URL out of errors of net/http:
// its query may name a patient.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("dicomweb: %s: %w", doing, err)
}
