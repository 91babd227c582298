package review

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// strangers looks at every file of the folder: none is there that does not
// belong to the log, and partial tiles that are left over say what the full ones
// say.
func (r *run) strangers() error {
	return filepath.WalkDir(r.c.Dir, func(name string, d fs.DirEntry, err error) error {
		if r.c.Open && errors.Is(err, fs.ErrNotExist) {
			return nil // it was replaced by now
		}
		if err != nil {
			return fmt.Errorf("review: looking through the folder: %w", err)
		}
		path, err := filepath.Rel(r.c.Dir, name)
		if err != nil || d.IsDir() {
			return err
		}
		r.file = filepath.ToSlash(path)
		switch {
		case r.file == "lock", r.file == "checkpoint", strings.HasPrefix(r.file, "segments/"):
			return nil
		case r.c.Open && r.file == "unfinished":
			return nil // being written
		}
		return r.stranger()
	})
}

func (r *run) stranger() error {
	level, n, w, ok := parseTilePath(r.file)
	if !ok {
		return r.bad(r.tree.size, "the file does not belong to a log")
	}
	if n > r.tree.size>>(8*max(level, 0)) {
		return r.beyond()
	}
	first, full := r.tree.span(max(level, 0), n)
	if w == 0 && full <= r.tree.size {
		return nil // compared before
	}
	if w == 0 || first+(full-first)/width*uint64(w) > r.tree.size {
		return r.beyond()
	}
	have, err := readFile(filepath.Join(r.c.Dir, r.file), width*(2+1<<16))
	if errors.Is(err, errLong) {
		return r.bad(first, "it is not that of the records")
	}
	if r.c.Open && errors.Is(err, fs.ErrNotExist) {
		return nil // it was replaced by now
	}
	if err != nil {
		return err
	}
	whole, err := r.wholeTile(level, n, full)
	if err != nil || whole == nil {
		return err
	}
	if !prefix(level, whole, have, w) {
		return r.bad(first, "it is not that of the records")
	}
	r.report.Tiles++
	return nil
}

// beyond is about a tile of records that were not read: they were written since,
// or are not there.
func (r *run) beyond() error {
	if r.c.Open && r.grown() {
		return nil
	}
	return r.bad(r.tree.size, "it is of records that are not there")
}

// grown says whether records were written since the segments were read.
func (r *run) grown() bool {
	files, err := os.ReadDir(filepath.Join(r.c.Dir, "segments"))
	if err != nil || len(files) != r.listed {
		return err == nil
	}
	if len(files) == 0 {
		return false
	}
	st, err := files[len(files)-1].Info()
	return err == nil && st.Size() > r.readTo
}

// wholeTile is what a partial tile is part of: the full one, which was compared
// before, or what is held of it. It is nil where it was written while the log was
// read and more was unwritten then than is held.
func (r *run) wholeTile(level int, n, full uint64) ([]byte, error) {
	if full <= r.tree.size {
		if b := r.tree.unwritten[tilePath(level, n, 0)]; b != nil {
			return b, nil
		}
		if len(r.tree.unwritten) == maxUnwritten {
			return nil, nil
		}
		b, err := readFile(filepath.Join(r.c.Dir, tilePath(level, n, 0)), width*(2+1<<16))
		if err != nil {
			return nil, r.bad(full-1, "there is no full tile to it")
		}
		return b, nil
	}
	if level < 0 {
		return r.tree.bundle, nil
	}
	return r.tree.tiles[level], nil
}

// prefix reports whether have is the first w entries or hashes of whole.
func prefix(level int, whole, have []byte, w int) bool {
	if !bytes.HasPrefix(whole, have) {
		return false
	}
	if level >= 0 {
		return len(have) == 32*w
	}
	entries := 0
	for len(have) >= 2 {
		n := 2 + int(have[0])<<8 + int(have[1])
		if n > len(have) {
			return false
		}
		have = have[n:]
		entries++
	}
	return len(have) == 0 && entries == w
}

// parseTilePath is the reverse of tilePath, and takes nothing else.
func parseTilePath(path string) (level int, n uint64, w int, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) < 3 || parts[0] != "tile" {
		return 0, 0, 0, false
	}
	var err error
	if level = -1; parts[1] != "entries" {
		if level, err = strconv.Atoi(parts[1]); err != nil || level < 0 || level > 6 {
			return 0, 0, 0, false
		}
	}
	parts = parts[2:]
	if last := len(parts) - 1; last > 0 && strings.HasSuffix(parts[last-1], ".p") {
		if w, err = strconv.Atoi(parts[last]); err != nil || w < 1 || w >= width {
			return 0, 0, 0, false
		}
		parts = parts[:last]
	}
	if len(parts) > 5 {
		return 0, 0, 0, false
	}
	for i, p := range parts {
		p = strings.TrimSuffix(p, ".p")
		if i < len(parts)-1 {
			p = strings.TrimPrefix(p, "x")
		}
		digit, err := strconv.ParseUint(p, 10, 16)
		if err != nil || len(p) != 3 {
			return 0, 0, 0, false
		}
		n = n*1000 + digit
	}
	return level, n, w, tilePath(level, n, w) == path
}
