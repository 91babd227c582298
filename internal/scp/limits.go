package scp

import (
	"time"

	"github.com/leadglass/leadglass/internal/limit"
)

// Limits bounds what peers can make us do. The zero value is the safe default; a
// negative value switches a limit off.
type Limits struct {
	RefusalAddresses int           // addresses whose refusals are told apart within a minute
	Refs             int           // UIDs that one retrieval or commitment names
	MoveAhead        int           // objects of a C-MOVE that are looked at before its association is requested
	HeaderBytes      int64         // of an object whose transfer syntax is changed: all but its pixel data
	Recheck          time.Duration // after which an association's device is looked up anew
	Reports          int           // storage commitments whose report waits for another attempt
	ReportAttempts   int           // to report one storage commitment
}

// The defaults.
const (
	// One record each and minute: 2 MB of log a day at worst from one address,
	// and 1 GB an hour of a flood from everywhere would be 17 records a second.
	defaultRefusalAddresses = 1000
	// As many as an identifier of dimse.Limits holds.
	defaultRefs = 16_000
	// The largest CT study that we know of has 4,000 images.
	defaultMoveAhead = 4096
	// Waveforms, overlays, spectra: as a radiograph.
	defaultHeaderBytes = 64 << 20
	// So long may somebody whose enrolment ended go on with what was begun.
	defaultRecheck = time.Minute
	// A modality asks once a study; this is a day of a large hospital.
	defaultReports = 1000
	// At 10 s, 20 s, 40 s …: the last after an hour and a half.
	defaultReportAttempts = 10
)

func (l Limits) withDefaults() Limits {
	return Limits{
		RefusalAddresses: limit.Of(l.RefusalAddresses, defaultRefusalAddresses),
		Refs:             limit.Of(l.Refs, defaultRefs),
		MoveAhead:        limit.Of(l.MoveAhead, defaultMoveAhead),
		HeaderBytes:      limit.Of(l.HeaderBytes, defaultHeaderBytes),
		Recheck:          limit.Of(l.Recheck, defaultRecheck),
		Reports:          limit.Of(l.Reports, defaultReports),
		ReportAttempts:   limit.Of(l.ReportAttempts, defaultReportAttempts),
	}
}
