package dimse

import (
	"strings"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// SOP classes of the services that this package speaks.
const (
	Verification dicom.UID = "1.2.840.10008.1.1" // PS3.4 annex A

	PatientRootFind dicom.UID = "1.2.840.10008.5.1.4.1.2.1.1" // PS3.4 section C.6.1
	PatientRootMove dicom.UID = "1.2.840.10008.5.1.4.1.2.1.2"
	PatientRootGet  dicom.UID = "1.2.840.10008.5.1.4.1.2.1.3"
	StudyRootFind   dicom.UID = "1.2.840.10008.5.1.4.1.2.2.1" // PS3.4 section C.6.2
	StudyRootMove   dicom.UID = "1.2.840.10008.5.1.4.1.2.2.2"
	StudyRootGet    dicom.UID = "1.2.840.10008.5.1.4.1.2.2.3"

	PatientStudyOnlyFind dicom.UID = "1.2.840.10008.5.1.4.1.2.3.1" // retired
	PatientStudyOnlyMove dicom.UID = "1.2.840.10008.5.1.4.1.2.3.2" // retired
	PatientStudyOnlyGet  dicom.UID = "1.2.840.10008.5.1.4.1.2.3.3" // retired

	WorklistFind dicom.UID = "1.2.840.10008.5.1.4.31" // PS3.4 annex K

	StorageCommitment         dicom.UID = "1.2.840.10008.1.20.1"   // PS3.4 annex J, push model
	StorageCommitmentInstance dicom.UID = "1.2.840.10008.1.20.1.1" // its well-known instance
)

// storagePrefix is the arc under which all storage classes but a few lie
// (PS3.6 annex A).
const storagePrefix = "1.2.840.10008.5.1.4.1.1."

// StorageClasses returns the registered SOP classes of stored objects (PS3.4
// section B.5), with the retired ones, which old archives still hold.
func StorageClasses() []dicom.UID {
	var list []dicom.UID
	for e := range dict.AllUIDs {
		if e.Type == "SOP Class" && IsStorage(dicom.UID(e.UID)) {
			list = append(list, dicom.UID(e.UID))
		}
	}
	return list
}

// IsStorage reports whether a SOP class is one of stored objects. A class that
// is younger than this package is recognised by its arc; a private one is not,
// and belongs to no service.
func IsStorage(class dicom.UID) bool { return serviceOf(class) == storeService }

// service is what a SOP class asks of a Session.
type service uint8

const (
	noService service = iota
	echoService
	storeService
	findService
	getService
	moveService
	commitService
)

// serviceOf tells by the registered SOP classes; others belong to no service
// unless a Session names them (see Offerer).
func serviceOf(class dicom.UID) service {
	switch class {
	case Verification:
		return echoService
	case PatientRootFind, StudyRootFind, PatientStudyOnlyFind, WorklistFind,
		dict.ProtocolApprovalInformationModelFind, dict.InventoryFind, dict.RepositoryQuery:
		return findService
	case PatientRootGet, StudyRootGet, PatientStudyOnlyGet, dict.ProtocolApprovalInformationModelGet, dict.InventoryGet:
		return getService
	case PatientRootMove, StudyRootMove, PatientStudyOnlyMove, dict.ProtocolApprovalInformationModelMove, dict.InventoryMove:
		return moveService
	case StorageCommitment:
		return commitService
	case dict.RTBeamsDeliveryInstructionStorage, dict.RTBrachyApplicationSetupDeliveryInstructionStorage:
		return storeService
	case dict.InventoryCreation:
		return noService
	}
	if strings.HasPrefix(string(class), storagePrefix) {
		return storeService
	}
	return noService
}
