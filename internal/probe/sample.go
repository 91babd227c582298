package probe

import (
	"bytes"
	"context"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/compromise"
	"github.com/leadglass/leadglass/internal/govid"
)

// returnKeys asks for attributes without saying which (PS3.4 section C.2.2.2.3).
func returnKeys(d *dicom.Dataset, tags ...dicom.Tag) {
	for _, t := range tags {
		d.SetString(t)
	}
}

// identifying says under which keyword an attribute that points to a person is
// reported, and whether it can hold an identifier that a government issued.
func identifying(tag dicom.Tag) (keyword string, id bool) {
	switch tag {
	case dict.PatientName:
		return "PatientName", false
	case dict.PatientID:
		return "PatientID", true
	case dict.OtherPatientIDs:
		return "", true
	case dict.PatientBirthDate:
		return "PatientBirthDate", false
	case dict.StudyDate:
		return "StudyDate", false
	case dict.StudyDescription:
		return "StudyDescription", false
	case dict.RequestedProcedureDescription:
		return "RequestedProcedureDescription", false
	case dict.ReasonForTheRequestedProcedure:
		return "ReasonForTheRequestedProcedure", false
	case dict.ReferringPhysicianName:
		return "ReferringPhysicianName", false
	}
	return "", false
}

// look is all that ever happens to the value of an attribute: it is there or
// not, looks like an identifier or not, reads like a ransom note or not.
func (s *Sample) look(tag dicom.Tag, value []byte) {
	// What is left of a name without its delimiters may be nothing (PS3.5 section
	// 6.2.1), and a list may be one of empty values.
	if len(bytes.Trim(value, " \x00^=\\")) == 0 {
		return
	}
	value = bytes.Trim(value, " \x00")
	keyword, id := identifying(tag)
	if keyword != "" {
		s.attribute(keyword)
	}
	if id {
		s.identifiers(value)
	}
	if (keyword != "" || id) && !s.Ransom {
		s.Ransom = compromise.Ransom(value)
	}
}

// identifiers looks at the values of one attribute. An answer counts once for
// each kind, however many attributes repeat the number.
func (s *Sample) identifiers(value []byte) {
	for one := range bytes.SplitSeq(value, []byte{'\\'}) {
		kind := govid.Kind(one)
		if kind == "" || s.seen[kind] == s.Answers {
			continue
		}
		if s.GovernmentIDs == nil {
			s.GovernmentIDs, s.seen = map[string]int{}, map[string]int{}
		}
		s.GovernmentIDs[kind]++
		s.seen[kind] = s.Answers
	}
}

// answer looks at one identifier of a C-FIND answer and keeps nothing of it.
func (s *Sample) answer(identifier []byte, ts *dicom.TransferSyntax) {
	s.Answers++
	// What of an answer cannot be read is not looked at.
	_ = dicom.WalkBytes(identifier, ts, dicom.Limits{}, func(v *dicom.Visit) error {
		if v.Kind == dicom.ElementValue && v.Depth == 0 {
			s.look(v.Tag, v.Value)
		}
		return nil
	})
}

// sample asks a query and looks at the first few answers.
func (d *Dialogue) sample(ctx context.Context, q *dimse.Query, f *Find) error {
	if f.Accepted = d.Agreed(q.Model); !f.Accepted {
		return nil
	}
	return d.ask(ctx, func(ctx context.Context, c *dimse.Client) error {
		rsp, err := c.Find(ctx, q, func(identifier []byte, ts *dicom.TransferSyntax) error {
			f.Open = true
			if f.Sample.Answers < d.limits.SampleAnswers {
				f.Sample.answer(identifier, ts)
			}
			if f.Sample.Answers >= d.limits.SampleAnswers {
				return d.drained.cancel()
			}
			return nil
		})
		if err != nil {
			return err
		}
		f.Open = f.Open || rsp.Status == dimse.Success
		return nil
	})
}
