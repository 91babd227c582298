package probe

import (
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/product"
)

// What tests of the outside cannot reach.
var (
	Title     = title
	Login     = login
	Unquoted  = unquoted
	Printable = printable
)

// LookAtAnswer looks at a C-FIND answer.
func LookAtAnswer(s *Sample, identifier []byte, ts *dicom.TransferSyntax) { s.answer(identifier, ts) }

// LookAtMatches looks at a QIDO-RS answer.
func LookAtMatches(s *Sample, body []byte) error { return matches(body, defaultSampleAnswers, s.match) }

// AnswersQIDO judges a page, as of a service that says no with nowhere.
func AnswersQIDO(p, nowhere product.Page) bool {
	s := &Site{Facts: &HTTP{}, limits: Limits{}.orDefault(), nowhere: nowhere}
	return s.answersQIDO(p)
}
