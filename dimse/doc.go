// Package dimse is the DICOM message service element (PS3.7), both roles of
// C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE, C-CANCEL, N-ACTION and
// N-EVENT-REPORT, over an association of package ul.
//
// # Messages
//
// A message is a command set and, if (0000,0800) Command Data Set Type is not
// 0101, a data set after it (PS3.7 section 6.3). Each goes in one or more
// presentation data values of one presentation context. The command set is
// always implicit VR little endian, all of its elements are of group 0000, and
// the first tells how long the rest is. The data set is in the transfer syntax
// of its context. A C-FIND request of study root, Message ID 7, is
//
//	00000000 04000000 4c000000   (0000,0000) UL 76, bytes that follow
//	00000200 1c000000 312e…3100  (0000,0002) UI 1.2.840.10008.5.1.4.1.2.2.1
//	00000001 02000000 2000       (0000,0100) US 0020, C-FIND-RQ
//	00001001 02000000 0700       (0000,0110) US 7, Message ID
//	00000007 02000000 0000       (0000,0700) US 0, medium priority
//	00000008 02000000 0100       (0000,0800) US 1, a data set follows
//
// and its identifier, then one response for each match with status FF00 and an
// identifier, then one with another status and none. All name the request in
// (0000,0120) Message ID Being Responded To. Writing is strict. Reading takes
// what is known of real peers and harms nobody: a group length that is missing
// or too short, elements out of order but none twice, retired elements, UIDs
// padded with a space.
//
// # Roles
//
// A Client asks, one operation at a time; what it cannot ask on its association
// fails with ErrNotNegotiated and nothing is sent. Serve answers for a Session,
// which does what its methods say: a Session with a method Find answers C-FIND.
// Accept offers a peer what the Session does and no more.
//
// The window of asynchronous operations (PS3.7 section D.3.3.3) is never
// negotiated, so it is one in both directions; of several operations at once,
// each takes an association.
//
// # What is answered
//
//	the Session lacks the method, or the SOP class of the
//	command is not that of its context                       0122, of N- services 0118
//	an operation that this package does not know             0211
//	a data set that is required is missing, one is announced
//	where none belongs, or an object has no instance UID     0212
//	an identifier that cannot be decoded                     C000, of N- services 0115
//	C-MOVE without a destination                             A801
//	C-CANCEL of what is not running                          nothing
//	a command set that cannot be read, fragments of two
//	messages mixed, a context that was not accepted, a
//	response to nothing, a request while another runs        A-ABORT
//	a limit is crossed                                       A-ABORT
//
// The standard has one kind of context whose commands are of other classes than
// its own: those of meta SOP classes, as print management (PS3.4 section
// H.3.2.2). No service here has one, so a meta SOP class is answered like any
// class that is not the context's.
//
// # Data
//
// Objects are streams: StoreRequest.Data is read from the association while the
// handler reads, and written to it while it is read. What a handler leaves is
// drained. Identifiers are short and held one at a time; Find shows them as
// they came, without a copy. Answers from Matches wait at most two milliseconds
// for company, so that a fast producer fills whole packets and nobody waits for
// a slow one.
//
// Errors and their texts hold nothing that a peer said. What it said about a
// status is in Response.Comment, which may hold anything.
package dimse
