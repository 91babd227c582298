// Package audit writes records into the log and reads them back. A record is two
// things. Its header is a leaf of the tree, and so is there for ever: what
// happened, when, why and by which rules, and random handles in place of patient
// and staff. Its body lies beside the tree, sealed for the patient: who, what was
// asked for, from where. Without the vault the header is all there is to read.
//
// Both are JSON in the canonical form of RFC 8785; members that are empty or zero
// are absent. docs/format.md lists where each field of a record is. For example
//
//	{"action":"R","actor":"3e…","assurance":"certificate","body":"9f…","certificate":"77…",
//	 "committed":"2026-11-24T16:01:02.003Z","event":"110102","id":"…","key":"a0…","kind":"device",
//	 "outcome":…,"purpose":"TREAT","subject":"a0…","time":"2026-11-24T16:01:02.001Z","v":1,"verb":"get"}
//
// (one line, without the breaks). The body is a nonce of 12 bytes and AES-256-GCM
// by the key of the handle "key", with "leadglass body 1\n" and the handle as
// additional data; "body" is the SHA-256 of both in hex. It is sealed for the
// subject where there is one, else for the actor, else for nobody in particular
// ("general"). An actor has a handle only if it showed who it is; what somebody
// claims to be is in the body, so that made-up names do not fill the vault.
//
// "committed" never goes back from one record to the next; where the clock did,
// "clock" says so and the time before is repeated.
package audit
