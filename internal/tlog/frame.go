package tlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Entry is what is appended. Leaf is in the tree for ever; Beside is kept next
// to it and may be erased.
type Entry struct {
	Leaf   []byte
	Beside []byte
}

const (
	frameMagic  = "LGF1"
	frameHeader = 4 + 8 + 4 + 4 + 4
	maxFrame    = 64 << 20 // no frame is longer, whatever its header says
)

// Frame is one commit as it is on the disk.
type Frame struct {
	First   uint64
	Entries []Entry
	Note    []byte // the signed checkpoint
	Erased  bool   // a body was overwritten with zeros, or never reached the disk
}

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// AppendFrame appends the bytes of a frame: entries that are numbered from first,
// and the signed checkpoint.
func AppendFrame(b []byte, first uint64, entries []Entry, signed []byte) []byte {
	start := len(b)
	b = append(b, frameMagic...)
	b = binary.BigEndian.AppendUint64(b, first)
	b = binary.BigEndian.AppendUint32(b, uint32(len(entries)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(signed)))
	b = binary.BigEndian.AppendUint32(b, 0)
	for _, e := range entries {
		b = binary.BigEndian.AppendUint16(b, uint16(len(e.Leaf)))
		b = append(b, e.Leaf...)
	}
	b = append(b, signed...)
	size := len(b) - start - frameHeader + 8*len(entries) + 4
	for _, e := range entries {
		size += len(e.Beside)
	}
	binary.BigEndian.PutUint32(b[start+frameHeader-4:], uint32(size))
	for _, e := range entries {
		b = binary.BigEndian.AppendUint32(b, uint32(len(e.Beside)))
		b = binary.BigEndian.AppendUint32(b, castagnoli(e.Beside))
	}
	b = binary.BigEndian.AppendUint32(b, castagnoli(b[start:]))
	for _, e := range entries {
		b = append(b, e.Beside...)
	}
	return b
}

// The ways in which bytes are no frame.
var (
	errShort = errors.New("tlog: the frame is cut short")
	errFrame = errors.New("tlog: no frame")
)

// ParseFrame reads the frame at the beginning of b, without copying, and returns
// how long it is. A body that is not as written is an error unless it is all
// zero, which is how it is erased.
func ParseFrame(b []byte) (*Frame, int, error) {
	if len(b) < frameHeader {
		return nil, 0, errShort
	}
	if string(b[:4]) != frameMagic {
		return nil, 0, errFrame
	}
	f := &Frame{First: binary.BigEndian.Uint64(b[4:])}
	count := int64(binary.BigEndian.Uint32(b[12:]))
	noteSize := int64(binary.BigEndian.Uint32(b[16:]))
	size := int64(binary.BigEndian.Uint32(b[20:]))
	if size > maxFrame || count*10+noteSize+4 > size {
		return nil, 0, errFrame
	}
	if int64(len(b))-frameHeader < size {
		return nil, 0, errShort
	}
	whole := b[:frameHeader+size]
	if err := f.parse(whole, int(count), int(noteSize)); err != nil {
		return nil, 0, err
	}
	return f, len(whole), nil
}

func (f *Frame) parse(whole []byte, count, noteSize int) error {
	at := frameHeader
	f.Entries = make([]Entry, count)
	for i := range f.Entries {
		if len(whole)-at < 2 {
			return errFrame
		}
		n := int(binary.BigEndian.Uint16(whole[at:]))
		at += 2
		if len(whole)-at < n {
			return errFrame
		}
		f.Entries[i].Leaf = whole[at : at+n : at+n]
		at += n
	}
	if len(whole)-at < noteSize+8*count+4 {
		return errFrame
	}
	f.Note = whole[at : at+noteSize : at+noteSize]
	table := whole[at+noteSize:][:8*count]
	at += noteSize + 8*count
	if binary.BigEndian.Uint32(whole[at:]) != castagnoli(whole[:at]) {
		return fmt.Errorf("%w: its checksum is wrong", errFrame)
	}
	return f.parseBodies(table, whole[at+4:])
}

func (f *Frame) parseBodies(table, bodies []byte) error {
	for i := range f.Entries {
		n, sum := int64(binary.BigEndian.Uint32(table[8*i:])), binary.BigEndian.Uint32(table[8*i+4:])
		if int64(len(bodies)) < n {
			return errFrame
		}
		body := bodies[:n:n]
		bodies = bodies[n:]
		if castagnoli(body) != sum {
			if !Erased(body) {
				return fmt.Errorf("%w: the body of entry %d is not as it was written", errFrame, f.First+uint64(i))
			}
			f.Erased = true
		}
		f.Entries[i].Beside = body
	}
	if len(bodies) > 0 {
		return errFrame
	}
	return nil
}

// Erased reports whether a body was overwritten with zeros.
func Erased(body []byte) bool {
	for _, c := range body {
		if c != 0 {
			return false
		}
	}
	return len(body) > 0
}
