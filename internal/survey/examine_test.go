package survey_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/advisory"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/internal/survey"
	"github.com/leadglass/leadglass/ul"
)

func loopback(dicom, http []uint16) scope.Host {
	return scope.Host{Addr: netip.MustParseAddr("127.0.0.1"), DICOMPorts: dicom, HTTPPorts: http}
}

func examine(t *testing.T, e *survey.Examiner, h scope.Host) (*survey.Found, *probetest.Network) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n := probetest.NewNetwork()
	found, err := e.Examine(ctx, h, &n.Network)
	if err != nil {
		t.Fatalf("Examine: %v", err)
	}
	return found, n
}

func full() *probetest.Archive {
	return &probetest.Archive{
		ClassUID: "1.2.276.0.7230010.3.0.3.6.7", VersionName: "OFFIS_DCMTK_367",
		Studies: probetest.Studies(40), Patients: probetest.Patients(40),
	}
}

func port(a netip.AddrPort) uint16 { return a.Port() }

func TestExamine_Open(t *testing.T) {
	a := full()
	p := port(a.Serve(t))
	found, n := examine(t, &survey.Examiner{}, loopback([]uint16{p, port(probetest.Closed(t))}, nil))
	if want := map[probe.Class]int64{probe.AcceptsAnyone: 1, probe.Closed: 1}; !reflect.DeepEqual(found.Answers, want) {
		t.Errorf("answers %v, want %v", found.Answers, want)
	}
	if len(found.Systems) != 1 {
		t.Fatalf("%d systems, want 1", len(found.Systems))
	}
	got := found.Systems[0]
	got.Count.Method = ""
	want := report.System{
		Address: fmt.Sprintf("127.0.0.1:%d", p), Class: "accepts-anyone",
		Vendor: got.Vendor, Product: "DCMTK", Version: "3.6.7",
		ImplementationClassUID: "1.2.276.0.7230010.3.0.3.6.7", ImplementationVersionName: "OFFIS_DCMTK_367",
		Exposures: []string{
			"any-ae-title", "dicom-plaintext", "echo-open", "find-patient-open", "find-study-open",
			"patient-data-disclosed", "retrieve-open", "store-open",
		},
		Attributes: []string{"PatientBirthDate", "PatientID", "PatientName", "ReferringPhysicianName", "StudyDate", "StudyDescription"},
		Patients:   40, Studies: 40, Images: 120, Retrievable: true,
		Count: report.Count{Kind: "exact", StudiesLow: 40, StudiesHigh: 40, ImagesLow: 120, ImagesHigh: 120},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// The probes need two associations, the census two, since as many patients as
	// studies are asked for once more; the closed port one.
	if got := n.Dials.Load(); got != 5 {
		t.Errorf("%d connections, want 5", got)
	}
}

// TestExamine_NothingKept: what is planted in every answer is in no output.
func TestExamine_NothingKept(t *testing.T) {
	a := full()
	a.Offers = append(probetest.Everything(), dimse.WorklistFind)
	a.Worklist = probetest.Patients(3)
	p := port(a.Serve(t))
	w := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		io.WriteString(rw, "<title>QUASIMODO^ESMERALDA PID-81726354</title>")
	}))
	defer w.Close()
	var diagnostics strings.Builder
	e := &survey.Examiner{Diagnostics: slog.New(slog.NewTextHandler(&diagnostics, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	found, _ := examine(t, e, loopback([]uint16{p}, []uint16{port(addrOf(w))}))
	written, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	for _, planted := range probetest.Planted() {
		if strings.Contains(string(written), planted) || strings.Contains(diagnostics.String(), planted) {
			t.Errorf("%q was kept:\n%s\n%s", planted, written, diagnostics.String())
		}
	}
	if len(found.Systems) != 1 || !slices.Contains(found.Systems[0].Exposures, "patient-data-disclosed") {
		t.Errorf("systems %+v, want one that discloses", found.Systems)
	}
}

func addrOf(s *httptest.Server) netip.AddrPort {
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

func TestExamine_Classes(t *testing.T) {
	unknown := &ul.RejectError{Result: 1, Source: 1, Reason: 7}
	echo := []dicom.UID{dimse.Verification}
	strange := probetest.NewAuthority(t).Pool
	secure := &tls.Config{Certificates: []tls.Certificate{probetest.NewAuthority(t).Issue(t, probetest.Certificate{})}}
	for _, tt := range []struct {
		name      string
		archive   *probetest.Archive
		http      bool // the port is one for HTTP
		class     probe.Class
		reject    string
		exposures []string
	}{
		{"rejects", &probetest.Archive{Reject: unknown}, false, probe.Rejects, "called-ae-title-not-recognized", []string{"dicom-plaintext"}},
		{"rejects_on_wrong_port", &probetest.Archive{Reject: unknown}, true, probe.WrongPort, "called-ae-title-not-recognized", []string{"dicom-plaintext"}},
		{"tls_on_wrong_port", &probetest.Archive{Offers: echo, TLS: secure}, true, probe.WrongPort, "",
			[]string{"any-ae-title", "echo-open", "tls-certificate-untrusted"}},
		{"rejects_within_tls_on_wrong_port", &probetest.Archive{Reject: unknown, TLS: secure}, true, probe.WrongPort, "called-ae-title-not-recognized",
			[]string{"tls-certificate-untrusted"}},
		{"wrong_port", &probetest.Archive{}, true, probe.WrongPort, "",
			[]string{"any-ae-title", "dicom-plaintext", "echo-open", "find-patient-open", "find-study-open", "retrieve-open", "store-open"}},
		{"hardened", &probetest.Archive{Find: dimse.NotAuthorised, Get: dimse.NotAuthorised, Move: dimse.MoveDestinationUnknown}, false, probe.AcceptsAnyone, "",
			[]string{"any-ae-title", "dicom-plaintext", "echo-open", "store-open"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := []uint16{port(tt.archive.Serve(t))}
			h := loopback(p, nil)
			if tt.http {
				h = loopback(nil, p)
			}
			found, _ := examine(t, &survey.Examiner{Roots: strange}, h)
			if len(found.Systems) != 1 {
				t.Fatalf("systems %+v, want one", found.Systems)
			}
			s := found.Systems[0]
			if s.Class != string(tt.class) || found.Answers[tt.class] != 1 {
				t.Errorf("class %q, answers %v, want %q", s.Class, found.Answers, tt.class)
			}
			if s.Reject != tt.reject || !s.IsDICOM() {
				t.Errorf("reject %q, DICOM %v, want %q of a DICOM system", s.Reject, s.IsDICOM(), tt.reject)
			}
			if !slices.Equal(s.Exposures, tt.exposures) {
				t.Errorf("exposures %q, want %q", s.Exposures, tt.exposures)
			}
		})
	}
}

// TestExamine_ClientCertificate: a port that shows its certificate and wants
// ours is a system where DICOM is expected, and an answer on a port for HTTP.
func TestExamine_ClientCertificate(t *testing.T) {
	closed := &probetest.Archive{TLS: &tls.Config{
		Certificates: []tls.Certificate{probetest.NewAuthority(t).Issue(t, probetest.Certificate{})}, ClientAuth: tls.RequireAnyClientCert,
	}}
	p := []uint16{port(closed.Serve(t))}
	for _, tt := range []struct {
		name    string
		host    scope.Host
		systems int
	}{{"dicom", loopback(p, nil), 1}, {"http", loopback(nil, p), 0}, {"both", loopback(p, p), 1}} {
		found, _ := examine(t, &survey.Examiner{}, tt.host)
		if len(found.Systems) != tt.systems || found.Answers[probe.ClientCert] != 1 {
			t.Errorf("%s: %d systems, answers %v, want %d and one that wants a certificate", tt.name, len(found.Systems), found.Answers, tt.systems)
		}
		for _, s := range found.Systems {
			if s.Class != string(probe.ClientCert) || s.IsDICOM() || s.TLS == nil || !s.TLS.ClientCert {
				t.Errorf("%s: %+v", tt.name, s)
			}
		}
	}
}

// TestExamine_Strangers: what is no archive ends in answers, in time.
func TestExamine_Strangers(t *testing.T) {
	strangers := map[string]func(net.Conn){
		"silent":  probetest.Silent,
		"hangsUp": probetest.HangsUp,
		"garbage": probetest.Says("\x00\xff\x00\xff\x00\xff"),
		"ssh":     probetest.Says("SSH-2.0-x\r\n"),
		"floods":  probetest.Floods("\x02\x00\xff\xff\xff\xff"),
		"drips":   probetest.Drips("\x02\x00\x00\x01", 40*time.Millisecond),
	}
	var ports []uint16
	for _, serve := range strangers {
		ports = append(ports, port(probetest.Peer(t, serve)))
	}
	for _, h := range []scope.Host{loopback(ports, nil), loopback(nil, ports), loopback(ports, ports)} {
		start := time.Now()
		found, n := examine(t, &survey.Examiner{}, h)
		if len(found.Systems) != 0 {
			t.Errorf("systems of strangers: %+v", found.Systems)
		}
		if got := found.Answers[probe.OtherService] + found.Answers[probe.Timeout]; got != int64(len(strangers)) {
			t.Errorf("answers %v, want other-service and timeout for each of %d", found.Answers, len(strangers))
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("strangers were waited for %v", took)
		}
		if got := n.Dials.Load(); got > int64(8*len(strangers)) {
			t.Errorf("%d connections to %d strangers, want 8 each at most", got, len(strangers))
		}
	}
}

func TestExamine_SameArchive(t *testing.T) {
	a, b := full(), full()
	other := full()
	other.Studies = probetest.Studies(7)
	pa, pb, po := port(a.Serve(t)), port(b.Serve(t)), port(other.Serve(t))
	found, _ := examine(t, &survey.Examiner{}, loopback([]uint16{pa, po, pb}, nil))
	if len(found.Systems) != 3 {
		t.Fatalf("%d systems, want 3", len(found.Systems))
	}
	got := []string{found.Systems[0].SameArchiveAs, found.Systems[1].SameArchiveAs, found.Systems[2].SameArchiveAs}
	if want := []string{"", "", fmt.Sprintf("127.0.0.1:%d", pa)}; !slices.Equal(got, want) {
		t.Errorf("same archive as %q, want %q", got, want)
	}
}

func TestExamine_Honeypot(t *testing.T) {
	trap := full()
	trap.AcceptAll, trap.SameAnswer = true, true
	found, _ := examine(t, &survey.Examiner{}, loopback([]uint16{port(trap.Serve(t))}, nil))
	if len(found.Systems) != 1 {
		t.Fatalf("%d systems, want 1", len(found.Systems))
	}
	s := found.Systems[0]
	want := []string{probe.SignAbstractSyntax, probe.SignTransferSyntax, probe.SignSameAnswer}
	if !slices.Equal(s.Honeypot, want) || !report.Suspect(&s) {
		t.Errorf("signs %q, want %q", s.Honeypot, want)
	}
	if s.Studies != 0 || s.Count.Kind != report.CountNone || len(s.Attributes) > 0 || slices.Contains(s.Exposures, "patient-data-disclosed") {
		t.Errorf("bait was counted: %+v", s)
	}
}

func TestExamine_EveryPort(t *testing.T) {
	var ports []uint16
	for range 4 {
		ports = append(ports, port((&probetest.Archive{AcceptAll: true}).Serve(t)))
	}
	found, _ := examine(t, &survey.Examiner{}, loopback(ports[:2], ports[2:]))
	for _, s := range found.Systems {
		if !slices.Contains(s.Honeypot, probe.SignEveryPort) {
			t.Errorf("%s: signs %q, want %q among them", s.Address, s.Honeypot, probe.SignEveryPort)
		}
	}
	found, _ = examine(t, &survey.Examiner{}, loopback(ports[:3], nil))
	for _, s := range found.Systems {
		if slices.Contains(s.Honeypot, probe.SignEveryPort) {
			t.Errorf("three ports are a sign: %q", s.Honeypot)
		}
	}
}

// TestExamine_Web: web services belong to the first DICOM service, and are a
// system by themselves where there is none.
func TestExamine_Web(t *testing.T) {
	w := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		if rq.URL.Path == "/dicom-web/studies" {
			fmt.Fprintf(rw, `[{"%08X":{"vr":"PN","Value":[{"Alphabetic":"QUASIMODO"}]},"%08X":{"vr":"IS","Value":[5]}}]`,
				dict.PatientName, dict.NumberOfStudyRelatedInstances)
			return
		}
		rw.WriteHeader(404)
	}))
	defer w.Close()
	pw := port(addrOf(w))
	web := []report.Web{{Address: fmt.Sprintf("127.0.0.1:%d", pw), Status: 404, Open: []string{"qido", "wado"}}}

	alone, _ := examine(t, &survey.Examiner{NoCount: true}, loopback(nil, []uint16{pw}))
	if len(alone.Systems) != 1 {
		t.Fatalf("systems %+v, want one", alone.Systems)
	}
	s := alone.Systems[0]
	if s.Class != "web" || s.Address != web[0].Address || !reflect.DeepEqual(s.Web, web) || !s.Retrievable || alone.Answers[probe.Web] != 1 {
		t.Errorf("a web archive: %+v, answers %v", s, alone.Answers)
	}
	if want := []string{"patient-data-disclosed", "qido-open", "wado-open"}; !slices.Equal(s.Exposures, want) {
		t.Errorf("exposures %q, want %q", s.Exposures, want)
	}

	rejects := &probetest.Archive{Reject: &ul.RejectError{Result: 1, Source: 1, Reason: 7}}
	pd := port(rejects.Serve(t))
	beside, _ := examine(t, &survey.Examiner{NoCount: true}, loopback([]uint16{pd}, []uint16{pw}))
	if len(beside.Systems) != 1 {
		t.Fatalf("systems %+v, want one", beside.Systems)
	}
	s = beside.Systems[0]
	if s.Class != "rejects" || !reflect.DeepEqual(s.Web, web) || !s.Retrievable {
		t.Errorf("an archive with web services: %+v", s)
	}
	if want := []string{"dicom-plaintext", "patient-data-disclosed", "qido-open", "wado-open"}; !slices.Equal(s.Exposures, want) {
		t.Errorf("exposures %q, want %q", s.Exposures, want)
	}
}

// TestExamine_Vulnerabilities: those of the archive's toolkit and of the server
// in front of its pages, worst first; none of a honeypot's.
func TestExamine_Vulnerabilities(t *testing.T) {
	a := full()
	a.ClassUID, a.VersionName = "1.2.276.0.7230010.3.0.3.6.4", "OFFIS_DCMTK_364"
	pd := port(a.Serve(t))
	w := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		rw.Header().Set("Server", "Microsoft-IIS/6.0")
		rw.WriteHeader(404)
	}))
	defer w.Close()
	e := &survey.Examiner{Advisories: advisory.Embedded()}
	found, _ := examine(t, e, loopback([]uint16{pd}, []uint16{port(addrOf(w))}))
	if len(found.Systems) != 1 {
		t.Fatalf("systems %+v, want one", found.Systems)
	}
	s := found.Systems[0]
	var ids []string
	for _, v := range s.Vulnerabilities {
		ids = append(ids, v.ID)
	}
	if len(ids) < 2 || ids[0] != "CVE-2017-7269" || !slices.Contains(ids, "CVE-2022-2119") {
		t.Errorf("vulnerabilities %q, want CVE-2017-7269 of IIS first and CVE-2022-2119 of DCMTK", ids)
	}
	if !slices.Contains(s.Exposures, "known-vulnerability") || !slices.Contains(s.Exposures, "known-vulnerability-exploited") {
		t.Errorf("exposures %q", s.Exposures)
	}
	trap := full()
	trap.AcceptAll, trap.VersionName = true, "OFFIS_DCMTK_364"
	found, _ = examine(t, e, loopback([]uint16{port(trap.Serve(t))}, nil))
	if s := found.Systems[0]; len(s.Vulnerabilities) > 0 {
		t.Errorf("vulnerabilities of a honeypot: %+v", s.Vulnerabilities)
	}
}

// TestExamine_WebOnDICOMPort: a DICOM port that speaks HTTP is another service,
// and is asked as a web service only where the scope says so.
func TestExamine_WebOnDICOMPort(t *testing.T) {
	var asked atomic.Int32
	w := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		asked.Add(1)
		if rq.URL.Path == "/dicom-web/studies" {
			io.WriteString(rw, "[]")
			return
		}
		rw.WriteHeader(404)
	}))
	defer w.Close()
	p := []uint16{port(addrOf(w))}
	found, _ := examine(t, &survey.Examiner{NoCount: true}, loopback(p, nil))
	if len(found.Systems) != 0 || found.Answers[probe.OtherService] != 1 || asked.Load() != 0 {
		t.Errorf("a DICOM port: %d systems, answers %v, %d pages", len(found.Systems), found.Answers, asked.Load())
	}
	found, _ = examine(t, &survey.Examiner{NoCount: true}, loopback(p, p))
	if len(found.Systems) != 1 || found.Systems[0].Class != "web" || found.Answers[probe.Web] != 1 {
		t.Errorf("a port for both: %+v, answers %v", found.Systems, found.Answers)
	}
}

// TestExamine_CountsByQIDO: where no C-FIND counts, pages do.
func TestExamine_CountsByQIDO(t *testing.T) {
	const studies, images = 230, 7
	w := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		if rq.URL.Path != "/dicom-web/studies" {
			rw.WriteHeader(404)
			return
		}
		rw.Header().Set("Content-Type", "application/dicom+json")
		limit, _ := strconv.Atoi(rq.URL.Query().Get("limit"))
		offset, _ := strconv.Atoi(rq.URL.Query().Get("offset"))
		var page []string
		for i := offset; i < min(offset+min(limit, 100), studies); i++ {
			page = append(page, fmt.Sprintf(`{"0020000D":{"vr":"UI","Value":["1.2.3.%d"]},"00100020":{"vr":"LO","Value":["PID-81726354-%d"]},`+
				`"00201208":{"vr":"IS","Value":[%d]}}`, i+1, i/2, images))
		}
		fmt.Fprintf(rw, "[%s]", strings.Join(page, ","))
	}))
	defer w.Close()
	found, _ := examine(t, &survey.Examiner{}, loopback(nil, []uint16{port(addrOf(w))}))
	if len(found.Systems) != 1 {
		t.Fatalf("systems %+v, want one", found.Systems)
	}
	s := found.Systems[0]
	if s.Patients != studies/2 || s.Studies != studies || s.Images != studies*images || s.Count.Kind != report.CountExact {
		t.Errorf("%d patients, %d studies, %d images, %+v, want %d, %d, %d", s.Patients, s.Studies, s.Images, s.Count, studies/2, studies, studies*images)
	}
}

func TestExamine_RunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	n := probetest.NewNetwork()
	n.Timeout = 20 * time.Second
	start := time.Now()
	_, err := (&survey.Examiner{}).Examine(ctx, loopback([]uint16{port(probetest.Peer(t, probetest.Silent))}, nil), &n.Network)
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("Examine went on for %v: %v", time.Since(start), err)
	}
}

// TestExamine_HostTime: what was learned before a host's time was over stands.
func TestExamine_HostTime(t *testing.T) {
	a := full()
	a.Delay = 250 * time.Millisecond // of each answer; the questions need more than the time
	ctx, cancel := context.WithTimeoutCause(t.Context(), 1300*time.Millisecond, survey.ErrHostTime)
	defer cancel()
	n := probetest.NewNetwork()
	found, err := (&survey.Examiner{}).Examine(ctx, loopback([]uint16{port(a.Serve(t)), port(probetest.Peer(t, probetest.Silent))}, nil), &n.Network)
	if err != nil {
		t.Fatalf("Examine: %v", err)
	}
	if len(found.Systems) != 1 {
		t.Fatalf("systems %+v, want one", found.Systems)
	}
	s := found.Systems[0]
	for _, id := range []string{"echo-open", "find-study-open", "patient-data-disclosed"} {
		if !slices.Contains(s.Exposures, id) {
			t.Errorf("exposures %q, want %s among them", s.Exposures, id)
		}
	}
	if want := map[probe.Class]int64{probe.AcceptsAnyone: 1, probe.Timeout: 1}; !reflect.DeepEqual(found.Answers, want) {
		t.Errorf("answers %v, want %v", found.Answers, want)
	}
}
