package scp

import (
	"context"
	"errors"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
)

// statuses are how one code is answered, by service.
type statuses struct {
	store      dimse.Status // PS3.4 table B.2-1
	find       dimse.Status // PS3.4 table C.4-1
	retrieve   dimse.Status // PS3.4 tables C.4-2 and C.4-3
	normalized dimse.Status // PS3.7 annex C
}

// status is the table of codes. NotFound is no failure of a search or retrieval:
// there was nothing to find, or nothing that this peer may know of.
func status(code leadglass.Code) statuses {
	switch code {
	case "":
		return statuses{}
	case leadglass.Invalid:
		return statuses{dimse.IdentifierMismatch, dimse.IdentifierMismatch, dimse.IdentifierMismatch, dimse.InvalidArgument}
	case leadglass.Denied:
		return statuses{dimse.NotAuthorised, dimse.NotAuthorised, dimse.NotAuthorised, dimse.NotAuthorised}
	case leadglass.NotFound:
		return statuses{dimse.UnableToProcess, dimse.Success, dimse.Success, dimse.NoSuchInstance}
	case leadglass.Conflict:
		return statuses{dimse.DuplicateSOPInstance, dimse.UnableToProcess, dimse.UnableToProcess, dimse.ClassInstanceConflict}
	case leadglass.Limited:
		return statuses{dimse.OutOfResources, dimse.OutOfResources, dimse.CannotPerform, dimse.ResourceLimitation}
	case leadglass.Unavailable:
		return statuses{dimse.OutOfResources, dimse.OutOfResources, dimse.CannotPerform, dimse.ProcessingFailure}
	case leadglass.Unsupported:
		return statuses{dimse.RefusedSOPClass, dimse.UnableToProcess, dimse.UnableToProcess, dimse.NoSuchAction}
	}
	return statuses{dimse.ProcessingFailure, dimse.UnableToProcess, dimse.UnableToProcess, dimse.ProcessingFailure}
}

// failed reports an error of guard to the operator, where it is one for him, and
// returns what the peer is told: the code, and a comment with the reason or with
// the id by which the operator finds the text.
func (ses *session) failed(ctx context.Context, rq *leadglass.Request, err error) (statuses, string) {
	code := leadglass.CodeOf(err)
	if ctx.Err() != nil || errors.Is(err, dimse.ErrCancel) { // by the peer, or it is gone
		return statuses{dimse.UnableToProcess, dimse.Cancel, dimse.Cancel, dimse.ProcessingFailure}, ""
	}
	switch code {
	case leadglass.Denied:
		return status(code), comment(string(leadglass.ReasonOf(err)))
	case leadglass.NotFound:
		return status(code), ""
	case leadglass.Internal, leadglass.Unavailable:
		ses.s.c.Diagnostics.Error("a request failed", "request", rq.ID, "route", string(rq.Route), "peer", ses.peer, "error", err)
	}
	return status(code), comment(string(code) + ", see " + rq.ID)
}

// comment is a text that fits (0000,0902), of VR LO.
func comment(text string) string { return text[:min(len(text), 64)] }
