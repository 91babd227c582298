package probe

import (
	"context"
	"fmt"
	"slices"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// Dialogue is the exchange with one DICOM service. Its association serves
// question after question; where a peer drops it, the next question opens
// another, up to the limit. One goroutine uses it.
type Dialogue struct {
	Facts *DICOM

	asker    *Asker
	target   Target
	limits   Limits
	contexts []ul.PresentationContext
	inTLS    bool

	assoc     *ul.Assoc // nil between two
	drained   *bound    // its connection
	client    *dimse.Client
	agreed    []dicom.UID // abstract syntaxes that the first association agreed on
	opened    int         // associations asked for
	connected bool        // the last one got as far as a connection
	shown     *handshake  // the last one, nil where none was tried
}

// DICOM says whether a DICOM service answered.
func (d *Dialogue) DICOM() bool {
	switch d.Facts.Class {
	case AcceptsAnyone, Rejects, TLSOnly, WrongPort:
		return true
	}
	return false
}

// Accepted says whether there is an association to ask questions on.
func (d *Dialogue) Accepted() bool { return d.DICOM() && d.Facts.Reject == "" }

// use makes an association the dialogue's own.
func (d *Dialogue) use(a *ul.Assoc) {
	d.assoc = a
	d.client = dimse.NewClient(a, dimse.Limits{
		CancelResponses: -1, // their bytes are bounded
		SubOperations:   1,  // there can be none: a retrieval names what nobody has
	})
	if d.agreed != nil {
		return
	}
	d.agreed = []dicom.UID{}
	for _, c := range d.contexts {
		if accepted(a.Answer(), c.ID) && c.ID != impossibleTransfer {
			d.agreed = append(d.agreed, c.AbstractSyntax)
		}
	}
}

// Agreed says whether an abstract syntax was accepted.
func (d *Dialogue) Agreed(abstract dicom.UID) bool { return slices.Contains(d.agreed, abstract) }

// patience is how many times the time for one answer a request may take that
// is answered bit by bit.
const patience = 3

// ask makes one request on the association. After an error of the wire the
// association is gone.
func (d *Dialogue) ask(ctx context.Context, request func(context.Context, *dimse.Client) error) error {
	if d.assoc == nil {
		if err := d.open(ctx); err != nil {
			return err
		}
	}
	if err := d.asker.Network.Pause(ctx); err != nil {
		return err
	}
	actx, cancel := context.WithTimeout(ctx, patience*d.asker.Network.Timeout)
	defer cancel()
	d.drained.lift()
	if err := request(actx, d.client); err != nil {
		d.hangUp()
		return fmt.Errorf("probe: asking: %w", err)
	}
	return nil
}

// hangUp ends an association that cannot be used any more.
func (d *Dialogue) hangUp() {
	if d.assoc != nil {
		d.assoc.Abort(0) // reason not specified, PS3.8 section 9.3.8; the connection is closed either way
		d.assoc, d.client = nil, nil
	}
}

// Close releases the association.
func (d *Dialogue) Close(ctx context.Context) {
	if d.assoc == nil {
		return
	}
	rctx, cancel := context.WithTimeout(ctx, d.asker.Network.Timeout)
	defer cancel()
	if err := d.assoc.Release(rctx); err != nil {
		d.assoc.Abort(0)
	}
	d.assoc, d.client = nil, nil
}

// Look notes what the answer to the association request shows by itself. It
// sends nothing.
func (d *Dialogue) Look(ctx context.Context) {
	if d.Accepted() {
		_ = store(ctx, d) // looks at the contexts, which cannot fail
	}
}

// AskAll asks the questions of DICOMQuestions that fit what the port is. noted
// is told of those that were not answered.
func (d *Dialogue) AskAll(ctx context.Context, noted func(question string, err error)) {
	for _, q := range DICOMQuestions() {
		if ctx.Err() != nil {
			return
		}
		if !d.Accepted() && !q.always {
			continue
		}
		if err := q.Ask(ctx, d); err != nil {
			noted(q.Name, err)
		}
	}
}
