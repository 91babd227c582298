package probe

import "context"

// Question is one thing to ask a DICOM service with which there is an
// association.
type Question struct {
	Name string // of its file
	Asks string // in words, for whoever wants to know what a survey does
	Ask  func(context.Context, *Dialogue) error

	always bool // of services too that give no association
}

// DICOMQuestions are asked in this order. What only looks at the answer to the
// association request comes first, what some peer may hang up on last.
func DICOMQuestions() []Question {
	return []Question{
		{"store", "whether storage contexts were accepted; nothing is sent", store, false},
		{"cecho", "C-ECHO", cecho, false},
		{"cfind_study", "C-FIND at study level, cancelled after a few answers", cfindStudy, false},
		{"cfind_patient", "C-FIND at patient level, cancelled after a few answers", cfindPatient, false},
		{"cfind_worklist", "C-FIND of the modality worklist, cancelled after a few answers", cfindWorklist, false},
		{"same_answer", "C-FIND of a study that cannot exist", sameAnswer, false},
		{"retrieve", "C-GET, or C-MOVE to ourselves, of a study that cannot exist", retrieve, false},
		{"anyaet", "a second association, under other invented AE titles", anyAETitle, false},
		{"tls", "a handshake for each version of TLS, where DICOM was found within TLS", askTLS, true},
	}
}

// WebQuestion is one thing to ask an HTTP service.
type WebQuestion struct {
	Name string // of its file
	Asks string
	Ask  func(context.Context, *Site) error
}

// WebQuestions are asked in this order.
func WebQuestions() []WebQuestion {
	return []WebQuestion{
		{"banner", "GET of the first page, and of a page that cannot exist", banner},
		{"admin", "GET of the pages where known administration is, until one is open", admin},
		{"viewer", "GET of the pages where known viewers are, until one is open", viewer},
		{"qido", "QIDO-RS for a few studies", qido},
		{"wado", "WADO-RS of a study that cannot exist", wado},
	}
}
