package probe

import (
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// storage are a few classes that every archive which takes objects takes.
func storage() []dicom.UID {
	return []dicom.UID{
		dict.ComputedRadiographyImageStorage,
		dict.CTImageStorage,
		dict.MRImageStorage,
		dict.UltrasoundImageStorage,
		dict.SecondaryCaptureImageStorage,
	}
}

// Context ids of the two proposals that only a machine which says yes to
// everything takes.
const (
	impossibleAbstract uint8 = 253
	impossibleTransfer uint8 = 255
)

// everything proposes all that the questions need, so that one association
// serves them all.
func (a *Asker) everything() ([]ul.PresentationContext, error) {
	classes := append([]dicom.UID{
		dimse.Verification,
		dimse.StudyRootFind, dimse.PatientRootFind, dimse.WorklistFind,
		dimse.StudyRootGet, dimse.PatientRootGet, dimse.StudyRootMove, dimse.PatientRootMove,
	}, storage()...)
	contexts := propose(classes...)
	nobodys, err := a.Invent.UID()
	if err != nil {
		return nil, err
	}
	noSyntax, err := a.Invent.UID()
	if err != nil {
		return nil, err
	}
	return append(contexts,
		ul.PresentationContext{ID: impossibleAbstract, AbstractSyntax: nobodys, TransferSyntaxes: plainSyntaxes()},
		ul.PresentationContext{ID: impossibleTransfer, AbstractSyntax: dimse.Verification, TransferSyntaxes: []dicom.UID{noSyntax}},
	), nil
}

// propose numbers proposals with odd ids (PS3.8 section 9.3.2.2).
func propose(classes ...dicom.UID) []ul.PresentationContext {
	contexts := make([]ul.PresentationContext, len(classes))
	for i, c := range classes {
		contexts[i] = ul.PresentationContext{ID: uint8(2*i + 1), AbstractSyntax: c, TransferSyntaxes: plainSyntaxes()}
	}
	return contexts
}

// plainSyntaxes: implicit little endian is what all must take (PS3.5 section 10.1).
func plainSyntaxes() []dicom.UID {
	return []dicom.UID{dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID}
}

// accepted says whether the proposal with that id was taken.
func accepted(ac *ul.AssociateAC, id uint8) bool {
	for _, c := range ac.Contexts {
		if c.ID == id {
			return c.Result == ul.Acceptance
		}
	}
	return false
}

// signs are what the answer to the impossible proposals and the acceptor's name
// for itself say about it.
func signs(ac *ul.AssociateAC) []string {
	var s []string
	if accepted(ac, impossibleAbstract) {
		s = append(s, SignAbstractSyntax)
	}
	if accepted(ac, impossibleTransfer) {
		s = append(s, SignTransferSyntax)
	}
	// An acceptor names its own implementation (PS3.7 section D.3.3.2).
	if ac.User.ImplementationClassUID == ImplementationClassUID {
		s = append(s, SignEchoes)
	}
	return s
}
