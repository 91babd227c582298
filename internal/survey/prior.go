package survey

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/leadglass/leadglass/internal/report"
)

// prior is what the folder of a survey held before.
type prior struct {
	file   *os.File // locked; nil without a folder
	header *header  // nil where a survey begins
	size   int64    // of the whole lines

	tally    tally
	finished bool
}

// open takes the folder of a survey for this process and reads what it holds.
func (c *Config) open() (*prior, error) {
	if c.Dir == "" {
		return &prior{}, nil
	}
	if err := os.MkdirAll(c.Dir, folderMode); err != nil {
		return nil, &Error{What: "making the folder", Err: err, Remedy: "name a folder that can be made with --out"}
	}
	if err := c.strangers(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(checkpointName(c.Dir), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, &Error{What: "opening the checkpoint", Err: err, Remedy: "name a folder that can be written to with --out"}
	}
	if err := lock(f); err != nil {
		f.Close() // nothing was written
		return nil, &Error{What: fmt.Sprintf("another survey is at work in %q", c.Dir), Err: err, Remedy: "wait for it, or name another folder with --out"}
	}
	p, err := readPrior(f, c.Diagnostics)
	if err != nil {
		f.Close() // nothing was written
		return nil, err
	}
	p.file = f
	return p, nil
}

// strangers refuses a folder that holds something else than a survey.
func (c *Config) strangers() error {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return &Error{What: "reading the folder", Err: err, Remedy: "name a folder that can be read with --out"}
	}
	if _, err := os.Stat(checkpointName(c.Dir)); err == nil || len(entries) == 0 {
		return nil
	}
	return &Error{What: fmt.Sprintf("the folder %q holds other things", c.Dir), Remedy: "name an empty or new folder with --out"}
}

// readPrior reads a checkpoint up to its last whole line. What follows a line
// that makes no sense was written after it: those hosts are asked again rather
// than half believed.
func readPrior(r io.Reader, diagnostics *slog.Logger) (*prior, error) {
	p := &prior{}
	lines := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		b, whole, err := readLine(lines)
		if err != nil {
			return nil, &Error{What: "reading the checkpoint", Err: err, Remedy: "name another folder with --out"}
		}
		if len(b) == 0 {
			return p, nil
		}
		if whole && p.take(b) {
			p.size += int64(len(b))
			continue
		}
		if p.header == nil && whole {
			return nil, &Error{What: fmt.Sprintf("%s is no checkpoint of this version", CheckpointFile),
				Remedy: "finish the survey with the program that began it, or name another folder with --out"}
		}
		if diagnostics != nil {
			diagnostics.Warn("the checkpoint ends in a torn line", "line", n)
		}
		return p, nil
	}
}

// readLine returns the next line with its end; whole is false where the end is
// missing or too far.
func readLine(r *bufio.Reader) (b []byte, whole bool, err error) {
	for len(b) < maxCheckpointLine {
		part, err := r.ReadSlice('\n')
		b = append(b, part...)
		switch err {
		case nil:
			return b, true, nil
		case io.EOF:
			return b, false, nil
		case bufio.ErrBufferFull:
		default:
			return b, false, err
		}
	}
	return b, false, nil
}

// take takes one line in; false where it makes no sense.
func (p *prior) take(b []byte) bool {
	if p.header == nil {
		h := new(header)
		if strictly(b, h) != nil || h.Version != checkpointVersion || h.Scope == "" {
			return false
		}
		p.header = h
		return true
	}
	var l line
	if strictly(b, &l) != nil {
		return false
	}
	switch {
	case !l.Finished.IsZero():
		p.finished = true
	case l.Host == nil || l.Found == nil || *l.Host >= p.header.Hosts:
		return false
	default:
		p.tally.add(*l.Host, l.Found)
	}
	return true
}

func strictly(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one value")
	}
	return nil
}

// agree decides between going on and beginning anew. After it, header is nil
// where the survey begins.
func (p *prior) agree(c *Config, hash string) error {
	switch {
	case p.header == nil:
	case p.header.Scope != hash:
		return &Error{What: fmt.Sprintf("the folder %q is of another scope: other targets, exclusions or ports", c.Dir),
			Remedy: "name another folder with --out, or survey with the scope file that it was begun with"}
	case c.Resume && p.header.Discovery != c.Discovery:
		return &Error{What: fmt.Sprintf("the folder %q holds a discovery, or this is one: they ask different questions", c.Dir),
			Remedy: "say --discover as it was said before, or name another folder with --out"}
	case c.Resume:
		return nil
	case !p.finished:
		return &Error{What: fmt.Sprintf("the folder %q holds a survey that is not finished: %d of %d hosts", c.Dir, p.tally.done.count(), p.header.Hosts),
			Remedy: "go on with --resume, or name another folder with --out"}
	}
	p.header, p.tally, p.finished = nil, tally{}, false
	return nil
}

// tally is what the finished hosts gave. The collector alone changes it.
type tally struct {
	done    places
	answers map[string]int64
	systems []report.System
}

func (t *tally) add(k uint64, f *Found) {
	if t.done.has(k) {
		return
	}
	t.done.add(k)
	if t.answers == nil {
		t.answers = map[string]int64{}
	}
	for class, n := range f.Answers {
		t.answers[string(class)] += n
	}
	t.systems = append(t.systems, f.Systems...)
}
