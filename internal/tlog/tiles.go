package tlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/leadglass/leadglass/internal/durable"
)

// tileWidth is the hashes of a full tile (C2SP tlog-tiles).
const tileWidth = 256

// unfinished is the file that becomes a tile or the checkpoint.
const unfinished = "unfinished"

// TilePath is the path of a tile of hashes at a level of tiles, or with level -1
// of a bundle of entries; width 0 is full (C2SP tlog-tiles, "Parameters").
func TilePath(level int, n uint64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width > 0 {
		name += fmt.Sprintf(".p/%d", width)
	}
	if level < 0 {
		return "tile/entries/" + name
	}
	return fmt.Sprintf("tile/%d/%s", level, name)
}

// tiles is the right edge of the tiles: the hashes of the last one at each level
// and the entries of the last bundle. The writer of tiles owns it; it follows
// the segments and reads nothing else.
type tiles struct {
	l      *Log
	size   uint64
	levels [][]Hash
	bundle []byte
	dirs   map[string]bool // folders with names that are not durable yet

	// Where in the segments it stands.
	file  durable.File
	first uint64
	at    int64
}

// loadTiles takes up where the published checkpoint is. What does not fit to it
// is left, and derived again from the beginning.
func (l *Log) loadTiles() (*tiles, error) {
	t := &tiles{l: l}
	signed, err := durable.ReadFile(l.fs, filepath.Join(l.c.Dir, "checkpoint"), 4096)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := OpenCheckpoint(signed, l.verifier, l.c.Origin)
	if err != nil {
		return nil, err
	}
	l.published = c
	if err := t.load(c); err != nil {
		l.c.Diagnostics.Warn("tiles are written anew", "error", err)
		return &tiles{l: l}, nil
	}
	return t, nil
}

func (t *tiles) load(c Checkpoint) error {
	for level, n := 0, c.Size; n > 0; level, n = level+1, n/tileWidth {
		var hashes []Hash
		if w := int(n % tileWidth); w > 0 {
			b, err := durable.ReadFile(t.l.fs, filepath.Join(t.l.c.Dir, TilePath(level, n/tileWidth, w)), 32*tileWidth)
			if err != nil || len(b) != 32*w {
				return errors.Join(fmt.Errorf("tlog: tile %d of level %d", n/tileWidth, level), err)
			}
			for i := range w {
				hashes = append(hashes, Hash(b[32*i:]))
			}
		}
		t.levels = append(t.levels, hashes)
	}
	t.size = c.Size
	if e := t.edge(); e.root() != c.Root {
		return errors.New("tlog: the last tiles are not those of the checkpoint")
	}
	if w := int(c.Size % tileWidth); w > 0 {
		b, err := durable.ReadFile(t.l.fs, filepath.Join(t.l.c.Dir, TilePath(-1, c.Size/tileWidth, w)), tileWidth*(2+maxLeaf))
		if err != nil {
			return err
		}
		t.bundle = b
		return t.checkBundle()
	}
	return nil
}

func (t *tiles) checkBundle() error {
	leaves, err := ParseBundle(t.bundle)
	if err != nil || len(leaves) != len(t.levels[0]) {
		return errors.Join(errors.New("tlog: the last bundle is damaged"), err)
	}
	for i, leaf := range leaves {
		if recordHash(leaf) != t.levels[0][i] {
			return errors.New("tlog: the last bundle is not that of the tree")
		}
	}
	return nil
}

// ParseBundle reads a bundle of entries (C2SP tlog-tiles, "Log Entries").
func ParseBundle(b []byte) ([][]byte, error) {
	var all [][]byte
	for len(b) > 0 {
		if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) || len(all) == tileWidth {
			return nil, errors.New("tlog: a bundle is cut short or too long")
		}
		n := 2 + int(binary.BigEndian.Uint16(b))
		all = append(all, b[2:n:n])
		b = b[n:]
	}
	return all, nil
}

// edge is the tree that the tiles make.
func (t *tiles) edge() edge {
	e := edge{size: t.size}
	for i := len(t.levels) - 1; i >= 0; i-- {
		h := t.levels[i]
		for bit := tileWidth / 2; bit > 0; bit /= 2 {
			if len(h)&bit != 0 {
				e.nodes = append(e.nodes, join(h[:bit]))
				h = h[bit:]
			}
		}
	}
	return e
}

// publishAll is the writer of tiles: it publishes what was committed, at most
// once each Publish, and once more when the committer has ended.
func (l *Log) publishAll(t *tiles) {
	defer l.done.Done()
	tick := time.NewTicker(l.c.Limits.Publish)
	defer tick.Stop()
	behind := true // what a crash left behind is published at once
	for open := true; open; {
		if behind {
			t = l.publish(t)
			behind = l.deriveFailed()
		}
		select {
		case <-l.stop:
			open = false
			continue
		case <-tick.C:
		}
		select {
		case <-l.committed:
			behind = true
		default:
		}
	}
	t = l.publish(t)
	if t.file != nil {
		_ = t.file.Close() // was read only
	}
}

func (l *Log) deriveFailed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.derive != nil
}

// publish brings the tiles up to the newest checkpoint and returns where they
// stand. After a failure they are taken up again from what is published.
func (l *Log) publish(t *tiles) *tiles {
	l.mu.Lock()
	size, signed := l.size, l.note
	l.mu.Unlock()
	if size == t.size && l.published.Size == size {
		return t
	}
	err := t.follow(size)
	if err == nil {
		err = t.publish(signed)
	}
	l.mu.Lock()
	if err != nil && l.derive == nil {
		l.c.Diagnostics.Warn("the tiles of the log are behind", "error", err)
	}
	l.derive = err
	l.mu.Unlock()
	if err == nil {
		l.published = Checkpoint{l.c.Origin, size, Hash{}}
		return t
	}
	if t.file != nil {
		_ = t.file.Close() // was read only
	}
	if again, err := l.loadTiles(); err == nil {
		return again
	}
	return &tiles{l: l}
}

// follow reads frames until the tiles have size entries.
func (t *tiles) follow(size uint64) error {
	for t.size < size {
		f, n, err := t.next()
		if err != nil {
			return fmt.Errorf("tlog: reading entry %d again: %w", t.size, err)
		}
		t.at += int64(n)
		for i, e := range f.Entries {
			if f.First+uint64(i) == t.size {
				if err := t.add(e.Leaf); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// next reads the frame at the place where the tiles stand.
func (t *tiles) next() (*Frame, int, error) {
	if t.file == nil {
		if err := t.seek(); err != nil {
			return nil, 0, err
		}
	}
	header := make([]byte, frameHeader)
	if n, _ := t.file.ReadAt(header, t.at); n < frameHeader {
		// The segment has ended and another one follows, which seek finds.
		if err := t.seek(); err != nil {
			return nil, 0, err
		}
		if n, err := t.file.ReadAt(header, t.at); n < frameHeader {
			return nil, 0, err
		}
	}
	size := binary.BigEndian.Uint32(header[frameHeader-4:])
	if size > maxFrame {
		return nil, 0, errFrame
	}
	b := make([]byte, frameHeader+int(size))
	if n, err := t.file.ReadAt(b, t.at); n < len(b) {
		return nil, 0, err
	}
	return ParseFrame(b)
}

// seek opens the segment that the next entry is in.
func (t *tiles) seek() error {
	all, err := Segments(t.l.fs, t.l.c.Dir)
	if err != nil {
		return err
	}
	for len(all) > 0 && all[len(all)-1] > t.size {
		all = all[:len(all)-1]
	}
	if len(all) == 0 {
		return errors.New("tlog: its segment is gone")
	}
	if t.file != nil {
		_ = t.file.Close() // was read only
	}
	first := all[len(all)-1]
	t.file, err = t.l.fs.Open(t.l.segmentPath(first))
	t.first, t.at = first, int64(segmentHeaderSize(first))
	if err != nil {
		t.file = nil
	}
	return err
}

func (t *tiles) add(leaf []byte) error {
	t.bundle = binary.BigEndian.AppendUint16(t.bundle, uint16(len(leaf)))
	t.bundle = append(t.bundle, leaf...)
	n := t.size
	t.size++
	if n%tileWidth == tileWidth-1 {
		if err := t.write(TilePath(-1, n/tileWidth, 0), t.bundle); err != nil {
			return err
		}
		t.bundle = t.bundle[:0]
	}
	return t.push(0, n, recordHash(leaf))
}

// push adds the hash with number n to a level, and that of a tile which it fills
// to the level above.
func (t *tiles) push(level int, n uint64, h Hash) error {
	if level == len(t.levels) {
		t.levels = append(t.levels, nil)
	}
	t.levels[level] = append(t.levels[level], h)
	if len(t.levels[level]) < tileWidth {
		return nil
	}
	full := t.levels[level]
	t.levels[level] = full[len(full):]
	if err := t.write(TilePath(level, n/tileWidth, 0), hashBytes(full)); err != nil {
		return err
	}
	return t.push(level+1, n/tileWidth, join(full))
}

func hashBytes(hashes []Hash) []byte {
	b := make([]byte, 0, 32*len(hashes))
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// publish writes the partial tiles of this size and then its checkpoint.
func (t *tiles) publish(signed []byte) error {
	for level, n := 0, t.size; level < len(t.levels); level, n = level+1, n/tileWidth {
		if w := int(n % tileWidth); w > 0 {
			if err := t.write(TilePath(level, n/tileWidth, w), hashBytes(t.levels[level])); err != nil {
				return err
			}
		}
	}
	if w := int(t.size % tileWidth); w > 0 {
		if err := t.write(TilePath(-1, t.size/tileWidth, w), t.bundle); err != nil {
			return err
		}
	}
	for dir := range t.dirs {
		if err := t.l.fs.SyncDir(dir); err != nil {
			return err
		}
	}
	t.dirs = nil
	if err := durable.WriteFileBy(t.l.fs, filepath.Join(t.l.c.Dir, unfinished), filepath.Join(t.l.c.Dir, "checkpoint"), signed); err != nil {
		return err
	}
	return t.l.fs.SyncDir(t.l.c.Dir)
}

// write writes a tile. A full one replaces its partial ones.
func (t *tiles) write(path string, data []byte) error {
	name := filepath.Join(t.l.c.Dir, path)
	dir := filepath.Dir(name)
	if err := t.folder(dir); err != nil {
		return err
	}
	if err := durable.WriteFileBy(t.l.fs, filepath.Join(t.l.c.Dir, unfinished), name, data); err != nil {
		return err
	}
	if !strings.HasSuffix(dir, ".p") {
		t.dropPartial(name + ".p")
	}
	return nil
}

func (t *tiles) folder(dir string) error {
	if t.dirs[dir] {
		return nil
	}
	if err := t.l.fs.MkdirAll(dir); err != nil {
		return err
	}
	if t.dirs == nil {
		t.dirs = map[string]bool{}
	}
	for d := dir; d != t.l.c.Dir && !t.dirs[d]; d = filepath.Dir(d) {
		t.dirs[d] = true
	}
	return nil
}

// dropPartial removes the partial tiles of one that is full now. They are of no
// use to anybody, so it does not matter if that fails.
func (t *tiles) dropPartial(dir string) {
	files, err := t.l.fs.List(dir)
	if err != nil {
		return
	}
	for _, name := range files {
		_ = t.l.fs.Remove(filepath.Join(dir, name))
	}
	_ = t.l.fs.Remove(dir)
	delete(t.dirs, dir)
}
