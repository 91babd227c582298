package dicom_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
)

// answer is a C-FIND answer as counting studies meets them: three elements.
func answer(t testing.TB, ts *dicom.TransferSyntax) []byte {
	t.Helper()
	var d dicom.Dataset
	d.SetString(0x00080052, "STUDY")
	d.SetString(0x0020000D, "2.25.214429389591978136863848702275356814572")
	d.SetString(0x00201208, "48")
	b, err := dicom.Append(nil, &d, ts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkWalkBytes(b *testing.B) {
	for _, ts := range []*dicom.TransferSyntax{dicom.ImplicitVRLittleEndian, dicom.ExplicitVRLittleEndian, dicom.ExplicitVRBigEndian} {
		b.Run(syntaxName(ts), func(b *testing.B) {
			data := answer(b, ts)
			n := 0
			visit := func(v *dicom.Visit) error {
				n += len(v.Value)
				return nil
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := dicom.WalkBytes(data, ts, dicom.Limits{}, visit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func syntaxName(ts *dicom.TransferSyntax) string {
	switch {
	case ts.ImplicitVR:
		return "implicit"
	case ts.BigEndian:
		return "big"
	case ts.Deflated:
		return "deflated"
	}
	return "explicit"
}

func BenchmarkDecodeBytes(b *testing.B) {
	data := answer(b, dicom.ImplicitVRLittleEndian)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dicom.DecodeBytes(data, dicom.ImplicitVRLittleEndian, dicom.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	d, err := dicom.DecodeBytes(answer(b, dicom.ImplicitVRLittleEndian), dicom.ImplicitVRLittleEndian, dicom.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = dicom.Append(buf[:0], d, dicom.ExplicitVRLittleEndian)
	}
}

// ctSlice is a CT slice of 39,206 bytes, 32,768 of them pixels.
const ctSlice = pydicomData + "/test_files/CT_small.dcm"

// touchHeader reads the header of a CT slice and looks at every element.
func touchHeader(b testing.TB, name string) int {
	f, err := dicom.ReadFile(name, dicom.Options{StopBefore: dicom.PixelData})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for i := range f.Dataset.Elements {
		n += len(f.Dataset.String(f.Dataset.Elements[i].Tag))
	}
	return n
}

func BenchmarkHeaderCT(b *testing.B) {
	if _, err := os.Stat(ctSlice); err != nil {
		b.Skip("python3-pydicom is not installed")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dicom.ReadFile(ctSlice, dicom.Options{StopBefore: dicom.PixelData}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHeaderCTTouched(b *testing.B) {
	if _, err := os.Stat(ctSlice); err != nil {
		b.Skip("python3-pydicom is not installed")
	}
	b.ReportAllocs()
	for b.Loop() {
		touchHeader(b, ctSlice)
	}
}

// timePydicom reads the header of a file n times and looks at every element;
// it prints the nanoseconds of one time.
const timePydicom = `
import sys, time, warnings
from pydicom import dcmread
warnings.simplefilter("ignore")
def touch(name):
    n = 0
    for e in dcmread(name, stop_before_pixels=True):
        n += len(str(e.value))
    return n
names, n = sys.argv[2:], int(sys.argv[1])
touch(names[0])
begin = time.perf_counter_ns()
for i in range(n):
    touch(names[i % len(names)])
print((time.perf_counter_ns() - begin) // n)
`

// BenchmarkPeers compares reading the header of a CT slice with pydicom and
// with dcmdump, and prints one line for each.
func BenchmarkPeers(b *testing.B) {
	if os.Getenv("BENCH") != "1" {
		b.Skip("set BENCH=1 to compare with pydicom and dcmdump")
	}
	original, err := os.ReadFile(ctSlice)
	if err != nil {
		b.Skip("python3-pydicom is not installed")
	}
	const copies = 500
	dir := b.TempDir()
	var names []string
	for i := range copies {
		name := filepath.Join(dir, strconv.Itoa(i)+".dcm")
		if err := os.WriteFile(name, original, 0o600); err != nil {
			b.Fatal(err)
		}
		names = append(names, name)
	}
	for b.Loop() {
		ours := timeOurs(b, names)
		begin := time.Now()
		cmd := exec.Command("/usr/bin/python3", append([]string{"-c", timePydicom, strconv.Itoa(copies)}, names...)...)
		out, err := cmd.Output()
		ns, convErr := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if err != nil || convErr != nil {
			b.Logf("pydicom: %v, %v", err, convErr)
		} else {
			ratio(b, "pydicom, header of a CT slice, every element touched", ours, time.Duration(ns))
		}
		begin = time.Now()
		dump := exec.Command("dcmdump", "-q", "+sd", "+sp", "*.dcm", dir)
		var sink bytes.Buffer
		dump.Stdout = &sink
		if err := dump.Run(); err != nil {
			b.Logf("dcmdump: %v", err)
			continue
		}
		ratio(b, fmt.Sprintf("dcmdump, %d files in one process, start included", copies), ours, time.Since(begin)/copies)
	}
}

func timeOurs(b *testing.B, names []string) time.Duration {
	touchHeader(b, names[0])
	begin := time.Now()
	for _, name := range names {
		touchHeader(b, name)
	}
	return time.Since(begin) / time.Duration(len(names))
}

func ratio(b *testing.B, what string, ours, theirs time.Duration) {
	b.Helper()
	fmt.Printf("dicom: %s: %v against %v, %.1f times as fast\n", what, ours, theirs, float64(theirs)/float64(ours))
}
