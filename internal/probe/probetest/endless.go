package probetest

import (
	"slices"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// endless serves an association as no well-behaved server would: it answers
// C-FIND until it cannot write any more, whatever the peer says meanwhile.
func endless(a *Archive, assoc *ul.Assoc) {
	defer assoc.Abort(0)
	for {
		rq, id, err := message(assoc)
		if err != nil {
			return
		}
		status := dimse.Success
		switch rq.Field {
		case dimse.CCancelRQ:
			continue
		case dimse.CFindRQ:
			a.note(Request{Op: "find", Model: rq.AffectedSOPClass})
			if len(a.Studies) > 0 && (flood(a, assoc, rq, id) != nil || a.Endless) {
				return
			}
			status = dimse.Cancel
		case dimse.CEchoRQ:
			a.note(Request{Op: "echo"})
		case dimse.CGetRQ:
			a.note(Request{Op: "get", Study: "2.25.1", Level: "STUDY"})
		}
		if answer(assoc, rq, id, status, nil) != nil || assoc.Flush() != nil {
			return
		}
	}
}

// message reads a command and, to its end, the data set that belongs to it.
func message(assoc *ul.Assoc) (rq dimse.Command, id uint8, err error) {
	var command []byte
	for inData := false; ; {
		p, err := assoc.ReadPDV()
		if err != nil {
			return rq, 0, err
		}
		if !inData {
			command = append(command, p.Data...)
		}
		if !p.Last {
			continue
		}
		if !inData {
			if err := rq.Unmarshal(slices.Clone(command)); err != nil {
				return rq, 0, err
			}
		}
		if inData || !rq.HasDataset {
			return rq, p.ContextID, nil
		}
		inData = true
	}
}

func answer(assoc *ul.Assoc, rq dimse.Command, id uint8, status dimse.Status, data []byte) error {
	rsp := dimse.Command{
		Field: rq.Field.Response(), RespondedTo: rq.MessageID, AffectedSOPClass: rq.AffectedSOPClass,
		Status: status, HasDataset: data != nil,
	}
	err := assoc.WritePDV(ul.PDV{ContextID: id, Command: true, Last: true, Data: rsp.Append(nil)})
	if err != nil || data == nil {
		return err
	}
	return assoc.WritePDV(ul.PDV{ContextID: id, Last: true, Data: data})
}

// flood sends answers until that fails, or as many as Late says.
func flood(a *Archive, assoc *ul.Assoc, rq dimse.Command, id uint8) error {
	_, syntax, _ := assoc.Context(id)
	data, err := dicom.Append(nil, a.Studies[0], dicom.SyntaxOf(syntax))
	for n := 0; err == nil && (a.Endless || n < a.Late); n++ {
		err = answer(assoc, rq, id, dimse.Pending, data)
	}
	return err
}
