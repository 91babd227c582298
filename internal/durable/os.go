package durable

import (
	"fmt"
	"io"
	"os"
)

// OS returns the file system of this machine.
func OS() FS { return system{} }

type system struct{}

// Only the account that serves may read what it keeps.
const (
	filePerm = 0o600
	dirPerm  = 0o700
)

func (system) Create(name string) (File, error) {
	return open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func (system) Open(name string) (File, error) { return open(name, os.O_RDWR) }

func open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, filePerm)
	if err != nil {
		return nil, fmt.Errorf("durable: %w", err)
	}
	return &file{f}, nil
}

func (system) Rename(from, to string) error { return os.Rename(from, to) }
func (system) Remove(name string) error     { return os.Remove(name) }
func (system) MkdirAll(name string) error   { return os.MkdirAll(name, dirPerm) }

func (system) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("durable: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (system) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	return nil
}

func (system) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, filePerm)
	if err != nil {
		return nil, fmt.Errorf("durable: %w", err)
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("durable: locking %q: %w", name, err)
	}
	return f, nil
}

type file struct{ *os.File }

func (f *file) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func (f *file) Sync() error { return datasync(f.File) }

func (f *file) Punch(offset, length int64) error { return punch(f.File, offset, length) }
