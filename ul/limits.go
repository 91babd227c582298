package ul

import "time"

// Limits bounds what a peer can make us hold or wait for. The zero value is the
// safe default; a negative value switches a limit off.
type Limits struct {
	PDULength        int64         // longest P-DATA-TF that we announce and take
	AssociatePDU     int64         // longest A-ASSOCIATE-RQ or -AC
	Contexts         int           // presentation contexts of one request
	TransferSyntaxes int           // transfer syntaxes of one presentation context
	SubItems         int           // user information sub-items, lists within them counted
	Buffer           int64         // read buffer, and write buffer; never off, at least 4 KiB
	ARTIM            time.Duration // from the connection to the answer (PS3.8 section 9.1.5)
	Read             time.Duration // one PDU, from its first byte to its last
	Write            time.Duration // one write
	Idle             time.Duration // no PDU from the peer
	Total            time.Duration // the whole association
	Linger           time.Duration // ARTIM again: for the peer to close after our last PDU
	Associations     int           // at once, per server
	Waiting          int           // connections at once that did not ask for one yet, per server
	PerPeer          int           // of either at once, per server and peer address
}

// The names of LimitError.
const (
	limitPDULength        = "pdu_length"
	limitAssociatePDU     = "associate_pdu"
	limitContexts         = "contexts"
	limitTransferSyntaxes = "transfer_syntaxes"
	limitSubItems         = "sub_items"
	limitARTIM            = "artim"
	limitRead             = "read"
	limitWrite            = "write"
	limitIdle             = "idle"
	limitTotal            = "total"
	limitLinger           = "linger"
)

const (
	// DCMTK's ASC_MAXIMUMPDUSIZE, the longest that a common toolkit sends. The
	// data are passed on as they come, so the length costs no memory.
	defaultPDULength = 131072
	// 128 contexts (all the odd ids that there are) with 60 transfer syntaxes
	// (all of PS3.6) of 30 bytes each need 240 KiB; DCMTK's getscu sends 17.
	defaultAssociatePDU = 256 << 10
	// Ids are odd and one byte (PS3.8 section 9.3.2.2): there are 128.
	defaultContexts = 128
	// PS3.6 table A-1 has about 60 transfer syntaxes; twice that.
	defaultTransferSyntaxes = 128
	// A role, an extended and a common extended negotiation per context, and
	// as many related SOP classes, and the handful that come once.
	defaultSubItems = 128*4 + 8
	// What loopback moves at once. Measured: 16 KiB are a quarter slower, 128
	// KiB no faster.
	defaultBuffer = 64 << 10
	// What a buffer starts with; an A-ASSOCIATE-AC with 8 contexts fits, and
	// a peer that says nothing costs no more.
	startBuffer = 1 << 10
	minBuffer   = 4 << 10
	// DCMTK and pynetdicom wait 30 s for an association.
	defaultARTIM = 30 * time.Second
	// The longest PDU at 2 KiB a second, less than a modem carries.
	defaultRead = time.Minute
	// As Read: one write is at most one buffer.
	defaultWrite = time.Minute
	// Our choice: archives look for minutes before the first C-FIND answer, and
	// modalities keep an association open between two images.
	defaultIdle = 5 * time.Minute
	// A night of migration; whatever takes longer does well to reconnect.
	defaultTotal = 24 * time.Hour
	// Long enough for two round trips around the world.
	defaultLinger = 2 * time.Second
	// 500 associations with both buffers full hold 63 MiB.
	defaultAssociations = 500
	// 15 KiB each, with the handshake of TLS under way: 30 MiB. 20 addresses with
	// all that they may have do not fill it.
	defaultWaiting = 2048
	// A modality opens a handful, a router some dozens.
	defaultPerPeer = 100
)

// withDefaults resolves zero to the default and off to a value never reached.
func (l Limits) withDefaults() Limits {
	return Limits{
		PDULength:        limit(l.PDULength, defaultPDULength),
		AssociatePDU:     limit(l.AssociatePDU, defaultAssociatePDU),
		Contexts:         limit(l.Contexts, defaultContexts),
		TransferSyntaxes: limit(l.TransferSyntaxes, defaultTransferSyntaxes),
		SubItems:         limit(l.SubItems, defaultSubItems),
		Buffer:           max(limit(max(l.Buffer, 0), defaultBuffer), minBuffer),
		ARTIM:            limit(l.ARTIM, defaultARTIM),
		Read:             limit(l.Read, defaultRead),
		Write:            limit(l.Write, defaultWrite),
		Idle:             limit(l.Idle, defaultIdle),
		Total:            limit(l.Total, defaultTotal),
		Linger:           limit(l.Linger, defaultLinger),
		Associations:     limit(l.Associations, defaultAssociations),
		Waiting:          limit(l.Waiting, defaultWaiting),
		PerPeer:          limit(l.PerPeer, defaultPerPeer),
	}
}

// limit is the value that holds: the default for zero, none for negative. None
// is half of the highest value, so that a time can still be added to it.
func limit[T ~int | ~int64](set, def T) T {
	if set == 0 {
		return def
	}
	if set < 0 {
		if none := T(1) << 62; none > 0 {
			return none
		}
		return 1 << 30 // an int of 32 bits
	}
	return set
}
