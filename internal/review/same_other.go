//go:build !unix

package review

import (
	"bytes"
	"io"
	"os"
	"slices"
)

// same reports whether a file holds what is wanted and no more; have is room for
// it, which is returned.
func same(name string, want, have []byte) (ok bool, room []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return false, have, err
	}
	defer f.Close()
	have = slices.Grow(have[:0], len(want)+1)[:len(want)+1]
	n, err := io.ReadFull(f, have)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return err == nil && bytes.Equal(have[:n], want), have, err
}
