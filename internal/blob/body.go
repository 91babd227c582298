package blob

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"

	"github.com/leadglass/leadglass/internal/durable"
)

// frontRoom is what a buffer keeps free before the body, so that the record can
// be written in one go without being copied.
const frontRoom = 4 << 10

// Body is the bytes of a record on their way in. They are gathered in memory up
// to Limits.Gather and go to a file of their own past that. Release must be
// called, whatever became of it.
type Body struct {
	s     *Store
	buf   []byte // frontRoom and then the bytes
	size  int64
	file  durable.File // of a large one
	id    uint64
	table []byte // of a large one, for whole chunks
	part  uint32 // checksum of the chunk that is not whole yet
	kept  bool   // a record holds it
}

// NewBody returns an empty Body. It waits while all the memory for gathering is
// in use.
func (s *Store) NewBody(ctx context.Context) (*Body, error) {
	select {
	case s.gathering <- struct{}{}:
	default:
		select {
		case s.gathering <- struct{}{}:
		case <-ctx.Done():
			return nil, fmt.Errorf("blob: waiting for memory: %w", ctx.Err())
		}
	}
	buf, _ := s.buffers.Get().(*[]byte)
	if buf == nil {
		b := make([]byte, frontRoom, frontRoom+firstBuffer)
		buf = &b
	}
	return &Body{s: s, buf: (*buf)[:frontRoom]}, nil
}

// firstBuffer holds a small object; a buffer that had to grow stays so.
const firstBuffer = 64 << 10

// Write adds bytes.
func (b *Body) Write(p []byte) (int, error) {
	if b.file != nil {
		return b.spill(p)
	}
	b.buf = append(b.buf, p...)
	b.size += int64(len(p))
	return len(p), nil
}

// Gather reads until the end of r, or until more has come than is gathered in
// memory: then what came is in a file, Bytes is all of it, the rest of r is to be
// written, and end is false.
func (b *Body) Gather(r io.Reader) (end bool, err error) {
	limit := frontRoom + b.s.limits.Gather + 1
	for len(b.buf) < limit {
		if len(b.buf) == cap(b.buf) {
			grown := make([]byte, len(b.buf), min(limit, max(2*cap(b.buf), firstBuffer)))
			copy(grown[frontRoom:], b.buf[frontRoom:])
			b.buf = grown
		}
		n, err := r.Read(b.buf[len(b.buf):min(cap(b.buf), limit)])
		b.buf = b.buf[:len(b.buf)+n]
		b.size += int64(n)
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, b.toFile()
}

// Bytes are those that are in memory: all, or of a large one the first.
func (b *Body) Bytes() []byte { return b.buf[frontRoom:] }

// Size is how many bytes there are.
func (b *Body) Size() int64 { return b.size }

// ReadAt reads what was written.
func (b *Body) ReadAt(p []byte, off int64) (int, error) {
	if b.file != nil {
		return b.file.ReadAt(p, off)
	}
	if off >= b.size {
		return 0, io.EOF
	}
	n := copy(p, b.Bytes()[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// toFile moves the body to a file of its own.
func (b *Body) toFile() error {
	var id [8]byte
	rand.Read(id[:]) // never fails, crypto/rand
	b.id = binary.LittleEndian.Uint64(id[:])
	f, err := b.s.fs.Create(b.s.incomingName(b.id))
	if err != nil {
		return &WriteError{err}
	}
	b.file = f
	first := b.Bytes()
	b.size = 0
	_, err = b.spill(first)
	return err
}

func (b *Body) spill(p []byte) (int, error) {
	n, err := b.file.WriteAt(p, b.size)
	if err != nil {
		return n, &WriteError{err}
	}
	for rest := p; len(rest) > 0; {
		room := chunkSize - int(b.size%chunkSize)
		m := min(room, len(rest))
		b.part = update(b.part, rest[:m])
		b.size += int64(m)
		if m == room {
			b.table = binary.LittleEndian.AppendUint32(b.table, b.part)
			b.part = 0
		}
		rest = rest[m:]
	}
	return n, nil
}

// finish makes a large body durable under its final name.
func (b *Body) finish() error {
	if b.size%chunkSize != 0 {
		b.table = binary.LittleEndian.AppendUint32(b.table, b.part)
	}
	if err := b.file.Sync(); err != nil {
		return &WriteError{err}
	}
	name := b.s.largeName(b.id)
	if err := b.s.makeShard(filepath.Dir(name)); err != nil {
		return &WriteError{err}
	}
	if err := durable.Rename(b.s.fs, b.s.incomingName(b.id), name); err != nil {
		return &WriteError{err}
	}
	return nil
}

// Release gives the memory back, and removes the file that no record holds.
func (b *Body) Release() {
	if b.s == nil {
		return
	}
	if b.file != nil {
		b.file.Close()
		if !b.kept {
			_ = b.s.fs.Remove(b.s.incomingName(b.id)) // the next Open removes it, too
			_ = b.s.fs.Remove(b.s.largeName(b.id))    // and fsck that one
		}
	}
	buf := b.buf[:0]
	b.s.buffers.Put(&buf)
	<-b.s.gathering
	b.s, b.buf = nil, nil
}

func (s *Store) incomingName(id uint64) string {
	return filepath.Join(s.dir, "incoming", fmt.Sprintf("%016x", id))
}

func (s *Store) largeName(id uint64) string {
	name := fmt.Sprintf("%016x", id)
	return filepath.Join(s.dir, "large", name[:2], name)
}

// makeShard makes a folder for large bodies, durably; usually it is there.
func (s *Store) makeShard(dir string) error {
	if _, ok := s.shards.Load(dir); ok {
		return nil
	}
	if err := s.fs.MkdirAll(dir); err != nil {
		return err
	}
	if err := s.fs.SyncDir(filepath.Dir(dir)); err != nil {
		return err
	}
	s.shards.Store(dir, true)
	return nil
}
