package probe

// Class is what a port turned out to be.
type Class string

// The classes. Only a valid A-ASSOCIATE answer makes a DICOM system.
const (
	AcceptsAnyone Class = "accepts-anyone"     // A-ASSOCIATE-AC to an invented caller
	Rejects       Class = "rejects"            // A-ASSOCIATE-RJ
	TLSOnly       Class = "tls-only"           // DICOM within TLS, none without
	ClientCert    Class = "client-certificate" // TLS that refused us for want of a client certificate
	// WrongPort is DICOM on a port that is none of the scope's DICOM ports, however
	// it answered: a rejection is in DICOM.Reject, TLS in DICOM.InTLS.
	WrongPort    Class = "dicom-wrong-port"
	Web          Class = "web" // no DICOM, but an open web archive
	OtherService Class = "other-service"
	Closed       Class = "closed"
	Timeout      Class = "timeout"
)
