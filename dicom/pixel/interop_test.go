package pixel_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom/pixel"
)

// published are the test files of pydicom.
const published = "/usr/lib/python3/dist-packages/pydicom/data/test_files"

func needsInterop(t *testing.T) {
	t.Helper()
	if os.Getenv("INTEROP") != "1" {
		t.Skip("needs pydicom and DCMTK: set INTEROP=1")
	}
}

// arrays writes what pydicom's pixel_array has of each file that it can read:
// little endian, the samples of a pixel side by side.
const arrays = `
import sys, os, warnings
warnings.simplefilter('ignore')
import pydicom
for name in sys.argv[2:]:
    try:
        d = pydicom.dcmread(name, force=True)
        a = d.pixel_array
        if 'BitsStored' in d and d.BitsStored < d.BitsAllocated and 'JPEG' not in d.file_meta.TransferSyntaxUID.name:
            a = a & ((1 << d.BitsStored) - 1)
        open(os.path.join(sys.argv[1], os.path.basename(name) + '.raw'), 'wb').write(a.astype(a.dtype.newbyteorder('<')).tobytes())
    except Exception as e:
        sys.stderr.write('%s: %s\n' % (os.path.basename(name), str(e).split('\n')[0][:100]))
`

// decoded are all frames of a file, one after the other.
func decoded(name string) ([]byte, *pixel.Image, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	im, err := pixel.Open(f, st.Size(), pixel.Limits{})
	if err != nil {
		return nil, nil, err
	}
	var all []byte
	for n := range im.Format.Frames {
		fr, err := im.Frame(n + 1)
		if err != nil {
			return nil, im, err
		}
		all = append(all, fr.Data...)
	}
	return all, im, nil
}

// apart is the largest difference of two samples, and how many bytes differ.
func apart(a, b []byte, cell int) (most, count int) {
	for i := 0; i+cell <= len(a) && i+cell <= len(b); i += cell {
		x, y := 0, 0
		for k := range min(cell, 4) {
			x |= int(a[i+k]) << (8 * k)
			y |= int(b[i+k]) << (8 * k)
		}
		if x != y {
			count++
			most = max(most, x-y, y-x)
		}
	}
	return most, count
}

// TestPydicom compares every frame of pydicom's test files with its pixel_array.
func TestPydicom(t *testing.T) {
	needsInterop(t)
	files, _ := filepath.Glob(filepath.Join(published, "*.dcm"))
	dir := t.TempDir()
	out, err := exec.Command("/usr/bin/python3", append([]string{"-c", arrays, dir}, files...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	compared := 0
	for _, name := range files {
		want, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)+".raw"))
		got, im, ours := decoded(name)
		if err != nil {
			t.Logf("%s: not by pydicom; here %v", filepath.Base(name), ours)
			continue
		}
		var u *pixel.UnsupportedSyntax
		if errors.As(ours, &u) {
			continue
		}
		if ours != nil {
			t.Errorf("%s: %v", filepath.Base(name), ours)
			continue
		}
		compared++
		most, count := apart(got, want, max(1, im.Format.BitsAllocated/8))
		lossy := strings.HasPrefix(string(im.Syntax), "1.2.840.10008.1.2.4.5")
		if len(got) != len(want) || count > 0 && !lossy || most > 1 {
			t.Errorf("%s (%s): %d bytes, pydicom has %d; %d samples differ, by up to %d", filepath.Base(name), im.Syntax, len(got), len(want), count, most)
		} else if lossy {
			t.Logf("%s: %d samples differ, by up to %d", filepath.Base(name), count, most)
		}
	}
	if compared < 25 {
		t.Errorf("only %d files compared", compared)
	}
	t.Logf("%d files compared", compared)
}

// TestDCMTK has DCMTK compress and decompresses here, and the other way round
// where there is only the compressed file.
func TestDCMTK(t *testing.T) {
	needsInterop(t)
	dir := t.TempDir()
	run := func(name string, args ...string) bool {
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Logf("%s %v: %v %.200s", name, args, err, out)
		}
		return err == nil
	}
	ways := map[string][]string{"rle": {"dcmcrle"}, "sv1": {"dcmcjpeg", "+e1"}, "lossless_pt": {"dcmcjpeg", "+el", "+sv", "4", "+pt", "2"}, "extended": {"dcmcjpeg", "+ee", "+cr"}}
	for sv := '1'; sv <= '7'; sv++ {
		ways["lossless_"+string(sv)] = []string{"dcmcjpeg", "+el", "+sv", string(sv)}
	}
	for _, file := range []string{"CT_small.dcm", "MR_small.dcm", "SC_rgb_jpeg_dcmd.dcm", "ExplVR_BigEnd.dcm", "image_dfl.dcm"} {
		name := filepath.Join(published, file)
		for way, args := range ways {
			to := filepath.Join(dir, file+"."+way)
			if !run(args[0], append(append([]string{}, args[1:]...), name, to)...) {
				continue
			}
			against := name
			if way == "lossless_pt" || way == "extended" {
				against = to + ".raw"
				if !run("dcmdjpeg", to, against) {
					continue
				}
			}
			want, _, err := decoded(against)
			if err != nil {
				t.Fatal(err)
			}
			got, im, err := decoded(to)
			if err != nil {
				t.Errorf("%s %s: %v", file, way, err)
				continue
			}
			if most, count := apart(got, want, im.Format.BitsAllocated/8); len(got) != len(want) || count > 0 {
				if way != "extended" || most > 1 {
					t.Errorf("%s %s: %d samples differ, by up to %d", file, way, count, most)
				} else {
					t.Logf("%s %s: %d samples differ, by up to %d", file, way, count, most)
				}
			}
		}
	}
	for _, file := range []string{"JPEG-lossy.dcm", "JPGExtended.dcm", "SC_rgb_jpeg_gdcm.dcm"} {
		to := filepath.Join(dir, file)
		if !run("dcmdjpeg", filepath.Join(published, file), to) {
			continue
		}
		want, _, err := decoded(to)
		if err != nil {
			t.Fatal(err)
		}
		got, im, err := decoded(filepath.Join(published, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if most, count := apart(got, want, im.Format.BitsAllocated/8); len(got) != len(want) || most > 1 {
			t.Errorf("%s: %d samples differ, by up to %d", file, count, most)
		} else {
			t.Logf("%s: %d samples differ, by up to %d", file, count, most)
		}
		if bytes.Equal(got, make([]byte, len(got))) {
			t.Errorf("%s: nothing but zeros", file)
		}
	}
}
