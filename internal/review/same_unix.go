//go:build unix

package review

import (
	"bytes"
	"io/fs"
	"slices"
	"syscall"
)

// same reports whether a file holds what is wanted and no more; have is room for
// it, which is returned. There is a file for each 128 records: this does without
// the three calls of the system that make an os.File ready to be waited for.
func same(name string, want, have []byte) (ok bool, room []byte, err error) {
	// A pipe would wait for its writer otherwise.
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	for err == syscall.EINTR {
		fd, err = syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	}
	if err != nil {
		return false, have, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer syscall.Close(fd) // was read only
	have = slices.Grow(have[:0], len(want)+1)[:len(want)+1]
	at := 0
	for at < len(have) {
		n, err := syscall.Read(fd, have[at:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return false, have, &fs.PathError{Op: "read", Path: name, Err: err}
		}
		if n == 0 {
			break
		}
		at += n
	}
	return bytes.Equal(have[:at], want), have, nil
}
