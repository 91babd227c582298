package index

import (
	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/limit"
)

// Limits bound what a query may cost and what is kept of a header. The zero
// value is the safe default; a negative value switches a limit off. A query past
// one is refused with leadglass.Limited; of a header past one the rest is kept.
type Limits struct {
	Keys       int // elements of a query, those in sequences included
	UIDs       int // of one list of UIDs
	Values     int // of one key that is no list of UIDs
	KeyBytes   int // of one value of a key
	Wildcards  int // runs of * and ? in one value of a key
	ValueBytes int // longest value that is kept of a header
	LevelBytes int // all values that are kept of one level of a header
	Words      int // of one name, by which it is found
}

const (
	// defaultKeys is ten times the attributes that are kept.
	defaultKeys = 1000
	// defaultUIDs is what a workstation lists of one large study; a thousand are
	// common. Each costs 30 to 50 µs of processor time in an archive of 100,000
	// studies: ten thousand half a second (our measurement, TestFind_ManyUIDs).
	defaultUIDs = 10_000
	// defaultValues: a search for more than these wants a list of its own.
	defaultValues = 100
	// defaultKeyBytes holds three component groups of 64 characters of 4 bytes
	// (PS3.5 section 6.2, PN) with room.
	defaultKeyBytes = 1024
	// defaultWildcards: nobody types more.
	defaultWildcards = 16
	// defaultValueBytes is an LT of 10240 characters (PS3.5 table 6.2-1), which
	// Patient Comments may be, with room for accents.
	defaultValueBytes = 16 << 10
	// defaultLevelBytes: real instances keep 1 to 2 KB of each level (our measurement).
	defaultLevelBytes = 64 << 10
	// defaultWords is five components of three words in three groups.
	defaultWords = 45
)

func (l Limits) orDefault() Limits {
	l.Keys = limit.Of(l.Keys, defaultKeys)
	l.UIDs = limit.Of(l.UIDs, defaultUIDs)
	l.Values = limit.Of(l.Values, defaultValues)
	l.KeyBytes = limit.Of(l.KeyBytes, defaultKeyBytes)
	l.Wildcards = limit.Of(l.Wildcards, defaultWildcards)
	l.ValueBytes = limit.Of(l.ValueBytes, defaultValueBytes)
	l.LevelBytes = limit.Of(l.LevelBytes, defaultLevelBytes)
	l.Words = limit.Of(l.Words, defaultWords)
	return l
}

// over is the error of a query that crosses a limit. It names no value.
func over(name string, limit int) error {
	return leadglass.Errorf(leadglass.Limited, "index: query is over the limit %q of %d", name, limit)
}
