package dicom_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/leadglass/leadglass/dicom"
)

// unhex reads bytes as tests write them: hex digits, spaces, and comments in
// parentheses or from a semicolon to the end of the line.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var digits strings.Builder
	for _, l := range strings.Split(s, "\n") {
		l, _, _ = strings.Cut(l, ";")
		digits.WriteString(strings.Join(strings.Fields(l), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// steps prints a walk, one word a step.
func steps(b []byte, ts *dicom.TransferSyntax, lim dicom.Limits) (string, error) {
	var out []string
	err := dicom.WalkBytes(b, ts, lim, func(v *dicom.Visit) error {
		out = append(out, step(v))
		return nil
	})
	return strings.Join(out, " "), err
}

func step(v *dicom.Visit) string {
	switch v.Kind {
	case dicom.SequenceStart:
		return fmt.Sprintf("%d%v%v<", v.Depth, v.Tag, v.VR)
	case dicom.ItemStart:
		return "{"
	case dicom.ItemEnd:
		return "}"
	case dicom.SequenceEnd:
		return ">"
	case dicom.Fragment:
		return fmt.Sprintf("[%x]", v.Value)
	}
	return fmt.Sprintf("%d%v%v=%x", v.Depth, v.Tag, v.VR, v.Value)
}

var (
	implicit = dicom.ImplicitVRLittleEndian
	explicit = dicom.ExplicitVRLittleEndian
	bigEnd   = dicom.ExplicitVRBigEndian
	deflated = dicom.DeflatedExplicitVRLittleEndian
	jpeg     = dicom.SyntaxOf("1.2.840.10008.1.2.4.50")
)

var layouts = []struct {
	name string
	ts   *dicom.TransferSyntax
	data string
	want string
	err  error
}{
	{name: "empty", ts: explicit},
	{name: "implicit", ts: implicit, data: `
		10 00 20 00  06 00 00 00  31 32 33 34 35 20  ; (0010,0020) LO by the dictionary
		28 00 10 00  02 00 00 00  00 02              ; (0028,0010) US 512`,
		want: "0(0010,0020)LO=313233343520 0(0028,0010)US=0002"},
	{name: "explicit", ts: explicit, data: `
		10 00 20 00  4C 4F 06 00  31 32 33 34 35 20  ; LO, 16 bits of length
		28 00 10 00  55 53 02 00  00 02              ; US`,
		want: "0(0010,0020)LO=313233343520 0(0028,0010)US=0002"},
	{name: "explicit_long", ts: explicit, data: `
		42 00 11 00  4F 42 00 00  02 00 00 00  25 50 ; OB, reserved bytes, 32 bits of length`,
		want: "0(0042,0011)OB=2550"},
	{name: "big_endian", ts: bigEnd, data: `
		00 10 00 20  4C 4F 00 02  31 32                       ; text stays
		00 18 60 20  53 4C 00 04  FF FF FF FE                 ; SL -2
		00 28 00 10  55 53 00 04  02 00 00 01                 ; US 512, 1
		00 28 00 09  41 54 00 04  00 18 10 63                 ; AT (0018,1063)
		00 40 A1 61  46 44 00 08  3F F0 00 00 00 00 00 00     ; FD 1
		7F E0 00 10  4F 57 00 00  00 00 00 04  01 02 03 04    ; OW`,
		want: "0(0010,0020)LO=3132 0(0018,6020)SL=feffffff 0(0028,0010)US=00020100 0(0028,0009)AT=18006310" +
			" 0(0040,A161)FD=000000000000f03f 0(7FE0,0010)OW=02010403"},
	{name: "sequence_defined", ts: explicit, data: `
		08 00 15 11  53 51 00 00  14 00 00 00        ; SQ of 20 bytes
		FE FF 00 E0  0C 00 00 00                     ; item of 12
		20 00 0E 00  55 49 04 00  31 2E 33 00`,
		want: "0(0008,1115)SQ< { 1(0020,000E)UI=312e3300 } >"},
	{name: "sequence_undefined", ts: explicit, data: `
		08 00 15 11  53 51 00 00  FF FF FF FF
		FE FF 00 E0  FF FF FF FF
		20 00 0E 00  55 49 04 00  31 2E 32 00
		FE FF 0D E0  00 00 00 00                     ; end of the item
		FE FF 00 E0  00 00 00 00                     ; an empty item
		FE FF DD E0  00 00 00 00                     ; end of the sequence
		10 00 20 00  4C 4F 00 00`,
		want: "0(0008,1115)SQ< { 1(0020,000E)UI=312e3200 } { } > 0(0010,0020)LO="},
	{name: "sequence_implicit_nested", ts: implicit, data: `
		08 00 15 11  FF FF FF FF
		FE FF 00 E0  FF FF FF FF
		08 00 99 11  08 00 00 00                     ; (0008,1199) SQ of 8 bytes
		FE FF 00 E0  00 00 00 00
		FE FF 0D E0  00 00 00 00
		FE FF DD E0  00 00 00 00`,
		want: "0(0008,1115)SQ< { 1(0008,1199)SQ< { } > } >"},
	{name: "sequence_big_endian", ts: bigEnd, data: `
		00 08 11 15  53 51 00 00  FF FF FF FF
		FF FE E0 00  00 00 00 0A
		00 28 00 10  55 53 00 02  02 00
		FF FE E0 DD  00 00 00 00`,
		want: "0(0008,1115)SQ< { 1(0028,0010)US=0002 } >"},
	{name: "UN_undefined_is_implicit", ts: explicit, data: `
		09 00 01 10  55 4E 00 00  FF FF FF FF        ; UN, undefined: PS3.5 6.2.2 note 2
		FE FF 00 E0  FF FF FF FF
		10 00 20 00  02 00 00 00  31 20              ; an element in implicit VR
		FE FF 0D E0  00 00 00 00
		FE FF DD E0  00 00 00 00
		10 00 20 00  4C 4F 00 00                     ; explicit again`,
		want: "0(0009,1001)SQ< { 1(0010,0020)LO=3120 } > 0(0010,0020)LO="},
	{name: "UN_undefined_in_big_endian_is_little", ts: bigEnd, data: `
		00 09 10 01  55 4E 00 00  FF FF FF FF
		FE FF 00 E0  0A 00 00 00
		28 00 10 00  02 00 00 00  00 02
		FE FF DD E0  00 00 00 00`,
		want: "0(0009,1001)SQ< { 1(0028,0010)US=0002 } >"},
	{name: "implicit_private_sequence", ts: implicit, data: `
		09 00 01 10  FF FF FF FF                     ; unknown, but an item follows
		FE FF 00 E0  00 00 00 00
		FE FF DD E0  00 00 00 00`,
		want: "0(0009,1001)SQ< { } >"},
	{name: "fragments", ts: jpeg, data: `
		E0 7F 10 00  4F 42 00 00  FF FF FF FF
		FE FF 00 E0  04 00 00 00  00 00 00 00        ; offset table
		FE FF 00 E0  02 00 00 00  FF D8
		FE FF DD E0  00 00 00 00`,
		want: "0(7FE0,0010)OB< [00000000] [ffd8] >"},
	{name: "signed_by_pixel_representation", ts: implicit, data: `
		28 00 03 01  02 00 00 00  01 00              ; Pixel Representation: signed
		28 00 06 01  02 00 00 00  FE FF              ; US or SS
		28 00 10 00  02 00 00 00  01 00              ; US, and nothing else`,
		want: "0(0028,0103)US=0100 0(0028,0106)SS=feff 0(0028,0010)US=0100"},
	{name: "group_length_and_private_creator", ts: implicit, data: `
		09 00 00 00  04 00 00 00  0A 00 00 00
		09 00 10 00  02 00 00 00  41 42`,
		want: "0(0009,0000)UL=0a000000 0(0009,0010)LO=4142"},
	{name: "unknown_VR_long", ts: explicit, data: `
		09 00 01 10  5A 5A 00 00  02 00 00 00  41 42 ; ZZ, read as a VR of the future`,
		want: "0(0009,1001)ZZ=4142"},
	{name: "unknown_VR_short", ts: explicit, data: `
		09 00 01 10  5A 5A 02 00  41 42              ; ZZ, the reserved bytes hold a length`,
		want: "0(0009,1001)ZZ=4142"},
	{name: "implicit_within_explicit", ts: explicit, data: `
		10 00 20 00  02 00 00 00  31 20              ; no VR at all
		10 00 21 00  4C 4F 00 00`,
		want: "0(0010,0020)LO=3120 0(0010,0021)LO="},
	{name: "odd_length", ts: explicit, data: `
		10 00 20 00  4C 4F 01 00  31
		10 00 21 00  4C 4F 00 00`,
		want: "0(0010,0020)LO=31 0(0010,0021)LO="},
	{name: "needless_delimiters", ts: explicit, data: `
		08 00 15 11  53 51 00 00  18 00 00 00        ; 24 bytes, delimiters included
		FE FF 00 E0  08 00 00 00
		FE FF 0D E0  00 00 00 00
		FE FF DD E0  00 00 00 00`,
		want: "0(0008,1115)SQ< { } >"},

	{name: "header_cut", ts: explicit, data: `10 00 20 00 4C 4F`, err: io.ErrUnexpectedEOF},
	{name: "long_header_cut", ts: explicit, data: `42 00 11 00 4F 42 00 00 02 00`, err: io.ErrUnexpectedEOF},
	{name: "value_cut", ts: explicit, data: `10 00 20 00 4C 4F 04 00 31 32`, err: io.ErrUnexpectedEOF},
	{name: "four_gigabytes_claimed", ts: explicit, data: `42 00 11 00 4F 42 00 00 FE FF FF FF 31 32`, err: io.ErrUnexpectedEOF},
	{name: "element_past_its_item", ts: explicit, data: `
		08 00 15 11  53 51 00 00  12 00 00 00
		FE FF 00 E0  0A 00 00 00
		10 00 20 00  4C 4F 04 00  31 32              ; claims two bytes more than the item has
		33 34 00 00`, err: dicom.ErrOverrun},
	{name: "item_past_its_sequence", ts: explicit, data: `
		08 00 15 11  53 51 00 00  08 00 00 00
		FE FF 00 E0  08 00 00 00
		10 00 20 00  4C 4F 00 00`, err: dicom.ErrOverrun},
	{name: "sequence_past_its_item", ts: explicit, data: `
		08 00 15 11  53 51 00 00  FF FF FF FF
		FE FF 00 E0  0C 00 00 00
		08 00 99 11  53 51 00 00  08 00 00 00
		FE FF 00 E0  00 00 00 00
		FE FF DD E0  00 00 00 00`, err: dicom.ErrOverrun},
	{name: "undefined_within_defined", ts: explicit, data: `
		08 00 15 11  53 51 00 00  08 00 00 00        ; 8 bytes, and the item in it has no end
		FE FF 00 E0  FF FF FF FF
		10 00 20 00  4C 4F 00 00
		FE FF 0D E0  00 00 00 00`, err: dicom.ErrOverrun},
	{name: "no_item_in_sequence", ts: explicit, data: `
		08 00 15 11  53 51 00 00  08 00 00 00
		10 00 20 00  4C 4F 00 00`, err: dicom.ErrNesting},
	{name: "stray_delimiter", ts: explicit, data: `FE FF DD E0 00 00 00 00`, err: dicom.ErrNesting},
	{name: "stray_item", ts: explicit, data: `FE FF 00 E0 00 00 00 00`, err: dicom.ErrNesting},
	{name: "wrong_delimiter", ts: explicit, data: `
		08 00 15 11  53 51 00 00  FF FF FF FF
		FE FF 00 E0  FF FF FF FF
		FE FF DD E0  00 00 00 00`, err: dicom.ErrNesting},
	{name: "delimiter_before_the_end", ts: explicit, data: `
		08 00 15 11  53 51 00 00  10 00 00 00
		FE FF DD E0  00 00 00 00
		FE FF 00 E0  00 00 00 00`, err: dicom.ErrNesting},
	{name: "sequence_without_end", ts: explicit, data: `08 00 15 11 53 51 00 00 FF FF FF FF`, err: io.ErrUnexpectedEOF},
	{name: "no_VR", ts: explicit, data: `10 00 20 00 FF 00 FF FF 31 32`, err: dicom.ErrVR},
	{name: "undefined_length_of_text", ts: explicit, data: `42 00 11 00 55 54 00 00 FF FF FF FF`, err: dicom.ErrUndefinedLength},
	{name: "undefined_length_of_implicit_text", ts: implicit, data: `10 00 20 00 FF FF FF FF 31 32 33 34`, err: dicom.ErrUndefinedLength},
	{name: "fragment_of_undefined_length", ts: jpeg, data: `
		E0 7F 10 00  4F 42 00 00  FF FF FF FF
		FE FF 00 E0  FF FF FF FF`, err: dicom.ErrUndefinedLength},
	{name: "element_among_fragments", ts: jpeg, data: `
		E0 7F 10 00  4F 42 00 00  FF FF FF FF
		10 00 20 00  4C 4F 00 00`, err: dicom.ErrNesting},
}

func TestWalkBytes_Layouts(t *testing.T) {
	for _, tt := range layouts {
		t.Run(tt.name, func(t *testing.T) {
			got, err := steps(unhex(t, tt.data), tt.ts, dicom.Limits{})
			if !errors.Is(err, tt.err) {
				t.Fatalf("got error %v, want %v", err, tt.err)
			}
			if err == nil && got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestWalk_SameAsWalkBytes reads the same layouts as streams of one byte at a
// time, where each header and value is cut at every place.
func TestWalk_SameAsWalkBytes(t *testing.T) {
	for _, tt := range layouts {
		b := unhex(t, tt.data)
		want, wantErr := steps(b, tt.ts, dicom.Limits{})
		for name, r := range map[string]io.Reader{"one_byte": iotest.OneByteReader(bytes.NewReader(b)), "data_with_error": iotest.DataErrReader(bytes.NewReader(b))} {
			var got []string
			err := dicom.Walk(r, tt.ts, dicom.Options{}, func(v *dicom.Visit) error {
				got = append(got, step(v))
				return nil
			})
			if (err == nil) != (wantErr == nil) || err == nil && strings.Join(got, " ") != want {
				t.Errorf("%s, %s: got %s, %v; want %s, %v", tt.name, name, strings.Join(got, " "), err, want, wantErr)
			}
		}
	}
}

// TestWalkBytes_Prefixes cuts each valid layout at every byte. A cut between
// two elements of the top level leaves a valid, shorter data set; every other
// one is an error.
func TestWalkBytes_Prefixes(t *testing.T) {
	for _, tt := range layouts {
		b := unhex(t, tt.data)
		if tt.err != nil {
			continue
		}
		whole := map[int]bool{len(b): true}
		r := dicom.NewReader(bytes.NewReader(b), tt.ts, dicom.Options{})
		for {
			depth, err := 0, error(nil)
			whole[int(r.Offset())] = true
			for more := true; more && err == nil; more = depth > 0 {
				var v *dicom.Visit
				if v, err = r.Next(); err == nil {
					switch v.Kind {
					case dicom.SequenceStart:
						depth++
					case dicom.SequenceEnd:
						depth--
					case dicom.ElementValue:
						_, err = r.Value()
					}
				}
			}
			if err != nil {
				break
			}
		}
		for n := range b {
			_, err := steps(b[:n], tt.ts, dicom.Limits{})
			if (err == nil) != whole[n] {
				t.Errorf("%s cut to %d of %d bytes: %v", tt.name, n, len(b), err)
			}
		}
	}
}

func TestDecode_Order(t *testing.T) {
	b := unhex(t, `
		10 00 20 00  4C 4F 02 00  42 20
		08 00 60 00  43 53 02 00  43 54  ; out of order
		10 00 20 00  4C 4F 02 00  41 20  ; once more`)
	d, err := dicom.DecodeBytes(b, explicit, dicom.Options{})
	if err != nil || len(d.Elements) != 2 {
		t.Fatalf("%d elements, %v", len(d.Elements), err)
	}
	if got := d.String(0x00080060) + d.String(0x00100020); got != "CTB" {
		t.Errorf("got %q, want CT first and the first of two values", got)
	}
}

func TestDecode_ReturnsWhatItRead(t *testing.T) {
	b := unhex(t, `
		10 00 20 00  4C 4F 02 00  41 20
		08 00 15 11  53 51 00 00  FF FF FF FF
		FE FF 00 E0  FF FF FF FF
		20 00 0E 00  55 49 04 00  31 2E 32 00`)
	d, err := dicom.DecodeBytes(b, explicit, dicom.Options{})
	var syntax *dicom.SyntaxError
	if !errors.As(err, &syntax) || !errors.Is(err, io.ErrUnexpectedEOF) || syntax.Offset != int64(len(b)) {
		t.Fatalf("got %v", err)
	}
	if got := d.String(0x00100020) + d.Sequence(0x00081115)[0].String(0x0020000E); got != "A1.2" {
		t.Errorf("got %q", got)
	}
}

func TestDecode_ResolveUN(t *testing.T) {
	b := unhex(t, `
		08 00 15 11  55 4E 00 00  14 00 00 00  ; a sequence that went through somebody who did not know it
		FE FF 00 E0  0C 00 00 00
		20 00 0E 00  04 00 00 00  31 2E 33 00  ; in implicit VR
		09 00 01 10  55 4E 00 00  02 00 00 00  41 42
		10 00 20 00  55 4E 00 00  02 00 00 00  31 20`)
	for _, resolve := range []bool{false, true} {
		d, err := dicom.DecodeBytes(b, explicit, dicom.Options{ResolveUN: resolve})
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(d.Get(0x00081115).VR, d.Get(0x00091001).VR, d.Get(0x00100020).VR, len(d.Sequence(0x00081115)))
		want := map[bool]string{false: "UN UN UN 0", true: "SQ UN LO 1"}[resolve]
		if got != want {
			t.Errorf("ResolveUN %t: got %s, want %s", resolve, got, want)
		}
	}
}

func TestWalkBytes_Stop(t *testing.T) {
	b := answer(t, implicit)
	boom := errors.New("boom")
	for _, tt := range []struct{ give, want error }{{dicom.ErrStop, nil}, {boom, boom}, {io.EOF, io.EOF}} {
		n := 0
		err := dicom.WalkBytes(b, implicit, dicom.Limits{}, func(*dicom.Visit) error { n++; return tt.give })
		if err != tt.want || n != 1 {
			t.Errorf("visit gave %v: got %v after %d visits", tt.give, err, n)
		}
	}
}

func TestWalkBytes_AllocatesNothing(t *testing.T) {
	for _, ts := range []*dicom.TransferSyntax{implicit, explicit, bigEnd} {
		b := answer(t, ts)
		n := 0
		visit := func(v *dicom.Visit) error {
			n += len(v.Value)
			return nil
		}
		allocs := testing.AllocsPerRun(1000, func() {
			if err := dicom.WalkBytes(b, ts, dicom.Limits{}, visit); err != nil {
				t.Fatal(err)
			}
		})
		if allocs >= 1 { // a collection may empty the pool now and then
			t.Errorf("%s: %v allocations", syntaxName(ts), allocs)
		}
	}
}

// TestWalkBytes_InputStays: values in big endian are turned in a copy.
func TestWalkBytes_InputStays(t *testing.T) {
	b := unhex(t, `00 28 00 10 55 53 00 02 02 00`)
	before := bytes.Clone(b)
	if _, err := steps(b, bigEnd, dicom.Limits{}); err != nil || !bytes.Equal(b, before) {
		t.Errorf("%x became %x, %v", before, b, err)
	}
	d, err := dicom.DecodeBytes(b, bigEnd, dicom.Options{})
	if n, ok := d.Int(0x00280010); n != 512 || !ok || err != nil || !bytes.Equal(b, before) {
		t.Errorf("%x became %x, %d, %v", before, b, n, err)
	}
}
