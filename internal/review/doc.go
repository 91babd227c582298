// Package review judges what the log says. It begins with whether the log says
// what was written: Verify derives every hash, every signature and every count
// again from the bytes on the disk, and names the first record that is wrong.
//
// It does not trust the audited: the reader, the tree, and the forms of records
// are written here a second time, from the description of the formats, and share
// no code with those who write (package comments of internal/tlog and
// internal/audit). Checkpoints are checked by golang.org/x/mod/sumdb/note; of the
// many signatures of commits the first are verified by crypto/ed25519 and the
// others by the equation that it has, with the multiples of the key at hand.
//
// What Verify finds without being told anything: bits changed anywhere, records
// or files that are cut, missing, moved, repeated or put in, bodies exchanged or
// erased that no entry says were shredded, times that go back, transfers that end
// without having begun or hand out more than was recorded before. What it cannot
// find alone is a whole folder as it was earlier, or one that the holder of the
// key wrote anew: for that it must be given a checkpoint that was kept elsewhere.
package review
