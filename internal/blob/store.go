package blob

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/limit"
)

// Limits bound what the store uses. The zero value is the safe default; a
// negative value switches a limit off.
type Limits struct {
	Segment   int64 // bytes of a segment after which another begins
	Gather    int   // bytes of a body that are gathered in memory
	Gathering int   // bytes gathered at the same time, of all bodies
	Batch     int64 // bytes that are written before they are synced
}

// The defaults.
const (
	// A segment of a gigabyte is read in a second from a disk of today.
	defaultSegment = 1 << 30
	// A CT slice has 512 KiB. Of larger objects the sync of another file is a
	// small part.
	defaultGather = 1 << 20
	// Of 32 associations that store at once, each may gather a whole body, and
	// as many more wait for the disk.
	defaultGathering = 64 << 20
	// 32 MiB are on a slow disk in a third of a second.
	defaultBatch = 32 << 20
)

func (l Limits) orDefault() Limits {
	return Limits{
		Segment:   limit.Of(l.Segment, defaultSegment),
		Gather:    min(limit.Of(l.Gather, defaultGather), 1<<30),
		Gathering: int(min(limit.Of(int64(l.Gathering), defaultGathering), 1<<36)),
		Batch:     limit.Of(l.Batch, defaultBatch),
	}
}

// Config is what a Store needs.
type Config struct {
	FS     durable.FS
	Dir    string
	Known  Place  // everything before it is known to be whole
	Next   uint64 // sequence number of the record at Known; 0 is unknown, and found by reading
	Limits Limits
	// Committed is told each record once it is durable, in order and before
	// Append returns. It may not call the Store.
	Committed   func(*Record)
	Diagnostics *slog.Logger
}

// Store is the records in a folder. Its methods may be called at the same time.
type Store struct {
	fs        durable.FS
	dir       string
	limits    Limits
	committed func(*Record)
	diag      *slog.Logger
	lock      io.Closer

	gathering chan struct{}
	buffers   sync.Pool
	chunks    sync.Pool // of *[]byte, for contents that are read
	runs      sync.Pool // likewise, see WriteTo
	readers   readers
	shards    sync.Map

	queue chan *Record
	done  chan struct{}
	stop  sync.RWMutex // held for reading while a record goes into the queue
	ended bool

	// Of the goroutine that commits, and of Open before it.
	active      durable.File // nil where another segment must begin
	sequence    uint64       // of the next record
	nextSegment uint32

	mu       sync.Mutex // covers segments and what they are
	segments []*segment
}

// WriteError says that the disk would not take something. Later it may.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return "blob: writing: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *WriteError) Unwrap() error { return e.Err }

// Open opens the store, or makes one.
func Open(c Config) (*Store, error) {
	s := &Store{fs: c.FS, dir: c.Dir, limits: c.Limits.orDefault(), committed: c.Committed, diag: c.Diagnostics}
	if s.diag == nil {
		s.diag = slog.New(slog.DiscardHandler)
	}
	if s.committed == nil {
		s.committed = func(*Record) {}
	}
	s.gathering = make(chan struct{}, max(1, s.limits.Gathering/s.limits.Gather))
	s.queue = make(chan *Record, queued)
	s.done = make(chan struct{})
	s.readers = readers{fs: s.fs, name: s.segmentName, open: map[uint32]*reader{}}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if err := s.recover(c.Known, c.Next); err != nil {
		s.lock.Close()
		return nil, err
	}
	go s.commitAll()
	return s, nil
}

// queued records wait beyond the batch being written; their senders wait, too.
const queued = 64

// prepare makes the folders and keeps others out.
func (s *Store) prepare() error {
	if err := s.fs.MkdirAll(s.dir); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	var err error
	if s.lock, err = s.fs.Lock(filepath.Join(s.dir, "lock")); err != nil {
		return err
	}
	for _, sub := range []string{"segments", "large", "incoming"} {
		if err = s.fs.MkdirAll(filepath.Join(s.dir, sub)); err != nil {
			break
		}
	}
	if err == nil {
		err = s.fs.SyncDir(s.dir)
	}
	if err == nil {
		err = s.fs.SyncDir(filepath.Dir(s.dir))
	}
	if err != nil {
		s.lock.Close()
		return fmt.Errorf("blob: %w", err)
	}
	return nil
}

// Close ends the store after what waits is written.
func (s *Store) Close() error {
	s.stop.Lock()
	if s.ended {
		s.stop.Unlock()
		return nil
	}
	s.ended = true
	close(s.queue)
	s.stop.Unlock()
	<-s.done
	if s.active != nil {
		s.active.Close()
	}
	return errors.Join(s.readers.end(), s.lock.Close())
}

// End is the place after the last durable record.
func (s *Store) End() Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.last(); g != nil {
		return Place{g.number, aligned(g.end)}
	}
	return Place{}
}

func update(crc uint32, b []byte) uint32 { return crc32.Update(crc, castagnoli, b) }

// readFull reads all of p.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
