package exposure_test

import (
	"slices"
	"testing"

	"github.com/leadglass/leadglass/internal/advisory"
	"github.com/leadglass/leadglass/internal/exposure"
	"github.com/leadglass/leadglass/internal/probe"
)

// cases: each exposure by the one fact that it follows from, and the facts that
// are near and do not make it.
func cases() []struct {
	name string
	f    exposure.Finding
	want []exposure.ID
} {
	type wanted = []exposure.ID
	dicom := func(d probe.DICOM) exposure.Finding { return exposure.Finding{Facts: &probe.Facts{DICOM: &d}} }
	tls := func(t probe.TLS) exposure.Finding {
		return dicom(probe.DICOM{Class: probe.TLSOnly, InTLS: true, TLS: &t})
	}
	web := func(w ...*probe.HTTP) exposure.Finding { return exposure.Finding{Facts: &probe.Facts{Web: w}} }
	known := func(a ...advisory.Advisory) exposure.Finding {
		return exposure.Finding{Facts: &probe.Facts{}, Advisories: a}
	}
	return []struct {
		name string
		f    exposure.Finding
		want []exposure.ID
	}{
		{"nothing", exposure.Finding{Facts: &probe.Facts{}}, nil},
		{"any_ae_title", dicom(probe.DICOM{AnyAETitle: true}), wanted{exposure.AnyAETitle}},
		{"echo", dicom(probe.DICOM{Echo: true}), wanted{exposure.EchoOpen}},
		{"find_accepted_only", dicom(probe.DICOM{Study: probe.Find{Accepted: true}}), nil},
		{"find_patient", dicom(probe.DICOM{Patient: probe.Find{Open: true}}), wanted{exposure.FindPatientOpen}},
		{"find_study", dicom(probe.DICOM{Study: probe.Find{Open: true}}), wanted{exposure.FindStudyOpen}},
		{"find_worklist", dicom(probe.DICOM{Worklist: probe.Find{Open: true}}), wanted{exposure.FindWorklistOpen}},
		{"answers_without_attributes", dicom(probe.DICOM{Study: probe.Find{Open: true, Sample: probe.Sample{Answers: 20}}}), wanted{exposure.FindStudyOpen}},
		{"attributes", dicom(probe.DICOM{Worklist: probe.Find{Open: true, Sample: probe.Sample{Attributes: map[string]bool{"PatientName": true}}}}),
			wanted{exposure.FindWorklistOpen, exposure.PatientDataDisclosed}},
		{"government_ids", dicom(probe.DICOM{Study: probe.Find{Sample: probe.Sample{GovernmentIDs: map[string]int{"us-ssn": 2}}}}), wanted{exposure.GovernmentIDs}},
		{"ransom", dicom(probe.DICOM{Study: probe.Find{Sample: probe.Sample{Ransom: true}}}), wanted{exposure.Compromised}},
		{"retrieve", dicom(probe.DICOM{Retrieve: true}), wanted{exposure.RetrieveOpen}},
		{"retrieve_unable", dicom(probe.DICOM{RetrieveUnable: true}), nil},
		{"store", dicom(probe.DICOM{Store: true}), wanted{exposure.StoreOpen}},
		{"plaintext", dicom(probe.DICOM{Class: probe.AcceptsAnyone}), wanted{exposure.DICOMPlaintext}},
		{"plaintext_rejects", dicom(probe.DICOM{Class: probe.Rejects}), wanted{exposure.DICOMPlaintext}},
		{"plaintext_wrong_port", dicom(probe.DICOM{Class: probe.WrongPort}), wanted{exposure.DICOMPlaintext}},
		{"tls", tls(probe.TLS{Versions: []string{"1.2", "1.3"}}), nil},
		{"tls_on_wrong_port", dicom(probe.DICOM{Class: probe.WrongPort, InTLS: true, TLS: &probe.TLS{}}), nil},
		{"client_certificate", dicom(probe.DICOM{Class: probe.ClientCert, TLS: &probe.TLS{ClientCert: true}}), nil},
		{"tls_1_0", tls(probe.TLS{Versions: []string{"1.0", "1.2"}}), wanted{exposure.TLSOld}},
		{"tls_1_1", tls(probe.TLS{Versions: []string{"1.1"}}), wanted{exposure.TLSOld}},
		{"expired", tls(probe.TLS{Faults: []string{probe.FaultExpired}}), wanted{exposure.TLSCertificateExpired}},
		{"not_yet_valid", tls(probe.TLS{Faults: []string{probe.FaultNotYetValid}}), wanted{exposure.TLSCertificateExpired}},
		{"self_signed", tls(probe.TLS{Faults: []string{probe.FaultSelfSigned}}), wanted{exposure.TLSCertificateUntrusted}},
		{"unknown_issuer", tls(probe.TLS{Faults: []string{probe.FaultUnknownIssuer}}), wanted{exposure.TLSCertificateUntrusted}},
		{"weak_key", tls(probe.TLS{Faults: []string{probe.FaultWeakKey}}), wanted{exposure.TLSCertificateWeak}},
		{"weak_signature", tls(probe.TLS{Faults: []string{probe.FaultWeakSignature}}), wanted{exposure.TLSCertificateWeak}},
		{"https_faults", web(&probe.HTTP{HTTPS: true, TLS: &probe.TLS{Versions: []string{"1.0"}, Faults: []string{probe.FaultExpired}}}),
			wanted{exposure.TLSCertificateExpired, exposure.TLSOld}},
		{"web_closed", web(&probe.HTTP{Status: 401}), nil},
		{"qido", web(&probe.HTTP{}, &probe.HTTP{QIDO: true}), wanted{exposure.QIDOOpen}},
		{"qido_attributes", web(&probe.HTTP{QIDO: true, Sample: probe.Sample{Attributes: map[string]bool{"PatientID": true}}}),
			wanted{exposure.PatientDataDisclosed, exposure.QIDOOpen}},
		{"wado", web(&probe.HTTP{WADO: true}), wanted{exposure.WADOOpen}},
		{"viewer", web(&probe.HTTP{Viewer: true, HTTPS: true}), wanted{exposure.ViewerOpen}},
		{"viewer_plaintext", web(&probe.HTTP{Viewer: true}), wanted{exposure.ViewerOpen, exposure.ViewerPlaintext}},
		{"viewer_secure_beside_plain", web(&probe.HTTP{Viewer: true, HTTPS: true}, &probe.HTTP{}), wanted{exposure.ViewerOpen}},
		{"admin", web(&probe.HTTP{Admin: true}), wanted{exposure.AdminOpen}},
		{"marks", web(&probe.HTTP{Marks: []string{"miner"}}), wanted{exposure.Compromised}},
		{"advisory", known(advisory.Advisory{Score: 9.9}), wanted{exposure.Vulnerable}},
		{"advisory_10", known(advisory.Advisory{Score: 5}, advisory.Advisory{Score: 10}), wanted{exposure.Vulnerable, exposure.VulnerableCritical}},
		{"advisory_exploited", known(advisory.Advisory{Score: 5, Exploited: true}), wanted{exposure.Vulnerable, exposure.VulnerableExploited}},
	}
}

func TestOf(t *testing.T) {
	shown := map[exposure.ID]bool{}
	for _, tt := range cases() {
		t.Run(tt.name, func(t *testing.T) {
			got := exposure.Of(&tt.f)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if again := exposure.Of(&tt.f); !slices.Equal(got, again) {
				t.Errorf("the same facts gave %q and %q", got, again)
			}
		})
		for _, id := range tt.want {
			shown[id] = true
		}
	}
	for _, id := range ids(t) {
		if !shown[id] {
			t.Errorf("no case shows %s", id)
		}
	}
}
