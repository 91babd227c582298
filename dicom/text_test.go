package dicom_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// single is a data set of a single element.
func single(vr dicom.VR, value string) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.Set(dicom.Element{Tag: 0x00091001, VR: vr, Value: []byte(value)})
	return d
}

func TestDataset_Strings(t *testing.T) {
	for _, tt := range []struct {
		vr    dicom.VR
		value string
		want  []string
	}{
		{dicom.LO, "", nil},
		{dicom.LO, "A ", []string{"A"}},
		{dicom.LO, ` A\B \\C`, []string{"A", "B", "", "C"}},
		{dicom.CS, `ORIGINAL\PRIMARY`, []string{"ORIGINAL", "PRIMARY"}},
		{dicom.UI, "1.2.3\x00", []string{"1.2.3"}},
		{dicom.UI, `1.2\1.3` + "\x00", []string{"1.2", "1.3"}},
		{dicom.PN, ` Lead `, []string{" Lead"}}, // the spaces in front count
		{dicom.ST, ` C:\temp `, []string{` C:\temp`}},
		{dicom.UT, `a\b`, []string{`a\b`}},
		{dicom.UR, `http://h/\x `, []string{`http://h/\x`}},
		{dicom.UN, "text ", []string{"text"}},
		{dicom.US, "\x00\x02\xFF\xFF", []string{"512", "65535"}},
		{dicom.SS, "\xFE\xFF", []string{"-2"}},
		{dicom.UL, "\xFF\xFF\xFF\xFF", []string{"4294967295"}},
		{dicom.SL, "\xFF\xFF\xFF\xFF", []string{"-1"}},
		{dicom.SV, "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", []string{"-2"}},
		{dicom.UV, "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", []string{"18446744073709551614"}},
		{dicom.AT, "\x10\x00\x20\x00", []string{"(0010,0020)"}},
		{dicom.FL, string(binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.1))), []string{"0.1"}},
		{dicom.FD, string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.1))), []string{"0.1"}},
		{dicom.US, "\x00", []string{}}, // half a number
		{dicom.OW, "\x00\x02", nil},
	} {
		d := single(tt.vr, tt.value)
		if got := d.Strings(0x00091001); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v %q: got %q, want %q", tt.vr, tt.value, got, tt.want)
		}
		first := ""
		if len(tt.want) > 0 {
			first = tt.want[0]
		}
		if got := d.String(0x00091001); got != first {
			t.Errorf("%v %q: first value %q, want %q", tt.vr, tt.value, got, first)
		}
	}
	var none dicom.Dataset
	if none.String(0x00100010) != "" || none.Strings(0x00100010) != nil || none.Get(0x00100010) != nil {
		t.Error("an empty data set has values")
	}
}

func TestDataset_Numbers(t *testing.T) {
	for _, tt := range []struct {
		vr     dicom.VR
		value  string
		ints   []int64
		floats []float64
	}{
		{dicom.IS, ` 12 \-3`, []int64{12, -3}, []float64{12, -3}},
		{dicom.DS, `1.5\2 `, nil, []float64{1.5, 2}},
		{dicom.DS, `2.0`, []int64{2}, []float64{2}},
		{dicom.DS, `1e3`, []int64{1000}, []float64{1000}},
		{dicom.IS, `12a`, nil, nil},
		{dicom.IS, ``, nil, nil},
		{dicom.IS, `99999999999999999999`, nil, []float64{1e20}},
		{dicom.US, "\x00\x02", []int64{512}, []float64{512}},
		{dicom.FD, string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(-2.5))), nil, []float64{-2.5}},
		{dicom.FL, string(binary.LittleEndian.AppendUint32(nil, math.Float32bits(3))), []int64{3}, []float64{3}},
		{dicom.FL, string(binary.LittleEndian.AppendUint32(nil, 0x7FC00000)), nil, []float64{math.NaN()}},
		{dicom.UV, "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", nil, []float64{1 << 64}},
		{dicom.LO, `12`, nil, nil},
	} {
		d := single(tt.vr, tt.value)
		if got := d.Ints(0x00091001); !reflect.DeepEqual(got, tt.ints) {
			t.Errorf("%v %q: integers %v, want %v", tt.vr, tt.value, got, tt.ints)
		}
		if got := d.Floats(0x00091001); fmt.Sprint(got) != fmt.Sprint(tt.floats) {
			t.Errorf("%v %q: numbers %v, want %v", tt.vr, tt.value, got, tt.floats)
		}
		n, ok := d.Int(0x00091001)
		if ok != (len(tt.ints) > 0) || ok && n != tt.ints[0] {
			t.Errorf("%v %q: integer %d, %t", tt.vr, tt.value, n, ok)
		}
		x, ok := d.Float(0x00091001)
		if ok != (len(tt.floats) > 0) || ok && fmt.Sprint(x) != fmt.Sprint(tt.floats[0]) {
			t.Errorf("%v %q: number %v, %t", tt.vr, tt.value, x, ok)
		}
	}
}

// TestDataset_OneNumberOfMany: a wrong value spoils the list, not the first.
func TestDataset_OneNumberOfMany(t *testing.T) {
	d := single(dicom.IS, `12\ \3`) // the second is empty
	if n, ok := d.Int(0x00091001); n != 12 || !ok || d.Ints(0x00091001) != nil {
		t.Errorf("got %d, %t, %v", n, ok, d.Ints(0x00091001))
	}
}

func TestDataset_SetString(t *testing.T) {
	d := new(dicom.Dataset)
	d.SetString(0x00100020, "123")           // LO: a space
	d.SetString(0x00080018, "1.2.3")         // UI: a zero
	d.SetString(0x00080008, "ORIGINAL", "A") // two values
	d.SetString(0x0020000D)                  // a return key
	d.SetUint16(0x00280010, 512, 1)
	d.SetUint32(0x00020000, 7)
	b, err := dicom.Append(nil, d, explicit)
	want := unhex(t, `
		02 00 00 00  55 4C 04 00  00 00 00 00       ; the group length is counted: nothing follows
		08 00 08 00  43 53 0A 00  4F 52 49 47 49 4E 41 4C 5C 41
		08 00 18 00  55 49 06 00  31 2E 32 2E 33 00
		10 00 20 00  4C 4F 04 00  31 32 33 20
		20 00 0D 00  55 49 00 00
		28 00 10 00  55 53 04 00  00 02 01 00`)
	if err != nil || string(b) != string(want) {
		t.Errorf("got  %x\nwant %x, %v", b, want, err)
	}
}

func TestDataset_SetReplacesAndDeletes(t *testing.T) {
	d := new(dicom.Dataset)
	for _, v := range []string{"1", "2"} {
		d.SetString(0x00100020, v)
		d.SetString(0x00100010, v)
	}
	d.Delete(0x00100010)
	d.Delete(0x00100010)
	if len(d.Elements) != 1 || d.String(0x00100020) != "2" {
		t.Errorf("got %v", d.Elements)
	}
}

func TestDataset_InheritsTheCharacterSet(t *testing.T) {
	item := new(dicom.Dataset)
	d := new(dicom.Dataset)
	d.SetString(0x00080005, "ISO_IR 100")
	d.SetSequence(0x00081115, item)
	item.SetString(0x00080020) // nothing of its own
	item.Set(dicom.Element{Tag: 0x0008103E, VR: dicom.LO, Value: []byte("Sch\xE4del")})
	if got := item.String(0x0008103E); got != "Schädel" {
		t.Errorf("in memory: %q", got)
	}
	item.SetString(0x00081040, "Köln")
	if got := string(item.Get(0x00081040).Value); got != "K\xF6ln" {
		t.Errorf("set: %q", got)
	}
	item.SetString(0x00081040, "日本")
	if got := string(item.Get(0x00081040).Value); got != "??" {
		t.Errorf("a character that Latin 1 lacks: %q", got)
	}
	b, err := dicom.Append(nil, d, explicit)
	if err != nil {
		t.Fatal(err)
	}
	again, err := dicom.DecodeBytes(b, explicit, dicom.Options{})
	if got := again.Sequence(0x00081115)[0].String(0x0008103E); got != "Schädel" || err != nil {
		t.Errorf("read: %q, %v", got, err)
	}
}

func TestDataset_Private(t *testing.T) {
	d := new(dicom.Dataset)
	d.Set(dicom.Element{Tag: 0x00290010, VR: dicom.LO, Value: []byte("OTHER ")})
	d.Set(dicom.Element{Tag: 0x00290011, VR: dicom.LO, Value: []byte("OURS")})
	d.Set(dicom.Element{Tag: 0x00291001, VR: dicom.LO, Value: []byte("no")})
	d.Set(dicom.Element{Tag: 0x00291101, VR: dicom.LO, Value: []byte("ok")})
	if e := d.Private(0x0029, "OURS", 0x01); e == nil || string(e.Value) != "ok" {
		t.Errorf("got %v", e)
	}
	if e := d.Private(0x0029, "NOBODY", 0x01); e != nil {
		t.Errorf("got %v", e)
	}
	for tag, want := range map[dicom.Tag][3]bool{ // private, creator, group length
		0x00290010: {true, true, false}, 0x00291101: {true, false, false}, 0x00080010: {}, 0x00290000: {true, false, true},
	} {
		if got := [3]bool{tag.IsPrivate(), tag.IsPrivateCreator(), tag.IsGroupLength()}; got != want {
			t.Errorf("%v: %v, want %v", tag, got, want)
		}
	}
}

func TestUID_Valid(t *testing.T) {
	long := "1.2345678901234567890123456789012345678901234567890123456789012345"
	for uid, want := range map[dicom.UID]bool{
		"1.2.840.10008.1.1": true, "0.0": true, "2.25.0": true, dicom.UID(long[:64]): true,
		"": false, "1..2": false, ".1": false, "1.": false, "1.02": false, "1.a": false, "1.2 ": false, dicom.UID(long): false,
	} {
		if uid.Valid() != want {
			t.Errorf("%q: %t, want %t", uid, !want, want)
		}
	}
	a, b := dicom.NewUID(), dicom.NewUID()
	if a == b || !a.Valid() || a[:5] != "2.25." {
		t.Errorf("new UIDs %s and %s", a, b)
	}
}

func TestSyntaxOf(t *testing.T) {
	for _, tt := range []struct {
		uid  dicom.UID
		want dicom.TransferSyntax
	}{
		{"1.2.840.10008.1.2", dicom.TransferSyntax{ImplicitVR: true}},
		{"1.2.840.10008.1.2.1", dicom.TransferSyntax{}},
		{"1.2.840.10008.1.2.1.99", dicom.TransferSyntax{Deflated: true}},
		{"1.2.840.10008.1.2.2", dicom.TransferSyntax{BigEndian: true}},
		{"1.2.840.10008.1.2.1.98", dicom.TransferSyntax{Encapsulated: true}},
		{"1.2.840.10008.1.2.4.90", dicom.TransferSyntax{Encapsulated: true}},
		{"1.2.840.10008.1.2.4.95", dicom.TransferSyntax{Deflated: true}},
		{"1.2.840.113619.5.2", dicom.TransferSyntax{ImplicitVR: true}},
		{"1.2.3", dicom.TransferSyntax{Encapsulated: true}},
	} {
		tt.want.UID = tt.uid
		if got := *dicom.SyntaxOf(tt.uid); got != tt.want {
			t.Errorf("%s: got %+v", tt.uid, got)
		}
	}
}
