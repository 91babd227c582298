// Package archive keeps objects: the bytes in package blob, what they are in
// package index. It decides nothing and knows no peers; only guard may hold it.
//
// # One journal
//
// Whatever changes the archive is a record of one journal (package blob): an
// object, a removal, labels, a merge of patients. A change is done when its
// record is on the disk. The index follows from the journal and is fed by one
// goroutine in its order, so that an object costs one sync and not two, and many
// that come soon after each other one transaction. Whoever reads waits until the
// index has come as far as the journal was when he asked: what was acknowledged is
// seen.
//
// # Kinds of records
//
//	1 object  head: object as JSON; body: the file (PS3.10)
//	2 remove  head: removal as JSON; what it removes is erased
//	3 labels  head: labels as JSON
//	4 merge   head: merge as JSON
//
// # What is the same, and what is in conflict
//
// The content of an object is its transfer syntax and data set; preamble and
// file meta information are about its journey. The same content under the same
// UID is a duplicate: success, and nothing is kept. Other content under the same
// UID is refused, and the first stays. A series that is in another study and a
// study that is of another patient are refused, too: nobody could say later to
// whom the images belong. Another name, birth date or sex of the same patient ID
// is kept with a warning.
package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/index"
)

// Config is what an Archive needs.
type Config struct {
	Dir         string
	Index       index.Index
	Now         func() time.Time // the clock, for objects whose arrival nobody noted
	Diagnostics *slog.Logger
	Limits      Limits
	FS          durable.FS // nil is that of the machine
}

// Archive is a leadglass.Archive. Its methods may be called at the same time.
type Archive struct {
	store  *blob.Store
	index  index.Index
	now    func() time.Time
	diag   *slog.Logger
	limits Limits

	feed    chan fed      // from the committer to the indexer
	indexed chan struct{} // closed when the indexer has ended
	closing chan struct{} // closed when it must not wait any more
	hurry   chan struct{} // of one place: somebody waits for the index
	closed  sync.Once

	change sync.RWMutex // held for reading while an object is stored, for writing while something is removed

	mu       sync.Mutex                // covers what follows
	acked    uint64                    // changes that are durable
	applied  uint64                    // of which the index has so many
	wanted   uint64                    // and of which somebody waits for so many
	progress chan struct{}             // closed when applied grows or broken is set
	broken   error                     // why the index does not take changes
	arriving map[dicom.UID]*arrival    // objects that the index does not have yet
	known    map[dicom.UID]*knownStudy // studies seen lately
	unerased []blob.Place              // what is removed and could not be erased
}

var _ leadglass.Archive = (*Archive)(nil)

// Open opens the archive in a folder, or makes one, and brings the index up to
// date: one that was closed in order is.
func Open(ctx context.Context, c Config) (*Archive, error) {
	if c.Diagnostics == nil {
		c.Diagnostics = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.FS == nil {
		c.FS = durable.OS()
	}
	a := &Archive{index: c.Index, now: c.Now, diag: c.Diagnostics, limits: c.Limits.orDefault()}
	a.feed = make(chan fed, feedLength)
	a.indexed = make(chan struct{})
	a.closing = make(chan struct{})
	a.hurry = make(chan struct{}, 1)
	a.progress = make(chan struct{})
	a.arriving = map[dicom.UID]*arrival{}
	a.known = map[dicom.UID]*knownStudy{}
	position, err := c.Index.Position(ctx)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	from, next, err := readPosition(position)
	if err != nil {
		return nil, err
	}
	a.store, err = blob.Open(blob.Config{
		FS: c.FS, Dir: c.Dir, Known: from, Next: next, Limits: c.Limits.Blob,
		Committed: a.committed, Diagnostics: c.Diagnostics,
	})
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if err := a.catchUp(ctx, from); err != nil {
		return nil, errors.Join(err, a.store.Close())
	}
	go a.follow()
	return a, nil
}

// Close ends the archive after everything acknowledged is in the index. The
// index is its owner's to close.
func (a *Archive) Close() error {
	var err error
	a.closed.Do(func() {
		err = a.store.Close()
		close(a.closing)
		close(a.feed)
		<-a.indexed
	})
	return err
}
