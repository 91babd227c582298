package blob

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// Kind is what a record is, in the word of who uses the store.
type Kind uint8

// gap is what a write that was cut short left.
const gap Kind = 0

// Place is where a record begins, or where the next one will.
type Place struct {
	Segment uint32
	Offset  int64
}

// Less says that p is before q.
func (p Place) Less(q Place) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

// String gives "12:4096".
func (p Place) String() string { return fmt.Sprintf("%d:%d", p.Segment, p.Offset) }

// ErrPlace: the text is no place.
var ErrPlace = errors.New("blob: no place in the journal")

// ParsePlace reads what String gives. Nothing is the beginning.
func ParsePlace(s string) (Place, error) {
	if s == "" {
		return Place{}, nil
	}
	a, b, _ := strings.Cut(s, ":")
	n, err := strconv.ParseUint(a, 10, 32)
	off, err2 := strconv.ParseInt(b, 10, 64)
	if err != nil || err2 != nil || off < 0 || off%align != 0 {
		return Place{}, ErrPlace
	}
	return Place{uint32(n), off}, nil
}

// The sizes of the format.
const (
	align       = 64 // of records
	headerSize  = 64
	chunkSize   = 64 << 10
	maxHead     = 256 << 20 // a claim above it is damage
	maxBodySize = 1 << 42   // likewise
)

const (
	flagErased uint8 = 1 << iota
	flagLarge
)

const recordMagic = "LGR\x01"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// header is the first 64 bytes of a record.
type header struct {
	kind     Kind
	flags    uint8
	sequence uint64
	head     uint32
	headSum  uint32
	body     int64
	file     uint64
	batch    uint64
	segment  uint32
}

func (h *header) put(b []byte) {
	clear(b[:headerSize])
	copy(b, recordMagic)
	b[4], b[5] = byte(h.kind), h.flags
	binary.LittleEndian.PutUint64(b[8:], h.sequence)
	binary.LittleEndian.PutUint32(b[16:], h.head)
	binary.LittleEndian.PutUint32(b[20:], h.headSum)
	binary.LittleEndian.PutUint64(b[24:], uint64(h.body))
	binary.LittleEndian.PutUint64(b[32:], h.file)
	binary.LittleEndian.PutUint64(b[40:], h.batch)
	binary.LittleEndian.PutUint32(b[48:], h.segment)
	binary.LittleEndian.PutUint32(b[60:], sum(b[:60]))
}

// decodeHeader reads a header; false where there is none that is whole.
func decodeHeader(b []byte) (h header, ok bool) {
	if len(b) < headerSize || string(b[:4]) != recordMagic || binary.LittleEndian.Uint32(b[60:]) != sum(b[:60]) {
		return h, false
	}
	h = header{
		kind: Kind(b[4]), flags: b[5],
		sequence: binary.LittleEndian.Uint64(b[8:]),
		head:     binary.LittleEndian.Uint32(b[16:]),
		headSum:  binary.LittleEndian.Uint32(b[20:]),
		body:     int64(binary.LittleEndian.Uint64(b[24:])),
		file:     binary.LittleEndian.Uint64(b[32:]),
		batch:    binary.LittleEndian.Uint64(b[40:]),
		segment:  binary.LittleEndian.Uint32(b[48:]),
	}
	return h, h.body >= 0 && h.body <= maxBodySize && h.head <= maxHead
}

// table is how long the table of checksums is.
func (h *header) table() int64 {
	if h.kind == gap {
		return 0
	}
	return 4 * ((h.body + chunkSize - 1) / chunkSize)
}

// front is the length of what stands before the body.
func (h *header) front() int64 { return headerSize + int64(h.head) + h.table() }

// span is how much of the segment the record takes.
func (h *header) span() int64 {
	n := h.front()
	if h.flags&flagLarge == 0 {
		n += h.body
	}
	return n
}

func aligned(n int64) int64 { return (n + align - 1) &^ (align - 1) }

// appendTable appends the checksums of the chunks of b.
func appendTable(dst, b []byte) []byte {
	for len(b) > 0 {
		n := min(len(b), chunkSize)
		dst = binary.LittleEndian.AppendUint32(dst, sum(b[:n]))
		b = b[n:]
	}
	return dst
}
