// Package durable is the file system as the archive uses it: what it wrote is
// there after a power cut once Sync has returned, and a name is there once
// SyncDir of its folder has. Everything goes through FS, so that a test can let
// any single operation fail, or all of them from one on.
//
// Sync is fdatasync where the system has it: bytes and the size of the file,
// not its times.
//
// After a Sync that failed nobody knows which pages reached the disk, and Linux
// marks them clean: a second Sync of the same pages returns success and says
// nothing. So nobody here tries again; a file whose Sync failed is left as it is
// and the work goes on in another (see "Can Applications Recover from fsync
// Failures?", USENIX ATC 2020).
package durable

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// FS is what the archive needs of a file system. Names are paths of the system.
type FS interface {
	// Create makes a new file for reading and writing; one that exists is an error.
	Create(name string) (File, error)
	// Open opens a file for reading and writing.
	Open(name string) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	MkdirAll(name string) error
	// List returns the names in a folder, without the folders in it.
	List(dir string) ([]string, error)
	// SyncDir makes the names of a folder durable.
	SyncDir(dir string) error
	// Lock keeps other processes out until the Closer is closed.
	Lock(name string) (io.Closer, error)
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	// Punch makes the bytes zero, and gives their room back where it can.
	Punch(offset, length int64) error
	Sync() error
}

// ErrLocked: another process holds the lock.
var ErrLocked = errors.New("in use by another process")

// Rename gives a file its final name, durably: the folder is synced as well.
// The bytes of the file were synced before.
func Rename(fs FS, from, to string) error {
	if err := fs.Rename(from, to); err != nil {
		return fmt.Errorf("durable: renaming: %w", err)
	}
	return fs.SyncDir(filepath.Dir(to))
}

// Remove takes a name away, durably.
func Remove(fs FS, name string) error {
	if err := fs.Remove(name); err != nil {
		return fmt.Errorf("durable: removing: %w", err)
	}
	return fs.SyncDir(filepath.Dir(name))
}

// zeros is how much is overwritten at once where no hole can be made.
const zeros = 64 << 10

// Zero overwrites the bytes.
func Zero(f io.WriterAt, offset, length int64) error {
	buf := make([]byte, min(length, zeros))
	for length > 0 {
		n := min(length, zeros)
		if _, err := f.WriteAt(buf[:n], offset); err != nil {
			return err
		}
		offset, length = offset+n, length-n
	}
	return nil
}
