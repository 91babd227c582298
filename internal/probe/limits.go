package probe

import (
	"fmt"
	"math"
)

// Limits bounds what one target can make us read. The zero value is the safe
// default; a negative value switches a limit off.
type Limits struct {
	SampleAnswers  int // C-FIND answers and QIDO matches that are looked at
	DrainBytes     int // read of one peer after a C-CANCEL until it heeds it
	HandshakeBytes int // read of one peer in one TLS handshake
	BodyBytes      int // of one HTTP answer
	HeaderBytes    int // of one HTTP answer, the interim ones before it included
	Interim        int // answers of 1xx before the final one
	Redirects      int // followed from one page, on the same host and port
	Failures       int // pages that one service may leave unanswered before it is left alone
	Associations   int // with one DICOM service, before TLS versions are asked for
}

// The defaults.
const (
	// A first page of any worklist shows more; what is of interest is whether
	// attributes come back at all.
	defaultSampleAnswers = 20
	// What is under way when a C-CANCEL is sent: the largest socket buffers that
	// Linux grows to by itself, 6 MiB at the receiver and 4 MiB at the sender
	// (tcp(7), tcp_rmem and tcp_wmem), and as much again for other systems. The
	// time for a question bounds it too.
	defaultDrainBytes = 20 << 20
	// Twice the longest chain that crypto/tls takes, 256 KiB
	// (maxHandshakeCertificateMsg), for the other messages.
	defaultHandshakeBytes = 512 << 10
	// Titles and fingerprints stand at the beginning of a page.
	defaultBodyBytes = 64 << 10
	// As net/http servers take by default, less a factor: archives set few headers.
	defaultHeaderBytes = 32 << 10
	// As net/http takes by default.
	defaultInterim = 5
	// "/" to "/app/" to "/app/index.html".
	defaultRedirects = 2
	// Some pages of a good service hang; one where three do is no use.
	defaultFailures = 3
	// In the clear, within TLS, with less, twice again after a peer hung up on a
	// question, and the second pair of titles.
	defaultAssociations = 6
)

func (l Limits) orDefault() Limits {
	return Limits{
		SampleAnswers:  or(l.SampleAnswers, defaultSampleAnswers),
		DrainBytes:     or(l.DrainBytes, defaultDrainBytes),
		HandshakeBytes: or(l.HandshakeBytes, defaultHandshakeBytes),
		BodyBytes:      or(l.BodyBytes, defaultBodyBytes),
		HeaderBytes:    or(l.HeaderBytes, defaultHeaderBytes),
		Interim:        or(l.Interim, defaultInterim),
		Redirects:      or(l.Redirects, defaultRedirects),
		Failures:       or(l.Failures, defaultFailures),
		Associations:   or(l.Associations, defaultAssociations),
	}
}

func or(v, byDefault int) int {
	switch {
	case v == 0:
		return byDefault
	case v < 0:
		return math.MaxInt32
	}
	return v
}

// LimitError says which limit a target crossed.
type LimitError struct {
	Name  string // as "associations"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("probe: over the limit %s of %d", e.Name, e.Limit)
}
