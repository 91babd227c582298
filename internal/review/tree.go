package review

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

type hash = [sha256.Size]byte

// width is the hashes of a tile (C2SP tlog-tiles).
const width = 256

// tree is the tree of RFC 6962 over the leaves so far, and the tiles that are
// being filled. A tile that is full is compared with its file.
type tree struct {
	dir       string
	published uint64
	open      bool              // see Config.Open
	unwritten map[string][]byte // full tiles that had no file yet, the first of them

	size   uint64
	edge   []hash   // complete subtrees, largest first
	tiles  [][]byte // by level: the hashes of the last tile
	bundle []byte
	have   []byte // a file of the tiles

	compared uint64
}

// tileError says which file of the tiles is wrong.
type tileError struct {
	index uint64
	file  string
	what  string
}

func (e *tileError) Error() string { return e.file + ": " + e.what }

// leafHash hashes a leaf that stands behind its length. A leaf is hashed with a
// zero before it, for which the second byte of the length makes room meanwhile.
func leafHash(framed []byte) hash {
	was := framed[1]
	framed[1] = 0
	h := sha256.Sum256(framed[1:])
	framed[1] = was
	return h
}

func nodeHash(a, b *hash) hash {
	var buf [1 + 2*sha256.Size]byte
	buf[0] = 1
	copy(buf[1:], a[:])
	copy(buf[1+sha256.Size:], b[:])
	return sha256.Sum256(buf[:])
}

// add adds a leaf that stands behind its length, as it does in bundles too.
func (t *tree) add(framed []byte) error {
	h := leafHash(framed)
	t.bundle = append(t.bundle, framed...)
	n := t.size
	if err := t.put(0, n, h); err != nil {
		return err
	}
	// Merge the complete subtrees; those that end a tile go one level up.
	t.edge = append(t.edge, h)
	level := 0
	for ; n&1 == 1; n >>= 1 {
		last := len(t.edge) - 1
		t.edge[last-1] = nodeHash(&t.edge[last-1], &t.edge[last])
		t.edge = t.edge[:last]
		if level++; level%8 == 0 {
			if err := t.put(level/8, n>>1, t.edge[last-1]); err != nil {
				return err
			}
		}
	}
	t.size++
	if t.size%width == 0 {
		err := t.compare(-1, t.size/width-1, 0, t.bundle)
		if t.bundle = t.bundle[:0]; err != nil {
			return err
		}
	}
	if t.size == t.published {
		return t.partial()
	}
	return nil
}

// put adds the hash with number n to a level of tiles.
func (t *tree) put(level int, n uint64, h hash) error {
	for level >= len(t.tiles) {
		t.tiles = append(t.tiles, nil)
	}
	if n%width == 0 {
		t.tiles[level] = t.tiles[level][:0]
	}
	t.tiles[level] = append(t.tiles[level], h[:]...)
	if n%width == width-1 {
		return t.compare(level, n/width, 0, t.tiles[level])
	}
	return nil
}

// partial compares the tiles that are partial at the published size.
func (t *tree) partial() error {
	if w := t.size % width; w > 0 {
		if err := t.compare(-1, t.size/width, int(w), t.bundle); err != nil {
			return err
		}
	}
	for level, n := 0, t.size; n > 0; level, n = level+1, n/width {
		if w := n % width; w > 0 {
			if err := t.compare(level, n/width, int(w), t.tiles[level][:32*w]); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare compares a file of the tiles with what it must be. One that the
// published checkpoint does not need yet may be missing.
func (t *tree) compare(level int, n uint64, w int, want []byte) error {
	path := tilePath(level, n, w)
	ok, have, err := same(filepath.Join(t.dir, path), want, t.have)
	t.have = have
	first, needed := t.span(level, n)
	if errors.Is(err, fs.ErrNotExist) {
		switch {
		case t.published < needed && w == 0:
			t.keep(path, want)
			return nil
		case w > 0 && t.open && t.exists(tilePath(level, n, 0)):
			return nil // it was replaced by the full one
		}
		return &tileError{first, path, "it is missing"}
	}
	if err != nil {
		return err
	}
	t.compared++
	if !ok {
		return &tileError{first, path, "it is not that of the records"}
	}
	return nil
}

// maxUnwritten bounds the full tiles that are held because they have no file yet:
// three seconds of the most that is written.
const maxUnwritten = 256

// keep holds on to a full tile that is not written yet, for the partial ones of it.
func (t *tree) keep(path string, whole []byte) {
	if t.open && len(t.unwritten) < maxUnwritten {
		t.unwritten[path] = bytes.Clone(whole)
	}
}

func (t *tree) exists(path string) bool {
	_, err := os.Stat(filepath.Join(t.dir, path))
	return err == nil
}

// span is the first record under a tile, and how many there must be for it to be
// full.
func (t *tree) span(level int, n uint64) (first, full uint64) {
	each := uint64(width)
	for range level {
		each *= width
	}
	return n * each, (n + 1) * each
}

func (t *tree) root() hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = nodeHash(&t.edge[i], &h)
	}
	return h
}

func (t *tree) rootBytes() []byte { h := t.root(); return h[:] }

// tilePath is the path of a tile, level -1 a bundle (C2SP tlog-tiles).
func tilePath(level int, n uint64, w int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if w > 0 {
		path = fmt.Sprintf("%s.p/%d", path, w)
	}
	if level < 0 {
		return "tile/entries/" + path
	}
	return fmt.Sprintf("tile/%d/%s", level, path)
}
