package dimse_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/ul"
)

// Real files of python3-pydicom.
const (
	ctStudy = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
	ctUID   = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
	mrStudy = "1.3.6.1.4.1.5962.1.2.4.20040826185059.5457"
	mrUID   = "1.3.6.1.4.1.5962.1.1.4.1.1.20040826185059.5457"
	mrImage = dicom.UID("1.2.840.10008.5.1.4.1.1.4")
)

// realFile reads one of the real files and its data set as it is encoded.
func realFile(t *testing.T, name string) (*dicom.File, []byte) {
	f, err := dicom.ReadFile(filepath.Join(peertest.Files, name), dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := dicom.Encode(&b, f.Dataset, f.TransferSyntax); err != nil {
		t.Fatal(err)
	}
	return f, b.Bytes()
}

// interopContexts are what the tests below ask for.
func interopContexts() *ul.AssociateRQ {
	rq := dimsetest.Request("LEADGLASS", "PEER", append(dimsetest.Classes(dimse.Verification, dimse.PatientRootFind, dimse.StudyRootFind,
		dimse.StudyRootGet, dimse.StudyRootMove, dimse.StorageCommitment), dimsetest.Context{Class: ctImage, Syntax: dicom.ExplicitVRLittleEndian.UID},
		dimsetest.Context{Class: mrImage, Syntax: dicom.ExplicitVRLittleEndian.UID})...)
	rq.User.Roles = []ul.RoleSelection{{SOPClass: ctImage, SCU: true, SCP: true}, {SOPClass: mrImage, SCU: true, SCP: true}}
	return rq
}

// exercise is our client against a peer that is empty: echo, store, find, get.
// ofNothing is how the peer ends a C-GET of a study that it does not hold.
func exercise(t *testing.T, c *dimse.Client, ofNothing dimse.Status) {
	if rsp, err := c.Echo(within(t)); err != nil || rsp.Status != dimse.Success {
		t.Fatalf("echo: %+v, %v", rsp, err)
	}
	for _, name := range []string{"CT_small.dcm", "MR_small.dcm"} {
		f, b := realFile(t, name)
		rsp, err := c.Send(within(t), &dimse.StoreRequest{
			SOPClass: dicom.UID(f.Dataset.String(0x00080016)), SOPInstance: dicom.UID(f.Dataset.String(0x00080018)),
			TransferSyntax: f.TransferSyntax.UID, Data: bytes.NewReader(b),
		})
		if err != nil || rsp.Status != dimse.Success {
			t.Fatalf("store %s: %+v, %v", name, rsp, err)
		}
	}
	var found []string
	q := studies()
	q.Identifier.SetString(patientName)
	q.Identifier.SetString(0x00080020)
	rsp, err := c.Find(within(t), q, func(b []byte, ts *dicom.TransferSyntax) error {
		d, err := dicom.DecodeBytes(bytes.Clone(b), ts, dicom.Options{})
		if err != nil {
			return err
		}
		found = append(found, strings.Join([]string{d.String(studyUID), d.String(patientName), d.String(0x00080020)}, "|"))
		return nil
	})
	slices.Sort(found)
	if want := []string{ctStudy + "|CompressedSamples^CT1|20040119", mrStudy + "|CompressedSamples^MR1|20040826"}; err != nil ||
		rsp.Status != dimse.Success || !slices.Equal(found, want) {
		t.Errorf("find: %q, %+v, %v; want %q", found, rsp, err, want)
	}
	got := map[dicom.UID][]byte{}
	c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		b, err := io.ReadAll(rq.Data)
		if err != nil {
			return dimse.OutOfResources
		}
		got[rq.SOPInstance] = b
		return dimse.Success
	}
	rsp, err = c.Get(within(t), level(dimse.StudyRootGet, "STUDY", ctStudy), nil)
	if err != nil || rsp.Status != dimse.Success || rsp.Completed != 1 || rsp.Failed != 0 {
		t.Errorf("get: %+v, %v", rsp, err)
	}
	f, _ := realFile(t, "CT_small.dcm")
	samePixels(t, got[ctUID], f)
	rsp, err = c.Get(within(t), level(dimse.StudyRootGet, "STUDY", string(dicom.NewUID())), nil)
	if err != nil || rsp.Status != ofNothing || rsp.Completed > 0 {
		t.Errorf("get of nothing: %+v, %v", rsp, err)
	}
}

// samePixels compares what came back with the file: peers add group lengths
// and padding of their own, but an image is its pixels.
func samePixels(t *testing.T, got []byte, f *dicom.File) {
	t.Helper()
	d, err := dicom.DecodeBytes(got, dicom.ExplicitVRLittleEndian, dicom.Options{})
	if err != nil {
		t.Error(err)
		return
	}
	for _, tag := range []dicom.Tag{dicom.PixelData, 0x00080018, 0x00100010, 0x00280010} {
		want, have := f.Dataset.Get(tag), d.Get(tag)
		if have == nil || !bytes.Equal(want.Value, have.Value) {
			t.Errorf("%08X is not as it was stored", uint32(tag))
		}
	}
}

// moveHere moves the CT from a peer to an archive of ours.
func moveHere(t *testing.T, c *dimse.Client, here *dimsetest.Archive) {
	q := level(dimse.StudyRootMove, "STUDY", ctStudy)
	q.Destination = "HERE"
	rsp, err := c.Move(within(t), q, nil)
	if err != nil || rsp.Status != dimse.Success || rsp.Completed > 1 || rsp.Failed > 0 {
		t.Errorf("move: %+v, %v", rsp, err)
	}
	objects := here.Objects()
	if len(objects) != 1 || objects[0].SOPInstance != ctUID {
		t.Errorf("%d objects arrived", len(objects))
		return
	}
	f, _ := realFile(t, "CT_small.dcm")
	samePixels(t, objects[0].Data, f)
}

func port(t *testing.T, address string) string {
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestInterop_ClientOfDcmqrscp is our client with DCMTK's archive.
func TestInterop_ClientOfDcmqrscp(t *testing.T) {
	peertest.Need(t, peertest.Files, "dcmqrscp")
	here := &dimsetest.Archive{}
	herePort := port(t, dimsetest.Serve(t, here, dimse.Limits{}))
	c := dimsetest.Dial(t, dcmqrscp(t, herePort), interopContexts())
	exercise(t, c, dimse.Success)
	moveHere(t, c, here)
	q := level(dimse.StudyRootMove, "STUDY", ctStudy)
	q.Destination = "NOWHERE"
	if rsp, err := c.Move(within(t), q, nil); err != nil || rsp.Status != dimse.MoveDestinationUnknown {
		t.Errorf("move to nowhere: %+v, %v", rsp, err)
	}
	seen := 0
	rsp, err := c.Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error { seen++; return dimse.ErrCancel })
	if err != nil || seen != 1 || rsp.Status != dimse.Success && rsp.Status != dimse.Cancel {
		t.Errorf("cancelled find: saw %d, %+v, %v", seen, rsp, err)
	}
	if rsp, err := c.Echo(within(t)); err != nil || rsp.Status != dimse.Success {
		t.Errorf("echo afterwards: %+v, %v", rsp, err)
	}
}

// dcmqrscp starts an empty archive that knows HERE.
func dcmqrscp(t *testing.T, here string) (address string) {
	dir, p := t.TempDir(), peertest.Port(t)
	db := filepath.Join(dir, "db")
	if err := os.Mkdir(db, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := fmt.Sprintf(`NetworkTCPPort = %s
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
here = (HERE, 127.0.0.1, %s)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
PEER %s RW (200, 1024mb) ANY
AETable END
`, p, here, db)
	name := filepath.Join(dir, "cfg")
	if err := os.WriteFile(name, []byte(cfg), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Serve(t, p, "dcmqrscp", "-c", name)
	return "127.0.0.1:" + p
}

// TestInterop_ToolsOfDCMTK is each of DCMTK's clients with our server.
func TestInterop_ToolsOfDCMTK(t *testing.T) {
	peertest.Need(t, peertest.Files, "echoscu", "storescu", "findscu", "getscu", "movescu", "dcmdump")
	archive, here := &dimsetest.Archive{AETitle: "OURS"}, &dimsetest.Archive{}
	archive.Destinations = map[ul.AETitle]string{"HERE": dimsetest.Serve(t, here, dimse.Limits{})}
	p := port(t, dimsetest.Serve(t, archive, dimse.Limits{}))
	to := func(args ...string) []string {
		return append([]string{"-d", "-aet", "DCMTK", "-aec", "OURS", "127.0.0.1", p}, args...)
	}
	if out := peertest.Run(t, "echoscu", to()...); !strings.Contains(out, "Received Echo Response (Success)") {
		t.Errorf("echoscu said\n%s", out)
	}
	out := peertest.Run(t, "storescu", to(filepath.Join(peertest.Files, "CT_small.dcm"), filepath.Join(peertest.Files, "MR_small.dcm"))...)
	if n := strings.Count(out, "0x0000: Success"); n != 2 {
		t.Errorf("storescu had %d successes\n%s", n, out)
	}
	if objects := archive.Objects(); len(objects) != 2 || objects[0].SOPInstance != ctUID || objects[1].SOPInstance != mrUID {
		t.Fatalf("%d objects arrived", len(objects))
	}
	f, _ := realFile(t, "CT_small.dcm")
	samePixels(t, archive.Objects()[0].Data, f)
	findscu(t, to)
	dir := t.TempDir()
	out = peertest.Run(t, "getscu", append([]string{"-S", "-od", dir, "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=" + ctStudy}, to()...)...)
	fetched, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(fetched) != 1 || !regexp.MustCompile(`Completed Suboperations +: 1\n`).MatchString(out) {
		t.Errorf("getscu has %q and said\n%s", fetched, out)
	} else if got, err := dicom.ReadFile(fetched[0], dicom.Options{}); err != nil || !bytes.Equal(got.Dataset.Get(dicom.PixelData).Value, f.Dataset.Get(dicom.PixelData).Value) {
		t.Errorf("getscu's file: %v", err)
	}
	out = peertest.Run(t, "movescu", append([]string{"-S", "-aem", "HERE", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=" + ctStudy}, to()...)...)
	nowhere := exec.Command("movescu", append([]string{"-S", "-aem", "NOWHERE", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=" + ctStudy}, to()...)...)
	if said, _ := nowhere.CombinedOutput(); !strings.Contains(string(said), "0xa801") {
		t.Errorf("movescu to nowhere said\n%s", said)
	}
	if len(here.Objects()) != 1 || !strings.Contains(out, "0x0000: Success: Sub-operations complete") {
		t.Errorf("%d objects moved; movescu said\n%s", len(here.Objects()), out)
	}
}

// TestInterop_FindscuCancels: DCMTK's C-CANCEL ends an answer without end.
func TestInterop_FindscuCancels(t *testing.T) {
	peertest.Need(t, peertest.Files, "findscu")
	p := port(t, dimsetest.Serve(t, flood(), dimse.Limits{}))
	out := peertest.Run(t, "findscu", "-d", "-S", "--cancel", "5", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "127.0.0.1", p)
	if !strings.Contains(out, "Received Find Response 5") || !strings.Contains(out, "0xfe00: Cancel") {
		t.Errorf("findscu said\n%.2000s", out)
	}
}

// TestInterop_Fragments is DCMTK's smallest PDU in both directions.
func TestInterop_Fragments(t *testing.T) {
	peertest.Need(t, peertest.Files, "storescu", "storescp")
	archive := &dimsetest.Archive{}
	p := port(t, dimsetest.Serve(t, archive, dimse.Limits{}))
	peertest.Run(t, "storescu", "--max-pdu", "4096", "--max-send-pdu", "4096", "127.0.0.1", p, filepath.Join(peertest.Files, "CT_small.dcm"))
	f, b := realFile(t, "CT_small.dcm")
	if objects := archive.Objects(); len(objects) != 1 {
		t.Errorf("%d objects arrived", len(objects))
	} else {
		samePixels(t, objects[0].Data, f)
	}
	dir, sp := t.TempDir(), peertest.Port(t)
	peertest.Serve(t, sp, "storescp", "-pdu", "4096", "-od", dir, sp)
	c := dimsetest.Dial(t, "127.0.0.1:"+sp, interopContexts())
	rsp, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: ctUID, Data: bytes.NewReader(b)})
	if err != nil || rsp.Status != dimse.Success {
		t.Fatalf("%+v, %v", rsp, err)
	}
	written, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(written) != 1 {
		t.Fatalf("storescp wrote %q", written)
	}
	got, err := dicom.ReadFile(written[0], dicom.Options{})
	if err != nil || !bytes.Equal(got.Dataset.Get(dicom.PixelData).Value, f.Dataset.Get(dicom.PixelData).Value) {
		t.Errorf("storescp's file is not as it was sent: %v", err)
	}
}

// findscu asks for the two studies, for one, for none, and cancels.
func findscu(t *testing.T, to func(...string) []string) {
	for _, tc := range []struct {
		keys []string
		want []string
	}{
		{[]string{"StudyInstanceUID", "PatientName"}, []string{"CompressedSamples^CT1", "CompressedSamples^MR1"}},
		{[]string{"StudyInstanceUID", "PatientName=*MR*"}, []string{"CompressedSamples^MR1"}},
		{[]string{"StudyInstanceUID", "PatientName", "StudyDate=20040801-"}, []string{"CompressedSamples^MR1"}},
		{[]string{"StudyInstanceUID", "PatientName", "StudyDate=19000101-19000102"}, nil},
		{[]string{"StudyInstanceUID=" + ctStudy, "PatientName"}, []string{"CompressedSamples^CT1"}},
	} {
		args := []string{"-S", "-k", "QueryRetrieveLevel=STUDY"}
		for _, k := range tc.keys {
			args = append(args, "-k", k)
		}
		out := peertest.Run(t, "findscu", append(args, to()...)...)
		_, answers, _ := strings.Cut(out, "Received Find Response 1")
		var got []string
		for _, m := range regexp.MustCompile(`\(0010,0010\) PN \[([^\]]*?) ?\]`).FindAllStringSubmatch(answers, -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, tc.want) || !strings.Contains(out, "0x0000: Success: Matching is complete") {
			t.Errorf("findscu %q found %q, want %q\n%s", tc.keys, got, tc.want, out)
		}
	}
	peertest.Run(t, "findscu", append([]string{"-S", "--cancel", "1", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"}, to()...)...)
}

// orthanc starts an Orthanc that knows OURS and HERE.
func orthanc(t *testing.T, ours, here string) (dicomAddress, web string) {
	dp := peertest.Port(t)
	hp := peertest.Orthanc(t, dp, map[string]any{
		"DicomAet": "PEER", "DicomCheckCalledAet": false, "DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true, "DicomAlwaysAllowMove": true,
		"DicomAlwaysAllowGet": true, "AuthenticationEnabled": false, "Plugins": []string{}, "DicomScuTimeout": 10,
		"DicomModalities": map[string]any{
			"ours": map[string]any{"AET": "OURS", "Host": "127.0.0.1", "Port": peertest.Number(ours), "AllowStorageCommitment": true},
			"here": map[string]any{"AET": "HERE", "Host": "127.0.0.1", "Port": peertest.Number(here)},
			"me":   map[string]any{"AET": "LEADGLASS", "Host": "127.0.0.1", "Port": peertest.Number(here), "AllowStorageCommitment": true},
		},
	})
	return "127.0.0.1:" + dp, "http://127.0.0.1:" + hp
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

// events is an archive that also takes reports of storage commitment.
type events struct {
	*dimsetest.Archive
	reporter
}

// TestInterop_ClientOfOrthanc is our client with Orthanc, storage commitment
// included, whose report comes on an association of its own.
func TestInterop_ClientOfOrthanc(t *testing.T) {
	peertest.Need(t, peertest.Files, "Orthanc")
	here := events{&dimsetest.Archive{}, reporter{make(chan *dimse.EventRequest, 1)}}
	herePort := port(t, dimsetest.Serve(t, here, dimse.Limits{}))
	address, _ := orthanc(t, "1", herePort)
	c := dimsetest.Dial(t, address, interopContexts())
	exercise(t, c, dimse.UnableToProcess)
	moveHere(t, c, here.Archive)
	rsp, err := c.Commit(within(t), &dimse.CommitRequest{Transaction: "2.25.99", Objects: []dimse.ObjectRef{{ctImage, ctUID}, {mrImage, "1.2.3"}}})
	if err != nil || rsp.Status != dimse.Success {
		t.Fatalf("commit: %+v, %v", rsp, err)
	}
	select {
	case rq := <-here.events:
		got, err := dimse.ParseCommitResult(rq)
		if err != nil || got.Transaction != "2.25.99" || !slices.Equal(got.Committed, []dimse.ObjectRef{{ctImage, ctUID}}) ||
			len(got.Failed) != 1 || got.Failed[0].SOPInstance != "1.2.3" || got.Failed[0].Reason != dimse.NoSuchInstance {
			t.Errorf("committed %+v, %v", got, err)
		}
	case <-time.After(20 * time.Second):
		t.Error("no report of storage commitment")
	}
}

// TestInterop_OrthancAsClient is Orthanc's client with our server.
func TestInterop_OrthancAsClient(t *testing.T) {
	peertest.Need(t, peertest.Files, "Orthanc")
	archive := &dimsetest.Archive{AETitle: "OURS"}
	ours := port(t, dimsetest.Serve(t, archive, dimse.Limits{}))
	address, web := orthanc(t, ours, "1")
	var once sync.Once
	reported := make(chan error, 1)
	archive.Committed = func(ctx context.Context, result *dimse.CommitResult) error {
		once.Do(func() { go func() { reported <- callBack(address, result) }() })
		return nil
	}
	if code := rest(t, "POST", web+"/modalities/ours/echo", "{}", nil); code != http.StatusOK {
		t.Errorf("echo: HTTP %d", code)
	}
	ids := make([]string, 2)
	for i, name := range []string{"CT_small.dcm", "MR_small.dcm"} {
		b, err := os.ReadFile(filepath.Join(peertest.Files, name))
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ ID string }
		rest(t, "POST", web+"/instances", string(b), &answer)
		ids[i] = answer.ID
	}
	var sent struct{ InstancesCount, FailedInstancesCount int }
	body, _ := json.Marshal(ids)
	rest(t, "POST", web+"/modalities/ours/store", string(body), &sent)
	if sent.InstancesCount != 2 || sent.FailedInstancesCount != 0 || len(archive.Objects()) != 2 {
		t.Fatalf("store: %+v, %d arrived", sent, len(archive.Objects()))
	}
	var query struct{ ID string }
	rest(t, "POST", web+"/modalities/ours/query", `{"Level":"Study","Query":{"PatientName":"*CT*","StudyInstanceUID":""}}`, &query)
	var answers []map[string]string
	rest(t, "GET", web+"/queries/"+query.ID+"/answers?expand&simplify", "", &answers)
	if len(answers) != 1 || answers[0]["StudyInstanceUID"] != ctStudy || answers[0]["PatientName"] != "CompressedSamples^CT1" {
		t.Errorf("query: %v", answers)
	}
	commitOrthanc(t, web, ids, reported)
}

// commitOrthanc lets Orthanc ask us for commitment and looks at what it made of
// our report.
func commitOrthanc(t *testing.T, web string, ids []string, reported chan error) {
	var started struct{ ID string }
	body := fmt.Sprintf(`{"DicomInstances":[[%q,%q],[%q,"1.2.3"]]}`, ctImage, ctUID, mrImage)
	if code := rest(t, "POST", web+"/modalities/ours/storage-commitment", body, &started); code != http.StatusOK {
		t.Fatalf("storage commitment: HTTP %d", code)
	}
	select {
	case err := <-reported:
		if err != nil {
			t.Fatalf("reporting: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was asked")
	}
	var report struct {
		Status   string
		Success  []struct{ SOPInstanceUID string }
		Failures []struct {
			SOPInstanceUID, Description string
			FailureReason               int
		}
	}
	rest(t, "GET", web+"/storage-commitment/"+started.ID, "", &report)
	if report.Status != "Failure" || len(report.Success) != 1 || report.Success[0].SOPInstanceUID != ctUID ||
		len(report.Failures) != 1 || report.Failures[0].SOPInstanceUID != "1.2.3" || report.Failures[0].FailureReason != int(dimse.NoSuchInstance) {
		t.Errorf("Orthanc understood %+v", report)
	}
}

// callBack reports to Orthanc as the SCP of the class.
func callBack(address string, result *dimse.CommitResult) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rq := dimsetest.Request("OURS", "PEER", dimsetest.Classes(dimse.StorageCommitment)...)
	rq.User.Roles = []ul.RoleSelection{{SOPClass: dimse.StorageCommitment, SCP: true}}
	a, err := ul.Dial(ctx, address, rq, nil)
	if err != nil {
		return err
	}
	rsp, err := dimse.NewClient(a, dimse.Limits{}).EventReport(ctx, result.Event())
	if err != nil {
		return err
	}
	if err := a.Release(ctx); err != nil {
		return err
	}
	return rsp.Status.Err()
}
