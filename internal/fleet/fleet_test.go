package fleet_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet"
	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/ul"
)

// prefix is a part of loopback that other processes' tests do not use.
func prefix() netip.Prefix {
	pid := os.Getpid()
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, byte(100 + pid/16%128), byte(pid % 16 * 16), 0}), 20)
}

// widePrefix has room for a full fleet.
func widePrefix() netip.Prefix {
	pid := os.Getpid()
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, byte(230 + pid/4%24), byte(pid % 4 * 64), 0}), 18)
}

// start serves a tiny fleet for a test.
func start(t testing.TB) *fleet.Plan {
	t.Helper()
	p := plan(t, fleet.Config{Preset: fleet.Tiny, Seed: 1, Listen: prefix()})
	f, err := fleet.Start(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return p
}

// everything is proposed to each.
var everything = []dicom.UID{
	dimse.Verification, dimse.StudyRootFind, dimse.PatientRootFind, dimse.WorklistFind,
	dimse.StudyRootGet, dimse.PatientRootGet, dimse.StudyRootMove, dimse.PatientRootMove, dict.CTImageStorage,
	dict.SecondaryCaptureImageStorage,
}

func dial(t testing.TB, address string, secure *tls.Config, calling ul.AETitle) (*ul.Assoc, error) {
	t.Helper()
	rq := &ul.AssociateRQ{Calling: calling, Called: "ANY-SCP"}
	for i, class := range everything {
		rq.Contexts = append(rq.Contexts, ul.PresentationContext{
			ID: uint8(2*i + 1), AbstractSyntax: class,
			TransferSyntaxes: []dicom.UID{dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID},
		})
	}
	rq.User.ImplementationClassUID = "2.25.1"
	rq.User.Roles = dimse.RetrieveRoles(dict.SecondaryCaptureImageStorage)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return ul.Dial(ctx, address, rq, &ul.Config{TLS: secure})
}

func associate(t testing.TB, address string) (*dimse.Client, *ul.Assoc) {
	t.Helper()
	a, err := dial(t, address, nil, "TEST")
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	t.Cleanup(func() { _ = a.Abort(0) })
	return dimse.NewClient(a, dimse.Limits{}), a
}

// counted is what a C-FIND gave.
type counted struct {
	answers, sum int64
	status       dimse.Status
	last         *dicom.Dataset
}

func find(t testing.TB, c *dimse.Client, model dicom.UID, level string, sum dicom.Tag, keys map[dicom.Tag]string) counted {
	t.Helper()
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, level)
	if sum != 0 {
		id.SetString(sum)
	}
	for tag, v := range keys {
		if v == "" {
			id.SetString(tag)
		} else {
			id.SetString(tag, v)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var got counted
	rsp, err := c.Find(ctx, &dimse.Query{Model: model, Identifier: id}, func(b []byte, ts *dicom.TransferSyntax) error {
		d, err := dicom.DecodeBytes(append([]byte(nil), b...), ts, dicom.Options{})
		if err != nil {
			return err
		}
		got.answers++
		n, _ := d.Int(sum)
		got.sum += n
		got.last = d
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got.status = rsp.Status
	return got
}

func systems(p *fleet.Plan) map[string]report.System {
	m := map[string]report.System{}
	for _, s := range p.Truth().Systems {
		m[s.Address] = s
	}
	return m
}

// TestFleet_AnswersWhatTheTruthSays asks each open archive for everything.
func TestFleet_AnswersWhatTheTruthSays(t *testing.T) {
	p := start(t)
	all := systems(p)
	asked := 0
	for _, role := range []string{"open", "two-ports", "study-root-only", "implicit-only", "worklist", "wrong-port", "social", "defence", "ransom", "slow", "empty"} {
		s := all[fleet.Address(p, role)]
		c, _ := associate(t, s.Address)
		got := find(t, c, dimse.StudyRootFind, "STUDY", dict.NumberOfStudyRelatedInstances, map[dicom.Tag]string{dict.StudyInstanceUID: ""})
		if got.status != dimse.Success || got.answers != s.Studies || got.sum != s.Images {
			t.Errorf("%s %s: %d studies, %d images, status %04X; want %d, %d", role, s.Address, got.answers, got.sum, uint16(got.status), s.Studies, s.Images)
		}
		if s.Patients > 0 {
			got := find(t, c, dimse.PatientRootFind, "PATIENT", dict.NumberOfPatientRelatedStudies, nil)
			if got.answers != s.Patients || got.sum != s.Studies {
				t.Errorf("%s: %d patients with %d studies, want %d with %d", role, got.answers, got.sum, s.Patients, s.Studies)
			}
		}
		asked++
	}
	if asked != 11 {
		t.Errorf("%d archives asked", asked)
	}
}

func TestFleet_ShowsWhatIdentifies(t *testing.T) {
	p := start(t)
	c, _ := associate(t, fleet.Address(p, "social"))
	got := find(t, c, dimse.StudyRootFind, "STUDY", 0, map[dicom.Tag]string{
		dict.StudyInstanceUID: "", dict.PatientName: "*", dict.PatientID: "866-40-0001", dict.PatientBirthDate: "", dict.StudyDate: "",
		dict.StudyDescription: "", dict.ReferringPhysicianName: "", dict.PatientComments: "",
	})
	if got.answers == 0 || !strings.Contains(got.last.String(dict.PatientName), "zwyx^") || got.last.String(dict.PatientBirthDate) != "19210319" ||
		got.last.String(dict.PatientID) != "866-40-0001" || !strings.HasSuffix(got.last.String(dict.StudyDescription), "zwyx") {
		t.Errorf("%d answers, the last is %v", got.answers, got.last)
	}
	if e := got.last.Get(dict.PatientComments); e == nil || len(e.Value) != 0 {
		t.Error("a return key that the archive does not know is not empty")
	}
	for _, pattern := range []string{"*ZWYX^*", "*zwyx^?*"} {
		if n := find(t, c, dimse.StudyRootFind, "STUDY", 0, map[dicom.Tag]string{dict.PatientName: pattern}).answers; n != systems(p)[fleet.Address(p, "social")].Studies {
			t.Errorf("%q matches %d studies", pattern, n)
		}
	}
	if n := find(t, c, dimse.StudyRootFind, "STUDY", 0, map[dicom.Tag]string{dict.PatientName: "Nobody*"}).answers; n != 0 {
		t.Errorf("nobody has %d studies", n)
	}
}

func TestFleet_Caps(t *testing.T) {
	p := start(t)
	for role, want := range map[string]dimse.Status{"capped": dimse.OutOfResources, "capped-quiet": dimse.Success} {
		s := systems(p)[fleet.Address(p, role)]
		c, _ := associate(t, s.Address)
		got := find(t, c, dimse.StudyRootFind, "STUDY", dict.NumberOfStudyRelatedInstances, nil)
		if limit := int64(fleet.Cap(p, s.Address)); got.answers != limit || got.status != want || s.Studies <= limit {
			t.Errorf("%s: %d of %d studies, status %04X; want %d and %04X", role, got.answers, s.Studies, uint16(got.status), limit, uint16(want))
		}
		var n, images int64 // month by month all come
		for day := content.DayOf(2004, 1, 1); day < content.DayOf(2020, 1, 1); day += 31 {
			window := date(day) + "-" + date(day+30)
			got := find(t, c, dimse.StudyRootFind, "STUDY", dict.NumberOfStudyRelatedInstances, map[dicom.Tag]string{dict.StudyDate: window})
			n, images = n+got.answers, images+got.sum
		}
		if n != s.Studies || images != s.Images {
			t.Errorf("%s: %d studies with %d images in windows, want %d with %d", role, n, images, s.Studies, s.Images)
		}
	}
}

func date(day int64) string {
	y, m, d := content.Civil(day)
	return fmt.Sprintf("%04d%02d%02d", y, m, d)
}

func TestFleet_Stalls(t *testing.T) {
	p := start(t)
	c, _ := associate(t, fleet.Address(p, "stalls"))
	begun := time.Now()
	got := find(t, c, dimse.StudyRootFind, "STUDY", 0, nil)
	if got.status != dimse.UnableToProcess || got.answers != 25 || time.Since(begun) < 900*time.Millisecond {
		t.Errorf("%d answers, status %04X after %s; want a page, then nothing for a second, then failure", got.answers, uint16(got.status), time.Since(begun))
	}
	if got := find(t, c, dimse.StudyRootFind, "STUDY", 0, map[dicom.Tag]string{dict.StudyDate: "20190101-20190201"}); got.status != dimse.Success {
		t.Errorf("a small window: status %04X", uint16(got.status))
	}
}

func TestFleet_LeavesNumbersOut(t *testing.T) {
	p := start(t)
	for role, level := range map[string]string{"silent-studies": "SERIES", "silent-series": "IMAGE"} {
		s := systems(p)[fleet.Address(p, role)]
		c, _ := associate(t, s.Address)
		if got := find(t, c, dimse.StudyRootFind, "STUDY", dict.NumberOfStudyRelatedInstances, nil); got.answers != s.Studies || got.sum != 0 {
			t.Errorf("%s: %d studies that say %d images; want %d that say nothing", role, got.answers, got.sum, s.Studies)
		}
		got := find(t, c, dimse.StudyRootFind, level, dict.NumberOfSeriesRelatedInstances, nil)
		if level == "SERIES" && got.sum != s.Images || level == "IMAGE" && got.answers != s.Images {
			t.Errorf("%s: %d answers at %s level that say %d images, want %d", role, got.answers, level, got.sum, s.Images)
		}
	}
}

func TestFleet_Rejects(t *testing.T) {
	p := start(t)
	want := map[string]string{"1 1 7": "called-ae-title-not-recognized", "1 1 3": "calling-ae-title-not-recognized", "1 1 1": "no-reason-given", "2 3 1": "temporary-congestion", "2 3 2": "local-limit-exceeded", "1 2 1": "no-reason-given"}
	n := 0
	for _, s := range p.Truth().Systems {
		if s.Class != "rejects" {
			continue
		}
		n++
		_, err := dial(t, s.Address, nil, "TEST")
		var rj *ul.RejectError
		if !errors.As(err, &rj) || want[fmt.Sprintf("%d %d %d", rj.Result, rj.Source, rj.Reason)] != s.Reject {
			t.Errorf("%s: got %v, want %s", s.Address, err, s.Reject)
		}
	}
	if n == 0 {
		t.Error("nobody rejects")
	}
}

func TestFleet_BindsTitles(t *testing.T) {
	p := start(t)
	for i, calling := range []ul.AETitle{"FIRST", "SECOND", "FIRST"} {
		a, err := dial(t, fleet.Address(p, "binds-titles"), nil, calling)
		if (err == nil) != (calling == "FIRST") {
			t.Errorf("attempt %d as %s: %v", i, calling, err)
		}
		if a != nil {
			_ = a.Abort(0)
		}
	}
}

func TestFleet_NegotiatesAsItBehaves(t *testing.T) {
	p := start(t)
	for role, want := range map[string][]dicom.UID{
		"echo-only":         {dimse.Verification},
		"store-only":        {dimse.Verification, dict.CTImageStorage, dict.SecondaryCaptureImageStorage},
		"refuses-find":      {dimse.Verification, dimse.StudyRootFind, dimse.PatientRootFind},
		"wrong-port-echo":   {dimse.Verification},
		"patient-root-only": {dimse.Verification, dimse.PatientRootFind},
	} {
		_, a := associate(t, fleet.Address(p, role))
		for _, class := range everything[:4] {
			_, _, ok := a.ContextFor(class)
			wanted := false
			for _, w := range want {
				wanted = wanted || w == class
			}
			if ok != wanted {
				t.Errorf("%s: %s accepted is %v", role, class, ok)
			}
		}
		if s := systems(p)[fleet.Address(p, role)]; string(a.Answer().User.ImplementationClassUID) != s.ImplementationClassUID {
			t.Errorf("%s names itself %q, the truth says %q", role, a.Answer().User.ImplementationClassUID, s.ImplementationClassUID)
		}
	}
	_, a := associate(t, fleet.Address(p, "implicit-only"))
	if _, ts, _ := a.ContextFor(dimse.StudyRootFind); ts != dicom.ImplicitVRLittleEndian.UID {
		t.Errorf("implicit-only took %s", ts)
	}
	c, _ := associate(t, fleet.Address(p, "refuses-find"))
	if got := find(t, c, dimse.StudyRootFind, "STUDY", 0, nil); got.status == dimse.Success || got.answers != 0 {
		t.Errorf("refuses-find: %d answers, status %04X", got.answers, uint16(got.status))
	}
}

// TestFleet_WrongPort: behind a port for HTTP, DICOM answers as the truth says,
// and the truth says both: that it is there, and how it answers.
func TestFleet_WrongPort(t *testing.T) {
	p := start(t)
	for _, tt := range []struct {
		role, reject string
		secure       bool
	}{
		{"wrong-port", "", false},
		{"wrong-port-echo", "", false},
		{"wrong-port-rejects", "called-ae-title-not-recognized", false},
		{"wrong-port-tls", "", true},
	} {
		s := systems(p)[fleet.Address(p, tt.role)]
		if s.Class != "dicom-wrong-port" || s.Reject != tt.reject || (s.TLS != nil) != tt.secure || !s.IsDICOM() {
			t.Errorf("%s: class %q, reject %q, TLS %v; want dicom-wrong-port, %q, %v", tt.role, s.Class, s.Reject, s.TLS, tt.reject, tt.secure)
		}
		if got := slices.Contains(s.Exposures, "dicom-plaintext"); got == tt.secure {
			t.Errorf("%s: plaintext %v", tt.role, got)
		}
		var secure *tls.Config
		if tt.secure {
			secure = &tls.Config{InsecureSkipVerify: true}
		}
		a, err := dial(t, s.Address, secure, "TEST")
		var rejected *ul.RejectError
		switch {
		case tt.reject == "" && err != nil:
			t.Errorf("%s: %v", tt.role, err)
		case tt.reject != "" && (!errors.As(err, &rejected) || rejected.Name() != tt.reject):
			t.Errorf("%s: %v, want a rejection: %s", tt.role, err, tt.reject)
		}
		if a != nil {
			_ = a.Abort(0)
		}
	}
}

func TestFleet_Retrieves(t *testing.T) {
	p := start(t)
	open, refused := 0, map[dimse.Status]bool{}
	for _, s := range p.Truth().Systems {
		if s.Class != "accepts-anyone" || len(s.Honeypot) > 0 || s.Studies == 0 {
			continue
		}
		c, a := associate(t, s.Address)
		ask := func(uid string) *dimse.Response {
			id := &dicom.Dataset{}
			id.SetString(dict.QueryRetrieveLevel, "STUDY")
			id.SetString(dict.StudyInstanceUID, uid)
			q := &dimse.Query{Identifier: id, Destination: "TEST"}
			request := c.Move
			for _, model := range []dicom.UID{dimse.StudyRootGet, dimse.PatientRootGet, dimse.StudyRootMove, dimse.PatientRootMove} {
				if _, _, ok := a.ContextFor(model); ok {
					q.Model = model
					if model == dimse.StudyRootGet || model == dimse.PatientRootGet {
						request = c.Get
					}
					break
				}
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			rsp, err := request(ctx, q, nil)
			if err != nil {
				t.Fatalf("%s: %v", s.Address, err)
			}
			return rsp
		}
		rsp := ask("2.25.42")
		if s.Retrievable != (rsp.Status == dimse.Success) && !strings.Contains(fmt.Sprint(s.Exposures), "wado-open") {
			t.Errorf("%s: status %04X, the truth says retrievable is %v", s.Address, uint16(rsp.Status), s.Retrievable)
		}
		if rsp.Status == dimse.Success {
			open++
		} else {
			refused[rsp.Status] = true
		}
	}
	if open < 3 || len(refused) < 3 {
		t.Errorf("%d open, refused with %v", open, refused)
	}
}

func TestFleet_SendsWhatItHas(t *testing.T) {
	p := start(t)
	for _, s := range p.Truth().Systems {
		if s.Class != "accepts-anyone" || len(s.Honeypot) > 0 || !s.Retrievable || s.Studies == 0 {
			continue
		}
		c, a := associate(t, s.Address)
		_, _, gets := a.ContextFor(dimse.StudyRootGet)
		_, _, stores := a.ContextFor(dict.SecondaryCaptureImageStorage)
		if !gets || !stores {
			continue
		}
		first := find(t, c, dimse.StudyRootFind, "STUDY", dict.NumberOfStudyRelatedInstances, map[dicom.Tag]string{dict.StudyInstanceUID: ""}).last
		want, says := first.Int(dict.NumberOfStudyRelatedInstances)
		if !says {
			continue // it keeps its numbers to itself
		}
		n := int64(0)
		c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
			d, err := dicom.Decode(rq.Data, dicom.ExplicitVRLittleEndian, dicom.Options{})
			if err != nil || d.String(dict.StudyInstanceUID) != first.String(dict.StudyInstanceUID) {
				t.Errorf("object: %v", err)
			}
			n++
			return dimse.Success
		}
		id := &dicom.Dataset{}
		id.SetString(dict.QueryRetrieveLevel, "STUDY")
		id.SetString(dict.StudyInstanceUID, first.String(dict.StudyInstanceUID))
		rsp, err := c.Get(context.Background(), &dimse.Query{Model: dimse.StudyRootGet, Identifier: id}, nil)
		if err != nil || rsp.Status != dimse.Success || n != want {
			t.Errorf("%s: %d objects of %d, %v, %v", s.Address, n, want, rsp, err)
		}
		return
	}
	t.Error("no archive to take from")
}

func TestFleet_SpeaksTLS(t *testing.T) {
	p := start(t)
	secure := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
	for _, role := range []string{"tls", "tls-expired", "tls-unknown"} {
		if _, err := dial(t, fleet.Address(p, role), nil, "TEST"); err == nil {
			t.Errorf("%s: an association in the clear", role)
		}
		a, err := dial(t, fleet.Address(p, role), secure, "TEST")
		if err != nil {
			t.Errorf("%s: %v", role, err)
			continue
		}
		_ = a.Abort(0)
	}
	if _, err := dial(t, fleet.Address(p, "client-certificate"), secure, "TEST"); err == nil {
		t.Error("client-certificate: an association without a certificate")
	}
}

func TestFleet_Worklist(t *testing.T) {
	p := start(t)
	c, _ := associate(t, fleet.Address(p, "worklist"))
	got := find(t, c, dimse.WorklistFind, "", 0, map[dicom.Tag]string{dict.PatientName: ""})
	if got.answers < 4 || got.last.String(dict.ReasonForTheRequestedProcedure) == "" || len(got.last.Sequence(dict.ScheduledProcedureStepSequence)) != 1 {
		t.Errorf("%d entries, the last is %v", got.answers, got.last)
	}
}

func TestFleet_Strangers(t *testing.T) {
	p := start(t)
	for kind, want := range map[string]string{
		"ssh": "SSH-2.0-", "smtp": "220 ", "http": "HTTP/1.1 400", "endless": "ok ok ok", "claims": "\x02\x00\xff\xff\xff\xff", "echo": "hello", "hangs-up": "", "ftp": "220 (",
	} {
		conn, err := net.Dial("tcp", fleet.Address(p, "other "+kind))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(conn, "hello")
		got := make([]byte, len(want))
		_, err = io.ReadFull(conn, got)
		if string(got) != want || err != nil && want != "" {
			t.Errorf("%s says %q, %v; want %q", kind, got, err, want)
		}
		conn.Close()
	}
}

func get(t *testing.T, url string) (status int, header http.Header, body []byte) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err = io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Header, body
}

// TestFleet_QIDOAgreesWithTheTruth pages through each open QIDO-RS.
func TestFleet_QIDOAgreesWithTheTruth(t *testing.T) {
	p := start(t)
	asked := 0
	for _, s := range p.Truth().Systems {
		for _, w := range s.Web {
			if !strings.Contains(fmt.Sprint(w.Open), "qido") {
				continue
			}
			asked++
			base := "http://" + w.Address + "/dicom-web"
			if status, _, _ := get(t, base+"/studies?limit=1"); status != 200 {
				base = "http://" + w.Address + "/dcm4chee-arc/aets/DCM4CHEE/rs"
			}
			var studies, images int64
			for {
				status, _, body := get(t, fmt.Sprintf("%s/studies?limit=70&offset=%d", base, studies))
				var list []map[string]struct{ Value []any }
				if status == 200 {
					if err := json.Unmarshal(body, &list); err != nil {
						t.Fatal(err)
					}
				}
				if len(list) == 0 {
					break
				}
				studies += int64(len(list))
				for _, one := range list {
					images += int64(one["00201208"].Value[0].(float64))
				}
			}
			if studies != s.Studies || images != s.Images {
				t.Errorf("%s: %d studies with %d images, the truth says %d with %d", base, studies, images, s.Studies, s.Images)
			}
			want := 404
			if !strings.Contains(fmt.Sprint(w.Open), "wado") {
				want = 401
			}
			if status, _, _ := get(t, base+"/studies/2.25.4711"); status != want {
				t.Errorf("%s: a study that cannot exist is %d, want %d", base, status, want)
			}
		}
	}
	if asked < 3 {
		t.Errorf("%d services asked", asked)
	}
}

func TestFleet_Pages(t *testing.T) {
	p := start(t)
	for _, s := range p.Truth().Systems {
		if len(s.Honeypot) > 0 {
			continue
		}
		for _, w := range s.Web {
			scheme := "http://"
			if w.HTTPS {
				scheme = "https://"
			}
			if status, _, _ := get(t, scheme+w.Address+"/"); status != w.Status {
				t.Errorf("%s: the first page is %d, the truth says %d", w.Address, status, w.Status)
			}
		}
	}
}

func TestFleet_CloseEndsIt(t *testing.T) {
	p := plan(t, fleet.Config{Preset: fleet.Tiny, Seed: 1, Listen: prefix()})
	ctx, cancel := context.WithCancel(context.Background())
	f, err := fleet.Start(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	var held []net.Conn
	for _, role := range []string{"open", "stalls", "other tarpit", "other silent", "page plain"} {
		conn, err := net.Dial("tcp", fleet.Address(p, role))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	cancel()
	begun := time.Now()
	f.Close()
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("closing took %s", d)
	}
	for _, conn := range held {
		_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		if _, err := io.Copy(io.Discard, conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("a connection outlived the fleet: %v", err)
		}
		conn.Close()
	}
	if _, err := net.DialTimeout("tcp", fleet.Address(p, "open"), time.Second); err == nil {
		t.Error("the fleet still listens")
	}
}
