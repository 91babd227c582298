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

// dumpDCMTK returns what dcmdump prints of files: tags, VRs, lengths and
// nesting.
func dumpDCMTK(t testing.TB, names []string) map[string][]line {
	t.Helper()
	dumps := map[string][]line{}
	for len(names) > 0 {
		n := min(len(names), 100)
		cmd := exec.Command("dcmdump", append([]string{"+F", "+L", "-q"}, names[:n]...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("dcmdump: %v\n%.2000s", err, out)
		}
		for _, dump := range bytes.Split(out, []byte("# dcmdump ("))[1:] {
			head, text, _ := bytes.Cut(dump, []byte("\n"))
			_, name, _ := bytes.Cut(head, []byte("): "))
			dumps[string(name)] = parseDCMTK(text)
		}
		names = names[n:]
	}
	return dumps
}

// outline reads the lines of dcmdump.
type outline struct {
	lines     []line
	path      dicom.Path
	sequences []int // where in lines the open ones are
}

func parseDCMTK(text []byte) []line {
	var o outline
	sc := bufio.NewScanner(bytes.NewReader(text))
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
		o.add(len(m[1])/2, m[2]+m[3], m[4], m[5], m[6])
	}
	return o.lines
}

func (o *outline) add(depth int, hexTag, vr, value, length string) {
	n, _ := strconv.Atoi(length) // 0 for an undefined one
	number, _ := strconv.ParseUint(hexTag, 16, 32)
	tag := dicom.Tag(number)
	switch {
	case tag == dicom.Item && vr == "na":
		o.up((depth + 1) / 2)
		o.path[len(o.path)-1].Item++
		o.lines[o.sequences[len(o.sequences)-1]].length++
		return
	case tag == dicom.Item: // a fragment of pixel data
		o.lines[len(o.lines)-1].length += 8 + n
		return
	case tag.Group() == dicom.Item.Group():
		return
	}
	o.up(depth / 2)
	l := line{path: o.path.String(), tag: tag.String(), vr: vr, length: n}
	switch {
	case vr == "xs": // US or SS, and no Pixel Representation to decide
		l.vr = ""
	case vr == "up": // DCMTK's name for the offsets of a DICOMDIR
		l.vr = "UL"
	case vr == "SQ" || strings.HasPrefix(value, "(Sequence"):
		l.vr, l.length = "SQ", 0
		o.path = append(o.path, dicom.Step{Tag: tag, Item: -1})
		o.sequences = append(o.sequences, len(o.lines))
	}
	o.lines = append(o.lines, l)
}

func (o *outline) up(depth int) { o.path, o.sequences = o.path[:depth], o.sequences[:depth] }

func TestInterop_DcmdumpReadsTheSame(t *testing.T) {
	peers(t, "dcmdump")
	files := map[string]*dicom.File{}
	var names []string
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
		files[name] = f
		names = append(names, name)
	}
	theirs := dumpDCMTK(t, names)
	for _, name := range names {
		compareDCMTK(t, name, files[name], theirs[name])
	}
	t.Logf("%d files read", len(names))
}

func compareDCMTK(t *testing.T, name string, f *dicom.File, theirs []line) {
	t.Helper()
	ours := dumpOurs(f)
	for i := range theirs {
		if i >= len(ours) {
			break
		}
		switch {
		case f.TransferSyntax.ImplicitVR && ours[i].vr == "UN":
			theirs[i].vr = "" // DCMTK knows private elements
		case ours[i].vr == "OW" && theirs[i].vr == "OB":
			theirs[i].vr = "OW" // DCMTK prints OB for encapsulated pixel data that say OW
		}
		if ours[i].vr != "SQ" && theirs[i].length%2 == 0 && ours[i].length+1 == theirs[i].length {
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
	theirs, dcmtk := dumpPydicom(t, names), dumpDCMTK(t, names)
	for _, name := range names {
		got := written(theirs[name], dicom.ExplicitVRLittleEndian)
		compare(t, "the original", name, got, want[name])
		f, err := dicom.ReadFile(name, dicom.Options{})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		compare(t, "the original", name, written(dumpOurs(f), dicom.ExplicitVRLittleEndian), want[name])
		compareDCMTK(t, name, f, dcmtk[name])
	}
	t.Logf("%d files written", len(names))
}

// TestInterop_WrittenCTVerifies: dciodvfy says of a CT slice that was read and
// written what it says of the original.
func TestInterop_WrittenCTVerifies(t *testing.T) {
	peers(t, "dciodvfy")
	f, err := dicom.ReadFile(ctSlice, dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ts := range []*dicom.TransferSyntax{explicit, implicit} { // it reads no deflated ones
		f.TransferSyntax = ts
		name := filepath.Join(t.TempDir(), "ct.dcm")
		if err := os.WriteFile(name, write(t, f), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, want := verify(name), verify(ctSlice); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", syntaxName(ts), got, want)
		}
	}
}

// verify returns what dciodvfy says.
func verify(name string) string {
	out, _ := exec.Command("dciodvfy", name).CombinedOutput() // fails on any error of the image
	return string(out)
}
