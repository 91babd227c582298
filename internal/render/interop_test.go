package render_test

import (
	"context"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/render"
)

// published are the test files of pydicom.
const published = "/usr/lib/python3/dist-packages/pydicom/data/test_files"

// pnm reads what dcm2pnm writes, binary and of 8 bits.
func pnm(t *testing.T, b []byte) (w, h, samples int, pix []byte) {
	t.Helper()
	var fields []string
	for len(fields) < 4 && len(b) > 0 {
		line, rest, _ := strings.Cut(string(b), "\n")
		b = []byte(rest)
		if !strings.HasPrefix(line, "#") {
			fields = append(fields, strings.Fields(line)...)
		}
	}
	w, _ = strconv.Atoi(fields[1])
	h, _ = strconv.Atoi(fields[2])
	samples = 1
	if fields[0] == "P6" {
		samples = 3
	}
	return w, h, samples, b
}

// TestDCM2PNM compares pictures with those that DCMTK makes of the same object
// and window.
func TestDCM2PNM(t *testing.T) {
	if os.Getenv("INTEROP") != "1" {
		t.Skip("needs DCMTK: set INTEROP=1")
	}
	window := func(c, w float64, f render.Function) render.Options {
		return render.Options{Window: render.Window{Center: c, Width: w, Function: f}}
	}
	for _, tt := range []struct {
		name string
		file string
		args []string
		opt  render.Options
	}{
		{"ct_window", "CT_small.dcm", []string{"+Ww", "40", "400"}, window(40, 400, render.Linear)},
		{"ct_narrow", "CT_small.dcm", []string{"+Ww", "40", "10"}, window(40, 10, render.Linear)},
		{"ct_sigmoid", "CT_small.dcm", []string{"+Ww", "40", "400", "+Wfs"}, window(40, 400, render.Sigmoid)},
		{"ct_min_max", "CT_small.dcm", []string{"+Wm"}, render.Options{}},
		{"mr_header", "MR_small.dcm", []string{"+Wi", "1"}, render.Options{}},
		{"mr_implicit", "MR_small_implicit.dcm", []string{"+Wi", "1"}, render.Options{}},
		{"mr_bigendian", "MR_small_bigendian.dcm", []string{"+Wi", "1"}, render.Options{}},
		{"mr_rle", "MR_small_RLE.dcm", []string{"+Wi", "1"}, render.Options{}},
		{"dose_frame", "rtdose.dcm", []string{"+Wm", "+F", "3"}, render.Options{Frame: 3}},
		{"us_big_endian", "ExplVR_BigEnd.dcm", nil, render.Options{}},
		{"rgb", "SC_rgb_jpeg_dcmd.dcm", nil, render.Options{}},
		{"rgb_rle", "SC_rgb_rle.dcm", nil, render.Options{}},
		{"rgb_lossless", "SC_rgb_jpeg_gdcm.dcm", nil, render.Options{}},
		{"ybr_422", "SC_ybr_full_422_uncompressed.dcm", nil, render.Options{}},
		{"extended", "JPGExtended.dcm", []string{"+Wm"}, render.Options{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name, to := filepath.Join(published, tt.file), filepath.Join(t.TempDir(), "out")
			tool := "dcm2pnm"
			if strings.Contains(tt.file, "jpeg") || strings.HasPrefix(tt.file, "JPG") {
				tool = "dcmj2pnm"
			}
			if out, err := exec.Command(tool, append(append([]string{"-O", "+op"}, tt.args...), name, to)...).CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			b, err := os.ReadFile(to)
			if err != nil {
				t.Fatal(err)
			}
			w, h, samples, want := pnm(t, b)
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			st, _ := f.Stat()
			m, err := render.Frame(context.Background(), f, st.Size(), tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			if m.Bounds().Size() != image.Pt(w, h) {
				t.Fatalf("%v, DCMTK has %d by %d", m.Bounds(), w, h)
			}
			most, count := 0, 0
			for i := range w * h {
				r, g, bl, _ := m.At(i%w, i/w).RGBA()
				for s, v := range []uint32{r, g, bl}[:samples] {
					if d := int(v>>8) - int(want[i*samples+s]); d != 0 {
						count++
						most = max(most, d, -d)
					}
				}
			}
			t.Logf("%d of %d differ, by up to %d", count, w*h*samples, most)
			allowed := 1
			if strings.Contains(tt.name, "ybr") || tt.name == "extended" { // DCMTK cuts YBR off; 12 bits differ by one before the window
				allowed = 2
			}
			if most > allowed {
				t.Errorf("differs from DCMTK by up to %d", most)
			}
		})
	}
}
