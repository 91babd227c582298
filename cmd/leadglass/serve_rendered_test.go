package main_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/peertest"
)

// TestServeInterop_Rendered compares pictures that leadglass serve makes with those
// of DCMTK, which may differ by rounding.
func TestServeInterop_Rendered(t *testing.T) {
	peertest.Need(t, peertest.Files, "dcm2pnm")
	a := serves(t, "")
	d := a.enrol("WS", "--role", "modality", "--role", "workstation")
	c := d.client(t)
	options := map[string]struct {
		query string
		args  []string
	}{
		"test_files/CT_small.dcm":     {"?window=40,400,linear", []string{"+Ww", "40", "400"}},
		"test_files/MR_small_RLE.dcm": {"?window=600,1600,linear", []string{"+Ww", "600", "1600"}},
		"test_files/SC_rgb_rle.dcm":   {"", nil},
	}
	for _, o := range realObjects(t) {
		opt, ok := options[o.name]
		if !ok {
			continue
		}
		if said := a.stow(c, &o); said != "200" {
			t.Fatalf("storing %s: %s", o.name, said)
		}
		path := "/studies/" + string(o.study) + "/series/" + string(o.series) + "/instances/" + string(o.instance) + "/rendered"
		rsp, b := a.ask(c, http.MethodGet, path+opt.query, nil, "Accept", "image/png")
		ours, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s: %s, %v", o.name, rsp.Status, err)
			continue
		}
		name := filepath.Join(t.TempDir(), "picture.png")
		went(t, "dcm2pnm", append(opt.args, "+on", peertest.Data+o.name, name)...)
		theirs := decodePNG(t, name)
		if ours.Bounds() != theirs.Bounds() {
			t.Errorf("%s is %v, DCMTK's %v", o.name, ours.Bounds(), theirs.Bounds())
			continue
		}
		most := 0
		for y := range ours.Bounds().Dy() {
			for x := range ours.Bounds().Dx() {
				r, g, b, _ := ours.At(x, y).RGBA()
				r2, g2, b2, _ := theirs.At(x, y).RGBA()
				for _, d := range []int{int(r>>8) - int(r2>>8), int(g>>8) - int(g2>>8), int(b>>8) - int(b2>>8)} {
					most = max(most, d, -d)
				}
			}
		}
		if most > 1 {
			t.Errorf("%s differs from DCMTK's picture by up to %d", o.name, most)
		}
	}
}

func decodePNG(t *testing.T, name string) image.Image {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
