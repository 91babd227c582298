package archive

import (
	"time"

	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/limit"
)

// Limits bound what the archive uses. The zero value is the safe default; a
// negative value switches a limit off.
type Limits struct {
	Blob        blob.Limits
	ObjectBytes int64 // of one object
	HeaderBytes int64 // of all values of a header that are read into memory
	ZipEntries  int   // of one zip file that is imported
	ZipBytes    int64 // of all that one zip file unpacks to
	ZipRatio    int64 // what an entry may unpack to, to what it is packed
}

const (
	// defaultObjectBytes is what a data set of the standard's 32-bit lengths
	// holds; whole slide images and tomosynthesis stay below.
	defaultObjectBytes = 4 << 30
	// defaultHeaderBytes: an enhanced multi-frame header of 10,000 frames has 20 MiB.
	defaultHeaderBytes = 64 << 20
	// defaultZipEntries is ten times the images of a large study.
	defaultZipEntries = 100_000
	// defaultZipBytes is a full medium of a hospital's archive export.
	defaultZipBytes = 64 << 30
	// defaultZipRatio: images pack 2 to 5 times, empty ones 1000 (DEFLATE's
	// most is 1032, RFC 1951).
	defaultZipRatio = 200
)

func (l Limits) orDefault() Limits {
	l.ObjectBytes = limit.Of(l.ObjectBytes, defaultObjectBytes)
	l.HeaderBytes = limit.Of(l.HeaderBytes, defaultHeaderBytes)
	l.ZipEntries = limit.Of(l.ZipEntries, defaultZipEntries)
	l.ZipBytes = limit.Of(l.ZipBytes, defaultZipBytes)
	l.ZipRatio = limit.Of(l.ZipRatio, defaultZipRatio)
	return l
}

// The sizes that nobody needs to set.
const (
	// feedLength is how many changes the index may be behind. Headers wait in
	// memory, some 10 KB each.
	feedLength = 1024
	// applyAtOnce is how many changes the index gets in one transaction.
	applyAtOnce = 256
	// indexDelay is how long a change may wait for others to go to the index with,
	// while nobody asks for it: of 500 objects a second some 25 do.
	indexDelay = 50 * time.Millisecond
	// retryIndex is how long the index is left alone after it failed.
	retryIndex = time.Second
	// knownStudies is how many studies are remembered between objects.
	knownStudies = 4096
)
