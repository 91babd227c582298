// Package ul is the DICOM upper layer protocol for TCP/IP (PS3.8 section 9),
// both roles.
//
// # Protocol
//
// Two application entities open an association over one TCP connection, TLS
// within it or not, exchange messages in pieces, and release it. All numbers
// are big endian. A PDU is
//
//	type(1) reserved(1) length(4) body(length)
//
//	01 A-ASSOCIATE-RQ   02 A-ASSOCIATE-AC   03 A-ASSOCIATE-RJ
//	04 P-DATA-TF        05 A-RELEASE-RQ     06 A-RELEASE-RP     07 A-ABORT
//
// The body of A-ASSOCIATE-RQ and -AC is a protocol version(2), reserved(2), two
// titles(16 each, padded with spaces), reserved(32), and items of
//
//	type(1) reserved(1) length(2) value(length)
//
//	10 application context     a UID
//	20 presentation context    id(1) reserved(3), items 30 and 40, in RQ
//	21 presentation context    id(1) reserved(1) result(1) reserved(1), an item 40, in AC
//	   30 abstract syntax      a UID
//	   40 transfer syntax      a UID
//	50 user information        items 51 to 59:
//	   51 maximum length, 52 implementation class UID, 53 asynchronous
//	   operations, 54 role selection, 55 implementation version name, 56 and 57
//	   extended negotiation, 58 and 59 user identity
//
// The body of A-ASSOCIATE-RJ is 0, result, source, reason, that of A-ABORT
// 0, 0, source, reason, and that of A-RELEASE four reserved bytes. P-DATA-TF
// holds presentation data values of
//
//	length(4) context id(1) control(1) data(length-2)
//
// where bit 0 of control says that the data are of a command set and not of a
// data set, and bit 1 that they are its last piece.
//
// # Example
//
// ECHOSCU asks ANY-SCP for verification with implicit little endian:
//
//	01 00 00 00 00 9b                                  A-ASSOCIATE-RQ of 155 bytes
//	00 01 00 00                                        version 1
//	41 4e 59 2d 53 43 50 20 20 20 20 20 20 20 20 20    "ANY-SCP         " is called
//	45 43 48 4f 53 43 55 20 20 20 20 20 20 20 20 20    "ECHOSCU         " is calling
//	00 … 00                                            32 reserved bytes
//	10 00 00 15 "1.2.840.10008.3.1.1.1"                application context
//	20 00 00 2e 01 00 00 00                            presentation context 1
//	   30 00 00 11 "1.2.840.10008.1.1"                 verification
//	   40 00 00 11 "1.2.840.10008.1.2"                 implicit VR little endian
//	50 00 00 08                                        user information
//	   51 00 00 04 00 02 00 00                         takes P-DATA-TF of 131,072 bytes
//
// The answer is of the same kind, with 21 00 00 19 01 00 00 00 40 00 00 11
// "1.2.840.10008.1.2" for the context. Then come 04 … PDUs with pieces of
// context 1, at last 05 00 00 00 00 04 00 00 00 00, and 06 00 00 00 00 04 00
// 00 00 00 back. Whoever sent 05 closes the connection on reading 06.
//
// # State machine
//
// PS3.8 table 9-10 is in fsm.go as data. Each request of the user, each PDU,
// each end of a timer or connection passes through it as an event; the action
// that it names is what the running code does. An empty cell aborts. The
// running code is straight-line all the same: what can follow is few, and the
// table refuses the rest. Config.Observe sees each transition.
//
// # Hostile peers
//
// Lengths are checked before bytes are taken, and buffers grow with what has
// arrived and not with what is claimed. Data of P-DATA-TF are handed on in
// pieces, so that the memory of an association is bounded by Limits.Buffer and
// Limits.AssociatePDU. Deadlines cover the negotiation, a PDU, a write, a
// silence and the whole, so that a byte a minute holds nobody. What crosses a
// limit is a LimitError with the limit's name, answered by A-ABORT. An error
// text never shows bytes of the peer; ProtocolError.Prefix holds some of those
// that came before there was an association, and none later.
//
// # Errors
//
// Dial returns *RejectError, *AbortError, *ProtocolError or *LimitError, or
// wraps what package net or tls said; a TLS alert of the peer is there for
// errors.As as tls.AlertError, and ErrClientCertificate says that the server
// asked for a certificate that we do not have. A connection closed without a
// byte wraps io.ErrUnexpectedEOF. ReadPDV returns io.EOF after a release in order.
package ul
