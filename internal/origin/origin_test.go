package origin_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/origin"
)

// archive is a leadglass.Archive in memory of one study, "1.2", and a hidden one.
type archive struct {
	query   *leadglass.Query
	files   map[leadglass.Ref][]byte
	stored  []byte
	deleted leadglass.Ref
}

func studyOf(r leadglass.Ref) *leadglass.Study {
	return &leadglass.Study{UID: r.Study, Patient: "P1", Institution: map[bool]string{true: "SECRET"}[r.Study == "1.6.6"]}
}

func (a *archive) Find(_ context.Context, q *leadglass.Query) iter.Seq2[*leadglass.Match, error] {
	a.query = q
	return func(yield func(*leadglass.Match, error) bool) {
		for _, uid := range []dicom.UID{"1.2", "1.6.6", "1.3"} {
			d := &dicom.Dataset{}
			d.SetString(dict.StudyInstanceUID, string(uid))
			d.SetString(dict.PatientName, "Planted^Mark")
			r := leadglass.Ref{Patient: "P1", Study: uid}
			if !yield(&leadglass.Match{Ref: r, Studies: []*leadglass.Study{studyOf(r)}, Attributes: d}, nil) {
				return
			}
		}
	}
}

func within(r, o leadglass.Ref) bool {
	return (r.Study == "" || r.Study == o.Study) && (r.Series == "" || r.Series == o.Series) && (r.Instance == "" || r.Instance == o.Instance)
}

func (a *archive) Studies(_ context.Context, r leadglass.Ref) iter.Seq2[*leadglass.Study, error] {
	return func(yield func(*leadglass.Study, error) bool) {
		for o := range a.files {
			if within(r, o) && !yield(studyOf(o), nil) {
				return
			}
		}
	}
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

func (a *archive) Objects(_ context.Context, r leadglass.Ref) iter.Seq2[*leadglass.Object, error] {
	return func(yield func(*leadglass.Object, error) bool) {
		for o, file := range a.files {
			if within(r, o) && !yield(&leadglass.Object{
				Ref: o, Study: studyOf(o), Class: dict.CTImageStorage, Syntax: dicom.ExplicitVRLittleEndian.UID, Size: int64(len(file)),
				Open: func(context.Context) (leadglass.Content, error) { return content{bytes.NewReader(file)}, nil },
			}, nil) {
				return
			}
		}
	}
}

func (a *archive) Store(_ context.Context, in *leadglass.Incoming) (*leadglass.Stored, error) {
	b, err := io.ReadAll(in.Data)
	if err != nil {
		return nil, err
	}
	if in.Study != "" && in.Study != "1.2" || !in.File {
		return nil, leadglass.Errorf(leadglass.Conflict, "archive: another study")
	}
	a.stored = b
	r := leadglass.Ref{Patient: "P1", Study: "1.2", Series: "1.2.3", Instance: "1.2.3.4"}
	return &leadglass.Stored{Ref: r, Study: studyOf(r), Class: dict.CTImageStorage, Size: int64(len(b))}, nil
}

func (a *archive) Delete(_ context.Context, r leadglass.Ref) (int, error) {
	a.deleted = r
	return 1, nil
}

type recorder struct {
	mu      sync.Mutex
	records []leadglass.Record
	fail    error
}

func (r *recorder) Record(_ context.Context, records ...*leadglass.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range records {
		r.records = append(r.records, *one)
	}
	return r.fail
}

// decider permits what has a purpose, but nothing of a secret institution.
type decider struct {
	mu   sync.Mutex
	last leadglass.Request
}

func (*decider) Policy() string { return "sha256:00" }

func (d *decider) Decide(rq *leadglass.Request, s *leadglass.Study) leadglass.Decision {
	d.mu.Lock()
	d.last = *rq
	d.mu.Unlock()
	switch {
	case rq.Purpose == leadglass.NoPurposeGiven:
		return leadglass.Decision{Reason: leadglass.NoPurpose}
	case s != nil && s.Institution == "SECRET":
		return leadglass.Decision{Reason: leadglass.NoRule}
	}
	return leadglass.Decision{Effect: leadglass.Permit}
}

// directory knows the token "good", the account "ann" with "right", and any
// certificate of the common name "ct".
type directory struct{ asked int }

func denied(r leadglass.Reason) error {
	return &leadglass.Error{Code: leadglass.Denied, Reason: r, Err: errors.New("directory: Planted^Mark")}
}

func (d *directory) Device(_ context.Context, w identity.Wire, calling, called leadglass.AETitle) (*identity.Device, error) {
	if w.Certificate == nil || w.Certificate.Subject.CommonName != "ct" || calling != "" || called != "" {
		return nil, denied(leadglass.NoIdentity)
	}
	return &identity.Device{
		Peer:    &leadglass.Peer{Kind: leadglass.Device, ID: "ct", Active: true, Assurance: leadglass.Certificate, TLS: w.TLS, Address: w.Address},
		Purpose: leadglass.Treatment, Services: []leadglass.Route{leadglass.STOW},
	}, nil
}

func (d *directory) Person(_ context.Context, w identity.Wire, name, password string) (*leadglass.Peer, error) {
	d.asked++
	if name != "ann" || password != "right" {
		return nil, denied(leadglass.NoIdentity)
	}
	return &leadglass.Peer{Kind: leadglass.Person, ID: "ann", Issuer: "local", Active: true, Assurance: leadglass.Password, TLS: w.TLS, Address: w.Address}, nil
}

func (d *directory) Bearer(_ context.Context, w identity.Wire, token string) (*leadglass.Peer, leadglass.Purpose, error) {
	p := map[string]leadglass.Purpose{"good": "", "research": leadglass.Research, "treat": leadglass.Treatment}
	purpose, ok := p[token]
	if !ok {
		return nil, "", denied(leadglass.NotActive)
	}
	return &leadglass.Peer{Kind: leadglass.Person, ID: "bob", Active: true, Assurance: leadglass.Token, Address: w.Address}, purpose, nil
}

type house struct {
	*archive
	*recorder
	*decider
	dir  *directory
	h    *origin.Handler
	now  time.Time
	said bytes.Buffer
}

func build(t testing.TB, lim origin.Limits) *house {
	s := &house{archive: &archive{files: map[leadglass.Ref][]byte{}}, recorder: &recorder{}, decider: &decider{}, dir: &directory{}, now: time.Unix(1e9, 0)}
	now := func() time.Time { return s.now }
	s.h = origin.New(origin.Config{
		Guard:     guard.New(guard.Config{Archive: s.archive, Decider: s.decider, Recorder: s.recorder, Now: now}),
		Directory: s.dir, Limits: lim, Now: now,
		Diagnostics: slog.New(slog.NewTextHandler(&s.said, nil)),
	})
	for _, study := range []string{"1.2", "1.6.6"} {
		r := leadglass.Ref{Patient: "P1", Study: dicom.UID(study), Series: dicom.UID(study + ".3"), Instance: dicom.UID(study + ".3.4")}
		d := &dicom.Dataset{}
		d.SetString(dict.SOPClassUID, dict.CTImageStorage)
		d.SetString(dict.SOPInstanceUID, string(r.Instance))
		d.SetString(dict.PatientName, "Planted^Mark")
		var b bytes.Buffer
		if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
			t.Fatal(err)
		}
		s.files[r] = b.Bytes()
	}
	t.Cleanup(func() {
		if strings.Contains(s.said.String(), "Planted") && !strings.Contains(s.said.String(), "directory: ") {
			t.Errorf("diagnostics show a patient: %s", s.said.String())
		}
	})
	return s
}

// guarded skips a test for which there has to be a guard.
func (s *house) guarded(t testing.TB) {
	rq := &leadglass.Request{Purpose: leadglass.Treatment, Peer: &leadglass.Peer{}}
	if i, err := s.h.GuardForTest().Store(t.Context(), rq); i == nil && err == nil {
		t.Skip("there is no guard yet")
	}
	s.recorder.records = nil
}

func (s *house) ask(method, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	return w
}

func bearer(token string, purpose ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
		for _, p := range purpose {
			r.Header.Add(origin.PurposeHeader, p)
		}
	}
}

// TestIdentify_Nobody: whoever shows nothing, or something wrong, is told the same
// about every path.
func TestIdentify_Nobody(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"nothing":        nil,
		"forged":         bearer("forged"),
		"empty":          bearer(""),
		"password_plain": func(r *http.Request) { r.SetBasicAuth("ann", "right") },
		"scheme":         func(r *http.Request) { r.Header.Set("Authorization", "Negotiate good") },
		"two":            func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer good", "Bearer good"} },
		"long":           bearer(strings.Repeat("a", 16<<10+1)),
		"certificate": func(r *http.Request) {
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
		},
		"wrong_password": func(r *http.Request) { r.TLS = &tls.ConnectionState{}; r.SetBasicAuth("ann", "wrong") },
		"no_base64":      func(r *http.Request) { r.TLS = &tls.ConnectionState{}; r.Header.Set("Authorization", "Basic *") },
	} {
		t.Run(name, func(t *testing.T) {
			s := build(t, origin.Limits{})
			var first string
			for _, path := range []string{"/dicom-web/studies/1.2", "/dicom-web/studies/1.9", "/", "/dicom-web/studies?PatientID=1", "/nothing"} {
				w := s.ask("GET", path, change)
				if w.Code != 401 || len(w.Header().Values("WWW-Authenticate")) == 0 {
					t.Fatalf("%s: got %d %v", path, w.Code, w.Header())
				}
				if first == "" {
					first = w.Body.String()
				}
				if w.Body.String() != first || w.Header().Get("X-Request-Id") == "" || w.Header().Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s: %s, %v", path, w.Body, w.Header())
				}
			}
			plain := change == nil || !strings.Contains(name, "wrong") && !strings.Contains(name, "certificate") && !strings.Contains(name, "base64")
			w := s.ask("GET", "/", change)
			if has := strings.Contains(strings.Join(w.Header().Values("WWW-Authenticate"), ""), "Basic"); has == plain {
				t.Errorf("Basic is offered: %v", has)
			}
		})
	}
}

// TestLimit_Failures: passwords cannot be tried without end; tokens and other
// addresses are not in the way.
func TestLimit_Failures(t *testing.T) {
	s := build(t, origin.Limits{Failures: 3, FailureWindow: 10 * time.Second})
	try := func(address, password string) int {
		return s.ask("GET", "/x", func(r *http.Request) {
			r.RemoteAddr, r.TLS = address, &tls.ConnectionState{}
			r.SetBasicAuth("ann", password)
		}).Code
	}
	for i := range 3 {
		if got := try("192.0.2.1:1", "wrong"); got != 401 {
			t.Fatalf("attempt %d: got %d", i, got)
		}
	}
	if got := try("192.0.2.1:2", "right"); got != 429 || s.dir.asked != 3 {
		t.Errorf("got %d after %d attempts, want 429 after 3", got, s.dir.asked)
	}
	if got := try("192.0.2.2:1", "right"); got != 404 {
		t.Errorf("another address: got %d, want 404", got)
	}
	if got := s.ask("GET", "/x", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:3"; bearer("good")(r) }).Code; got != 404 {
		t.Errorf("a token: got %d, want 404", got)
	}
	s.now = s.now.Add(10 * time.Second)
	if got := try("192.0.2.1:4", "right"); got != 404 {
		t.Errorf("later: got %d, want 404", got)
	}
	for i := range 5 { // one site has all of a /64
		try(fmt.Sprintf("[2001:db8::%d]:1", i), "wrong")
	}
	if got := try("[2001:db8::77]:1", "right"); got != 429 {
		t.Errorf("IPv6: got %d, want 429", got)
	}
}

func TestLimit_Addresses(t *testing.T) {
	s := build(t, origin.Limits{Failures: 1, Addresses: 2, FailureWindow: time.Hour})
	for i := range 3 {
		s.ask("GET", "/x", func(r *http.Request) {
			r.RemoteAddr, r.TLS = fmt.Sprintf("192.0.2.%d:1", i), &tls.ConnectionState{}
			r.SetBasicAuth("ann", "wrong")
		})
	}
	if n := s.h.Remembered(); n > 2 {
		t.Errorf("%d addresses are remembered, want at most 2", n)
	}
}

// TestStatus_EachCode: no code is forgotten.
func TestStatus_EachCode(t *testing.T) {
	seen := map[int]leadglass.Code{}
	for _, c := range leadglass.Codes() {
		status := origin.StatusOf(c)
		if status < 400 || status > 599 {
			t.Errorf("%s has the status %d", c, status)
		}
		if other, ok := seen[status]; ok {
			t.Errorf("%s and %s have the status %d", c, other, status)
		}
		seen[status] = c
	}
}

// TestProblem_TellsNothing: what may not be had and what is not there are one.
func TestProblem_TellsNothing(t *testing.T) {
	for _, err := range []error{
		&leadglass.Error{Code: leadglass.NotFound, Reason: leadglass.NoRule, Err: errors.New("Planted^Mark")},
		&leadglass.Error{Code: leadglass.NotFound, Err: errors.New("nothing")},
	} {
		if got := origin.ProblemOf(err).Error(); got != "HTTP status 404 Not Found" {
			t.Errorf("got %q", got)
		}
	}
	if got := origin.ProblemOf(denied(leadglass.NoPurpose)).Error(); got != "HTTP status 403 Forbidden: no-purpose" {
		t.Errorf("got %q", got)
	}
	if got := origin.ProblemOf(denied(leadglass.NoIdentity)).Error(); got != "HTTP status 401 Unauthorized: no-identity" {
		t.Errorf("got %q", got)
	}
}

// TestServer_Hostile: what is no request of HTTP is refused, and none of two that
// are smuggled as one is answered as somebody's.
func TestServer_Hostile(t *testing.T) {
	s := build(t, origin.Limits{HeaderTime: 300 * time.Millisecond, HeaderBytes: 8 << 10, PerAddress: 2})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := s.h.Server(nil)
	go srv.Serve(s.h.Bounded(l))
	defer srv.Close()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		return c
	}
	const auth = "Host: x\r\nAuthorization: Bearer good\r\n"
	for name, c := range map[string]struct {
		request string
		want    string
	}{
		"both_lengths":   {"POST /dicom-web/x HTTP/1.1\r\n" + auth + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /dicom-web/y HTTP/1.1\r\nHost: x\r\n\r\n", "404"},
		"two_lengths":    {"POST /x HTTP/1.1\r\n" + auth + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "400"},
		"folded":         {"GET /x HTTP/1.1\r\n" + auth + "X : y\r\n\r\n", "400"},
		"no_host":        {"GET /x HTTP/1.1\r\nAuthorization: Bearer good\r\n\r\n", "400"},
		"host_injection": {"GET /dicom-web/studies HTTP/1.1\r\nHost: a\"b<c\r\n\r\n", "400"},
		"long_header":    {"GET /x HTTP/1.1\r\n" + auth + "X: " + strings.Repeat("y", 16<<10) + "\r\n\r\n", "431"},
		"slow":           {"GET /x HTTP/1.1\r\nHost", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c2 := dial()
			defer c2.Close()
			io.WriteString(c2, c.request)
			b, _ := io.ReadAll(c2)
			status, _, _ := strings.Cut(strings.TrimPrefix(string(b), "HTTP/1.1 "), " ")
			if name != "slow" && status != c.want {
				t.Errorf("got %q, want %s", b, c.want)
			}
			if n := strings.Count(string(b), "HTTP/1.1 "); n > 1 {
				t.Errorf("%d answers to one request: %q", n, b)
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	one, two := dial(), dial()
	defer one.Close()
	defer two.Close()
	for _, c := range []net.Conn{one, two} {
		io.WriteString(c, "GET /x HTTP/1.1\r\n"+auth+"\r\n")
		if line, _ := bufio.NewReader(c).ReadString('\n'); !strings.Contains(line, "404") {
			t.Errorf("got %q", line)
		}
	}
	three := dial()
	defer three.Close()
	io.WriteString(three, "GET /x HTTP/1.1\r\n"+auth+"\r\n")
	if b, _ := io.ReadAll(three); len(b) > 0 {
		t.Errorf("a connection too many is answered: %q", b)
	}
}

func TestDeclare(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   func(*http.Request)
		purpose  leadglass.Purpose
		declared leadglass.Declaration
	}{
		{"none", bearer("good"), "", ""},
		{"header", bearer("good", "treat"), leadglass.Treatment, leadglass.ByRequest},
		{"unknown", bearer("good", "curiosity"), "", leadglass.ByRequest},
		{"two", bearer("good", "TREAT", "TREAT"), "", leadglass.ByRequest},
		{"token", bearer("research"), leadglass.Research, leadglass.ByToken},
		{"within_token", bearer("treat", "ETREAT"), leadglass.EmergencyTreat, leadglass.ByRequest},
		{"against_token", bearer("research", "TREAT"), "", leadglass.ByRequest},
		{"glass", bearer("treat", "BTG"), "", leadglass.ByRequest},
		{"device", func(r *http.Request) {
			cert := &x509.Certificate{}
			cert.Subject.CommonName = "ct"
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}
		}, leadglass.Treatment, leadglass.ByDevice},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/dicom-web/studies", nil)
			c.change(r)
			s := build(t, origin.Limits{})
			peer, p, by := s.h.Identified(r)
			if peer == nil || p != c.purpose || by != c.declared {
				t.Errorf("got %v %q %q, want %q %q", peer, p, by, c.purpose, c.declared)
			}
		})
	}
}

// TestDevice_OnlyItsServices: a modality that stores does not read.
func TestDevice_OnlyItsServices(t *testing.T) {
	s := build(t, origin.Limits{})
	w := s.ask("GET", "/dicom-web/studies", func(r *http.Request) {
		cert := &x509.Certificate{}
		cert.Subject.CommonName = "ct"
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}}
	})
	if w.Code != 403 || !strings.Contains(w.Body.String(), "forbidden") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestSearch(t *testing.T) {
	s := build(t, origin.Limits{})
	s.guarded(t)
	w := s.ask("GET", "/dicom-web/studies?PatientID=P1&ModalitiesInStudy=CT&includefield=StudyDescription", bearer("good", "TREAT"))
	if w.Code != 200 || strings.Contains(w.Body.String(), "1.6.6") || strings.Count(w.Body.String(), `"0020000D"`) != 2 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if len(s.recorder.records) == 0 || s.recorder.records[0].Route != leadglass.QIDO || s.recorder.records[0].ID != w.Header().Get("X-Request-Id") {
		t.Errorf("records %+v", s.recorder.records)
	}
	if w := s.ask("GET", "/dicom-web/studies", bearer("good")); w.Code != 403 || !strings.Contains(w.Body.String(), "no-purpose") {
		t.Errorf("without a purpose: got %d %s", w.Code, w.Body)
	}
	s.recorder.fail = errors.New("disk")
	if w := s.ask("GET", "/dicom-web/studies", bearer("good", "TREAT")); w.Code != 503 || strings.Contains(w.Body.String(), "Planted") {
		t.Errorf("without a log: got %d %s", w.Code, w.Body)
	}
}

// TestRetrieve_HiddenIsMissing: the two are the same answer to the last byte.
func TestRetrieve_HiddenIsMissing(t *testing.T) {
	s := build(t, origin.Limits{})
	s.guarded(t)
	if w := s.ask("GET", "/dicom-web/studies/1.2", bearer("good", "TREAT")); w.Code != 200 || w.Body.Len() < 300 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	for _, suffix := range []string{"", "/metadata", "/series/1.6.6.3/instances/1.6.6.3.4", "/series/1.6.6.3/instances/1.6.6.3.4/frames/1"} {
		hidden := s.ask("GET", "/dicom-web/studies/1.6.6"+suffix, bearer("good", "TREAT"))
		missing := s.ask("GET", "/dicom-web/studies/1.6.7"+strings.ReplaceAll(suffix, "1.6.6", "1.6.7"), bearer("good", "TREAT"))
		hidden.Header().Del("X-Request-Id")
		missing.Header().Del("X-Request-Id")
		if hidden.Code != 404 || hidden.Body.String() != missing.Body.String() || fmt.Sprint(hidden.Header()) != fmt.Sprint(missing.Header()) {
			t.Errorf("%s: hidden %d %s %v, missing %d %s %v", suffix, hidden.Code, hidden.Body, hidden.Header(), missing.Code, missing.Body, missing.Header())
		}
	}
}

func TestStore(t *testing.T) {
	s := build(t, origin.Limits{})
	s.guarded(t)
	for path, want := range map[string]int{"/dicom-web/studies": 200, "/dicom-web/studies/1.2": 200, "/dicom-web/studies/1.9": 409} {
		w := s.ask("POST", path, func(r *http.Request) {
			bearer("good", "TREAT")(r)
			r.Header.Set("Content-Type", "application/dicom")
			r.Body = io.NopCloser(strings.NewReader("a file"))
		})
		if w.Code != want || want == 200 && string(s.stored) != "a file" {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
	if w := s.ask("DELETE", "/dicom-web/studies/1.2", bearer("good", "TREAT")); w.Code != 204 || s.deleted.Study != "1.2" {
		t.Errorf("delete: got %d, %v", w.Code, s.deleted)
	}
}

func TestQuery(t *testing.T) {
	s := build(t, origin.Limits{})
	q, err := s.h.QueryForTest("/dicom-web/studies/1.2/series?Modality=CT&RequestAttributesSequence.ScheduledProcedureStepID=7&SeriesInstanceUID=1.5,1.6&StudyInstanceUID=9.9&fuzzymatching=true&includefield=all")
	if err != nil {
		t.Fatal(err)
	}
	if q.Level != leadglass.SeriesLevel || !q.All || !q.Fuzzy {
		t.Errorf("got %+v", q)
	}
	for tag, want := range map[dicom.Tag]string{dict.Modality: "CT", dict.StudyInstanceUID: "1.2", dict.SeriesDescription: ""} {
		if q.Keys.Get(tag) == nil || q.Keys.String(tag) != want {
			t.Errorf("%v: got %q, want %q", tag, q.Keys.String(tag), want)
		}
	}
	if got := q.Keys.Strings(dict.SeriesInstanceUID); len(got) != 2 || got[1] != "1.6" {
		t.Errorf("UIDs %q", got)
	}
	if items := q.Keys.Sequence(dict.RequestAttributesSequence); len(items) != 1 || items[0].String(dict.ScheduledProcedureStepID) != "7" {
		t.Error("the key within the sequence is lost")
	}
	for _, query := range []string{"PatientName=a&PatientName=b", "Rows=x", "PixelData=1", "PatientName.Modality=CT", "RequestAttributesSequence=1"} {
		if _, err := s.h.QueryForTest("/dicom-web/studies?" + query); err == nil {
			t.Errorf("%s is taken", query)
		}
	}
}

// TestServer_TLS: a password counts over TLS, on HTTP/1.1 and 2.
func TestServer_TLS(t *testing.T) {
	s := build(t, origin.Limits{})
	for _, two := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(s.h)
		srv.EnableHTTP2 = two
		srv.Config = s.h.Server(nil)
		srv.Listener = s.h.Bounded(srv.Listener)
		srv.StartTLS()
		r, _ := http.NewRequest("GET", srv.URL+"/nothing", nil)
		r.SetBasicAuth("ann", "right")
		resp, err := srv.Client().Do(r)
		if err != nil || resp.StatusCode != 404 || resp.ProtoMajor == 2 != two {
			t.Errorf("got %v, %v", resp, err)
		}
		srv.Close()
	}
}
