package pixel

import "encoding/binary"

// lookBits is how many bits of a code are looked up at once; longer codes are
// rare.
const lookBits = 10

// huffman is a table of codes (T.81 annex C).
type huffman struct {
	look   [1 << lookBits]uint16 // length << 8 | value, 0 for a longer code
	top    [17]uint32            // of each length: the code after the last one
	first  [17]int               // of each length: index of the first value, less its code
	values []byte
	most   byte // the largest value
}

// tables reads tables of codes (T.81 section B.2.4.2).
func (j *jpegStream) tables(seg []byte) error {
	for len(seg) > 0 {
		if len(seg) < 17 || seg[0]>>4 > 1 || seg[0]&15 > 3 {
			return corrupt("a Huffman table of JPEG")
		}
		total := 0
		for _, n := range seg[1:17] {
			total += int(n)
		}
		if total > 256 || len(seg) < 17+total {
			return corrupt("a Huffman table of JPEG")
		}
		h, ok := newHuffman(seg[1:17], seg[17:17+total])
		if !ok {
			return corrupt("a Huffman table of JPEG with too many codes")
		}
		j.huffman[seg[0]>>4][seg[0]&15] = h
		seg = seg[17+total:]
	}
	return nil
}

func newHuffman(counts, values []byte) (*huffman, bool) {
	h := &huffman{values: append([]byte(nil), values...)}
	code, k := uint32(0), 0
	for length := 1; length <= 16; length++ {
		h.first[length] = k - int(code)
		for range counts[length-1] {
			if code >= 1<<length {
				return nil, false
			}
			if length <= lookBits {
				shift := lookBits - length
				for i := code << shift; i < (code+1)<<shift; i++ {
					h.look[i] = uint16(length)<<8 | uint16(values[k])
				}
			}
			h.most = max(h.most, values[k])
			code++
			k++
		}
		h.top[length] = code
		code <<= 1
	}
	return h, true
}

// bitReader reads the bits of a scan.
type bitReader struct {
	data []byte
	pos  int
	acc  uint64
	n    uint // bits in acc
	pad  uint // of which so many are invented, after the end
	bad  bool // a code that is in no table
}

// fill makes at least 57 bits available. After the end, or before a marker, they
// are zero.
func (b *bitReader) fill() {
	if b.pos+8 <= len(b.data) {
		w := binary.BigEndian.Uint64(b.data[b.pos:])
		if (^w-0x0101010101010101)&w&0x8080808080808080 == 0 { // no FF among them
			k := (64 - b.n) / 8
			b.acc = b.acc<<(8*k) | w>>(64-8*k)
			b.pos += int(k)
			b.n += 8 * k
			return
		}
	}
	for b.n <= 56 {
		c := byte(0)
		switch {
		case b.pos >= len(b.data):
			b.pad += 8
		case b.data[b.pos] != 0xFF:
			c = b.data[b.pos]
			b.pos++
		case b.pos+1 < len(b.data) && b.data[b.pos+1] == 0:
			c = 0xFF
			b.pos += 2
		default:
			b.pad += 8
		}
		b.acc = b.acc<<8 | uint64(c)
		b.n += 8
	}
}

// ended says that bits were used that are not there, or none of a table.
func (b *bitReader) ended() bool { return b.n < b.pad || b.bad }

// symbol reads a code; at least 16 bits remain for what follows it.
func (b *bitReader) symbol(h *huffman) uint {
	if b.n < 32 {
		b.fill()
	}
	e := h.look[b.acc>>(b.n-lookBits)&(1<<lookBits-1)]
	if e != 0 {
		b.n -= uint(e >> 8)
		return uint(e & 0xFF)
	}
	for length := uint(lookBits + 1); length <= 16; length++ {
		code := uint32(b.acc>>(b.n-length)) & (1<<length - 1)
		if code < h.top[length] {
			if i := int(code) + h.first[length]; i >= 0 && i < len(h.values) {
				b.n -= length
				return uint(h.values[i])
			}
		}
	}
	b.bad = true
	return 0
}

// extend reads a number of s bits, s from 1 to 15 (T.81 section F.2.2.1).
func (b *bitReader) extend(s uint) int32 {
	b.n -= s
	v := int32(b.acc>>b.n) & (1<<s - 1)
	if v < 1<<(s-1) {
		v -= 1<<s - 1
	}
	return v
}

// again moves past the next restart marker, and says whether there is one.
func (b *bitReader) again() bool {
	b.acc, b.n, b.pad = 0, 0, 0
	for ; b.pos+1 < len(b.data); b.pos++ {
		if b.data[b.pos] != 0xFF {
			continue
		}
		switch mark := b.data[b.pos+1]; {
		case mark >= markRST0 && mark < markSOI:
			b.pos += 2
			return true
		case mark != 0 && mark != 0xFF:
			return false
		}
	}
	return false
}
