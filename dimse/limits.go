package dimse

// Limits bounds what a peer can make us hold or do. The zero value is the safe
// default; a negative value switches a limit off.
type Limits struct {
	CommandBytes    int64 // one command set
	IdentifierBytes int64 // one identifier, or other data set that is held in memory
	ObjectBytes     int64 // one object of C-STORE, which is not held in memory
	DrainBytes      int64 // of one object that its handler did not want to read
	Responses       int64 // pending responses to one request
	SubOperations   int64 // objects of one C-GET
	CancelResponses int64 // messages that still come after C-CANCEL
}

// The defaults.
const (
	// The longest command set that PS3.7 table E.1-1 allows is below 1 KiB but
	// for its list of offending elements: 16 KiB leave room for 3,800 of them.
	defaultCommandBytes = 16 << 10
	// The longest identifier met is a list of SOP Instance UIDs; 1 MiB holds
	// 15,000, more than the 4,000 images of the largest CT study we know of.
	defaultIdentifierBytes = 1 << 20
	// A value is at most 4 GiB long (PS3.5 section 7.1.1); whole slide images
	// in fragments are the only ones to reach it. Twice that.
	defaultObjectBytes = 8 << 30
	// Refusing an object of PS3.7 still means to take it in. 1 GiB is a
	// long multi-frame; past it an abort is cheaper for both sides.
	defaultDrainBytes = 1 << 30
	// 24.3 million studies were found in 590 systems in 2019, and no single
	// system near this many; a caller that counts more asks in date windows.
	defaultResponses = 10_000_000
	// Number of Remaining Sub-operations is a US (PS3.7 table E.1-1).
	defaultSubOperations = 65_535
	// What a fast peer has under way when C-CANCEL reaches it: 2 × 4 MiB of
	// socket buffers at 160 bytes a response.
	defaultCancelResponses = 50_000
)

// withDefaults returns the limits in force, each positive.
func (l Limits) withDefaults() Limits {
	return Limits{
		CommandBytes:    limit(l.CommandBytes, defaultCommandBytes),
		IdentifierBytes: limit(l.IdentifierBytes, defaultIdentifierBytes),
		ObjectBytes:     limit(l.ObjectBytes, defaultObjectBytes),
		DrainBytes:      limit(l.DrainBytes, defaultDrainBytes),
		Responses:       limit(l.Responses, defaultResponses),
		SubOperations:   limit(l.SubOperations, defaultSubOperations),
		CancelResponses: limit(l.CancelResponses, defaultCancelResponses),
	}
}

// off is what a limit that is switched off is compared with.
const off = 1<<63 - 1

func limit(v, standard int64) int64 {
	switch {
	case v == 0:
		return standard
	case v < 0:
		return off
	}
	return v
}
