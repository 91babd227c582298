package scp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/internal/scp"
	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

const (
	ctStudy  = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
	ctSeries = "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322"
	ctUID    = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
)

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// TestInterop_ToolsOfDCMTKWithTLS: those of its clients that can speak TLS, known
// by a certificate; and a C-MOVE to its storescp, which wants one of ours.
func TestInterop_ToolsOfDCMTKWithTLS(t *testing.T) {
	peertest.Need(t, peertest.Files, "echoscu", "storescu", "findscu", "storescp")
	us, them, other := ultest.NewIdentity(t, "us"), ultest.NewIdentity(t, "dcmtk"), ultest.NewIdentity(t, "other")
	h := serve(t, func(c *scp.Config) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{us.Certificate}, RootCAs: them.Pool}
	}, &tls.Config{
		Certificates: []tls.Certificate{us.Certificate}, ClientCAs: them.Pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	})
	taking, dir := peertest.Port(t), t.TempDir()
	peertest.Serve(t, taking, "storescp", "+tls", them.KeyFile, them.CertFile, "+cf", us.AuthorityFile, "+B", "-od", dir, taking)
	h.enrol(t, "DCMTK", "127.0.0.1:"+taking).DialTLS = true
	to := func(args ...string) []string {
		return append([]string{"-d", "+tls", them.KeyFile, them.CertFile, "+cf", us.AuthorityFile, "-aet", "DCMTK", "-aec", "LEADGLASS", "127.0.0.1", portOf(h.address)}, args...)
	}
	askTools(t, h, to)
	a, err := ul.Dial(in(t), h.address, ask("DCMTK"), &ul.Config{TLS: &tls.Config{RootCAs: us.Pool, Certificates: []tls.Certificate{them.Certificate}}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort(0)
	if rsp := move(t, dimse.NewClient(a, dimse.Limits{}), "DCMTK", identifier("STUDY", 0x0020000D, ctStudy)); rsp.Status != dimse.Success || rsp.Completed != 1 {
		t.Errorf("move: %+v\n%s", rsp, h.said)
	}
	sameFile(t, "storescp", dir, h.all()[0].file[preamble:])
	for who, args := range map[string][]string{
		"no TLS":              {},
		"another certificate": {"+tls", other.KeyFile, other.CertFile, "+cf", us.AuthorityFile},
		"no certificate":      {"+tla", "+cf", us.AuthorityFile},
	} {
		out, err := exec.Command("echoscu", append(args, "-aet", "DCMTK", "-aec", "LEADGLASS", "127.0.0.1", portOf(h.address))...).CombinedOutput()
		if err == nil {
			t.Errorf("with %s echoscu got in:\n%s", who, out)
		}
	}
	for deadline := time.Now().Add(3 * time.Second); refusals(h) == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if refusals(h) == 0 {
		t.Errorf("the refused handshakes are not recorded\n%s", h.said)
	}
}

func refusals(h *house) (n int) {
	for _, r := range h.every() {
		if r.Event == leadglass.UserAuthentication && r.Outcome != leadglass.Succeeded {
			n++
		}
	}
	return n
}

// TestInterop_ToolsOfDCMTK is the same in plain text, as an exception lets in.
func TestInterop_ToolsOfDCMTK(t *testing.T) {
	peertest.Need(t, peertest.Files, "echoscu", "storescu", "findscu", "movescu", "getscu", "storescp")
	h := serve(t, nil)
	taking, dir := peertest.Port(t), t.TempDir()
	peertest.Serve(t, taking, "storescp", "+B", "-od", dir, taking)
	h.enrol(t, "DCMTK", "127.0.0.1:"+taking)
	exerciseTools(t, h, dir, func(args ...string) []string {
		return append([]string{"-d", "-aet", "DCMTK", "-aec", "LEADGLASS", "127.0.0.1", portOf(h.address)}, args...)
	})
}

// askTools echoes, stores and finds.
func askTools(t *testing.T, h *house, to func(...string) []string) {
	if out := peertest.Run(t, "echoscu", to()...); !strings.Contains(out, "Received Echo Response (Success)") {
		t.Errorf("echoscu said\n%s", out)
	}
	ct := filepath.Join(peertest.Files, "CT_small.dcm")
	if out := peertest.Run(t, "storescu", to(ct)...); !strings.Contains(out, "0x0000: Success") {
		t.Errorf("storescu said\n%s", out)
	}
	if n := len(h.all()); n != 1 {
		t.Fatalf("%d objects are kept", n)
	}
	for _, k := range [][]string{
		{"-P", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=1CT1"},
		{"-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"},
		{"-S", "-k", "QueryRetrieveLevel=SERIES", "-k", "StudyInstanceUID=" + ctStudy, "-k", "SeriesInstanceUID"},
		{"-S", "-k", "QueryRetrieveLevel=IMAGE", "-k", "StudyInstanceUID=" + ctStudy, "-k", "SeriesInstanceUID=" + ctSeries, "-k", "SOPInstanceUID"},
	} {
		out := peertest.Run(t, "findscu", append(k, to()...)...)
		if !strings.Contains(out, "0x0000: Success") || strings.Count(out, "0xff00: Pending") != 1 || !strings.Contains(out, "LEADGLASS") {
			t.Errorf("findscu %q said\n%s", k, out)
		}
	}
}

// exerciseTools does so, and retrieves both ways.
func exerciseTools(t *testing.T, h *house, moved string, to func(...string) []string) {
	askTools(t, h, to)
	kept := h.all()[0].file[preamble:]
	study := []string{"-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=" + ctStudy}
	got := t.TempDir()
	if out := peertest.Run(t, "getscu", append(append(study, "+B", "-od", got), to()...)...); !strings.Contains(out, "0x0000: Success") {
		t.Errorf("getscu said\n%s", out)
	}
	sameFile(t, "getscu", got, kept)
	if out := peertest.Run(t, "movescu", append(append(study, "-aem", "DCMTK"), to()...)...); !strings.Contains(out, "0x0000: Success") {
		t.Errorf("movescu said\n%s", out)
	}
	sameFile(t, "storescp", moved, kept)
}

// TestInterop_MoveToDcmqrscp moves to DCMTK's archive, which then has it.
func TestInterop_MoveToDcmqrscp(t *testing.T) {
	peertest.Need(t, peertest.Files, "dcmqrscp", "storescu")
	h := serve(t, nil)
	h.enrol(t, "STORESCU", "")
	dir, p := t.TempDir(), peertest.Port(t)
	cfg := fmt.Sprintf("NetworkTCPPort = %s\nMaxPDUSize = 16384\nMaxAssociations = 16\nHostTable BEGIN\nours = (LEADGLASS, 127.0.0.1, 11112)\nHostTable END\n"+
		"VendorTable BEGIN\nVendorTable END\nAETable BEGIN\nPEER %s RW (200, 1024mb) ANY\nAETable END\n", p, dir)
	name := filepath.Join(t.TempDir(), "cfg")
	if err := os.WriteFile(name, []byte(cfg), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Serve(t, p, "dcmqrscp", "-c", name)
	h.enrol(t, "PEER", "127.0.0.1:"+p)
	peertest.Run(t, "storescu", "-aec", "LEADGLASS", "127.0.0.1", portOf(h.address), filepath.Join(peertest.Files, "CT_small.dcm"))
	if rsp := move(t, h.dial(t), "PEER", identifier("STUDY", 0x0020000D, ctStudy)); rsp.Status != dimse.Success || rsp.Completed != 1 {
		t.Errorf("%+v\n%s", rsp, h.said)
	}
	c := dimsetest.Dial(t, "127.0.0.1:"+p, dimsetest.Request("LEADGLASS", "PEER", dimsetest.Classes(dimse.StudyRootFind)...))
	if list, _ := find(t, c, query(dimse.StudyRootFind, identifier("STUDY", 0x0020000D, ""))); len(list) != 1 || list[0].String(0x0020000D) != ctStudy {
		t.Errorf("dcmqrscp has %d studies", len(list))
	}
}

// sameFile expects one file in a folder, with a data set of those bytes.
func sameFile(t *testing.T, who, dir string, want []byte) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(names) != 1 {
		t.Errorf("%s wrote %q", who, names)
		return
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := dataSet(b); !ok || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes of data set, %d were kept", who, len(got), len(want))
	}
}

// dataSet is what stands after the file meta information of a file.
func dataSet(b []byte) ([]byte, bool) {
	const groupLength = 132 + 8
	if len(b) < groupLength+4 || string(b[128:132]) != "DICM" || string(b[132:136]) != "\x02\x00\x00\x00" {
		return nil, false
	}
	at := groupLength + 4 + int(binary.LittleEndian.Uint32(b[groupLength:]))
	if at > len(b) {
		return nil, false
	}
	return b[at:], true
}

// TestInterop_EveryRealFile: each is stored and comes back by C-GET and C-MOVE as
// it was, byte for byte.
func TestInterop_EveryRealFile(t *testing.T) {
	peertest.Need(t, peertest.Files)
	h := serve(t, func(c *scp.Config) { c.Private = true })
	to := &anything{}
	h.enrol(t, "WS", dimsetest.ServeUL(t, &ul.Server{Negotiate: to.negotiate, Handle: dimse.Handle(&to.taker, dimse.Limits{})}))
	names, _ := filepath.Glob(filepath.Join(peertest.Files, "*.dcm"))
	tried := 0
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := dicom.Read(bytes.NewReader(b), dicom.Options{StopBefore: dicom.PixelData})
		data, ok := dataSet(b)
		if err != nil || !ok || f.Dataset.UID(0x00080016) == "" || f.Dataset.UID(0x00080018) == "" || f.Meta.UID(0x00020010) == "" {
			t.Logf("%s is no object that can be sent", filepath.Base(name))
			continue
		}
		tried++
		h.objects = nil
		there(t, h, to, filepath.Base(name), f, data)
	}
	if tried < 50 {
		t.Errorf("only %d of %d files were tried", tried, len(names))
	}
	t.Logf("%d of %d files", tried, len(names))
}

// anything takes every class and syntax.
type anything struct{ taker }

func (a *anything) negotiate(_ context.Context, _ net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
	table := ul.Supported{}
	for _, c := range rq.Contexts {
		table[c.AbstractSyntax] = append(table[c.AbstractSyntax], c.TransferSyntaxes...)
	}
	return ul.Accept(rq, table, ul.UserInformation{}), nil
}

// there sends one object there and has it back.
func there(t *testing.T, h *house, to *anything, name string, f *dicom.File, data []byte) {
	class, uid, ts := f.Dataset.UID(0x00080016), f.Dataset.UID(0x00080018), f.Meta.UID(0x00020010)
	c := h.dial(t, dimsetest.Context{Class: class, Syntax: ts})
	rsp, err := c.Send(in(t), &dimse.StoreRequest{SOPClass: class, SOPInstance: uid, TransferSyntax: ts, Data: bytes.NewReader(data)})
	if err != nil || rsp.Status != dimse.Success {
		t.Errorf("%s: %+v, %v", name, rsp, err)
		return
	}
	study := f.Dataset.String(0x0020000D)
	if study == "" {
		t.Logf("%s has no study", name)
		return
	}
	k := &taker{}
	c.Store = k.Store
	if rsp, err := c.Get(in(t), query(dimse.StudyRootGet, identifier("STUDY", 0x0020000D, study)), nil); err != nil || rsp.Status != dimse.Success {
		t.Errorf("%s: C-GET: %+v, %v", name, rsp, err)
	}
	to.mu.Lock()
	to.got = nil
	to.mu.Unlock()
	if rsp := move(t, c, "WS", identifier("STUDY", 0x0020000D, study)); rsp.Status != dimse.Success {
		t.Errorf("%s: C-MOVE: %+v", name, rsp)
	}
	for route, got := range map[string][]taken{"C-GET": k.all(), "C-MOVE": to.all()} {
		if len(got) != 1 || !bytes.Equal(got[0].data, data) || got[0].rq.TransferSyntax != ts {
			t.Errorf("%s: by %s it is not what it was", name, route)
		}
	}
}

// TestInterop_Orthanc: it stores, finds, moves to itself and asks for commitment.
func TestInterop_Orthanc(t *testing.T) {
	peertest.Need(t, peertest.Files, "Orthanc")
	h := serve(t, nil)
	dicomPort, web := orthanc(t, portOf(h.address))
	h.enrol(t, "ORTHANC", "127.0.0.1:"+dicomPort)
	if code := rest(t, "POST", web+"/modalities/ours/echo", "{}", nil); code != http.StatusOK {
		t.Errorf("echo: HTTP %d", code)
	}
	b, err := os.ReadFile(filepath.Join(peertest.Files, "CT_small.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	var added struct{ ID string }
	rest(t, "POST", web+"/instances", string(b), &added)
	var sent struct{ InstancesCount, FailedInstancesCount int }
	rest(t, "POST", web+"/modalities/ours/store", `["`+added.ID+`"]`, &sent)
	if sent.InstancesCount != 1 || sent.FailedInstancesCount != 0 || len(h.all()) != 1 {
		t.Fatalf("store: %+v, %d kept", sent, len(h.all()))
	}
	orthancFinds(t, web, added.ID)
	orthancCommits(t, web)
}

// orthancFinds deletes what Orthanc has, finds it with us and moves it back.
func orthancFinds(t *testing.T, web, id string) {
	rest(t, "DELETE", web+"/instances/"+id, "", nil)
	var asked struct{ ID string }
	rest(t, "POST", web+"/modalities/ours/query", `{"Level":"Study","Query":{"PatientName":"*CT*","StudyInstanceUID":""}}`, &asked)
	var answers []map[string]string
	rest(t, "GET", web+"/queries/"+asked.ID+"/answers?expand&simplify", "", &answers)
	if len(answers) != 1 || answers[0]["StudyInstanceUID"] != ctStudy || answers[0]["PatientName"] != "CompressedSamples^CT1" {
		t.Errorf("query: %v", answers)
	}
	if code := rest(t, "POST", web+"/queries/"+asked.ID+"/retrieve", `{"TargetAet":"ORTHANC","Synchronous":true}`, nil); code != http.StatusOK {
		t.Errorf("retrieve: HTTP %d", code)
	}
	var list []string
	rest(t, "GET", web+"/instances", "", &list)
	if !slices.Equal(list, []string{id}) {
		t.Errorf("after C-MOVE Orthanc has %q", list)
	}
}

// orthancCommits asks for storage commitment; the report comes on an association
// that we request.
func orthancCommits(t *testing.T, web string) {
	var started struct{ ID string }
	body := fmt.Sprintf(`{"DicomInstances":[[%q,%q],[%q,"1.2.3"]]}`, ctImage, ctUID, ctImage)
	if code := rest(t, "POST", web+"/modalities/ours/storage-commitment", body, &started); code != http.StatusOK {
		t.Fatalf("storage commitment: HTTP %d", code)
	}
	var report struct {
		Status   string
		Success  []struct{ SOPInstanceUID string }
		Failures []struct{ SOPInstanceUID string }
	}
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		rest(t, "GET", web+"/storage-commitment/"+started.ID, "", &report)
		if report.Status != "Pending" {
			break
		}
	}
	if report.Status != "Failure" || len(report.Success) != 1 || report.Success[0].SOPInstanceUID != ctUID || len(report.Failures) != 1 {
		t.Errorf("Orthanc understood %+v", report)
	}
}

// orthanc starts an Orthanc that knows us.
func orthanc(t *testing.T, ours string) (dicomPort, web string) {
	dp := peertest.Port(t)
	hp := peertest.Orthanc(t, dp, map[string]any{
		"DicomAet": "ORTHANC", "DicomAlwaysAllowStore": true, "AuthenticationEnabled": false, "Plugins": []string{}, "DicomScuTimeout": 10,
		"DicomModalities": map[string]any{
			"ours": map[string]any{"AET": "LEADGLASS", "Host": "127.0.0.1", "Port": peertest.Number(ours), "AllowStorageCommitment": true},
		},
	})
	return dp, "http://127.0.0.1:" + hp
}

// rest asks Orthanc's REST interface.
func rest(t *testing.T, method, url, body string, into any) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	rq, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	rsp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer rsp.Body.Close()
	b, err := io.ReadAll(rsp.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Errorf("%s %s: %v in %q", method, url, err, b)
	}
	return rsp.StatusCode
}

var _ scp.Directory = (*identity.Directory)(nil)
