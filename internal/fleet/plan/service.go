package plan

import (
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/ul"
)

// site is a network: a block of addresses with one owner.
type site struct {
	block   netip.Prefix
	country string
	name    string
	hosts   []*Host
}

// Host is one address.
type Host struct {
	addr   netip.Addr
	site   *site
	DICOM  []*DICOMService // in the order of the plan's DICOM ports, then others
	Web    []*WebService
	Others []*otherService
}

// Address is one of the host's, as host:port.
func (h *Host) Address(port uint16) string { return netip.AddrPortFrom(h.addr, port).String() }

// DICOMService is one DICOM port and how it behaves. Its zero value rejects
// nobody and answers nothing.
type DICOMService struct {
	Role     string
	Port     uint16
	Software *software
	TLS      *TLS                // nil speaks in the clear
	Reject   *ul.RejectError     // not nil: rejects everyone with this
	Binds    bool                // takes from an address only the titles that it came with first
	Honeypot Honeypot            // "" is an honest service
	Latency  time.Duration       // before each answer
	Implicit bool                // takes implicit VR little endian only
	Echo     bool                // takes C-ECHO
	Store    bool                // takes storage classes
	Models   []Model             // of C-FIND that are taken
	Refuses  dimse.Status        // what C-FIND answers; Success answers the question
	Retrieve dimse.Status        // what C-GET and C-MOVE answer; Success looks for the study
	Moves    bool                // takes C-MOVE only, no C-GET
	Cap      int                 // most answers to one C-FIND; 0 is no cap
	CapQuiet bool                // says success at the cap, else A700
	Stalls   int                 // with more answers than this it never finishes; 0 never stalls
	Patience time.Duration       // after which it says that it failed
	Silent   silence             // which numbers it leaves out
	NoDoctor bool                // leaves the referring physician out
	Ransom   bool                // some study descriptions are ransom notes
	Holds    *content.Holdings   // nil is no archive
	IDs      content.Identifiers // the form of its Patient IDs
	Words    *content.Tongue     // the language of its names
	Worklist int                 // entries
	SameAs   *DICOMService       // the archive that this port repeats
}

// Model is an information model of C-FIND.
type Model uint8

const (
	PatientRoot Model = iota
	StudyRoot
	worklistModel
)

func (d *DICOMService) has(m Model) bool {
	for _, one := range d.Models {
		if one == m {
			return true
		}
	}
	return false
}

// accepts says whether anyone gets an association.
func (d *DICOMService) accepts() bool { return d.Reject == nil && !d.demandsCertificate() }

func (d *DICOMService) demandsCertificate() bool { return d.TLS != nil && d.TLS.Demands }

// finds says whether C-FIND at that model answers the question.
func (d *DICOMService) finds(m Model) bool {
	return d.accepts() && d.has(m) && d.Refuses == dimse.Success
}

// retrieves says whether C-GET or C-MOVE answer to anyone.
func (d *DICOMService) retrieves() bool {
	return d.accepts() && d.Holds != nil && d.Retrieve == dimse.Success
}

// silence says which numbers of related instances answers leave out.
type silence uint8

const (
	saysAll      silence = iota
	SilentStudy          // no NumberOfStudyRelatedInstances
	SilentSeries         // no NumberOfSeriesRelatedInstances either
)

// mark is what an intruder left in a page.
type mark string

const (
	noMark     mark = ""
	minerMark  mark = "miner"
	defaceMark mark = "defacement"
)

// TLS is how a service speaks TLS.
type TLS struct {
	Certificate certificate
	Min, Max    uint16 // crypto/tls versions
	Demands     bool   // a client certificate
}

// versions are those that it takes, as report.TLS lists them.
func (t *TLS) versions() []string {
	names := []string{"1.0", "1.1", "1.2", "1.3"}
	return names[t.Min-tls.VersionTLS10 : t.Max-tls.VersionTLS10+1]
}

// certificate is a kind of server certificate.
type certificate uint8

const (
	SelfSigned    certificate = iota
	expired                   // of an issuer that nobody knows
	unknownIssuer             // valid, of an issuer that nobody knows
	Certificates              // how many kinds there are
)

// faults are what is wrong with it, sorted, in the words of report.TLS.
func (c certificate) faults() []string {
	switch c {
	case SelfSigned:
		return []string{"self-signed"}
	case expired:
		return []string{"expired", "unknown-issuer"}
	}
	return []string{"unknown-issuer"}
}

// NotAfter is when a certificate of that kind ends, in whole seconds as it is
// written.
func (c certificate) NotAfter(now time.Time) time.Time {
	if c == expired {
		return now.AddDate(0, -7, 0).UTC().Truncate(time.Second)
	}
	return now.AddDate(1, 0, 0).UTC().Truncate(time.Second)
}

// WebService is one HTTP port.
type WebService struct {
	Port     uint16
	HTTPS    *TLS
	Page     page
	Stack    *stack // nil tells nothing of what is around the page
	QIDO     bool
	WADO     bool
	mark     mark
	Software *software
	Archive  *DICOMService // whose content it shows; nil shows none
}

// otherService is a port that is no archive.
type otherService struct {
	Port uint16
	Kind Other
}

// Other is a kind of service that is no archive.
type Other string

const (
	OtherSSH      Other = "ssh"
	OtherSMTP     Other = "smtp"
	OtherFTP      Other = "ftp"
	OtherHTTP     Other = "http"
	OtherSilent   Other = "silent"   // takes the connection and says nothing
	OtherTarpit   Other = "tarpit"   // a byte every few seconds, for ever
	OtherSlow     Other = "slow"     // a valid answer, too slow to be of use
	OtherEndless  Other = "endless"  // one answer without end
	OtherGarbage  Other = "garbage"  // random bytes
	OtherEcho     Other = "echo"     // what it was sent
	OtherHangs    Other = "hangs-up" // closes at once
	OtherClaims   Other = "claims"   // a PDU that claims four gigabytes
	OtherEndsHTTP Other = "http-endless"
)

// Honeypot is a kind of trap.
type Honeypot string

const (
	Honest       Honeypot = ""
	trapDicomPot Honeypot = "dicompot"   // accepts every proposal, as DicomPot does
	TrapEndless  Honeypot = "endless"    // the same, and matches without end to any question
	trapPorts    Honeypot = "every-port" // on every DICOM port
	TrapParrot   Honeypot = "parrot"     // sends our own user information back
)
