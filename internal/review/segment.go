package review

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
)

// What of the format of segments has a number.
const (
	segmentMagic = "leadglass segment 1\n"
	frameMagic   = "LGF1"
	frameFixed   = 24
	maxFrame     = 64 << 20
	readAhead    = 512 << 10 // a dozen commits of 64 records
)

// segments reads the segments, one after the other and each to its end.
func (r *run) segments(ctx context.Context) error {
	files, err := os.ReadDir(filepath.Join(r.c.Dir, "segments"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("review: listing the segments: %w", err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	slices.Sort(names)
	r.listed = len(names)
	r.in = bufio.NewReaderSize(nil, readAhead)
	for i, name := range names {
		r.file = "segments/" + name
		if want := fmt.Sprintf("%020d.seg", r.tree.size); name != want {
			return r.bad(r.tree.size, "it is where %s belongs", want)
		}
		if err := r.segment(ctx, name, i == len(names)-1); err != nil {
			return err
		}
		r.report.Segments++
	}
	return nil
}

func (r *run) segment(ctx context.Context, name string, last bool) error {
	f, err := os.Open(filepath.Join(r.c.Dir, "segments", name))
	if err != nil {
		return fmt.Errorf("review: opening a segment: %w", err)
	}
	defer f.Close()
	defer func() { r.readTo, _ = f.Seek(0, io.SeekCurrent) }()
	in := r.in
	in.Reset(f)
	if what := r.segmentHeader(in); what != "" {
		if last && r.c.Open {
			r.report.Tail = 1
			return nil
		}
		return r.bad(r.tree.size, "the beginning of the segment: %s", what)
	}
	start, fr := r.tree.size, &r.fr
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("review: %w", err)
		}
		what, err := fr.read(in)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("review: reading a segment: %w", err)
		}
		if what != "" {
			if last && r.c.Open && fr.cut {
				r.report.Tail = int64(fr.had)
				return nil
			}
			return r.bad(r.tree.size, "%s", what)
		}
		if err := r.frame(fr); err != nil {
			return err
		}
	}
	if r.tree.size == start && !last { // the last was begun for a commit that failed
		return r.bad(start, "the segment holds nothing")
	}
	return nil
}

// segmentHeader compares the beginning of a segment with the tree up to it.
func (r *run) segmentHeader(in io.Reader) string {
	want := append([]byte(segmentMagic), make([]byte, 8)...)
	binary.BigEndian.PutUint64(want[len(segmentMagic):], r.tree.size)
	want = append(want, byte(bits.OnesCount64(r.tree.size)))
	for _, h := range r.tree.edge {
		want = append(want, h[:]...)
	}
	want = binary.BigEndian.AppendUint32(want, crc(want))
	have := make([]byte, len(want))
	if _, err := io.ReadFull(in, have); err != nil {
		return "it is cut short"
	}
	if string(have) != string(want) {
		return "it is not that of the tree up to here"
	}
	return ""
}

func crc(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// frame is a commit as it is on the disk. Its slices are good until the next is
// read.
type frame struct {
	buf    []byte
	long   []byte // room for one that is longer than what is read ahead
	first  uint64
	count  int
	leaves [][2]int // where in buf
	note   []byte
	bodies [][2]int

	cut bool // it is cut short, or never was a frame
	had int  // bytes that were there
}

// framed is a leaf behind its length.
func (f *frame) framed(i int) []byte { return f.buf[f.leaves[i][0]-2 : f.leaves[i][1]] }

func (f *frame) leaf(i int) []byte { return f.buf[f.leaves[i][0]:f.leaves[i][1]] }
func (f *frame) body(i int) []byte { return f.buf[f.bodies[i][0]:f.bodies[i][1]] }

// read reads the next frame and says what is wrong with it. io.EOF is the end.
func (f *frame) read(in *bufio.Reader) (what string, err error) {
	f.cut = true
	fixed, err := in.Peek(frameFixed)
	f.had = len(fixed)
	switch {
	case err == io.EOF && f.had == 0:
		return "", io.EOF
	case err == io.EOF:
		return "the commit is cut short", nil
	case err != nil:
		return "", err
	}
	if string(fixed[:4]) != frameMagic {
		return "here is no commit", nil
	}
	f.first = binary.BigEndian.Uint64(fixed[4:])
	count, noteSize, size := binary.BigEndian.Uint32(fixed[12:]), binary.BigEndian.Uint32(fixed[16:]), binary.BigEndian.Uint32(fixed[20:])
	if size > maxFrame || uint64(count)*10+uint64(noteSize)+4 > uint64(size) || count == 0 {
		return "the commit has a size that none has", nil
	}
	f.buf, err = f.whole(in, frameFixed+int(size))
	f.had = len(f.buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return "the commit is cut short", nil
	}
	if err != nil {
		return "", err
	}
	f.count = int(count)
	return f.cutUp(int(noteSize)), nil
}

// whole reads a frame: where it stands in what was read ahead, or, if it is
// longer than that, in a buffer of its own.
func (f *frame) whole(in *bufio.Reader, size int) ([]byte, error) {
	if size <= in.Size() {
		b, err := in.Peek(size)
		if err == nil {
			_, err = in.Discard(size) // leaves the bytes until more is read
		}
		return b, err
	}
	f.long = slices.Grow(f.long[:0], size)[:size]
	n, err := io.ReadFull(in, f.long)
	return f.long[:n], err
}

func (f *frame) cutUp(noteSize int) string {
	const wrong = "the lengths within the commit do not add up"
	b, at := f.buf, frameFixed
	f.leaves, f.bodies = f.leaves[:0], f.bodies[:0]
	for range f.count {
		if len(b)-at < 2 {
			return wrong
		}
		n := int(binary.BigEndian.Uint16(b[at:]))
		if at += 2; len(b)-at < n {
			return wrong
		}
		f.leaves = append(f.leaves, [2]int{at, at + n})
		at += n
	}
	if len(b)-at < noteSize+8*f.count+4 {
		return wrong
	}
	f.note = b[at : at+noteSize]
	table := b[at+noteSize:][:8*f.count]
	at += noteSize + 8*f.count
	if binary.BigEndian.Uint32(b[at:]) != crc(b[:at]) {
		return "the checksum of the commit is wrong"
	}
	at += 4
	for i := range f.count {
		n := int(binary.BigEndian.Uint32(table[8*i:]))
		if n > len(b)-at {
			return wrong
		}
		body := b[at : at+n]
		if crc(body) != binary.BigEndian.Uint32(table[8*i+4:]) && !zeros(body) {
			return fmt.Sprintf("the checksum of the body of record %d is wrong", f.first+uint64(i))
		}
		f.bodies = append(f.bodies, [2]int{at, at + n})
		at += n
	}
	f.cut = false
	if at != len(b) {
		return wrong
	}
	return ""
}
