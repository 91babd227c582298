package fleet

import (
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// site is a network: a block of addresses with one owner.
type site struct {
	block   netip.Prefix
	country string
	name    string
	hosts   []*host
}

// host is one address.
type host struct {
	addr   netip.Addr
	site   *site
	dicom  []*dicomService // in the order of the plan's DICOM ports, then others
	web    []*webService
	others []*otherService
}

// address is one of the host's, as host:port.
func (h *host) address(port uint16) string { return netip.AddrPortFrom(h.addr, port).String() }

// dicomService is one DICOM port and how it behaves. Its zero value rejects
// nobody and answers nothing.
type dicomService struct {
	role     string
	port     uint16
	software *software
	tls      *tlsPlan        // nil speaks in the clear
	reject   *ul.RejectError // not nil: rejects everyone with this
	binds    bool            // takes from an address only the titles that it came with first
	honeypot honeypot        // "" is an honest service
	latency  time.Duration   // before each answer
	implicit bool            // takes implicit VR little endian only
	echo     bool            // takes C-ECHO
	store    bool            // takes storage classes
	models   []model         // of C-FIND that are taken
	refuses  dimse.Status    // what C-FIND answers; Success answers the question
	retrieve dimse.Status    // what C-GET and C-MOVE answer; Success looks for the study
	moves    bool            // takes C-MOVE only, no C-GET
	cap      int             // most answers to one C-FIND; 0 is no cap
	capQuiet bool            // says success at the cap, else A700
	stalls   int             // with more answers than this it never finishes; 0 never stalls
	patience time.Duration   // after which it says that it failed
	silent   silence         // which numbers it leaves out
	noDoctor bool            // leaves the referring physician out
	ransom   bool            // some study descriptions are ransom notes
	holds    *content        // nil is no archive
	ids      identifiers     // the form of its Patient IDs
	words    *tongue         // the language of its names
	worklist int             // entries
	sameAs   *dicomService   // the archive that this port repeats
}

// model is an information model of C-FIND.
type model uint8

const (
	patientRoot model = iota
	studyRoot
	worklistModel
)

func (d *dicomService) has(m model) bool {
	for _, one := range d.models {
		if one == m {
			return true
		}
	}
	return false
}

// accepts says whether anyone gets an association.
func (d *dicomService) accepts() bool { return d.reject == nil && !d.demandsCertificate() }

func (d *dicomService) demandsCertificate() bool { return d.tls != nil && d.tls.demands }

// finds says whether C-FIND at that model answers the question.
func (d *dicomService) finds(m model) bool {
	return d.accepts() && d.has(m) && d.refuses == dimse.Success
}

// retrieves says whether C-GET or C-MOVE answer to anyone.
func (d *dicomService) retrieves() bool {
	return d.accepts() && d.holds != nil && d.retrieve == dimse.Success
}

// silence says which numbers of related instances answers leave out.
type silence uint8

const (
	saysAll      silence = iota
	silentStudy          // no NumberOfStudyRelatedInstances
	silentSeries         // no NumberOfSeriesRelatedInstances either
)

// mark is what an intruder left in a page.
type mark string

const (
	noMark     mark = ""
	minerMark  mark = "miner"
	defaceMark mark = "defacement"
)

// tlsPlan is how a service speaks TLS.
type tlsPlan struct {
	certificate certificate
	min, max    uint16 // crypto/tls versions
	demands     bool   // a client certificate
}

// versions are those that it takes, as report.TLS lists them.
func (t *tlsPlan) versions() []string {
	names := []string{"1.0", "1.1", "1.2", "1.3"}
	return names[t.min-tls.VersionTLS10 : t.max-tls.VersionTLS10+1]
}

// certificate is a kind of server certificate.
type certificate uint8

const (
	selfSigned    certificate = iota
	expired                   // of an issuer that nobody knows
	unknownIssuer             // valid, of an issuer that nobody knows
	certificates              // how many kinds there are
)

// faults are what is wrong with it, sorted, in the words of report.TLS.
func (c certificate) faults() []string {
	switch c {
	case selfSigned:
		return []string{"self-signed"}
	case expired:
		return []string{"expired", "unknown-issuer"}
	}
	return []string{"unknown-issuer"}
}

// webService is one HTTP port.
type webService struct {
	port     uint16
	https    *tlsPlan
	page     page
	stack    *stack // nil tells nothing of what is around the page
	qido     bool
	wado     bool
	mark     mark
	software *software
	archive  *dicomService // whose content it shows; nil shows none
}

// otherService is a port that is no archive.
type otherService struct {
	port uint16
	kind other
}

// other is a kind of service that is no archive.
type other string

const (
	otherSSH      other = "ssh"
	otherSMTP     other = "smtp"
	otherFTP      other = "ftp"
	otherHTTP     other = "http"
	otherSilent   other = "silent"   // takes the connection and says nothing
	otherTarpit   other = "tarpit"   // a byte every few seconds, for ever
	otherSlow     other = "slow"     // a valid answer, too slow to be of use
	otherEndless  other = "endless"  // one answer without end
	otherGarbage  other = "garbage"  // random bytes
	otherEcho     other = "echo"     // what it was sent
	otherHangs    other = "hangs-up" // closes at once
	otherClaims   other = "claims"   // a PDU that claims four gigabytes
	otherEndsHTTP other = "http-endless"
)

// honeypot is a kind of trap.
type honeypot string

const (
	honest       honeypot = ""
	trapDicomPot honeypot = "dicompot"   // accepts every proposal, as DicomPot does
	trapEndless  honeypot = "endless"    // the same, and matches without end to any question
	trapPorts    honeypot = "every-port" // on every DICOM port
	trapParrot   honeypot = "parrot"     // sends our own user information back
)
