package fleet

import (
	"context"
	"io"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet/plan"
	"github.com/leadglass/leadglass/ul"
)

const secondaryCapture dicom.UID = dict.SecondaryCaptureImageStorage

// session answers DIMSE requests as its service behaves. What it offers follows
// from the service; what is not offered is never asked.
type session struct {
	service *plan.DICOMService
	archive *archive // nil holds nothing
}

// Offers says which SOP classes the service takes.
func (s *session) Offers() ul.Supported {
	d := s.service
	syntaxes := []dicom.UID{dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID}
	if d.Implicit {
		syntaxes = syntaxes[1:]
	}
	table := ul.Supported{}
	if d.Echo {
		table[dimse.Verification] = syntaxes
	}
	for _, m := range d.Models {
		table[classOf(m)] = syntaxes
	}
	if d.Holds != nil {
		for class := range s.retrievals() {
			table[class] = syntaxes
		}
	}
	if d.Store {
		for _, class := range dimse.StorageClasses() {
			table[class] = syntaxes
		}
	}
	return table
}

// retrievals are the SOP classes of C-GET and C-MOVE that are taken.
func (s *session) retrievals() map[dicom.UID]bool {
	list := map[dicom.UID]bool{}
	for _, m := range s.service.Models {
		switch m {
		case plan.PatientRoot:
			list[dimse.PatientRootMove] = true
			if !s.service.Moves {
				list[dimse.PatientRootGet] = true
			}
		case plan.StudyRoot:
			list[dimse.StudyRootMove] = true
			if !s.service.Moves {
				list[dimse.StudyRootGet] = true
			}
		}
	}
	return list
}

// classOf is the SOP class that C-FIND asks a model by.
func classOf(m plan.Model) dicom.UID {
	switch m {
	case plan.PatientRoot:
		return dimse.PatientRootFind
	case plan.StudyRoot:
		return dimse.StudyRootFind
	}
	return dimse.WorklistFind
}

// Echo answers C-ECHO.
func (s *session) Echo(context.Context) dimse.Status { return dimse.Success }

// Store reads what was sent and forgets it.
func (s *session) Store(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
	if _, err := io.Copy(io.Discard, rq.Data); err != nil {
		return dimse.UnableToProcess
	}
	return dimse.Success
}

// Find answers C-FIND.
func (s *session) Find(ctx context.Context, q *dimse.Query, to dimse.Matches) (dimse.Status, error) {
	d := s.service
	switch {
	case d.Refuses != dimse.Success:
		return d.Refuses, nil
	case q.Model == dimse.WorklistFind:
		return s.findWorklist(to)
	case s.archive == nil:
		return dimse.Success, nil
	}
	asked, ok := newQuery(s.archive, q.Identifier, to.Syntax())
	if !ok || asked.level == patientLevel && q.Model != dimse.PatientRootFind {
		return dimse.IdentifierMismatch, nil
	}
	if d.Honeypot == plan.TrapEndless {
		return s.findWithoutEnd(ctx, asked, to)
	}
	if d.Stalls > 0 && asked.more(d.Stalls) {
		return s.stall(ctx, asked, to)
	}
	return s.answer(ctx, asked, to)
}

// As from a database, a first page comes before the rest: who has seen enough
// can say so before megabytes are under way.
const (
	firstPage = 32
	nextPage  = 5 * time.Millisecond
)

// answer sends the answers, up to the cap where there is one.
func (s *session) answer(ctx context.Context, q *query, to dimse.Matches) (dimse.Status, error) {
	var buf []byte
	sent := 0
	for r := range q.each() {
		if sent == s.service.Cap && sent > 0 {
			if s.service.CapQuiet {
				return dimse.Success, nil
			}
			return dimse.OutOfResources, nil
		}
		if pause := s.pause(sent); pause > 0 {
			if err := sleep(ctx, pause); err != nil {
				return dimse.UnableToProcess, err
			}
		}
		buf = q.encode(buf[:0], r)
		if err := to.SendEncoded(buf); err != nil {
			return dimse.UnableToProcess, err
		}
		sent++
	}
	return dimse.Success, nil
}

// pause is how long the answer after so many takes to find.
func (s *session) pause(sent int) time.Duration {
	if sent == firstPage {
		return s.service.Latency + nextPage
	}
	return s.service.Latency
}

// more says whether there are more answers than n.
func (q *query) more(n int) bool {
	for range q.each() {
		if n--; n < 0 {
			return true
		}
	}
	return false
}

// stallPage is what comes of a large answer that never finishes: a page, then
// nothing, until the database behind it gives up.
const stallPage = 25

func (s *session) stall(ctx context.Context, q *query, to dimse.Matches) (dimse.Status, error) {
	var buf []byte
	sent := 0
	for r := range q.each() {
		if sent++; sent > stallPage {
			break
		}
		buf = q.encode(buf[:0], r)
		if err := to.SendEncoded(buf); err != nil {
			return dimse.UnableToProcess, err
		}
	}
	return dimse.UnableToProcess, sleep(ctx, s.service.Patience)
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// findWithoutEnd answers anything with what it has, over and over.
func (s *session) findWithoutEnd(ctx context.Context, q *query, to dimse.Matches) (dimse.Status, error) {
	var buf []byte
	for r := (row{}); ctx.Err() == nil; r.study = (r.study + 1) % s.archive.Studies {
		r.patient = s.archive.PatientOf(r.study)
		buf = q.encode(buf[:0], &r)
		if err := to.SendEncoded(buf); err != nil {
			return dimse.UnableToProcess, err
		}
	}
	return dimse.UnableToProcess, context.Cause(ctx)
}
