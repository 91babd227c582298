package census_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/census"
	"github.com/leadglass/leadglass/ul"
)

// script is what a peer answers to a C-FIND, one response after the other.
type script []response

type response struct {
	status dimse.Status
	off    uint16 // added to the Message ID
	uid    string // of a pending one
	model  dicom.UID
}

func pending(uid string) response { return response{status: dimse.Pending, uid: uid} }

// scripted serves C-FIND by a script, read from the wire and written to it.
func scripted(s script) func(context.Context, *ul.Assoc) {
	return func(_ context.Context, a *ul.Assoc) {
		for {
			var rq dimse.Command
			command, err := a.ReadPDV()
			if err != nil || rq.Unmarshal(command.Data) != nil {
				return
			}
			if _, err := a.ReadPDV(); err != nil { // the identifier
				return
			}
			for _, r := range s {
				r.model = rq.AffectedSOPClass
				if !r.send(a, command.ContextID, rq.MessageID+r.off) {
					return
				}
			}
			if a.Flush() != nil {
				return
			}
		}
	}
}

func (r response) send(a *ul.Assoc, on uint8, id uint16) bool {
	cmd := dimse.Command{Field: dimse.CFindRSP, RespondedTo: id, AffectedSOPClass: r.model, Status: r.status, HasDataset: r.uid != ""}
	if a.WritePDV(ul.PDV{ContextID: on, Command: true, Last: true, Data: cmd.Append(nil)}) != nil {
		return false
	}
	if r.uid == "" {
		return true
	}
	d := &dicom.Dataset{}
	d.SetString(dict.StudyInstanceUID, r.uid)
	d.SetString(dict.NumberOfStudyRelatedInstances, "4")
	d.SetString(dict.NumberOfPatientRelatedStudies, "1")
	b, err := dicom.Append(nil, d, dicom.ImplicitVRLittleEndian)
	return err == nil && a.WritePDV(ul.PDV{ContextID: on, Last: true, Data: b}) == nil
}

// TestDICOM_Responses: what a peer says after its final response, or in answer to
// something else, is not counted, and does not spoil the questions that follow.
func TestDICOM_Responses(t *testing.T) {
	final, three := response{status: dimse.Success}, script{pending("2.25.1"), pending("2.25.2"), pending("2.25.3")}
	for name, tt := range map[string]struct {
		script            script
		studies, patients int64
		exact             bool
		method            string
	}{
		"as_it_should_be":      {append(three, final), 3, 3, true, "c-find at study level; patients at patient level"},
		"pending_after_final":  {append(three, final, pending("2.25.4")), 3, 3, true, "c-find at study level; patients at patient level"},
		"two_finals":           {append(three, final, final), 3, 3, true, "c-find at study level; patients at patient level"},
		"failure_after_final":  {append(three, final, response{status: dimse.OutOfResources}), 3, 3, true, "c-find at study level; patients at patient level"},
		"pending_of_another":   {append(three, response{status: dimse.Pending, uid: "2.25.4", off: 7}, final), 3, 3, false, "date ranges are not heeded, at least this many"},
		"final_of_another":     {append(three, response{status: dimse.Success, off: 7}, final), 3, 3, false, "date ranges are not heeded, at least this many"},
		"warning_then_success": {append(three, response{status: dimse.PendingWarning, uid: "2.25.4"}, final), 4, 4, true, "c-find at study level; patients at patient level"},
	} {
		t.Run(name, func(t *testing.T) {
			session := served{}
			address := dimsetest.ServeUL(t, &ul.Server{
				Negotiate: dimse.Negotiate(session, ul.UserInformation{ImplementationClassUID: "2.25.1"}),
				Handle:    scripted(tt.script),
			})
			rq := dimsetest.Request("A", "B", dimsetest.Context{Class: dimse.StudyRootFind, Syntax: dicom.ImplicitVRLittleEndian.UID},
				dimsetest.Context{Class: dimse.PatientRootFind, Syntax: dicom.ImplicitVRLittleEndian.UID})
			opened := 0
			got, err := census.DICOM(t.Context(), &census.Archive{
				Open: func(ctx context.Context) (census.Association, error) {
					opened++
					a, err := ul.Dial(ctx, address, rq, nil)
					if err != nil {
						return nil, fmt.Errorf("dialling: %w", err)
					}
					return wire{dimse.NewClient(a, dimse.Limits{}), a}, nil
				},
				Pause: func(context.Context) error { return nil }, StudyRoot: true, PatientRoot: true,
				Now: time.Now, Rand: rand.New(rand.NewPCG(1, 2)),
			}, census.Budget{Time: 20 * time.Second})
			if err != nil || got.Studies != tt.studies || got.Patients != tt.patients || got.Images != 4*tt.studies || got.Exact != tt.exact ||
				!strings.Contains(got.Method, tt.method) {
				t.Errorf("%v, got %+v\nwant %d studies, %d patients, exact %v, %q", err, got, tt.studies, tt.patients, tt.exact, tt.method)
			}
			if opened > 100 {
				t.Errorf("%d associations", opened)
			}
		})
	}
}
