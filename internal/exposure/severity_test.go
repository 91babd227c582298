package exposure_test

import (
	"slices"
	"testing"

	"github.com/leadglass/leadglass/internal/exposure"
)

func TestBand(t *testing.T) {
	for score, want := range map[float64]exposure.Severity{
		0: exposure.Info, 0.1: exposure.Low, 3.9: exposure.Low, 4.0: exposure.Medium, 6.9: exposure.Medium,
		7.0: exposure.High, 8.9: exposure.High, 9.0: exposure.Critical, 10: exposure.Critical,
	} {
		if got := exposure.Band(score); got != want {
			t.Errorf("Band(%v) = %s, want %s", score, got, want)
		}
	}
}

func TestSeverity_Rank(t *testing.T) {
	for i, s := range []exposure.Severity{"", exposure.Info, exposure.Low, exposure.Medium, exposure.High, exposure.Critical} {
		if got := s.Rank(); got != i-1 {
			t.Errorf("%q has rank %d, want %d", s, got, i-1)
		}
	}
}

func TestWorst(t *testing.T) {
	for _, tt := range []struct {
		ids  []exposure.ID
		want exposure.Severity
	}{
		{nil, ""},
		{[]exposure.ID{"no-such"}, ""},
		{[]exposure.ID{exposure.EchoOpen}, exposure.Info},
		{[]exposure.ID{exposure.EchoOpen, exposure.TLSCertificateExpired}, exposure.Low},
		{[]exposure.ID{exposure.AnyAETitle, exposure.EchoOpen}, exposure.Medium},
		{[]exposure.ID{exposure.StoreOpen, exposure.AnyAETitle}, exposure.High},
		{[]exposure.ID{exposure.AnyAETitle, exposure.PatientDataDisclosed, exposure.StoreOpen}, exposure.Critical},
	} {
		if got := exposure.Worst(tt.ids); got != tt.want {
			t.Errorf("Worst(%q) = %q, want %q", tt.ids, got, tt.want)
		}
	}
}

func TestBySeverity(t *testing.T) {
	got := []exposure.ID{exposure.AnyAETitle, exposure.EchoOpen, exposure.StoreOpen, exposure.PatientDataDisclosed, exposure.QIDOOpen, exposure.AdminOpen}
	slices.SortFunc(got, exposure.BySeverity)
	want := []exposure.ID{exposure.AdminOpen, exposure.PatientDataDisclosed, exposure.QIDOOpen, exposure.StoreOpen, exposure.AnyAETitle, exposure.EchoOpen}
	if !slices.Equal(got, want) {
		t.Errorf("sorted %q, want %q", got, want)
	}
}
