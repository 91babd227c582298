package pixel

import (
	"encoding/binary"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// Table is a lookup table (PS3.3 section C.7.6.3.1.5 and C.11.1.1).
type Table struct {
	First   int // the value that the first entry is for
	Bits    int // of an entry that count
	Entries []uint16
}

// At returns the entry for a value; what is out of range has the nearest one.
func (t *Table) At(v int64) uint16 {
	return t.Entries[min(max(v-int64(t.First), 0), int64(len(t.Entries)-1))]
}

// Palette has the colours of PALETTE COLOR, in 16 bits each.
type Palette struct{ Red, Green, Blue Table }

// PaletteOf reads the Palette Color Lookup Table module.
func PaletteOf(d *dicom.Dataset) (*Palette, error) {
	p := new(Palette)
	for _, c := range []struct {
		to                      *Table
		descriptor, data, parts dicom.Tag
	}{
		{&p.Red, dict.RedPaletteColorLookupTableDescriptor, dict.RedPaletteColorLookupTableData, dict.SegmentedRedPaletteColorLookupTableData},
		{&p.Green, dict.GreenPaletteColorLookupTableDescriptor, dict.GreenPaletteColorLookupTableData, dict.SegmentedGreenPaletteColorLookupTableData},
		{&p.Blue, dict.BluePaletteColorLookupTableDescriptor, dict.BluePaletteColorLookupTableData, dict.SegmentedBluePaletteColorLookupTableData},
	} {
		t, err := tableOf(d, c.descriptor, c.data, c.parts)
		if err != nil {
			return nil, err
		}
		t.widen()
		*c.to = t
	}
	return p, nil
}

// TableOf reads the descriptor and the data of an item of a sequence of tables,
// as the Modality LUT Sequence (PS3.3 section C.11.1).
func TableOf(item *dicom.Dataset) (Table, error) {
	return tableOf(item, dict.LUTDescriptor, dict.LUTData, 0)
}

func tableOf(d *dicom.Dataset, descriptor, data, parts dicom.Tag) (Table, error) {
	desc, e := d.Ints(descriptor), d.Get(data)
	if len(desc) != 3 {
		return Table{}, corrupt("a lookup table without its descriptor")
	}
	t := Table{First: int(desc[1]), Bits: int(desc[2])}
	n := int(uint16(desc[0])) // 0 for 65,536; a signed VR does not change what is counted
	if n == 0 {
		n = 1 << 16
	}
	if t.Bits < 8 || t.Bits > 16 {
		return t, corrupt("a lookup table of %d bits", t.Bits)
	}
	switch {
	case e != nil && len(e.Value) > 0:
		t.Entries = entries(e.Value, n, t.Bits)
	case parts != 0 && d.Get(parts) != nil:
		var err error
		if t.Entries, err = segments(d.Get(parts).Value, n, t.Bits); err != nil {
			return t, err
		}
	}
	if len(t.Entries) < n {
		return t, truncated("a lookup table")
	}
	return t, nil
}

// entries reads n entries of 16 bits, or of 8 where there is not enough for more.
func entries(b []byte, n, bits int) []uint16 {
	if len(b) >= 2*n {
		return words(b, n)
	}
	if bits > 8 || len(b) < n {
		return nil
	}
	out := make([]uint16, n)
	for i := range out {
		out[i] = uint16(b[i])
	}
	return out
}

func words(b []byte, n int) []uint16 {
	out := make([]uint16, n)
	for i := range out {
		out[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return out
}

// widen makes entries of 8 bits, and entries that are meant so, ones of 16.
func (t *Table) widen() {
	most := uint16(0)
	for _, v := range t.Entries {
		most = max(most, v)
	}
	if most > 0xFF {
		return
	}
	for i, v := range t.Entries {
		t.Entries[i] = v<<8 | v
	}
	t.Bits = 16
}

// segments reads a segmented table (PS3.3 section C.7.9.2): 0 for entries that
// follow, 1 for a line to an entry, 2 for segments that stood before.
//
//	0 2 10 20  1 3 50       10 20 30 40 50
func segments(b []byte, n, bits int) ([]uint16, error) {
	var in []uint16
	if bits == 8 {
		in = entries(b, len(b), 8)
		if len(b) > 1 && len(b)%2 == 0 && wideSegments(b) {
			in = words(b, len(b)/2)
		}
	} else {
		in = words(b, len(b)/2)
	}
	s := segmentReader{all: in, most: n}
	if err := s.run(in, true, -1); err != nil {
		return nil, err
	}
	return s.out, nil
}

// wideSegments says that a table of 8 bits is laid down in words, as some are:
// the upper byte of all of them is zero.
func wideSegments(b []byte) bool {
	for i := 1; i < len(b); i += 2 {
		if b[i] != 0 {
			return false
		}
	}
	return true
}

// maxSegments bounds the segments of a table, repeated ones included: one for
// each entry.
const maxSegments = 1 << 16

type segmentReader struct {
	all  []uint16
	out  []uint16
	most int
	read int // segments
}

// run reads segments until the input ends, or count of them. Only the outermost
// may refer to others, so nothing repeats without end.
func (s *segmentReader) run(in []uint16, outer bool, count int) error {
	for ; len(in) >= 3 && count != 0 && len(s.out) < s.most; count-- {
		if s.read++; s.read > maxSegments {
			return &LimitError{"segments", maxSegments}
		}
		op, n := in[0], int(in[1])
		switch {
		case op == 0:
			if n > len(in)-2 {
				return truncated("a segment of a lookup table")
			}
			s.out = append(s.out, in[2:2+n]...)
			in = in[2+n:]
		case op == 1:
			if len(s.out) == 0 {
				return corrupt("a lookup table that begins with a line")
			}
			from, to := int(s.out[len(s.out)-1]), int(in[2])
			for i := 1; i <= n; i++ {
				s.out = append(s.out, uint16(from+(to-from)*i/n))
			}
			in = in[3:]
		case op == 2 && outer && len(in) >= 4:
			at := int(in[2]) | int(in[3])<<16
			if at >= len(s.all) {
				return corrupt("a lookup table that refers past its end")
			}
			if err := s.run(s.all[at:], false, n); err != nil {
				return err
			}
			in = in[4:]
		default:
			return corrupt("a segment of a lookup table of kind %d", op)
		}
	}
	return nil
}
