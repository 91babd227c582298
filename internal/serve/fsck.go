package serve

import (
	"context"
	"errors"
	"os"

	"github.com/leadglass/leadglass/internal/archive"
)

// Checked is what Fsck found.
type Checked = archive.Checked

// Fsck reads all objects of an archive that is not running and compares the index
// with them; with repair it makes the index anew where it differs. An index that
// cannot be opened at all is put aside then, and made anew as well.
func Fsck(ctx context.Context, c Config, repair bool) (found *Checked, err error) {
	s := &Server{c: c.withDefaults()}
	if _, err := s.open(ctx, s.openArchive); err != nil {
		if !repair || isConfig(err) || s.aside() != nil {
			return nil, err
		}
		if _, again := s.open(ctx, s.openArchive); again != nil {
			return nil, errors.Join(err, again)
		}
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.archive.Fsck(ctx, repair)
}

func isConfig(err error) bool {
	_, ok := errors.AsType[*ConfigError](err)
	return ok
}

// aside renames the index.
func (s *Server) aside() error {
	for _, more := range []string{"-wal", "-shm"} {
		_ = os.Remove(s.c.in(indexFile + more))
	}
	return os.Rename(s.c.in(indexFile), s.c.in(indexFile+".damaged"))
}
