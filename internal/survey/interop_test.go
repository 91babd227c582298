package survey_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/advisory"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/internal/probe/probetest"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/survey"
	"github.com/leadglass/leadglass/ul"
)

// orthanc starts Debian's Orthanc with these settings beside the ports.
func orthanc(t *testing.T, settings map[string]any) (dicom, http uint16) {
	t.Helper()
	d := peertest.Port(t)
	config := map[string]any{"HttpThreadsCount": 4}
	maps.Copy(config, settings)
	return uint16(peertest.Number(d)), uint16(peertest.Number(peertest.Orthanc(t, d, config)))
}

// fill stores three studies of pydicom's test files.
func fill(t *testing.T, called string, port uint16) {
	t.Helper()
	const files = peertest.Files + "/"
	for _, f := range []string{"CT_small.dcm", "MR_small.dcm", "rtplan.dcm"} {
		if _, err := os.Stat(files + f); err != nil {
			t.Skipf("pydicom's test files are not installed: %v", err)
		}
		out, err := exec.Command("storescu", "-aec", called, "-R", "127.0.0.1", fmt.Sprint(port), files+f).CombinedOutput()
		if err != nil {
			t.Fatalf("storescu %s: %v\n%s", f, err, out)
		}
	}
}

// only is the one system of a host.
func only(t *testing.T, called ul.AETitle, dicom, http []uint16) report.System {
	t.Helper()
	e := &survey.Examiner{Called: called, Advisories: advisory.Embedded()}
	found, _ := examine(t, e, loopback(dicom, http))
	if len(found.Systems) != 1 {
		t.Fatalf("%d systems, answers %v, want one system", len(found.Systems), found.Answers)
	}
	return found.Systems[0]
}

// check compares what matters of a system.
func check(t *testing.T, s report.System, class, product, version string, patients, studies, images int64, exposures ...string) {
	t.Helper()
	if s.Class != class || s.Product != product || s.Version != version {
		t.Errorf("%s %s %s (%s, %s), want %s %s %s", s.Class, s.Product, s.Version,
			s.ImplementationClassUID, s.ImplementationVersionName, class, product, version)
	}
	if s.Patients != patients || s.Studies != studies || s.Images != images {
		t.Errorf("%d patients, %d studies, %d images, want %d, %d, %d; %s", s.Patients, s.Studies, s.Images, patients, studies, images, s.Count.Method)
	}
	if !slices.Equal(s.Exposures, exposures) {
		t.Errorf("exposures\n got %q\nwant %q", s.Exposures, exposures)
	}
	if len(s.Honeypot) > 0 {
		t.Errorf("taken for a honeypot: %q", s.Honeypot)
	}
}

func TestInterop_OrthancOpen(t *testing.T) {
	peertest.Need(t, "Orthanc", "storescu")
	dicom, http := orthanc(t, map[string]any{
		"RemoteAccessAllowed": true, "AuthenticationEnabled": false,
		"DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true, "DicomAlwaysAllowMove": true,
	})
	fill(t, "ORTHANC", dicom)
	s := only(t, "", []uint16{dicom}, []uint16{http})
	check(t, s, "accepts-anyone", "Orthanc", "1.10.1", 3, 3, 3,
		"admin-open", "any-ae-title", "dicom-plaintext", "echo-open", "find-patient-open", "find-study-open",
		"known-vulnerability", "patient-data-disclosed", "retrieve-open", "store-open", "viewer-open", "viewer-plaintext")
}

// TestInterop_OrthancDefault: out of the box it takes and verifies for anyone,
// and answers nobody. Its web interface is for the own machine, which we are.
func TestInterop_OrthancDefault(t *testing.T) {
	peertest.Need(t, "Orthanc", "storescu")
	dicom, http := orthanc(t, nil)
	fill(t, "ORTHANC", dicom)
	s := only(t, "", []uint16{dicom}, []uint16{http})
	check(t, s, "accepts-anyone", "Orthanc", "1.10.1", 0, 0, 0,
		"admin-open", "any-ae-title", "dicom-plaintext", "echo-open", "known-vulnerability", "store-open", "viewer-open", "viewer-plaintext")
}

// TestInterop_OrthancHardened holds three studies for one device that it knows.
func TestInterop_OrthancHardened(t *testing.T) {
	peertest.Need(t, "Orthanc", "storescu", "findscu")
	dicom, http := orthanc(t, map[string]any{
		"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": map[string]string{"a": "b"},
		"DicomCheckCalledAet": true, "DicomCheckModalityHost": true,
		"DicomAlwaysAllowEcho": false, "DicomAlwaysAllowStore": false, "DicomAlwaysAllowFind": false, "DicomAlwaysAllowGet": false,
		"DicomModalities": map[string]any{
			"scanner": map[string]any{"AET": "STORESCU", "Host": "127.0.0.1", "Port": 104, "AllowStore": true},
			"reader":  map[string]any{"AET": "READER", "Host": "127.0.0.1", "Port": 104, "AllowFind": true},
		},
	})
	fill(t, "ORTHANC", dicom)
	out, err := exec.Command("findscu", "-v", "-S", "-aet", "READER", "-aec", "ORTHANC", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "127.0.0.1", fmt.Sprint(dicom)).CombinedOutput()
	if err != nil || strings.Count(string(out), "(Pending)") != 3 {
		t.Fatalf("whom it knows does not find its three studies: %v\n%s", err, out)
	}
	s := only(t, "", []uint16{dicom}, []uint16{http})
	check(t, s, "rejects", "Orthanc", "", 0, 0, 0, "dicom-plaintext")
	if s.Discloses() || s.Retrievable || len(s.Attributes) != 0 {
		t.Errorf("disclosed %v, retrievable %v", s.Attributes, s.Retrievable)
	}
}

func TestInterop_OrthancDICOMweb(t *testing.T) {
	peertest.Need(t, "Orthanc", "storescu")
	const plugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
	if _, err := os.Stat(plugin); err != nil {
		t.Skipf("orthanc-dicomweb is not installed: %v", err)
	}
	dicom, http := orthanc(t, map[string]any{
		"RemoteAccessAllowed": true, "AuthenticationEnabled": false, "Plugins": []string{plugin},
	})
	fill(t, "ORTHANC", dicom)
	s := only(t, "", []uint16{dicom}, []uint16{http})
	check(t, s, "accepts-anyone", "Orthanc", "1.10.1", 3, 3, 3,
		"admin-open", "any-ae-title", "dicom-plaintext", "echo-open", "known-vulnerability",
		"patient-data-disclosed", "qido-open", "store-open", "viewer-open", "viewer-plaintext", "wado-open")
}

// pemFiles writes a certificate and its key, and the authority.
func pemFiles(t *testing.T, ca *probetest.Authority, c probetest.Certificate) (cert, key, authority string) {
	t.Helper()
	dir := t.TempDir()
	issued := ca.Issue(t, c)
	private, err := x509.MarshalPKCS8PrivateKey(issued.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", issued.Certificate[0]), write("key.pem", "PRIVATE KEY", private),
		write("ca.pem", "CERTIFICATE", ca.DER())
}

// TestInterop_OrthancTLS: 1.10.1 takes the old versions too, as openssl s_client
// agrees. Its HTTPS is not surveyed: Debian's build dies of any HTTPS request.
func TestInterop_OrthancTLS(t *testing.T) {
	peertest.Need(t, "Orthanc")
	versions := []string{"1.0", "1.1", "1.2", "1.3"}
	ca := probetest.NewAuthority(t)
	cert, key, authority := pemFiles(t, ca, probetest.Certificate{Bits: 2048})
	for _, tt := range []struct {
		name      string
		required  bool
		class     string
		exposures []string
	}{
		{"client_certificate", true, "client-certificate", []string{"tls-certificate-untrusted", "tls-old"}},
		{"tls", false, "tls-only", []string{"any-ae-title", "echo-open", "known-vulnerability", "store-open", "tls-certificate-untrusted", "tls-old"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dicom, _ := orthanc(t, map[string]any{
				"DicomTlsEnabled": true, "DicomTlsCertificate": cert, "DicomTlsPrivateKey": key,
				"DicomTlsTrustedCertificates": authority, "DicomTlsRemoteCertificateRequired": tt.required,
			})
			s := only(t, "", []uint16{dicom}, nil)
			if s.Class != tt.class || !slices.Equal(s.Exposures, tt.exposures) {
				t.Errorf("%s, %q, want %s, %q", s.Class, s.Exposures, tt.class, tt.exposures)
			}
			if s.TLS == nil || !slices.Equal(s.TLS.Versions, versions) || !slices.Equal(s.TLS.Faults, []string{"unknown-issuer"}) {
				t.Errorf("TLS %+v, want versions %q of an unknown issuer", s.TLS, versions)
			}
		})
	}
}

func TestInterop_OrthancWorklist(t *testing.T) {
	peertest.Need(t, "Orthanc")
	const plugin = "/usr/share/orthanc/plugins/libModalityWorklists.so"
	if _, err := os.Stat(plugin); err != nil {
		t.Skipf("Orthanc's worklist plugin is not installed: %v", err)
	}
	dir := t.TempDir()
	entry := probetest.Patients(1)[0]
	step := &dicom.Dataset{}
	step.SetString(dict.Modality, "CT")
	step.SetString(dict.ScheduledStationAETitle, "CT1")
	step.SetString(dict.ScheduledProcedureStepStartDate, "20191001")
	entry.SetSequence(dict.ScheduledProcedureStepSequence, step)
	entry.SetString(dict.RequestedProcedureDescription, "FRACTURED ZYGOMA")
	meta := &dicom.Dataset{}
	meta.SetString(dict.MediaStorageSOPClassUID, "1.2.276.0.7230010.3.1.0.1")
	meta.SetString(dict.MediaStorageSOPInstanceUID, "1.2.3.4.5")
	var file bytes.Buffer
	if err := dicom.Write(&file, &dicom.File{Meta: meta, Dataset: entry, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "one.wl"), file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	port, _ := orthanc(t, map[string]any{
		"DicomAlwaysAllowFindWorklist": true, "Plugins": []string{plugin},
		"Worklists": map[string]any{"Enable": true, "Database": dir},
	})
	s := only(t, "", []uint16{port}, nil)
	check(t, s, "accepts-anyone", "DCMTK", "3.6.7", 0, 0, 0,
		"any-ae-title", "dicom-plaintext", "echo-open", "find-worklist-open", "known-vulnerability", "patient-data-disclosed", "store-open")
	if want := []string{"PatientBirthDate", "PatientID", "PatientName", "RequestedProcedureDescription"}; !slices.Equal(s.Attributes, want) {
		t.Errorf("attributes %q, want %q", s.Attributes, want)
	}
}

// qrscp starts DCMTK's archive with one application entity.
func qrscp(t *testing.T, title, peers string) uint16 {
	t.Helper()
	p := peertest.Port(t)
	dir := t.TempDir()
	config := fmt.Sprintf("NetworkTCPPort = %s\nMaxPDUSize = 16384\nMaxAssociations = 16\n"+
		"HostTable BEGIN\nfriend = (FRIEND, 127.0.0.1, 11999)\nfriends = friend\nHostTable END\n"+
		"VendorTable BEGIN\nVendorTable END\n"+
		"AETable BEGIN\n%s %s RW (200, 1024mb) %s\nAETable END\n", p, title, dir, peers)
	name := filepath.Join(dir, "qrscp.cfg")
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Serve(t, p, "dcmqrscp", "-c", name)
	return uint16(peertest.Number(p))
}

// dcmqrscp takes associations for its own title alone; a survey that knows it
// sees whom it answers.
func TestInterop_DCMTKOpen(t *testing.T) {
	peertest.Need(t, "dcmqrscp", "storescu")
	p := qrscp(t, "ARCHIVE", "ANY")
	fill(t, "ARCHIVE", p)
	s := only(t, "ARCHIVE", []uint16{p}, nil)
	// dcmqrscp joins answers that are alike, as those at patient level are that
	// hold nothing but a count of studies; it is asked for the Patient ID then.
	check(t, s, "accepts-anyone", "DCMTK", "3.6.7", 3, 3, 3,
		"dicom-plaintext", "echo-open", "find-patient-open", "find-study-open",
		"known-vulnerability", "patient-data-disclosed", "retrieve-open", "store-open")
}

func TestInterop_DCMTKUnknownTitle(t *testing.T) {
	peertest.Need(t, "dcmqrscp", "storescu")
	p := qrscp(t, "ARCHIVE", "ANY")
	fill(t, "ARCHIVE", p)
	s := only(t, "", []uint16{p}, nil)
	check(t, s, "rejects", "", "", 0, 0, 0, "dicom-plaintext")
	if s.Reject != "called-ae-title-not-recognized" {
		t.Errorf("rejected with %q", s.Reject)
	}
}

func TestInterop_DCMTKRestricted(t *testing.T) {
	peertest.Need(t, "dcmqrscp")
	p := qrscp(t, "ARCHIVE", "friends")
	s := only(t, "ARCHIVE", []uint16{p}, nil)
	check(t, s, "rejects", "", "", 0, 0, 0, "dicom-plaintext")
	if s.Reject != "called-ae-title-not-recognized" { // it tells nobody which of the two it was
		t.Errorf("rejected with %q", s.Reject)
	}
}
