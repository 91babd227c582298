package exposure

// ID names an exposure; the names are part of survey.json and never change.
type ID string

// The exposures. list.go says what each means.
const (
	AnyAETitle              ID = "any-ae-title"              // takes an association from and for any AE title
	EchoOpen                ID = "echo-open"                 // C-ECHO succeeds
	FindPatientOpen         ID = "find-patient-open"         // C-FIND at patient root succeeds
	FindStudyOpen           ID = "find-study-open"           // C-FIND at study root succeeds
	FindWorklistOpen        ID = "find-worklist-open"        // C-FIND of the modality worklist succeeds
	PatientDataDisclosed    ID = "patient-data-disclosed"    // identifying attributes came back, by C-FIND or QIDO
	RetrieveOpen            ID = "retrieve-open"             // C-GET or C-MOVE of a study that cannot exist was not refused
	StoreOpen               ID = "store-open"                // storage contexts accepted
	DICOMPlaintext          ID = "dicom-plaintext"           // an association was made without TLS
	TLSOld                  ID = "tls-old"                   // TLS 1.0 or 1.1 taken
	TLSCertificateExpired   ID = "tls-certificate-expired"   // or not yet valid
	TLSCertificateUntrusted ID = "tls-certificate-untrusted" // self-signed or unknown issuer
	TLSCertificateWeak      ID = "tls-certificate-weak"      // RSA below 2048 bits, MD5 or SHA-1 signature
	QIDOOpen                ID = "qido-open"                 // QIDO-RS answers without credentials
	WADOOpen                ID = "wado-open"                 // WADO-RS of a study that cannot exist answers 404, not 401 or 403
	ViewerOpen              ID = "viewer-open"               // a web viewer without login
	ViewerPlaintext         ID = "viewer-plaintext"          // that viewer over plain HTTP
	AdminOpen               ID = "admin-open"                // an admin interface without login
	Vulnerable              ID = "known-vulnerability"       // of product and version
	VulnerableCritical      ID = "known-vulnerability-cvss10"
	VulnerableExploited     ID = "known-vulnerability-exploited"
	Compromised             ID = "compromise-indicator"
	GovernmentIDs           ID = "government-identifiers"
)
