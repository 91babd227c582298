package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/leadglass/leadglass/internal/archive"
	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/index"
	"github.com/leadglass/leadglass/internal/policy"
)

// marker is the file that makes a folder a data folder, and what is in it.
const (
	marker = "leadglass"
	layout = "leadglass data 1\n"
)

// indexFile is the index, which follows from the objects.
const indexFile = "index/index.sqlite"

// folder makes the data folder, or sees that it is one. A folder with other things
// in it is left alone.
func (s *Server) folder(context.Context) error {
	wrong := func(what, remedy string) error { return &ConfigError{Key: "data", What: what, Remedy: remedy} }
	if s.c.Data == "" {
		return wrong("no folder is named for the data", "name one that is new or an archive's: --data FOLDER")
	}
	switch text, err := os.ReadFile(s.c.in(marker)); {
	case err == nil && bytes.Equal(text, []byte(layout)):
		return nil
	case err == nil:
		return wrong(fmt.Sprintf("%s is a data folder of another version", s.c.Data), "use the leadglass that made it, or a newer one")
	case !errors.Is(err, fs.ErrNotExist):
		return wrong(cause(err), "run leadglass as the account that owns the folder")
	}
	if err := os.MkdirAll(s.c.Data, 0o700); err != nil {
		return wrong(cause(err), "name a folder that can be made")
	}
	there, err := os.ReadDir(s.c.Data)
	if err != nil {
		return wrong(cause(err), "run leadglass as the account that owns the folder")
	}
	if len(there) > 0 {
		return wrong(fmt.Sprintf("%s holds other things and no archive", s.c.Data), "name a folder that is new, empty or an archive's")
	}
	return durable.WriteFile(durable.OS(), s.c.in(marker), []byte(layout))
}

// Existing sees that there is an archive: commands about one must not make it.
func (c *Config) Existing() error {
	if _, err := os.Stat(c.in(marker)); err != nil {
		return &ConfigError{
			Key: "data", What: fmt.Sprintf("there is no archive in %s", filepath.Clean(c.Data)),
			Remedy: "name the folder that leadglass serve uses: --data FOLDER, or its configuration: --config FILE",
		}
	}
	return nil
}

// cause is an error of the system without what it was about.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Sprintf("%s: %v", p.Path, p.Err)
	}
	return err.Error()
}

// inUse says in words that another leadglass holds the folder.
func (s *Server) inUse(err error) error {
	if !errors.Is(err, durable.ErrLocked) {
		return err
	}
	return &ConfigError{
		Key: "data", What: fmt.Sprintf("another leadglass uses %s", s.c.Data),
		Remedy: "stop it first; devices, users and policies may be changed while it runs",
	}
}

func (s *Server) openLog(ctx context.Context) (err error) {
	s.log, err = audit.Open(ctx, audit.Config{
		Dir: s.c.Data, Origin: s.c.Origin, Passphrase: s.c.Passphrase, FS: s.c.FS, Now: s.c.Now, Diagnostics: s.c.Diagnostics,
	})
	if err != nil {
		return s.inUse(fmt.Errorf("serve: opening the log: %w", err))
	}
	s.opened(s.log.Close)
	return nil
}

func (s *Server) openArchive(ctx context.Context) error {
	if err := os.MkdirAll(s.c.in("index"), 0o700); err != nil {
		return fmt.Errorf("serve: opening the index: %w", err)
	}
	ix, err := index.OpenSQLite(ctx, s.c.in(indexFile), index.Options{})
	if err != nil {
		return fmt.Errorf("serve: opening the index: %w", err)
	}
	s.opened(ix.Close)
	s.archive, err = archive.Open(ctx, archive.Config{Dir: s.c.in("objects"), Index: ix, FS: s.c.FS, Now: s.c.Now, Diagnostics: s.c.Diagnostics})
	if err != nil {
		return s.inUse(fmt.Errorf("serve: opening the objects: %w", err))
	}
	s.opened(s.archive.Close)
	return nil
}

func (s *Server) openPolicies(context.Context) error {
	set, err := s.c.LoadPolicies()
	if err != nil {
		return err
	}
	s.policies = policy.NewLive(set)
	s.guard = guard.New(guard.Config{Archive: s.archive, Decider: s.policies, Recorder: s.log, Now: s.c.Now})
	return nil
}

// LoadPolicies reads the rules that the configuration names. The error is a
// *ConfigError.
func (c *Config) LoadPolicies() (*policy.Set, error) {
	rules := policy.Shipped()
	if c.Policies != "" {
		rules = os.DirFS(c.Policies)
	}
	set, err := policy.Load(rules)
	if err != nil {
		return nil, &ConfigError{
			File: c.Policies, Key: "policies", What: err.Error(),
			Remedy: "leadglass policy check FOLDER says what is wrong with each rule",
		}
	}
	return set, nil
}
