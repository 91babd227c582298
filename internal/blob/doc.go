// Package blob keeps records and the bytes that belong to them, in the order in
// which they came, in files that only grow. A record that Append has returned is
// on the disk. It knows nothing of what it keeps.
//
// # Folder
//
//	segments/00000001       a segment: a header of 64 bytes and records
//	large/3f/3f0a…          the body of one record, where it is large
//	incoming/3f0a…          such a body that is not whole yet
//	lock                    held while a process uses the folder
//
// # Segment
//
// All numbers are little endian, all checksums CRC-32C. The header:
//
//	 0  8   "LGSEG\x00\x00\x01", the last byte is the version of the format
//	 8  4   number of the segment, that of its name
//	12  4   number of the segment before it, 0 for the first
//	16  8   where that one ends: what stands after it was never acknowledged
//	24  8   sequence number of the first record
//	60  4   checksum of bytes 0 to 59
//
// Records begin at multiples of 64. Each is a header, a head, a table of
// checksums and a body. The header lies in one sector and is therefore written
// whole or not at all:
//
//	 0  4   "LGR\x01"
//	 4  1   kind: the user's word; 0 is a gap where a write was cut short
//	 5  1   flags: 1 erased, 2 the body is in a file of its own
//	 8  8   sequence number, one more than that of the record before
//	16  4   length of the head
//	20  4   checksum of head and table
//	24  8   length of the body
//	32  8   name of the body's own file, with flag 2
//	40  8   sequence number of the first record that was written in the same go
//	48  4   number of the segment
//	60  4   checksum of bytes 0 to 59
//
// The table has the checksum of each 64 KiB of the body. So a part of a body can
// be checked without the rest.
//
// Example: kind 7, the first record, head "hi", body "abc", in segment 1:
//
//	4C475201 07 00 0000  0100000000000000 02000000 ........ 0300000000000000
//	0000000000000000 0100000000000000 01000000 0000000000000000 ........
//	6869  B73F4B36  616263  and zeros up to the next multiple of 64
//
// # Writing
//
// One goroutine writes: whatever waits goes out together and is synced once.
// When a write fails the segment is cut back to where it was and the callers are
// told; the next try may succeed. When a sync fails nobody can say what reached
// the disk (package durable says why), so the segment ends where the last sync
// that succeeded left it, and another begins, whose header says so.
//
// # Erasing
//
// Erase sets the flag in the header and makes a hole of the rest. Where holes
// give back no room the bytes are overwritten all the same.
//
// # Opening
//
// Open reads from a place up to which everything is known to be whole. What
// follows the last whole record is cut off. What is not whole before it and was
// written in the same go as it becomes a gap; anything else is damage, which
// Walk reports and passes over.
package blob
