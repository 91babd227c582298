package tlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/internal/durable"
)

const segmentMagic = "leadglass segment 1\n"

func segmentName(first uint64) string { return fmt.Sprintf("%020d.seg", first) }

func segmentHeader(e *edge) []byte {
	b := append([]byte(segmentMagic), make([]byte, 8)...)
	binary.BigEndian.PutUint64(b[len(segmentMagic):], e.size)
	b = append(b, byte(len(e.nodes)))
	for _, h := range e.nodes {
		b = append(b, h[:]...)
	}
	return binary.BigEndian.AppendUint32(b, castagnoli(b))
}

func segmentHeaderSize(first uint64) int {
	return len(segmentMagic) + 8 + 1 + 32*bits.OnesCount64(first) + 4
}

// ParseSegmentHeader reads the beginning of a segment: the index of its first
// entry, the complete subtrees before it, and how long the header is.
func ParseSegmentHeader(b []byte) (first uint64, nodes []Hash, size int, err error) {
	fixed := len(segmentMagic) + 9
	if len(b) < fixed || string(b[:len(segmentMagic)]) != segmentMagic {
		return 0, nil, 0, errors.New("tlog: no segment")
	}
	first = binary.BigEndian.Uint64(b[len(segmentMagic):])
	n := int(b[fixed-1])
	if n != bits.OnesCount64(first) || len(b) < fixed+32*n+4 {
		return 0, nil, 0, errors.New("tlog: the header of a segment is cut short")
	}
	for i := range n {
		nodes = append(nodes, Hash(b[fixed+32*i:]))
	}
	size = fixed + 32*n
	if binary.BigEndian.Uint32(b[size:]) != castagnoli(b[:size]) {
		return 0, nil, 0, errors.New("tlog: the checksum of a segment's header is wrong")
	}
	return first, nodes, size + 4, nil
}

// Segments lists the first indexes of the segments in a log's folder.
func Segments(fsys durable.FS, dir string) ([]uint64, error) {
	files, err := fsys.List(filepath.Join(dir, "segments"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var all []uint64
	for _, name := range files {
		digits, ok := strings.CutSuffix(name, ".seg")
		n, err := strconv.ParseUint(digits, 10, 63)
		if !ok || err != nil || segmentName(n) != name {
			return nil, fmt.Errorf("tlog: %q is no name of a segment", name)
		}
		all = append(all, n)
	}
	return all, nil
}

// maxSegment bounds what is read of a segment: one frame may follow its limit.
const maxSegment = 1 << 30

func (l *Log) segmentPath(first uint64) string {
	return filepath.Join(l.c.Dir, "segments", segmentName(first))
}

// recover finds the end of the log: of the last segment that holds a frame. A
// tail that nobody was told of is cut; anything else that is wrong is an error.
func (l *Log) recover() error {
	all, err := Segments(l.fs, l.c.Dir)
	if err != nil {
		return err
	}
	for len(all) > 0 {
		first := all[len(all)-1]
		frames, err := l.recoverSegment(first)
		if err != nil {
			return fmt.Errorf("tlog: segment %d: %w", first, err)
		}
		if frames > 0 {
			return nil
		}
		// Nothing was ever acknowledged of it.
		l.tree = edge{}
		if err := l.fs.Remove(l.segmentPath(first)); err != nil {
			return err
		}
		all = all[:len(all)-1]
	}
	if l.published.Size > 0 {
		return fmt.Errorf("tlog: a checkpoint of %d entries is published and no segment is there", l.published.Size)
	}
	return l.rotate()
}

// recoverSegment replays a segment and leaves it open for writing if it holds
// frames.
func (l *Log) recoverSegment(first uint64) (frames int, err error) {
	b, err := durable.ReadFile(l.fs, l.segmentPath(first), maxSegment)
	if err != nil {
		return 0, err
	}
	named, nodes, at, err := ParseSegmentHeader(b)
	if err != nil || named != first {
		if len(b) <= segmentHeaderSize(first) && l.published.Size <= first {
			return 0, nil // the header was being written
		}
		return 0, errors.Join(errors.New("its header is damaged"), err)
	}
	l.tree = edge{first, nodes}
	last, lastFrame := at, []byte(nil)
	for at < len(b) {
		f, n, err := ParseFrame(b[at:])
		if err == nil && f.Erased && at+n == len(b) && l.published.Size <= f.First {
			err = errFrame // pages of zeros, where a crash kept the size and lost the bytes
		}
		if err != nil {
			if damage := l.torn(b[at:], err); damage != nil {
				return 0, damage
			}
			break
		}
		if err := l.replay(f); err != nil {
			return 0, err
		}
		frames++
		if n := len(f.Entries); n > 0 {
			l.last = append([]byte(nil), f.Entries[n-1].Leaf...)
		}
		last, lastFrame, l.note = at, b[at:at+n], append([]byte(nil), f.Note...)
		at += n
	}
	if l.tree.size < l.published.Size {
		return 0, fmt.Errorf("it ends at entry %d and a checkpoint of %d is published", l.tree.size, l.published.Size)
	}
	if frames == 0 {
		return 0, nil
	}
	if c, err := OpenCheckpoint(l.note, l.verifier, l.c.Origin); err != nil || c.Root != l.tree.root() {
		return 0, errors.Join(errors.New("its last head is not signed by this log's key for this tree"), err)
	}
	return frames, l.reopen(first, last, lastFrame)
}

// torn says why bytes that are no frame are not the remains of a write that was
// cut off by a crash, nil if they are: nothing behind them is a frame, for there
// is one write at a time.
func (l *Log) torn(rest []byte, why error) error {
	if l.tree.size < l.published.Size {
		return fmt.Errorf("entry %d is published and damaged: %w", l.tree.size, why)
	}
	for at := 1; at < len(rest); at++ {
		next := bytes.Index(rest[at:], []byte(frameMagic))
		if next < 0 {
			return nil
		}
		at += next
		if f, _, err := ParseFrame(rest[at:]); err == nil && f.First > l.tree.size {
			return fmt.Errorf("entry %d is damaged and entry %d follows: %w", l.tree.size, f.First, why)
		}
	}
	return nil
}

func (l *Log) replay(f *Frame) error {
	if f.First != l.tree.size {
		return fmt.Errorf("entry %d stands where %d belongs", f.First, l.tree.size)
	}
	for _, e := range f.Entries {
		l.tree.add(recordHash(e.Leaf))
	}
	return nil
}

// reopen opens a segment for appending, cut behind its last frame. That frame is
// written anew: its pages may be in memory only, after a sync that failed.
func (l *Log) reopen(first uint64, at int, frame []byte) error {
	f, err := l.fs.Open(l.segmentPath(first))
	if err != nil {
		return err
	}
	l.file, l.first, l.end = f, first, int64(at+len(frame))
	if err := f.Truncate(l.end); err != nil {
		return err
	}
	if _, err := f.WriteAt(frame, int64(at)); err != nil {
		return err
	}
	return f.Sync()
}

// rotate starts a segment at the end of the tree.
func (l *Log) rotate() error {
	name := l.segmentPath(l.tree.size)
	f, err := l.fs.Create(name)
	if errors.Is(err, fs.ErrExist) {
		// What an attempt left that failed; it holds nothing.
		if err = l.fs.Remove(name); err == nil {
			f, err = l.fs.Create(name)
		}
	}
	if err != nil {
		return fmt.Errorf("tlog: beginning a segment: %w", err)
	}
	header := segmentHeader(&l.tree)
	n, err := f.WriteAt(header, 0)
	if err == nil && n < len(header) {
		err = errShortWrite
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = l.fs.SyncDir(filepath.Dir(name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("tlog: beginning a segment: %w", err), f.Close(), l.fs.Remove(name))
	}
	if l.file != nil {
		err = l.file.Close() // all of it is synced
	}
	l.file, l.first, l.end = f, l.tree.size, int64(len(header))
	return err
}
