package ul

import (
	"fmt"
	"time"
)

// Limits bounds what a peer can make us hold or wait for. The zero value is the
// safe default; a negative value switches a limit off.
type Limits struct {
	PDULength    int64         // longest P-DATA-TF that we announce and take
	AssociatePDU int64         // longest A-ASSOCIATE-RQ or -AC
	Contexts     int           // presentation contexts of one request
	SubItems     int           // user information sub-items
	ARTIM        time.Duration // PS3.8 section 9.1.5
	Read         time.Duration // one PDU, from its first byte to its last
	Write        time.Duration // one write
	Idle         time.Duration // no PDU from the peer
	Total        time.Duration // the whole association
	Associations int           // at once, per server
	PerPeer      int           // at once, per server and peer address
}

// LimitError says which limit the peer crossed.
type LimitError struct {
	Name  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("ul: over the limit %s of %d", e.Name, e.Limit)
}
