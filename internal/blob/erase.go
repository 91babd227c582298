package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/leadglass/leadglass/internal/durable"
)

// Erase makes the records at places go away, head and body, and is durable when
// it returns nil. One that is erased already is no error, so that it can be done
// again after a crash.
func (s *Store) Erase(places []Place) error {
	places = slices.Clone(places)
	slices.SortFunc(places, func(a, b Place) int {
		if a.Less(b) {
			return -1
		}
		return 1
	})
	for len(places) > 0 {
		n := 1
		for n < len(places) && places[n].Segment == places[0].Segment {
			n++
		}
		if err := s.eraseIn(places[:n]); err != nil {
			return err
		}
		places = places[n:]
	}
	return nil
}

// eraseIn erases records of one segment.
func (s *Store) eraseIn(places []Place) error {
	f, err := s.fs.Open(s.segmentName(places[0].Segment))
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range places {
		if err := s.erase(f, p); err != nil {
			return fmt.Errorf("blob: erasing %s: %w", p, err)
		}
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("blob: erasing: %w", err)
	}
	return nil
}

func (s *Store) erase(f durable.File, p Place) error {
	b := make([]byte, headerSize)
	if err := readFull(f, b, p.Offset); err != nil {
		return err
	}
	h, ok := decodeHeader(b)
	if !ok || h.segment != p.Segment {
		return &DamageError{p, ErrNoRecord}
	}
	if h.flags&flagLarge != 0 {
		err := durable.Remove(s.fs, s.largeName(h.file))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	h.flags |= flagErased
	h.put(b)
	if _, err := f.WriteAt(b, p.Offset); err != nil {
		return err
	}
	return f.Punch(p.Offset+headerSize, h.span()-headerSize)
}

// Orphans removes, or with keep only counts, the large bodies that no record
// holds, as a crash between the two leaves them. held says whether a record has
// the name. Nothing may be appended meanwhile.
func (s *Store) Orphans(held func(name string) bool, keep bool) (n int, err error) {
	for shard := range 256 {
		dir := filepath.Join(s.dir, "large", fmt.Sprintf("%02x", shard))
		names, err := s.fs.List(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return n, err
		}
		for _, name := range names {
			if held(name) {
				continue
			}
			n++
			if keep {
				continue
			}
			if err := durable.Remove(s.fs, filepath.Join(dir, name)); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}
