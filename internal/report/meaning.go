package report

import (
	"github.com/leadglass/leadglass/internal/exposure"
)

// Severity is how bad an exposure is.
type Severity int

// The severities, in order.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

func (v Severity) String() string {
	return [...]string{"info", "low", "medium", "high", "critical"}[min(max(v, Info), Critical)]
}

// meaning is what the catalogue says of an exposure.
type meaning struct {
	ID                         exposure.ID
	Severity                   Severity
	Title, Explanation, Remedy string
}

// meaningOf looks an exposure up; an unknown one is shown by its name.
func meaningOf(id string) meaning {
	return meaning{ID: exposure.ID(id), Severity: fallbackSeverity(exposure.ID(id)), Title: id}
}

func fallbackSeverity(id exposure.ID) Severity {
	switch id {
	case exposure.PatientDataDisclosed, exposure.RetrieveOpen, exposure.Compromised, exposure.VulnerableExploited, exposure.VulnerableCritical:
		return Critical
	case exposure.FindPatientOpen, exposure.FindStudyOpen, exposure.FindWorklistOpen, exposure.QIDOOpen, exposure.WADOOpen, exposure.ViewerOpen, exposure.AdminOpen, exposure.Vulnerable, exposure.GovernmentIDs:
		return High
	case exposure.StoreOpen, exposure.AnyAETitle, exposure.DICOMPlaintext, exposure.ViewerPlaintext, exposure.TLSOld:
		return Medium
	case exposure.TLSCertificateExpired, exposure.TLSCertificateUntrusted, exposure.TLSCertificateWeak:
		return Low
	}
	return Info
}

// severityOf is the worst severity among the exposures of a system.
func severityOf(s *System) Severity {
	worst := Info
	for _, id := range s.Exposures {
		worst = max(worst, meaningOf(id).Severity)
	}
	return worst
}
