package guard

import (
	"time"

	"github.com/leadglass/leadglass/internal/limit"
)

// Limits bound what one request costs. The zero value is safe; a negative value
// switches a limit off.
type Limits struct {
	Record  time.Duration // that making records durable may take before the request fails
	Studies int           // of one association that stores, before their ends are recorded
	Refs    int           // of one request
	Nothing time.Duration // that an answer takes at least where there is nothing, hidden or not there
	Named   int           // studies of one search that are looked up by name before it
}

// The defaults.
const (
	// defaultRecord is far over what a full disk or a slow one takes to say so, and
	// under the 30 s after which DCMTK's tools give a peer up.
	defaultRecord = 10 * time.Second
	// defaultStudies is what a modality sends in a day, and 256 KiB here.
	defaultStudies = 256
	// defaultRefs is the instances of a large storage commitment or UID list.
	defaultRefs = 100_000
	// Several times what looking up and recording takes, and less than a person sees.
	defaultNothing = 10 * time.Millisecond
	// A viewer asks about one, a work list about a page of them. Beyond, as many
	// look-ups would cost more than the search.
	defaultNamed = 100
)

func (l Limits) orDefault() Limits {
	l.Record = limit.Of(l.Record, defaultRecord)
	l.Studies = limit.Of(l.Studies, defaultStudies)
	l.Refs = limit.Of(l.Refs, defaultRefs)
	if l.Nothing == 0 { // one that is off is no wait, not one for ever
		l.Nothing = defaultNothing
	}
	l.Named = limit.Of(l.Named, defaultNamed)
	return l
}
