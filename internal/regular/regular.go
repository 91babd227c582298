// Package regular reads files that people name: regular ones of bounded length. A
// pipe or a device could be waited for, or read, without end.
package regular

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Open opens a regular file for reading.
func Open(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	return os.Open(name)
}

// Read reads a regular file of at most so many bytes.
func Read(name string, most int) ([]byte, error) {
	r, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close() // it was only read
	text, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("longer than %d bytes", most)
	}
	return text, err
}

// Reason is an error of the file system without its path.
func Reason(err error) string {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}
