package probe

import (
	"maps"
	"slices"
	"time"

	"github.com/leadglass/leadglass/internal/govid"
)

// DICOM is what one DICOM service showed. It holds no patient data: of the
// attributes that came back only keywords and counts remain.
type DICOM struct {
	Class  Class
	Reject string // the typed reason of a rejection, as "called-ae-title-not-recognized"
	InTLS  bool   // reached within TLS
	TLS    *TLS   // nil where none was spoken

	ImplementationClassUID    string
	ImplementationVersionName string

	AnyAETitle bool // a second pair of invented titles was taken too
	Echo       bool
	Patient    Find
	Study      Find
	Worklist   Find
	Retrieve   bool // a retrieval of a study that cannot exist was not refused
	// RetrieveUnable: one was answered with "unable to process"; see Of.
	RetrieveUnable bool
	Store          bool     // a storage context was accepted
	Honeypot       []string // signs, as the constants below
}

// Find is what C-FIND showed at one information model.
type Find struct {
	Accepted bool // the presentation context
	Open     bool // answered, with or without matches
	Sample   Sample
}

// Sample is what remains of a few answers once they were looked at.
type Sample struct {
	Answers       int
	Attributes    map[string]bool // keywords of identifying attributes that had a value
	GovernmentIDs map[string]int  // kind → in how many answers
	Ransom        bool            // a text read like a ransom note

	seen map[string]int // kind → the number of the last answer that counted
}

func (s *Sample) attribute(keyword string) {
	if s.Attributes == nil {
		s.Attributes = map[string]bool{}
	}
	s.Attributes[keyword] = true
}

// Signs of a honeypot.
const (
	SignAbstractSyntax = "accepts-impossible-abstract-syntax"
	SignTransferSyntax = "accepts-impossible-transfer-syntax"
	SignSameAnswer     = "same-answer-to-anything"
	SignEchoes         = "echoes-our-bytes"
	SignEveryPort      = "answers-on-every-port"
	SignKnownSoftware  = "known-honeypot-software"
)

// TLS is what handshakes showed.
type TLS struct {
	Versions   []string // accepted, ascending, as "1.2"
	Faults     []string // of the certificate, sorted
	NotAfter   time.Time
	ClientCert bool // the peer asked for a certificate
}

// Faults of a certificate.
const (
	FaultExpired       = "expired"
	FaultNotYetValid   = "not-yet-valid"
	FaultSelfSigned    = "self-signed"
	FaultUnknownIssuer = "unknown-issuer"
	FaultWeakKey       = "weak-key"
	FaultWeakSignature = "weak-signature"
)

// HTTP is what one HTTP service showed.
type HTTP struct {
	Port     uint16
	HTTPS    bool
	Status   int // of the first page
	QIDO     bool
	WADO     bool
	Viewer   bool
	Admin    bool
	QIDOBase string   // where it answered, as "/dicom-web"
	Sample   Sample   // of QIDO
	Marks    []string // of an intruder, sorted
	TLS      *TLS     // nil without
}

// Discloses says whether the service is an open web archive.
func (w *HTTP) Discloses() bool { return w.QIDO || w.WADO || w.Viewer || w.Admin }

func (w *HTTP) mark(m string) {
	if i, found := slices.BinarySearch(w.Marks, m); !found {
		w.Marks = slices.Insert(w.Marks, i, m)
	}
}

// Open names what is open, as report.Web lists it.
func (w *HTTP) Open() []string {
	var open []string
	for _, o := range []struct {
		is   bool
		name string
	}{{w.QIDO, "qido"}, {w.WADO, "wado"}, {w.Viewer, "viewer"}, {w.Admin, "admin"}} {
		if o.is {
			open = append(open, o.name)
		}
	}
	return open
}

// Facts is what the probes learned of one system: a DICOM service with the web
// services of its host, or a web archive alone.
type Facts struct {
	DICOM *DICOM // nil for a web archive
	Web   []*HTTP
}

// samples are those of every model and service that answered.
func (f *Facts) samples() []*Sample {
	var all []*Sample
	if d := f.DICOM; d != nil {
		all = append(all, &d.Patient.Sample, &d.Study.Sample, &d.Worklist.Sample)
	}
	for _, w := range f.Web {
		all = append(all, &w.Sample)
	}
	return all
}

// Attributes are the keywords of all identifying attributes that came back, sorted.
func (f *Facts) Attributes() []string {
	all := map[string]bool{}
	for _, s := range f.samples() {
		maps.Copy(all, s.Attributes)
	}
	return slices.Sorted(maps.Keys(all))
}

// GovernmentIDs counts kinds of identifiers. The models show the same patients,
// so of each kind the largest count stands. What chance explains is left out.
func (f *Facts) GovernmentIDs() map[string]int {
	all := map[string]int{}
	for _, s := range f.samples() {
		for kind, n := range govid.Convincing(s.GovernmentIDs, s.Answers) {
			all[kind] = max(all[kind], n)
		}
	}
	return all
}

// Indicators are the marks of compromise, sorted.
func (f *Facts) Indicators() []string {
	all := map[string]bool{}
	for _, w := range f.Web {
		for _, m := range w.Marks {
			all[m] = true
		}
	}
	for _, s := range f.samples() {
		if s.Ransom {
			all["ransom-note"] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Suspect says whether so many signs make a suspect: two independent ones, or
// software that is known to be a honeypot.
func Suspect(signs []string) bool {
	return len(signs) >= 2 || slices.Contains(signs, SignKnownSoftware)
}

// DropBait forgets what a honeypot put out to be found: nobody's data.
func (f *Facts) DropBait() {
	for _, s := range f.samples() {
		*s = Sample{}
	}
	for _, w := range f.Web {
		w.Marks = nil
	}
}

// Retrievable says whether anyone can take the images away.
func (f *Facts) Retrievable() bool {
	if f.DICOM != nil && f.DICOM.Retrieve {
		return true
	}
	return slices.ContainsFunc(f.Web, func(w *HTTP) bool { return w.QIDO && w.WADO })
}

// TLSShown is that of the DICOM service, or of a web archive's first service
// that speaks it.
func (f *Facts) TLSShown() *TLS {
	if f.DICOM != nil {
		return f.DICOM.TLS
	}
	for _, w := range f.Web {
		if w.TLS != nil {
			return w.TLS
		}
	}
	return nil
}
