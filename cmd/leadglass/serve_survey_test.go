package main_test

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/internal/report"
)

// surveys asks two ports of loopback with the program. It trusts the authorities of
// a file, where one is named, instead of the system's.
func surveys(t *testing.T, dicom, web, trusted string) *report.Survey {
	t.Helper()
	dir := t.TempDir()
	scope := fmt.Sprintf("[authorisation]\norganisation=\"o\"\ncontact=\"c\"\nreference=\"r\"\nvalid_from=2020-01-01\nvalid_to=2099-01-01\n"+
		"[targets]\ninclude=[\"127.0.0.1\"]\ndicom_ports=[%s]\nhttp_ports=[%s]\n[limits]\nper_host_rate=-1\n", dicom, web)
	if err := os.WriteFile(filepath.Join(dir, "scope.toml"), []byte(scope), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("leadglass", "survey", "--scope", "scope.toml", "--out", "out", "--quiet")
	cmd.Dir = dir
	if trusted != "" {
		cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+trusted)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("leadglass survey: %v\n%s", err, out)
	}
	s, err := report.Load(filepath.Join(dir, "out", report.SurveyFile))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// oneSystem wants one system, of a class and with these exposures.
func oneSystem(t *testing.T, s *report.Survey, class string, exposures ...string) report.System {
	t.Helper()
	if len(s.Systems) != 1 {
		t.Fatalf("%d systems: %+v", len(s.Systems), s.Systems)
	}
	one := s.Systems[0]
	if one.Class != class || !slices.Equal(one.Exposures, exposures) {
		t.Errorf("%s with %q, want %s with %q", one.Class, one.Exposures, class, exposures)
	}
	return one
}

// TestServeInterop_Survey: of an archive with three studies a survey finds that
// there is one, which wants a certificate, and nothing else.
func TestServeInterop_Survey(t *testing.T) {
	peertest.Need(t, peertest.Files, "storescu")
	a := serves(t, "")
	d := a.enrol("CT", "--role", "modality")
	for _, name := range threeStudies {
		went(t, "storescu", d.overTLS(a.dimse)(realFile(t, name)...)...)
	}
	web, err := url.Parse(a.web)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		trusted   string
		exposures []string
		faults    []string
	}{
		{d.ca, []string{}, nil},
		// Whoever does not know the site's authority cannot tell the archive from an
		// impostor: that is said, and its text says when it is nothing.
		{"", []string{"tls-certificate-untrusted"}, []string{"unknown-issuer"}},
	} {
		s := surveys(t, port(a.dimse), port(web.Host), tt.trusted)
		// The web port spoke HTTPS and let nobody in: otherwise its answer was "web".
		if want := map[string]int64{"client-certificate": 1, "other-service": 1}; !maps.Equal(s.Answers, want) {
			t.Errorf("answers are %v, want %v", s.Answers, want)
		}
		one := oneSystem(t, s, "client-certificate", tt.exposures...)
		if one.TLS == nil || !slices.Equal(one.TLS.Versions, []string{"1.2", "1.3"}) || !slices.Equal(one.TLS.Faults, tt.faults) || !one.TLS.ClientCert {
			t.Errorf("TLS is %+v", one.TLS)
		}
		one.TLS, one.Address, one.Exposures = nil, "", nil
		want := report.System{Class: "client-certificate", Count: report.Count{Kind: "none"}}
		if got, want := fmt.Sprintf("%+v", one), fmt.Sprintf("%+v", want); got != want {
			t.Errorf("the survey knows\n%s, want\n%s", got, want)
		}
	}
}

// TestServeInterop_SurveyOfOrthanc: of the same studies in an Orthanc that is open a
// survey finds everything.
func TestServeInterop_SurveyOfOrthanc(t *testing.T) {
	peertest.Need(t, peertest.Files, "Orthanc")
	dicomPort := peertest.Port(t)
	o := startOrthanc(t, dicomPort, map[string]any{
		"RemoteAccessAllowed": true, "DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true, "DicomAlwaysAllowMove": true,
		"DicomWeb": map[string]any{"Enable": true, "Root": "/dicom-web/"},
	})
	o.fill(threeStudies...)
	s := surveys(t, dicomPort, port(strings.TrimPrefix(o.rest, "http://")), "")
	if want := map[string]int64{"accepts-anyone": 1, "web": 1}; !maps.Equal(s.Answers, want) {
		t.Errorf("answers are %v, want %v", s.Answers, want)
	}
	one := oneSystem(t, s, "accepts-anyone",
		"admin-open", "any-ae-title", "dicom-plaintext", "echo-open", "find-patient-open", "find-study-open", "known-vulnerability",
		"patient-data-disclosed", "qido-open", "retrieve-open", "store-open", "viewer-open", "viewer-plaintext", "wado-open")
	if one.Product != "Orthanc" || one.Version != "1.10.1" || len(one.Vulnerabilities) == 0 || one.TLS != nil || !one.Retrievable {
		t.Errorf("it is %s %s with %d vulnerabilities, TLS %+v, retrievable %v", one.Product, one.Version, len(one.Vulnerabilities), one.TLS, one.Retrievable)
	}
	if one.Patients != 3 || one.Studies != 3 || one.Images != 3 || one.Count.Kind != "exact" {
		t.Errorf("%d patients, %d studies, %d images, %s", one.Patients, one.Studies, one.Images, one.Count.Kind)
	}
	if want := []string{"PatientID", "PatientName", "StudyDate", "StudyDescription"}; !slices.Equal(one.Attributes, want) {
		t.Errorf("attributes %q, want %q", one.Attributes, want)
	}
	if len(one.Web) != 1 || one.Web[0].HTTPS || !slices.Equal(one.Web[0].Open, []string{"qido", "wado", "viewer", "admin"}) {
		t.Errorf("web %+v", one.Web)
	}
}

// TestServeInterop_SurveyOfAnException: where a peer may speak in plain text, a
// stranger finds that out, and no more.
func TestServeInterop_SurveyOfAnException(t *testing.T) {
	peertest.Need(t, peertest.Files, "storescu")
	a := serves(t, exception(peertest.Port(t), "DCMTK"))
	went(t, "storescu", plainly("DCMTK", "LEADGLASS", port(a.plain))(realFile(t, "CT_small.dcm")...)...)
	one := oneSystem(t, surveys(t, port(a.plain), peertest.Port(t), ""), "rejects", "dicom-plaintext")
	if one.Product != "" || one.Studies != 0 || one.Reject == "" {
		t.Errorf("a stranger knows %+v", one)
	}
}
