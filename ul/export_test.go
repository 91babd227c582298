package ul

import "time"

// The keyhole of the tests.

var (
	Next      = next
	Otherwise = otherwise
	EventOf   = eventOf
)

// ParsePDUWithin is ParsePDU under limits.
func ParsePDUWithin(b []byte, lim Limits) (PDU, error) { return parsePDU(b, lim.withDefaults()) }

// Defaults are the limits that zero means.
func Defaults() Limits { return Limits{}.withDefaults() }

// Resolved are the limits that l means.
func Resolved(l Limits) Limits { return l.withDefaults() }

// State is where the association stands.
func (a *Assoc) State() State { return a.current() }

// BufferSizes are the capacities of the read and write buffers.
func (a *Assoc) BufferSizes() (in, out int) { return len(a.in.buf), cap(a.out) }

// Room is the longest data of one PDV that is sent.
func (a *Assoc) Room() int { return a.room }

// OpeningEnds is the end of the negotiation's timer.
func (a *Assoc) OpeningEnds() time.Time { return time.Unix(0, a.opening) }
