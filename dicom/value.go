package dicom

import (
	"encoding/binary"
	"io"
)

// Value loads the value of the step that Next moved to, as far as Read has not
// read it, in little endian. Of a Reader it is good until the next call of
// Next. Steps without a value give nil.
func (r *Reader) Value() ([]byte, error) {
	if r.rest == 0 && r.spare == 0 {
		if r.v.Value == nil && r.v.Kind != 0 {
			r.v.Value = []byte{}
		}
		return r.v.Value, nil
	}
	if r.rest > r.lim.ElementBytes {
		return nil, r.over("element_bytes", r.lim.ElementBytes)
	}
	if r.rest > r.lim.DatasetBytes-r.loaded {
		return nil, r.over("dataset_bytes", r.lim.DatasetBytes)
	}
	b, err := r.src.take(r.rest)
	if err != nil {
		r.err = r.fail(r.v.Tag, err)
		return nil, r.err
	}
	r.loaded, r.rest = r.loaded+r.rest, 0
	if r.unit > 1 {
		b = r.turned(b)
	}
	if r.spare > 0 { // half of a unit that Read has handed out
		b = append(append([]byte{}, r.carry[r.unit-r.spare:r.unit]...), b...)
		r.spare = 0
	}
	r.v.Value = b
	return b, nil
}

func (r *Reader) over(name string, limit int64) error {
	r.err = &LimitError{name, limit}
	return r.err
}

// turned returns a copy of b in the other byte order.
func (r *Reader) turned(b []byte) []byte {
	var dst []byte
	if r.src.keep {
		dst = append(make([]byte, 0, len(b)), b...)
	} else {
		r.src.scratch = append(r.src.scratch[:0], b...)
		dst = r.src.scratch
	}
	turn(dst, r.unit)
	return dst
}

// turn reverses each whole unit; a rest, which no valid value has, stays.
func turn(b []byte, unit int) {
	switch unit {
	case 2:
		for ; len(b) >= 2; b = b[2:] {
			b[0], b[1] = b[1], b[0]
		}
	case 4:
		for ; len(b) >= 4; b = b[4:] {
			binary.LittleEndian.PutUint32(b, binary.BigEndian.Uint32(b))
		}
	case 8:
		for ; len(b) >= 8; b = b[8:] {
			binary.LittleEndian.PutUint64(b, binary.BigEndian.Uint64(b))
		}
	}
}

// Read streams the value of the step that Next moved to, in little endian, and
// returns io.EOF at its end. It is not subject to the limits on memory.
func (r *Reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.spare == 0 && r.rest == 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.spare == 0 && len(p) < r.unit && r.rest >= int64(r.unit) {
		if err := r.fetch(r.carry[:r.unit]); err != nil {
			return 0, err
		}
		r.spare = r.unit
	}
	if r.spare > 0 {
		n := copy(p, r.carry[r.unit-r.spare:r.unit])
		r.spare -= n
		return n, nil
	}
	p = p[:min(int64(len(p)), r.rest)]
	if len(p) > r.unit {
		p = p[:len(p)-len(p)%r.unit]
	}
	return len(p), r.fetch(p)
}

// fetch fills p, which is no longer than the rest, and turns it.
func (r *Reader) fetch(p []byte) error {
	n, err := r.src.read(p)
	r.rest -= int64(n)
	if err != nil {
		r.err = r.fail(r.v.Tag, err)
		return r.err
	}
	turn(p, r.unit)
	return nil
}
