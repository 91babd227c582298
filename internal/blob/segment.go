package blob

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/leadglass/leadglass/internal/durable"
)

const segmentMagic = "LGSEG\x00\x00\x01"

// segment is what is known of one file of records.
type segment struct {
	number  uint32
	before  uint32 // the segment before it
	ended   int64  // where that one ends
	first   uint64 // sequence number of the first record
	end     int64  // where this one ends: all of the file, or as the next one says
	damaged bool   // its header cannot be read
}

func (g *segment) put() []byte {
	b := make([]byte, headerSize)
	copy(b, segmentMagic)
	binary.LittleEndian.PutUint32(b[8:], g.number)
	binary.LittleEndian.PutUint32(b[12:], g.before)
	binary.LittleEndian.PutUint64(b[16:], uint64(g.ended))
	binary.LittleEndian.PutUint64(b[24:], g.first)
	binary.LittleEndian.PutUint32(b[60:], sum(b[:60]))
	return b
}

func decodeSegment(b []byte) (g segment, ok bool) {
	if len(b) < headerSize || string(b[:8]) != segmentMagic || binary.LittleEndian.Uint32(b[60:]) != sum(b[:60]) {
		return g, false
	}
	return segment{
		number: binary.LittleEndian.Uint32(b[8:]),
		before: binary.LittleEndian.Uint32(b[12:]),
		ended:  int64(binary.LittleEndian.Uint64(b[16:])),
		first:  binary.LittleEndian.Uint64(b[24:]),
	}, true
}

func (s *Store) segmentName(n uint32) string {
	return filepath.Join(s.dir, "segments", fmt.Sprintf("%08x", n))
}

// listSegments reads the headers of all segments.
func (s *Store) listSegments() error {
	names, err := s.fs.List(filepath.Join(s.dir, "segments"))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		n, err := strconv.ParseUint(name, 16, 32)
		if err != nil || n == 0 {
			continue // not ours
		}
		g, err := s.readSegment(uint32(n))
		if err != nil {
			return err
		}
		s.segments = append(s.segments, g)
	}
	if err := s.dropUnfinished(); err != nil {
		return err
	}
	for i := 1; i < len(s.segments); i++ {
		before, g := s.segments[i-1], s.segments[i]
		if !g.damaged && g.before == before.number {
			before.end = min(before.end, g.ended)
		}
	}
	return nil
}

// dropUnfinished removes segments that were never finished: nothing in them was
// acknowledged, and the one after them does not name them.
func (s *Store) dropUnfinished() error {
	for i := len(s.segments) - 1; i >= 0; i-- {
		g := s.segments[i]
		named := i+1 < len(s.segments) && s.segments[i+1].before == g.number
		if !g.damaged || g.end > headerSize || named {
			continue
		}
		if err := durable.Remove(s.fs, s.segmentName(g.number)); err != nil {
			return err
		}
		s.segments = slices.Delete(s.segments, i, i+1)
	}
	return nil
}

func (s *Store) readSegment(n uint32) (*segment, error) {
	f, err := s.fs.Open(s.segmentName(n))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("blob: segment %d: %w", n, err)
	}
	b := make([]byte, min(size, headerSize))
	if err := readFull(f, b, 0); err != nil {
		return nil, fmt.Errorf("blob: segment %d: %w", n, err)
	}
	g, ok := decodeSegment(b)
	if !ok || g.number != n {
		if len(b) == headerSize && string(b[:7]) == segmentMagic[:7] && b[7] != segmentMagic[7] {
			return nil, fmt.Errorf("blob: segment %d is of version %d, which this program does not know", n, b[7])
		}
		g = segment{number: n, damaged: true}
	}
	g.end = size
	return &g, nil
}

// begin starts a new segment after the last.
func (s *Store) begin() error {
	g := &segment{number: s.nextSegment, first: s.sequence, end: headerSize}
	if last := s.last(); last != nil {
		g.before, g.ended = last.number, last.end
	}
	s.nextSegment++
	name := s.segmentName(g.number)
	f, err := s.fs.Create(name)
	if err != nil {
		_ = s.fs.Remove(name) // an empty one that came to be all the same; Open removes it, too
		return err
	}
	_, err = f.WriteAt(g.put(), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = s.fs.SyncDir(filepath.Dir(name))
	}
	if err != nil {
		f.Close()
		return errors.Join(fmt.Errorf("blob: beginning segment %d: %w", g.number, err), s.fs.Remove(name))
	}
	s.mu.Lock()
	s.segments = append(s.segments, g)
	s.mu.Unlock()
	s.active = f
	return nil
}

func (s *Store) last() *segment {
	if len(s.segments) == 0 {
		return nil
	}
	return s.segments[len(s.segments)-1]
}
