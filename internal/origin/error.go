package origin

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicomweb"
)

// statusOf is the HTTP status of a code, 0 for one that has none yet.
func statusOf(c leadglass.Code) int {
	switch c {
	case leadglass.Invalid:
		return http.StatusBadRequest
	case leadglass.Denied:
		return http.StatusForbidden
	case leadglass.NotFound:
		return http.StatusNotFound
	case leadglass.Conflict:
		return http.StatusConflict
	case leadglass.Limited:
		return http.StatusRequestEntityTooLarge
	case leadglass.Unavailable:
		return http.StatusServiceUnavailable
	case leadglass.Unsupported:
		return http.StatusNotImplemented
	case leadglass.Internal:
		return http.StatusInternalServerError
	}
	return 0
}

// failureOf is the Failure Reason of an instance that is not stored (PS3.18
// table I.2-2).
func failureOf(c leadglass.Code) uint16 {
	switch c {
	case leadglass.Invalid:
		return dicomweb.FailureNotUnderstood
	case leadglass.Denied:
		return dicomweb.FailureRefused
	case leadglass.Conflict:
		return dicomweb.FailureMismatch
	case leadglass.Limited, leadglass.Unavailable:
		return dicomweb.FailureOutOfResources
	case leadglass.Unsupported:
		return dicomweb.FailureClass
	}
	return dicomweb.FailureProcessing
}

// problemOf is what a peer is told: the status, and the reason where a decision
// refused. What is not there and what may not be had are one answer.
func problemOf(err error) error {
	if err == nil {
		return nil
	}
	var p *dicomweb.Problem
	if errors.As(err, &p) {
		return err
	}
	code := leadglass.CodeOf(err)
	p = &dicomweb.Problem{HTTP: statusOf(code), Failure: failureOf(code)}
	switch {
	case code == leadglass.NotFound:
	case leadglass.ReasonOf(err) == leadglass.NoIdentity:
		p.HTTP, p.Detail = http.StatusUnauthorized, string(leadglass.NoIdentity)
	default:
		p.Detail = string(leadglass.ReasonOf(err))
	}
	if p.HTTP == 0 || p.HTTP >= 500 || p.HTTP == http.StatusBadRequest {
		p.Err = err
	}
	if p.HTTP == 0 {
		p.HTTP = http.StatusInternalServerError
	}
	return p
}

// refuse answers before package dicomweb has its turn, in its form.
func refuse(w http.ResponseWriter, status int, detail string) {
	body, _ := json.Marshal(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{http.StatusText(status), status, detail})
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}
