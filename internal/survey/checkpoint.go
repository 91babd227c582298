package survey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"time"
)

// CheckpointFile is the name of the checkpoint in the folder of a survey.
//
// It is lines of JSON that are only appended. The first says which survey it is;
// each further one is a host that was finished, by its place in the order of
// the scope, with what it gave; the last, of a survey that is complete, has the
// time of its end. A line is written as soon as its host is finished and no
// other finished one waits, so that a kill loses no more than the hosts in flight, and synced within a second, so
// that a power cut loses no more than that. A line that was torn off is dropped
// when the file is read.
const CheckpointFile = "survey.ckpt"

const (
	checkpointVersion = 1
	folderMode        = 0o700 // what is found tells strangers where to go
	fileMode          = 0o600
	syncEvery         = time.Second
	// maxCheckpointLine bounds a line that is read; a host has ten systems of a
	// few kilobytes at most.
	maxCheckpointLine = 16 << 20
)

// header is the first line.
type header struct {
	Version int    `json:"leadglass_checkpoint"`
	Tool    string `json:"tool"`
	Scope   string `json:"scope"` // scope.Targets.Hash
	// Discovery: little was asked of the hosts, see Config.
	Discovery bool                    `json:"discovery,omitempty"`
	Hosts     uint64                  `json:"hosts"`
	Started   time.Time               `json:"started"`
	Names     map[string][]netip.Addr `json:"names,omitempty"` // as they were looked up
}

// line is any further line.
type line struct {
	Host     *uint64   `json:"host,omitempty"`
	Found    *Found    `json:"found,omitempty"`
	Finished time.Time `json:"finished,omitzero"`
}

// journal is what a checkpoint needs of its file.
type journal interface {
	io.WriteCloser
	Sync() error
}

// checkpoint is the file while a survey runs; nil keeps none. The collector
// alone uses it.
type checkpoint struct {
	file   journal
	lines  []byte // whole ones that wait for more; see host
	synced time.Time
	dirty  bool
}

// startCheckpoint goes on behind the whole lines of prior, or begins anew.
func (p *prior) startCheckpoint(h header, faults func(journal) journal) (*checkpoint, error) {
	if p.file == nil {
		return nil, nil
	}
	keep := p.size
	if p.header == nil {
		keep = 0
	}
	if err := p.file.Truncate(keep); err != nil {
		return nil, unwritten(err)
	}
	if _, err := p.file.Seek(keep, io.SeekStart); err != nil {
		return nil, unwritten(err)
	}
	c := &checkpoint{file: p.file}
	if faults != nil {
		c.file = faults(p.file)
	}
	if p.header != nil {
		return c, nil
	}
	if err := c.write(h); err != nil {
		return nil, err
	}
	return c, c.sync()
}

func unwritten(err error) error {
	if err == nil {
		return nil
	}
	return &Error{What: "writing the checkpoint", Err: err, Remedy: "make room on the disk, then go on with --resume"}
}

// write appends one line in one write, so that a kill tears at most the last.
func (c *checkpoint) write(v any) error {
	if c == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("survey: encoding a line of the checkpoint: %w", err)
	}
	c.lines = append(append(c.lines, b...), '\n')
	return c.flush()
}

// flush writes the lines that wait.
func (c *checkpoint) flush() error {
	if c == nil || len(c.lines) == 0 {
		return nil
	}
	_, err := c.file.Write(c.lines)
	c.lines, c.dirty = c.lines[:0], true
	return unwritten(err)
}

// host appends a finished host. While others that are finished wait to be
// appended, their lines leave in one write.
func (c *checkpoint) host(k uint64, f *Found) error {
	const enough = 64 << 10
	if c == nil {
		return nil
	}
	b, err := json.Marshal(line{Host: &k, Found: f})
	if err != nil {
		return fmt.Errorf("survey: encoding a line of the checkpoint: %w", err)
	}
	if c.lines = append(append(c.lines, b...), '\n'); len(c.lines) < enough {
		return nil
	}
	return c.flush()
}

// tick syncs when it is time.
func (c *checkpoint) tick(now time.Time) error {
	if c == nil || !c.dirty && len(c.lines) == 0 || now.Sub(c.synced) < syncEvery {
		return nil
	}
	c.synced = now
	return c.sync()
}

func (c *checkpoint) sync() error {
	if err := c.flush(); err != nil {
		return err
	}
	c.dirty = false
	return unwritten(c.file.Sync())
}

// end appends the end of a complete survey and closes the file.
func (c *checkpoint) end(finished time.Time, complete bool) error {
	if c == nil {
		return nil
	}
	var err error
	if complete {
		err = c.write(line{Finished: finished})
	}
	return errors.Join(err, c.sync(), c.file.Close())
}

func checkpointName(dir string) string { return filepath.Join(dir, CheckpointFile) }
