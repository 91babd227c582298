package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// WriteFile puts data under a name: all of it or, after a crash too, what was
// there before. The names of the folder are not made durable: that is SyncDir.
func WriteFile(fsys FS, name string, data []byte) error {
	return WriteFileBy(fsys, name+".new", name, data)
}

// WriteFileBy is WriteFile with the name of the file that is written first, and
// that a crash may leave behind.
func WriteFileBy(fsys FS, temporary, name string, data []byte) error {
	err := fill(fsys, temporary, data)
	if err == nil {
		err = fsys.Rename(temporary, name)
	}
	if err != nil {
		_ = fsys.Remove(temporary) // the next WriteFile does as well
		return fmt.Errorf("durable: writing %q: %w", filepath.Base(name), err)
	}
	return nil
}

func fill(fsys FS, name string, data []byte) error {
	f, err := fsys.Create(name)
	if errors.Is(err, fs.ErrExist) {
		if err := fsys.Remove(name); err != nil { // left by a crash
			return err
		}
		f, err = fsys.Create(name)
	}
	if err != nil {
		return err
	}
	n, err := f.WriteAt(data, 0)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// ReadFile returns a whole file, and fails where it is longer than limit.
func ReadFile(fsys FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("durable: %q is longer than %d bytes", filepath.Base(name), limit)
	}
	data := make([]byte, size)
	n, err := f.ReadAt(data, 0)
	if errors.Is(err, io.EOF) && int64(n) == size {
		err = nil
	}
	return data, err
}
