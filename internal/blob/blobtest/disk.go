// Package blobtest is a disk for tests that fails on request: any one of its
// operations, once or from there on, and that loses on a power cut what was not
// synced, or some of it.
package blobtest

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"sync"

	"github.com/leadglass/leadglass/internal/durable"
)

// Fault is what happens to one operation.
type Fault int

// The faults.
const (
	Fail    Fault = iota + 1 // an error, and nothing is done
	Short                    // an error, and half of a write is done
	Persist                  // an error although all is done
	Crash                    // the power goes before it
)

// Loss is what a power cut does to what was not synced.
type Loss int

// The losses.
const (
	All     Loss = iota // names and bytes that were not synced are gone
	Nothing             // as if they had been
	Some                // of each sector and each name chance decides
)

// The errors.
var (
	ErrInjected = errors.New("injected: no space left on device")
	ErrPower    = errors.New("injected: power cut")
)

// Disk is a durable.FS in memory.
type Disk struct {
	mu     sync.Mutex
	names  map[string]*inode
	synced map[string]*inode // names that a power cut leaves
	ops    int
	read   int64
	at     int // the operation that gets the fault
	fault  Fault
	off    bool
	locked map[string]bool
}

// inode is a file: what is read, what the system believes to be on the disk, and
// what is there. The last two differ after a sync that failed.
type inode struct{ data, clean, disk []byte }

var _ durable.FS = (*Disk)(nil)

// New returns an empty disk.
func New() *Disk {
	return &Disk{names: map[string]*inode{}, synced: map[string]*inode{}, locked: map[string]bool{}}
}

// Inject gives a fault to the n-th operation from now on that changes something,
// counted from 1.
func (d *Disk) Inject(n int, f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.fault = d.ops+n, f
}

// Operations is how many operations changed something so far.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// BytesRead is how many bytes were read so far.
func (d *Disk) BytesRead() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read
}

// Reboot returns what a power cut leaves. The old disk does nothing any more.
func (d *Disk) Reboot(loss Loss, seed uint64) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	rng := rand.New(rand.NewPCG(seed, 1))
	out := New()
	from := map[string]*inode{}
	switch loss {
	case All:
		from = d.synced
	case Nothing:
		from = d.names
	case Some:
		maps.Copy(from, d.synced)
		for name, n := range d.names {
			if rng.IntN(2) == 0 {
				from[name] = n
			}
		}
	}
	for name, n := range from {
		b := n.disk
		if loss == Nothing {
			b = n.data
		} else if loss == Some {
			b = mix(n, rng)
		}
		b = append([]byte{}, b...)
		again := &inode{b, append([]byte{}, b...), append([]byte{}, b...)}
		out.names[name], out.synced[name] = again, again
	}
	return out
}

const sector = 512

// mix takes each sector from the disk or from what was on its way there. What
// the system believed to be clean stays lost.
func mix(n *inode, rng *rand.Rand) []byte {
	size := len(n.disk)
	if rng.IntN(2) == 0 {
		size = len(n.data)
	}
	out := make([]byte, size)
	copy(out, n.disk)
	for at := 0; at < size; at += sector {
		if rng.IntN(2) == 0 {
			n.flush(out, at, min(at+sector, size))
		}
	}
	return out
}

// flush writes what is dirty between two offsets.
func (n *inode) flush(to []byte, from, end int) {
	for i := from; i < min(end, len(n.data)); i++ {
		if i >= len(n.clean) || n.data[i] != n.clean[i] {
			to[i] = n.data[i]
		}
	}
}

// step counts an operation and says what becomes of it. d.mu is held.
func (d *Disk) step() (Fault, error) {
	if d.off {
		return Crash, ErrPower
	}
	d.ops++
	if d.ops != d.at {
		return 0, nil
	}
	if d.fault == Crash {
		d.off = true
		return Crash, ErrPower
	}
	return d.fault, ErrInjected
}

// change does an operation that cannot be done by halves.
func (d *Disk) change(do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.step()
	if err != nil && f != Persist {
		return err
	}
	return errors.Join(do(), err)
}

func (d *Disk) Create(name string) (durable.File, error) {
	var n *inode
	err := d.change(func() error {
		if d.names[name] != nil {
			return fs.ErrExist
		}
		n = &inode{}
		d.names[name] = n
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &file{d, n}, nil
}

func (d *Disk) Open(name string) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[name]
	if d.off {
		return nil, ErrPower
	}
	if n == nil {
		return nil, fs.ErrNotExist
	}
	return &file{d, n}, nil
}

func (d *Disk) Rename(from, to string) error {
	return d.change(func() error {
		if d.names[from] == nil {
			return fs.ErrNotExist
		}
		d.names[to] = d.names[from]
		delete(d.names, from)
		return nil
	})
}

func (d *Disk) Remove(name string) error {
	return d.change(func() error {
		if d.names[name] == nil {
			return fs.ErrNotExist
		}
		delete(d.names, name)
		return nil
	})
}

func (d *Disk) MkdirAll(string) error { return d.change(func() error { return nil }) }

func (d *Disk) List(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return nil, ErrPower
	}
	var names []string
	for name := range d.names {
		if filepath.Dir(name) == dir {
			names = append(names, filepath.Base(name))
		}
	}
	return names, nil
}

func (d *Disk) SyncDir(dir string) error {
	return d.change(func() error {
		for name := range d.synced {
			if filepath.Dir(name) == dir && d.names[name] == nil {
				delete(d.synced, name)
			}
		}
		for name, n := range d.names {
			if filepath.Dir(name) == dir {
				d.synced[name] = n
			}
		}
		return nil
	})
}

func (d *Disk) Lock(name string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked[name] {
		return nil, durable.ErrLocked
	}
	d.locked[name] = true
	return unlock(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.locked[name] = false
	}), nil
}

type unlock func()

func (u unlock) Close() error { u(); return nil }

type file struct {
	d *Disk
	n *inode
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.off {
		return 0, ErrPower
	}
	if off >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[off:])
	f.d.read += int64(n)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	fault, err := f.d.step()
	n := len(p)
	switch {
	case err == nil, fault == Persist:
	case fault == Short:
		n /= 2
	default:
		return 0, err
	}
	if need := int(off) + n; need > len(f.n.data) {
		f.n.data = append(f.n.data, make([]byte, need-len(f.n.data))...)
	}
	copy(f.n.data[off:], p[:n])
	return n, err
}

func (f *file) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.n.data)), nil
}

func (f *file) Truncate(size int64) error {
	return f.d.change(func() error {
		f.n.data = f.n.data[:min(size, int64(len(f.n.data)))]
		return nil
	})
}

func (f *file) Punch(off, length int64) error {
	return f.d.change(func() error {
		clear(f.n.data[min(off, int64(len(f.n.data))):min(off+length, int64(len(f.n.data)))])
		return nil
	})
}

// Sync makes the bytes durable. After one that fails the system takes them for
// clean, as Linux does, and the next Sync does not write them.
func (f *file) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	fault, err := f.d.step()
	if fault == Crash {
		return err
	}
	if err == nil || fault == Persist {
		disk := make([]byte, len(f.n.data))
		copy(disk, f.n.disk)
		f.n.flush(disk, 0, len(disk))
		f.n.disk = disk
	}
	f.n.clean = append([]byte{}, f.n.data...)
	return err
}

func (f *file) Close() error { return nil }
