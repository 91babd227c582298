package dicom_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// pydicomData is where Debian's python3-pydicom keeps its test files.
const pydicomData = "/usr/lib/python3/dist-packages/pydicom/data"

// peers skips a test that needs programs which are not there.
func peers(t testing.TB, programs ...string) {
	t.Helper()
	if os.Getenv("INTEROP") != "1" {
		t.Skip("set INTEROP=1 to compare with pydicom and DCMTK")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
	if _, err := os.Stat(pydicomData); err != nil {
		t.Skip("python3-pydicom is not installed")
	}
}

// testFiles lists every DICOM file of pydicom's test data.
func testFiles(t testing.TB) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(pydicomData, func(name string, e os.DirEntry, err error) error {
		readme := strings.HasPrefix(e.Name(), "README")
		if err == nil && !e.IsDir() && !readme && (filepath.Ext(name) == ".dcm" || strings.Contains(name, "dicomdirtests/")) {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) < 150 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	return names
}

// knownBad are the files that are wrong, and what Read says of each.
var knownBad = map[string]struct {
	err    error
	reason string
}{
	"MR_truncated.dcm":     {io.ErrUnexpectedEOF, "the pixel data are cut off"},
	"rtplan_truncated.dcm": {io.ErrUnexpectedEOF, "cut off within the item of a sequence"},
	"DICOMDIR-nooffset":    {dicom.ErrOverrun, "edited: the last item claims 24 bytes more than its sequence has"},
	"no_meta.dcm":          {dicom.ErrNotDICOM, "one stray byte before the data set; pydicom makes one element (0820,0500) of it all"},
}

// dcmtkRefuses are files that dcmdump does not read and pydicom does.
var dcmtkRefuses = map[string]string{
	"SC_rgb_jpeg.dcm": "implicit VR under a transfer syntax that is explicit",
}

// line is one element of a dump.
type line struct {
	path, tag, vr string
	length        int
	sum           string
}

func (l line) String() string {
	return fmt.Sprintf("%s%s %s %d %.8s", l.path, l.tag, l.vr, l.length, l.sum)
}

// dumpOurs dumps as testdata/dump.py does.
func dumpOurs(f *dicom.File) []line {
	var out []line
	for _, d := range []*dicom.Dataset{f.Meta, f.Dataset} {
		d.Walk(func(p dicom.Path, e *dicom.Element) error {
			l := line{path: p.String(), tag: e.Tag.String(), vr: e.VR.String()}
			value := e.Value
			if e.Fragments != nil {
				value = items(e.Fragments)
			}
			if l.length = len(e.Items); e.VR != dicom.SQ {
				sum := sha256.Sum256(value)
				l.length, l.sum = len(value), hex.EncodeToString(sum[:])
			}
			out = append(out, l)
			return nil
		})
	}
	return out
}

// items is what pydicom has for encapsulated pixel data.
func items(fragments [][]byte) []byte {
	var b []byte
	for _, f := range fragments {
		b = append(b, 0xFE, 0xFF, 0x00, 0xE0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// dumpPydicom returns what pydicom reads from each file.
func dumpPydicom(t testing.TB, names []string) map[string][]line {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", append([]string{"testdata/dump.py"}, names...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pydicom: %v\n%s", err, stderr.String())
	}
	dumps := map[string][]line{}
	dec := json.NewDecoder(bytes.NewReader(out))
	for dec.More() {
		var f struct {
			File, Error string
			Elements    [][5]any
		}
		if err := dec.Decode(&f); err != nil {
			t.Fatal(err)
		}
		if f.Error != "" {
			t.Errorf("pydicom on %s: %s", f.File, f.Error)
		}
		dumps[f.File] = []line{}
		for _, e := range f.Elements {
			vr, _ := e[2].(string)
			dumps[f.File] = append(dumps[f.File], line{e[0].(string), e[1].(string), vr, int(e[3].(float64)), e[4].(string)})
		}
	}
	return dumps
}

// compare reports the first differences of two dumps.
func compare(t *testing.T, who, name string, got, want []line) {
	t.Helper()
	for i := 0; i < len(got) || i < len(want); i++ {
		var g, w line
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if w.vr == "" { // a choice that the dictionary leaves open
			w.vr = g.vr
		}
		if w.length < 0 {
			w.length = g.length
		}
		if w.sum == "" {
			w.sum = g.sum
		}
		if g != w {
			t.Errorf("%s: element %d is %v, %s has %v", filepath.Base(name), i, g, who, w)
			return
		}
	}
}

func TestInterop_PydicomReadsTheSame(t *testing.T) {
	peers(t, "/usr/bin/python3")
	names := testFiles(t)
	theirs := dumpPydicom(t, names)
	read := 0
	for _, name := range names {
		f, err := dicom.ReadFile(name, dicom.Options{})
		if bad, ok := knownBad[filepath.Base(name)]; ok {
			if !errors.Is(err, bad.err) {
				t.Errorf("%s: got %v, want %v: %s", filepath.Base(name), err, bad.err, bad.reason)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		compare(t, "pydicom", name, dumpOurs(f), theirs[name])
		read++
	}
	t.Logf("%d files read, %d bad ones refused", read, len(names)-read)
}

var dumpLine = regexp.MustCompile(`^( *)\(([0-9a-f]{4}),([0-9a-f]{4})\) (..) (.*?)# +(\d+|u/l), *\d+ [^#]*$`)

// dumpDCMTK returns what dcmdump prints of a file: tags, VRs, lengths and
// nesting.
func dumpDCMTK(t testing.TB, name string) []line {
	t.Helper()
	out, err := exec.Command("dcmdump", "+L", "-q", name).CombinedOutput()
	if err != nil {
		t.Fatalf("dcmdump %s: %v\n%s", name, err, out)
	}
	var lines []line
	var path dicom.Path
	var sequences []int // index in lines of the open ones
	sc := bufio.NewScanner(bytes.NewReader(out))
	sc.Buffer(nil, 64<<20)
	for pending := ""; sc.Scan(); {
		text := pending + sc.Text()
		m := dumpLine.FindStringSubmatch(text)
		if m == nil { // a value with a line break, or a comment
			if pending = ""; strings.HasPrefix(strings.TrimLeft(text, " "), "(") {
				pending = text + " "
			}
			continue
		}
		pending = ""
		depth := len(m[1]) / 2
		tag := "(" + strings.ToUpper(m[2]+","+m[3]) + ")"
		switch {
		case tag == "(FFFE,E000)" && m[4] == "na":
			path, sequences = path[:(depth+1)/2], sequences[:(depth+1)/2]
			path[len(path)-1].Item++
			lines[sequences[len(sequences)-1]].length++
			continue
		case tag == "(FFFE,E000)": // a fragment of pixel data
			n, _ := strconv.Atoi(m[6])
			lines[len(lines)-1].length += 8 + n
			continue
		case strings.HasPrefix(tag, "(FFFE"):
			continue
		}
		path = path[:depth/2]
		sequences = sequences[:depth/2]
		l := line{path: path.String(), tag: tag, vr: m[4]}
		switch {
		case m[4] == "xs": // US or SS, and no Pixel Representation to decide
			l.vr = ""
			l.length, _ = strconv.Atoi(m[6])
		case m[4] == "up": // DCMTK's name for the offsets of a DICOMDIR
			l.vr = "UL"
			l.length = 4
		case m[4] == "SQ" || strings.HasPrefix(m[5], "(Sequence"):
			l.vr = "SQ"
			g, _ := strconv.ParseUint(m[2]+m[3], 16, 32)
			path = append(path, dicom.Step{Tag: dicom.Tag(g), Item: -1})
			sequences = append(sequences, len(lines))
		case m[6] != "u/l":
			l.length, _ = strconv.Atoi(m[6])
		}
		lines = append(lines, l)
	}
	return lines
}

func TestInterop_DcmdumpReadsTheSame(t *testing.T) {
	peers(t, "dcmdump")
	for _, name := range testFiles(t) {
		_, bad := knownBad[filepath.Base(name)]
		if _, refused := dcmtkRefuses[filepath.Base(name)]; bad || refused {
			continue
		}
		f, err := dicom.ReadFile(name, dicom.Options{})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		compareDCMTK(t, name, f)
	}
}

func compareDCMTK(t *testing.T, name string, f *dicom.File) {
	t.Helper()
	ours := dumpOurs(f)
	theirs := dumpDCMTK(t, name)
	for i := range theirs {
		if i < len(ours) && f.TransferSyntax.ImplicitVR && ours[i].vr == "UN" {
			theirs[i].vr = "" // DCMTK knows private elements
		}
		if i < len(ours) && ours[i].vr == "OW" && theirs[i].vr == "OB" {
			theirs[i].vr = "OW" // DCMTK prints OB for encapsulated pixel data that say OW
		}
		if i < len(ours) && ours[i].vr != "SQ" && theirs[i].length%2 == 0 && ours[i].length+1 == theirs[i].length {
			theirs[i].length-- // DCMTK pads odd values
		}
	}
	compare(t, "dcmdump", name, ours, theirs)
}

// written is what a data set looks like after it was written: group lengths
// gone, the meta information left out.
func written(lines []line, ts *dicom.TransferSyntax) []line {
	var out []line
	for _, l := range lines {
		if strings.HasPrefix(l.path+l.tag, "(0002") || strings.HasSuffix(l.tag, ",0000)") {
			continue
		}
		switch {
		case ts.ImplicitVR && l.vr != "SQ":
			l.vr = ""
		case ts.Encapsulated && l.vr == "OW" && l.path+l.tag == dicom.PixelData.String():
			l.vr = "OB" // PS3.5 section A.4
		}
		if l.vr != "SQ" && l.length%2 == 1 {
			l.length, l.sum = l.length+1, "" // padded
		}
		out = append(out, l)
	}
	return out
}

// syntaxes lists the transfer syntaxes that f can be written in.
func syntaxes(f *dicom.File) []*dicom.TransferSyntax {
	if e := f.Dataset.Get(dicom.PixelData); e != nil && e.Fragments != nil {
		return []*dicom.TransferSyntax{{UID: f.TransferSyntax.UID, Encapsulated: true}}
	}
	return []*dicom.TransferSyntax{
		dicom.ImplicitVRLittleEndian, dicom.ExplicitVRLittleEndian,
		dicom.ExplicitVRBigEndian, dicom.DeflatedExplicitVRLittleEndian,
	}
}

func TestInterop_WrittenFilesReadTheSame(t *testing.T) {
	peers(t, "/usr/bin/python3", "dcmdump")
	dir := t.TempDir()
	want := map[string][]line{}
	var names []string
	for i, name := range testFiles(t) {
		f, err := dicom.ReadFile(name, dicom.Options{})
		if err != nil {
			continue // see knownBad
		}
		lines := dumpOurs(f)
		for _, ts := range syntaxes(f) {
			f.TransferSyntax = ts
			out := filepath.Join(dir, fmt.Sprintf("%03d_%s_%s", i, syntaxName(ts), filepath.Base(name)))
			var b bytes.Buffer
			if err := dicom.Write(&b, f); err != nil {
				t.Errorf("%s: %v", out, err)
				continue
			}
			if err := os.WriteFile(out, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			want[out] = written(lines, ts)
			names = append(names, out)
		}
	}
	theirs := dumpPydicom(t, names)
	for _, name := range names {
		got := written(theirs[name], dicom.ExplicitVRLittleEndian)
		compare(t, "the original", name, got, want[name])
		f, err := dicom.ReadFile(name, dicom.Options{})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		compare(t, "the original", name, written(dumpOurs(f), dicom.ExplicitVRLittleEndian), want[name])
		compareDCMTK(t, name, f)
	}
	t.Logf("%d files written", len(names))
}
