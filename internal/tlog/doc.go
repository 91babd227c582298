// Package tlog is an append-only log that proves what it says: a Merkle tree of
// RFC 6962 over entries whose meaning it does not know, signed at each commit
// before the writer is told. What is read back by anybody else is C2SP
// tlog-tiles; what makes an entry durable is one write and one sync of one file.
//
// # The folder
//
//	lock                             held while the log is open
//	segments/00000000000000000000.seg entries, bodies and signed heads: the truth
//	checkpoint                       the newest published head, a signed note
//	tile/0/000, tile/0/001.p/17, …   hashes, 256 a tile of 32 bytes each
//	tile/entries/000, …              entries, each after its length in 2 bytes
//	unfinished                       one of the former while it is written
//
// The tiles and the checkpoint beside them follow the segments within Publish and
// are derived again where they are missing. Numbers are big endian.
//
//	segment = "leadglass segment 1\n" first[8] n[1] n×hash[32] crc[4] frame…
//
// A segment is named after the index of its first entry. The n hashes are the
// complete subtrees before it, largest first, one for each bit of first, so a
// log opens by reading its last segment only. crc is CRC-32C of what precedes it.
//
//	frame = "LGF1" first[8] count[4] note[4] size[4]
//	        count×(length[2] leaf) note
//	        count×(length[4] crc[4]) crc[4]
//	        count×body
//
// A frame is one commit. size is the length of all that follows itself; note is
// the length of the checkpoint, a signed note (C2SP tlog-checkpoint) of the tree
// with the frame's last entry. The crc at the end of the fourth line covers the
// first three, each crc before it a body. A body of zeros was erased: bodies
// are not in the tree, and a leaf that names a body's hash holds on to nothing.
//
// For example the first commit of a log "example.org/log" with the leaf "a" and
// the body "bc":
//
//	4c474631 0000000000000000 00000001 000000a5 000000bc
//	0001 61 "example.org/log\n1\nAi…\n\n— example.org/log …\n"
//	00000002 crc("bc") crc "bc"
//
// # What a failure leaves
//
// A frame that was not wholly written, or not synced, is cut off again before
// anybody may append behind it; its writers get an error and nothing of it is in
// the tree. After a full disk the next Append tries anew. After a sync that
// failed, or a cut that failed, it does not: the kernel reports lost pages once
// only, so that a sync that succeeds later proves nothing. Such a log refuses
// until it is opened again, which reads what is there, writes the last frame
// anew and syncs it.
package tlog
