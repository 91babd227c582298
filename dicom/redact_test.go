package dicom_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// TestDataset_PrintsNoValue prints data sets, and what contains them, in every
// way that a diagnostic might.
func TestDataset_PrintsNoValue(t *testing.T) {
	d := &dicom.Dataset{}
	d.SetString(0x00100010, "Secretname")
	d.SetSequence(0x00081140, d)
	d.Elements = append(d.Elements, dicom.Element{Tag: dicom.PixelData, VR: dicom.OB, Fragments: [][]byte{[]byte("Secret")}})
	v := &dicom.Visit{Kind: dicom.ElementValue, Tag: 0x00100010, VR: dicom.PN, Length: 10, Value: []byte("Secretname")}
	f := &dicom.File{Meta: d, Dataset: d}
	var out bytes.Buffer
	text, js := slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))
	for _, x := range []any{d, *d, d.Elements, d.Elements[0], &d.Elements[0], v, *v, f, *f} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", x)
		}
		text.Info("m", "x", x)
	}
	for _, x := range []any{d, *d, d.Elements[0], v, f} {
		js.Info("m", "x", x)
	}
	lower := strings.ToLower(out.String())
	for _, secret := range []string{"secret", "536563726574", "83 101 99 114 101 116", "0x53, 0x65", "u2vjcmv0"} {
		if strings.Contains(lower, secret) {
			t.Errorf("%q shows", secret)
		}
	}
	for x, want := range map[any]string{
		d:              "[data set of 3 elements]",
		&d.Elements[0]: "[(0008,1140) SQ of 1 items]",
		&d.Elements[1]: "[(0010,0010) PN of 10 bytes]",
		&d.Elements[2]: "[(7FE0,0010) OB of 1 fragments]",
		f:              "[file of data set of 3 elements]",
		&dicom.File{}:  "[file]",
		v:              "[(0010,0010) PN of length 10]",
		&dicom.Visit{Kind: dicom.ItemStart, Tag: 0x00081140}: "[item of (0008,1140)]",
	} {
		if got := fmt.Sprint(x); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := fmt.Sprint(*oneElement(1, dicom.CS, "")); got != "[data set of 1 element]" {
		t.Error(got)
	}
}
