package review

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Config says which log is verified, and by what.
type Config struct {
	Dir string // the folder of the log
	Key string // the line that verifies its checkpoints: log.pub
	// Checkpoint is a signed checkpoint that was kept elsewhere. The log must hold
	// on to it: else it was cut back or written anew. Nil for none.
	Checkpoint []byte
	// Open: somebody may be writing, or was cut off. Then what follows the last
	// whole commit, and what is not published yet, is no error.
	Open bool
}

// Report is what the log holds, as far as Verify got.
type Report struct {
	Origin    string
	Size      uint64 // records
	Root      string // of the tree, base64
	Published uint64 // records under the published checkpoint
	Commits   uint64
	Segments  int
	Tiles     uint64 // files compared
	Bodies    uint64
	Erased    uint64 // bodies that were shredded, as an entry says
	Tail      int64  // bytes behind the last whole commit, see Config.Open

	Events    map[string]uint64 // by code
	Refused   uint64            // records with an outcome other than success
	Begun     uint64            // transfers
	Ended     uint64
	Unended   uint64 // transfers of which no end is recorded: the archive was stopped amid them
	Repeated  uint64 // ends that were recorded twice, the second not counted
	Back      uint64 // records at which the clock had gone back
	From, To  string // times of the first and of the last record
	Instances uint64 // that transfers say they handed out
}

// BadError is the first thing that is wrong.
type BadError struct {
	Index uint64 // of the record, or of the first one that it concerns
	File  string // within the folder
	What  string
}

func (e *BadError) Error() string {
	return fmt.Sprintf("review: record %d, %s: %s", e.Index, e.File, e.What)
}

// run is one verification.
type run struct {
	c        Config
	verifier note.Verifier
	signed   *signatures // of the same key
	report   *Report

	in        *bufio.Reader // of the segment
	listed    int           // segments there were
	readTo    int64         // where the last of them ended
	fr        frame         // that is being verified
	header    header
	file      string // that is being read, within the folder
	tree      tree
	published *head
	pinned    *head
	note      []byte // of the commit that ends where the published checkpoint does

	text      []byte             // of the checkpoint of that commit
	last      []byte             // time of the record before
	events    map[string]*uint64 // records by event
	transfers transfers
	shredded  map[string]bool
	erased    []erasure
}

// head is a checkpoint (C2SP tlog-checkpoint).
type head struct {
	size   uint64
	root   hash
	signed []byte
}

// erasure is a body of zeros, for which an entry has yet to be found.
type erasure struct {
	index uint64
	file  string
	key   string
}

// maxErased bounds the erased bodies that wait for the entry that explains them.
const maxErased = 1 << 20

// Verify verifies a log. The error is a *BadError where the log is wrong, and
// another where it could not be read; the report is what was found up to there.
func Verify(ctx context.Context, c Config) (*Report, error) {
	r := &run{c: c, report: &Report{Events: map[string]uint64{}}, events: map[string]*uint64{}, shredded: map[string]bool{}, transfers: newTransfers()}
	err := r.verify(ctx)
	for event, n := range r.events {
		r.report.Events[event] = *n
	}
	r.report.Size, r.report.Root = r.tree.size, base64.StdEncoding.EncodeToString(r.tree.rootBytes())
	return r.report, err
}

func (r *run) bad(index uint64, format string, args ...any) error {
	return &BadError{index, r.file, fmt.Sprintf(format, args...)}
}

func (r *run) verify(ctx context.Context) error {
	var err error
	if r.verifier, err = note.NewVerifier(strings.TrimSpace(r.c.Key)); err != nil {
		return fmt.Errorf("review: reading the key: %w", err)
	}
	if r.signed, err = newSignatures(strings.TrimSpace(r.c.Key)); err != nil {
		return fmt.Errorf("review: reading the key: %w", err)
	}
	r.report.Origin = r.verifier.Name()
	r.tree.dir, r.tree.open, r.tree.unwritten = r.c.Dir, r.c.Open, map[string][]byte{}
	if err := r.heads(); err != nil {
		return err
	}
	err = r.segments(ctx)
	if wrong := r.signed.rest(); wrong != nil { // it comes before what ended the reading
		return unsigned(wrong)
	}
	if err != nil {
		return err
	}
	return r.finish()
}

func unsigned(s *signature) error {
	return &BadError{s.first, s.file, "the checkpoint of the commit: it is not signed with the key of this log"}
}

// heads reads the checkpoints that the log is held to.
func (r *run) heads() error {
	r.file = "checkpoint"
	signed, err := readFile(filepath.Join(r.c.Dir, "checkpoint"), 4096)
	if errors.Is(err, errLong) {
		return r.bad(0, "it is too long for one")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		if r.published, err = r.open(signed); err != nil {
			return r.bad(0, "the published checkpoint: %v", err)
		}
		r.report.Published, r.tree.published = r.published.size, r.published.size
	}
	if r.c.Checkpoint != nil {
		if r.pinned, err = r.open(r.c.Checkpoint); err != nil {
			return fmt.Errorf("review: the checkpoint that was given: %w", err)
		}
	}
	return nil
}

// open checks the signature of a checkpoint and reads it. There is one way to
// write one: note.Open alone lets bits pass that base64 does not use.
func (r *run) open(signed []byte) (*head, error) {
	n, err := note.Open(signed, note.VerifierList(r.verifier))
	if err != nil {
		return nil, errors.New("it is not signed with the key of this log")
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != r.verifier.Name() || len(n.UnverifiedSigs) > 0 || len(n.Sigs) != 1 {
		return nil, errors.New("it is none of this log")
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	root, err2 := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || err2 != nil || len(root) != sha256.Size {
		return nil, errors.New("it is no checkpoint")
	}
	h := &head{size, hash(root), signed}
	sig, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64)
	if err != nil || len(sig) != 68 || !bytes.HasSuffix(signed, []byte("\n\n— "+lines[0]+" "+n.Sigs[0].Base64+"\n")) {
		return nil, errors.New("its signature is written in an odd way")
	}
	if strconv.FormatUint(size, 10) != lines[1] {
		return nil, errors.New("its size is written in an odd way")
	}
	return h, nil
}

// frame verifies one commit.
func (r *run) frame(f *frame) error {
	if f.first != r.tree.size {
		return r.bad(r.tree.size, "record %d stands in its place", f.first)
	}
	for i := range f.count {
		index := r.tree.size
		if err := r.record(index, f.leaf(i), f.body(i)); err != nil {
			return err
		}
		if err := r.tree.add(f.framed(i)); err != nil {
			return r.blame(index, err)
		}
		if r.pinned != nil && r.pinned.size == r.tree.size && r.pinned.root != r.tree.root() {
			return r.bad(index, "the log up to here is not that of the checkpoint that was given")
		}
	}
	if err := r.head(f.first, f.note); err != nil {
		return err
	}
	if p := r.published; p != nil && p.size == r.tree.size {
		if !bytes.Equal(p.signed, f.note) {
			r.file = "checkpoint"
			return r.bad(p.size-1, "it is not the checkpoint of this commit")
		}
		r.note = p.signed
	}
	r.report.Commits++
	return nil
}

// head verifies the checkpoint of a commit. What it must say follows from the
// tree; only of another it is asked what it does say.
func (r *run) head(first uint64, signed []byte) error {
	root := r.tree.root()
	r.text = append(append(r.text[:0], r.verifier.Name()...), '\n')
	r.text = append(strconv.AppendUint(r.text, r.tree.size, 10), '\n')
	r.text = append(base64.StdEncoding.AppendEncode(r.text, root[:]), '\n')
	if sig, ok := r.signed.note(signed, r.text, r.verifier.Name()); ok {
		if wrong := r.signed.verify(first, r.file, r.text, sig); wrong != nil {
			return unsigned(wrong)
		}
		return nil
	}
	h, err := r.open(signed)
	if err != nil {
		return r.bad(first, "the checkpoint of the commit: %v", err)
	}
	return r.bad(first, "the checkpoint of the commit is one of %d records with another content", h.size)
}

// blame puts the file of a tile into an error.
func (r *run) blame(index uint64, err error) error {
	var t *tileError
	if errors.As(err, &t) {
		return &BadError{t.index, t.file, t.what}
	}
	return fmt.Errorf("review: record %d: %w", index, err)
}

// record verifies one record.
func (r *run) record(index uint64, leaf, body []byte) error {
	h := &r.header
	*h = header{known: r.last}
	if what := h.read(leaf); what != "" {
		return r.bad(index, "the header: %s", what)
	}
	if bytes.Compare(h.committed, r.last) < 0 {
		return r.bad(index, "it was written at %s, before the record before it", h.committed)
	}
	r.last = append(r.last[:0], h.committed...)
	if index == 0 {
		r.report.From = string(r.last)
	}
	if err := r.body(index, h, body); err != nil {
		return err
	}
	if h.shred != nil {
		r.shredded[string(h.shred)] = true
	}
	r.count(h)
	if what := r.transfers.note(h); what != "" {
		return r.bad(index, "%s", what)
	}
	return nil
}

func (r *run) count(h *header) {
	n := r.events[string(h.event)]
	if n == nil {
		n = new(uint64)
		r.events[string(h.event)] = n
	}
	*n++
	if h.outcome != 0 {
		r.report.Refused++
	}
	if h.back {
		r.report.Back++
	}
}

func (r *run) body(index uint64, h *header, body []byte) error {
	r.report.Bodies++
	sum := sha256.Sum256(body)
	var want [sha256.Size]byte
	if _, err := hex.Decode(want[:], h.body); err == nil && len(h.body) == 64 && sum == want {
		return nil
	}
	if !zeros(body) || len(body) == 0 {
		return r.bad(index, "its body is not the one that the header names")
	}
	r.report.Erased++
	if r.erased = append(r.erased, erasure{index, r.file, string(h.key)}); len(r.erased) > maxErased {
		return r.bad(index, "more than %d bodies are erased", maxErased)
	}
	return nil
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// finish verifies what is left when all records were read.
func (r *run) finish() error {
	r.report.To = string(r.last)
	r.transfers.close()
	t := &r.transfers
	r.report.Begun, r.report.Ended, r.report.Unended = t.begun, t.ended, t.unended
	r.report.Instances, r.report.Repeated = t.instances, t.repeated
	for _, e := range r.erased {
		if !r.shredded[e.key] {
			return &BadError{e.index, e.file, "its body is erased and no record says that it was shredded"}
		}
	}
	r.file = "checkpoint"
	switch p, size := r.published, r.tree.size; {
	case p == nil && size > 0 && !r.c.Open:
		return r.bad(0, "it is missing")
	case p != nil && p.size > size:
		return r.bad(size, "it is of %d records and %d are there", p.size, size)
	case p != nil && p.size > 0 && r.note == nil:
		return r.bad(p.size-1, "there is no commit of its size")
	case p != nil && p.size == 0:
		return r.bad(0, "a checkpoint of nothing is published")
	case p != nil && p.size < size && !r.c.Open:
		return r.bad(p.size, "it is behind: the log has %d records", size)
	}
	if p := r.pinned; p != nil && p.size > r.tree.size {
		r.file = "segments"
		return r.bad(r.tree.size, "the log was cut back: the checkpoint that was given is of %d records", p.size)
	}
	r.report.Tiles = r.tree.compared
	return r.strangers()
}

var errLong = errors.New("longer than such a file can be")

// readFile reads a file that is not longer than limit.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > limit {
		return nil, fmt.Errorf("review: %q: %w", filepath.Base(name), errLong)
	}
	b := make([]byte, st.Size())
	n, err := f.ReadAt(b, 0)
	if n == len(b) {
		return b, nil
	}
	return nil, err
}
