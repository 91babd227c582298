package survey

import (
	"fmt"
	"math"
	"time"
)

// Limits bounds what a run may hold and wait for. The zero value is the safe
// default; a negative value switches a limit off. Rates and connections are of
// the scope.
type Limits struct {
	Connect   time.Duration // one connection attempt
	Answer    time.Duration // one answer
	HostTime  time.Duration // all that is asked of one host
	HostBytes int64         // all that is read from one host
	Heap      int64         // bytes of live memory above which no further host is begun
	Lookup    time.Duration // one name
}

// The defaults.
const (
	// A SYN is sent again after 1 second (RFC 6298 section 2.1): a host that lost
	// one has a second chance.
	defaultConnect = 2 * time.Second
	// The slowest archives of real networks answer an association after a few
	// seconds, when a disk has to wake.
	defaultAnswer = 10 * time.Second
	// A count of 24 million studies, the whole of the 2019 study, in one archive
	// takes 4 minutes at 100,000 a second.
	defaultHostTime = 15 * time.Minute
	// Those 24 million studies are 2.4 GB of answers of 100 bytes.
	defaultHostBytes = 4 << 30
	// Half of the 512 MiB that a run may grow to: the collector doubles what
	// lives, less what a memory limit makes it work for.
	defaultHeap = 192 << 20
	// As resolvers wait (resolv.conf(5), RES_TIMEOUT), once.
	defaultLookup = 5 * time.Second
	// lookups at once, which any resolver bears.
	lookups = 16
	// portsAtOnce of a host are asked by an Examiner, each over an association
	// and at times a second one. As many connections are set aside for a host
	// while it is examined, so that hosts which hold some and want more never
	// wait for each other.
	portsAtOnce = defaultPortsAtOnce
	perPort     = 2
	// A host that does not end with its time is given this long, then left alone.
	grace = 3 * time.Second
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Connect: span(l.Connect, defaultConnect), Answer: span(l.Answer, defaultAnswer),
		HostTime: span(l.HostTime, defaultHostTime), Lookup: span(l.Lookup, defaultLookup),
		HostBytes: size(l.HostBytes, defaultHostBytes), Heap: size(l.Heap, defaultHeap),
	}
}

// forever is a century: a limit that is off, in sums that do not overflow.
const forever = 100 * 365 * 24 * time.Hour

func span(v, byDefault time.Duration) time.Duration {
	switch {
	case v == 0:
		return byDefault
	case v < 0:
		return forever
	}
	return v
}

func size(v, byDefault int64) int64 {
	switch {
	case v == 0:
		return byDefault
	case v < 0:
		return math.MaxInt64
	}
	return v
}

// LimitError says which limit a host crossed.
type LimitError struct {
	Name  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("survey: over the limit %s of %d", e.Name, e.Limit)
}
