package dicom_test

import (
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

// timePydicom reads the headers of files and looks at every element; it prints
// the nanoseconds of one file in the best of some rounds.
const timePydicom = `
import sys, time, warnings
from pydicom import dcmread
warnings.simplefilter("ignore")
def touch(name):
    n = 0
    for e in dcmread(name, stop_before_pixels=True):
        n += len(str(e.value))
    return n
best = None
for _ in range(int(sys.argv[1])):
    begin = time.perf_counter_ns()
    for name in sys.argv[2:]:
        touch(name)
    took = time.perf_counter_ns() - begin
    best = took if best is None else min(best, took)
print(best // len(sys.argv[2:]))
`

// rounds is how often each side runs: the best counts, so that what else the
// machine does hardly matters.
const rounds = 3

// BenchmarkPeers compares reading the header of a CT slice with pydicom and
// with dcmdump, and prints one line for each.
func BenchmarkPeers(b *testing.B) {
	if os.Getenv("BENCH") != "1" {
		b.Skip("set BENCH=1 to compare with pydicom and dcmdump")
	}
	dir := b.TempDir()
	names := copies(b, dir, 500)
	for b.Loop() {
		ours := best(func() error {
			for _, name := range names {
				touchHeader(b, name)
			}
			return nil
		}, len(names))
		cmd := exec.Command("/usr/bin/python3", append([]string{"-c", timePydicom, strconv.Itoa(rounds)}, names...)...)
		out, err := cmd.Output()
		ns, convErr := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if err == nil && convErr == nil {
			ratio("pydicom, header of a CT slice, every element touched", ours, time.Duration(ns))
		} else {
			b.Logf("pydicom: %v, %v", err, convErr)
		}
		theirs := best(func() error {
			return exec.Command("dcmdump", "-q", "+sd", "+sp", "*.dcm", dir).Run()
		}, len(names))
		if theirs > 0 {
			ratio(fmt.Sprintf("dcmdump, the headers of %d CT slices, one process", len(names)), ours, theirs)
		}
	}
}

// copies makes n copies of the CT slice.
func copies(b *testing.B, dir string, n int) []string {
	original, err := os.ReadFile(ctSlice)
	if err != nil {
		b.Skip("python3-pydicom is not installed")
	}
	var names []string
	for i := range n {
		name := filepath.Join(dir, strconv.Itoa(i)+".dcm")
		if err := os.WriteFile(name, original, 0o600); err != nil {
			b.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// best returns the time for one of n files in the best round, 0 on an error.
func best(run func() error, n int) time.Duration {
	var least time.Duration
	for i := range rounds {
		begin := time.Now()
		if err := run(); err != nil {
			return 0
		}
		if took := time.Since(begin) / time.Duration(n); i == 0 || took < least {
			least = took
		}
	}
	return least
}

func ratio(what string, ours, theirs time.Duration) {
	fmt.Printf("dicom: %s: %v against %v, %.1f times as fast\n", what, ours, theirs, float64(theirs)/float64(ours))
}
