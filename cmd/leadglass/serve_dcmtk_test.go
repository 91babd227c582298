package main_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/peertest"
)

// Three studies of the real files, of one image each.
var threeStudies = []string{"CT_small.dcm", "MR_small.dcm", "rtplan.dcm"}

const (
	ctStudy    = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
	ctSeries   = "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322"
	ctInstance = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
)

// exception lets DCMTK's clients in that cannot speak TLS. Its titles are those of
// an archive that takes objects on a port.
func exception(port string, titles ...string) string {
	return fmt.Sprintf("[[exception]]\nname = %q\naddresses = [\"127.0.0.1\"]\ncalling = [\"%s\"]\nroles = [\"modality\", \"workstation\"]\n"+
		"purpose = \"TREAT\"\nexpires = 2099-01-01\nhost = \"127.0.0.1\"\nport = %s\naccept = \"I accept that this peer is not authenticated\"\n",
		"dcmtk "+port, strings.Join(titles, `", "`), port)
}

// went runs a tool that has to go well and returns what it said.
func went(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := peertest.Try(name, args...)
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// onWire are the arguments of a tool of DCMTK for a peer, and what follows them.
type onWire func(more ...string) []string

func plainly(title, called, port string) onWire {
	return func(more ...string) []string {
		return append([]string{"-v", "-aet", title, "-aec", called, "127.0.0.1", port}, more...)
	}
}

func (d device) overTLS(address string) onWire {
	return func(more ...string) []string {
		return append([]string{"-v", "+tls", d.key, d.cert, "+cf", d.ca, "-aet", d.title, "-aec", "LEADGLASS", "127.0.0.1", port(address)}, more...)
	}
}

// storesAndFinds echoes, stores the three studies and finds them.
func storesAndFinds(t *testing.T, to onWire) {
	t.Helper()
	if out := went(t, "echoscu", to()...); !strings.Contains(out, "Received Echo Response (Success)") {
		t.Errorf("echoscu said\n%s", out)
	}
	for _, name := range threeStudies {
		if out := went(t, "storescu", to(realFile(t, name)...)...); !strings.Contains(out, "Received Store Response (Success)") {
			t.Errorf("storescu said\n%s", out)
		}
	}
	for _, tt := range []struct {
		keys []string
		want []string
	}{
		{[]string{"-P", "QueryRetrieveLevel=PATIENT", "PatientID"}, []string{"1CT1", "4MR1", "id00001"}},
		{[]string{"-S", "QueryRetrieveLevel=STUDY", "StudyDate=20040101-20041231", "PatientID"}, []string{"1CT1", "4MR1"}},
		{[]string{"-S", "QueryRetrieveLevel=STUDY", "PatientName=compressedsamples^ct*", "StudyInstanceUID"}, []string{ctStudy}},
		{[]string{"-S", "QueryRetrieveLevel=SERIES", "StudyInstanceUID=" + ctStudy, "SeriesInstanceUID"}, []string{ctSeries}},
		{[]string{"-S", "QueryRetrieveLevel=IMAGE", "StudyInstanceUID=" + ctStudy, "SeriesInstanceUID=" + ctSeries, "SOPInstanceUID"}, []string{ctInstance}},
		{[]string{"-S", "QueryRetrieveLevel=STUDY", "StudyInstanceUID=1.2.3", "PatientID"}, nil},
	} {
		if got := finds(t, to, tt.keys...); !slices.Equal(got, tt.want) {
			t.Errorf("findscu %q has %q, want %q", tt.keys, got, tt.want)
		}
	}
}

// finds runs findscu for a model and keys and returns the values of the last key,
// sorted.
func finds(t *testing.T, to onWire, keys ...string) (values []string) {
	t.Helper()
	dir := t.TempDir()
	args := []string{keys[0], "-X", "-od", dir}
	for _, k := range keys[1:] {
		args = append(args, "-k", k)
	}
	went(t, "findscu", append(args, to()...)...)
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range names {
		out := went(t, "dcmdump", "+P", keys[len(keys)-1], name)
		_, value, _ := strings.Cut(out, "[")
		value, _, _ = strings.Cut(value, "]")
		values = append(values, value)
	}
	slices.Sort(values)
	return values
}

// offer are the options by which storescu proposes the transfer syntax of a file
// alone.
func offer(t *testing.T, name string) []string {
	t.Helper()
	f, err := dicom.ReadFile(name, dicom.Options{StopBefore: dicom.PixelData})
	if f == nil {
		t.Logf("%s: %v", name, err)
		return nil
	}
	return []string{"-R", map[dicom.UID]string{
		"1.2.840.10008.1.2": "-xi", "1.2.840.10008.1.2.1": "-xe", "1.2.840.10008.1.2.2": "-xb", "1.2.840.10008.1.2.1.99": "-xd", "1.2.840.10008.1.2.5": "-xr",
		"1.2.840.10008.1.2.4.50": "-xy", "1.2.840.10008.1.2.4.51": "-xx", "1.2.840.10008.1.2.4.57": "-xs", "1.2.840.10008.1.2.4.70": "-xs",
		"1.2.840.10008.1.2.4.80": "-xt", "1.2.840.10008.1.2.4.81": "-xu", "1.2.840.10008.1.2.4.90": "-xv", "1.2.840.10008.1.2.4.91": "-xw",
	}[f.TransferSyntax.UID]}
}

// realFile are the arguments by which storescu sends a real file as it is.
func realFile(t *testing.T, name string) []string {
	name = peertest.Files + "/" + name
	return append(offer(t, name), name)
}

// reference is a storescp that keeps what storescu sends, which lays objects down
// anew: without trailing padding, for one.
type reference struct{ dir, port string }

func refers(t *testing.T) reference {
	t.Helper()
	r := reference{t.TempDir(), peertest.Port(t)}
	peertest.Start(t, "storescp", "+B", "+xa", "-pm", "-od", r.dir, r.port)
	peertest.Await(t, r.port)
	return r
}

// sent is a file with what storescu sends of a file; nil where it sends nothing.
func (r reference) sent(t *testing.T, name string) []byte {
	t.Helper()
	if _, err := peertest.Try("storescu", append(offer(t, name), "127.0.0.1", r.port, name)...); err != nil {
		return nil
	}
	names, _ := filepath.Glob(filepath.Join(r.dir, "*"))
	if len(names) != 1 {
		t.Fatalf("storescp keeps %q of %s", names, name)
	}
	b, err := os.ReadFile(names[0])
	if err == nil {
		err = os.Remove(names[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// holds wants exactly the data sets in a folder that storescu sends of the files.
func holds(t *testing.T, r reference, who, dir string, files ...string) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	var got, want [][]byte
	for _, name := range names {
		if filepath.Base(name) == "index.dat" {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, dataSet(b))
	}
	for _, name := range files {
		want = append(want, dataSet(r.sent(t, peertest.Files+"/"+name)))
	}
	slices.SortFunc(got, bytes.Compare)
	slices.SortFunc(want, bytes.Compare)
	if len(want[0]) == 0 || !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%s has %d objects in %q, which are not %q byte for byte", who, len(got), names, files)
	}
}

func study(uid string) []string {
	return []string{"-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=" + uid}
}

// TestServeInterop_DCMTK: the tools of DCMTK on loopback, let in by an exception.
func TestServeInterop_DCMTK(t *testing.T) {
	peertest.Need(t, peertest.Files, "echoscu", "storescu", "findscu", "movescu", "getscu", "storescp", "dcmdump")
	taking, dir := peertest.Port(t), t.TempDir()
	a := serves(t, exception(taking, "DCMTK"))
	peertest.Start(t, "storescp", "+B", "-od", dir, taking)
	peertest.Await(t, taking)
	to := plainly("DCMTK", "LEADGLASS", port(a.plain))
	storesAndFinds(t, to)
	got := t.TempDir()
	if out := went(t, "getscu", append(study(ctStudy), to("+B", "-od", got)...)...); !strings.Contains(out, "Success") {
		t.Errorf("getscu said\n%s", out)
	}
	holds(t, refers(t), "getscu", got, "CT_small.dcm")
	if out := went(t, "movescu", append(study(ctStudy), to("-aem", "DCMTK")...)...); !strings.Contains(out, "Success") {
		t.Errorf("movescu said\n%s", out)
	}
	holds(t, refers(t), "storescp", dir, "CT_small.dcm")
}

// TestServeInterop_DCMTKOverTLS: those of Debian's tools that speak TLS, and
// storescp as the destination of a C-MOVE over TLS.
func TestServeInterop_DCMTKOverTLS(t *testing.T) {
	peertest.Need(t, peertest.Files, "echoscu", "storescu", "findscu", "movescu", "storescp", "dcmdump")
	taking, dir := peertest.Port(t), t.TempDir()
	a := serves(t, exception(peertest.Port(t), "MOVER"))
	d := a.enrol("DCMTK", "--role", "modality", "--role", "workstation", "--listens", "127.0.0.1:"+taking)
	storesAndFinds(t, d.overTLS(a.dimse))
	peertest.Start(t, "storescp", "+tls", d.key, d.cert, "+cf", d.ca, "+B", "-od", dir, taking)
	peertest.Await(t, taking)
	if out := went(t, "movescu", append(study(ctStudy), plainly("MOVER", "LEADGLASS", port(a.plain))("-aem", "DCMTK")...)...); !strings.Contains(out, "Success") {
		t.Errorf("movescu said\n%s", out)
	}
	holds(t, refers(t), "storescp over TLS", dir, "CT_small.dcm")
	for who, args := range map[string][]string{
		"no certificate": {"+tla", "+cf", d.ca},
		"no TLS":         nil,
	} {
		if out, err := peertest.Try("echoscu", append(args, "-aet", "DCMTK", "-aec", "LEADGLASS", "127.0.0.1", port(a.dimse))...); err == nil {
			t.Errorf("with %s echoscu got in:\n%s", who, out)
		}
	}
	a.command("", "device", "revoke", "dcmtk")
	if out, err := peertest.Try("echoscu", d.overTLS(a.dimse)()...); err == nil {
		t.Errorf("a revoked device got in:\n%s", out)
	}
}

// TestServeInterop_Dcmqrscp: DCMTK's archive takes what is moved to it, and moves
// what it has to us.
func TestServeInterop_Dcmqrscp(t *testing.T) {
	peertest.Need(t, peertest.Files, "dcmqrscp", "storescu", "findscu", "movescu", "dcmdump")
	theirs, dir := peertest.Port(t), t.TempDir()
	a := serves(t, exception(theirs, "QRSCP")+exception(peertest.Port(t), "DCMTK"))
	config := fmt.Sprintf("NetworkTCPPort = %s\nMaxPDUSize = 16384\nMaxAssociations = 16\nHostTable BEGIN\nours = (LEADGLASS, 127.0.0.1, %s)\nHostTable END\n"+
		"VendorTable BEGIN\nVendorTable END\nAETable BEGIN\nQRSCP %s RW (200, 1024mb) ANY\nAETable END\n", theirs, port(a.plain), dir)
	name := filepath.Join(t.TempDir(), "qrscp.cfg")
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Start(t, "dcmqrscp", "+B", "-c", name)
	peertest.Await(t, theirs)
	us, them := plainly("DCMTK", "LEADGLASS", port(a.plain)), plainly("DCMTK", "QRSCP", theirs)
	for _, file := range threeStudies[:2] {
		went(t, "storescu", them(realFile(t, file)...)...)
	}
	if got := finds(t, us, "-S", "QueryRetrieveLevel=STUDY", "PatientID"); got != nil {
		t.Errorf("before, we have %q", got)
	}
	if out := went(t, "movescu", append([]string{"-P", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=1CT1"}, them("-aem", "LEADGLASS")...)...); !strings.Contains(out, "(Success)") {
		t.Errorf("movescu to us said\n%s", out)
	}
	if got := finds(t, us, "-S", "QueryRetrieveLevel=STUDY", "PatientID"); !slices.Equal(got, []string{"1CT1"}) {
		t.Errorf("moved to us, we have %q", got)
	}
	went(t, "storescu", us(realFile(t, "rtplan.dcm")...)...)
	if out := went(t, "movescu", append([]string{"-P", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=id00001"}, us("-aem", "QRSCP")...)...); !strings.Contains(out, "(Success)") {
		t.Errorf("movescu from us said\n%s", out)
	}
	if got := finds(t, them, "-P", "QueryRetrieveLevel=PATIENT", "PatientID"); !slices.Equal(got, []string{"1CT1", "4MR1", "id00001"}) {
		t.Errorf("moved to it, dcmqrscp has %q", got)
	}
	holds(t, refers(t), "dcmqrscp", dir, threeStudies...)
}
