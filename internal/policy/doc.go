// Package policy decides whether a request may have a study, by rules in the Cedar
// language (https://docs.cedarpolicy.com) that stand in a folder.
//
// It is pure: no clock, network or disk. The same set of rules, request and study
// give the same decision years later, and the decision names the hash of the set.
// This comment is the specification of what a rule can say.
//
// # A decision
//
// All rules whose scope and conditions apply are found. If one of them forbids, the
// request is denied. Else, if one permits, it is permitted. Else it is denied, since
// no rule permits it. The order of rules and files means nothing.
//
// A rule that cannot be evaluated denies, too. Check refuses rules that could not be,
// so this does not happen; Cedar alone would leave such a rule out.
//
// A request is decided as such first, with Archive::"this" as its resource; where it
// is denied, the peer is told the reason. Then each study is decided on its own. A
// study that is denied is, for the peer, not there. So a rule with a condition about
// a study says "resource is Archive ||" before it, or else nobody may ask.
//
// # A folder
//
// The rules of a folder are those of its files *.cedar; the folders in it are not
// read. A file roles.txt may name roles of the site, one a line. To each folder the
// rules of base/ are added. They only forbid, so no rule can lift them:
//
//	base/no-identity                     who is nobody may do nothing
//	base/only-claimed                    nor who only says who it is, without an exception
//	base/not-active                      nor who is locked or expired
//	base/not-encrypted                   nor in the clear, but on this machine or by an exception
//	base/destination-not-encrypted       nor move to where it would go in the clear
//	base/no-purpose                      nor without a declared purpose, but echo
//	base/people-declare                  a device's default is no purpose of a person or program
//	base/device-purpose                  a device's purposes are TREAT and HOPERAT
//	base/administrator-sees-no-images    an administrator may not find, describe, view, get, move
//	base/break-the-glass-only-to-look    BTG is for find, describe, view
//
// The hash of the set is SHA-256 over the schema, base/ and the files of the folder.
//
// # A rule
//
//	@id("ward-nurse-views")                                    its name in records
//	@because("nurses look at their ward's studies")            why it is there, for people
//	@obligation("watermark, review-always")                    what it obliges to; may be left out
//	permit (
//	    principal is Person in Role::"ward-nurse",
//	    action in [Action::"find", Action::"view"],
//	    resource
//	)
//	when { context.purpose in Purpose::"TREAT" }
//	when { resource is Archive || resource.labels.contains(principal.department) };
//
// Each has an @id, unique in the set, of lower-case letters, digits, '-' and '.', and
// a @because. A rule that permits may have an @obligation: some of watermark,
// no-export, notify, review-always, step-up. What several rules that permit oblige
// to is due together. A rule that forbids may have a @reason: no-identity,
// not-active, not-encrypted, no-purpose, wrong-purpose or forbidden, which is the
// default. Where several forbid, the peer is told the reason that stands first in
// this list, and the record names all rules.
//
// # Who: principal
//
// A Person, Program or Device, or Nobody where a peer has no kind or no ID. Its
// entity's ID is issuer and ID: Person::"local|ann". It is in the roles that it has,
// as far as they are known: modality, workstation, router, radiologist,
// referring-clinician, technologist, clerk, researcher, auditor, administrator, and
// those of roles.txt.
//
//	id, issuer     String   as signed in, enrolled or in the token
//	assurance      Long     0 claimed, 1 password, 2 token, 3 certificate, 4 two factors
//	active         Bool     neither locked nor expired
//	organisation   String   "" where it is not known, as with what follows
//	department     String
//	site           String
//	client         String   the application that bears a person's token
//	onBehalfOf     String   the responsible user
//
// # What: action
//
// echo, find, describe (attributes without pixels), view (rendered), get (objects as
// they are), move, store, commit, delete, read-log, manage.
//
// # Of what: resource
//
// Archive::"this", or a Study by its UID:
//
//	uid, patient, issuer, accession, institution   String   "" where it has none
//	date                                           datetime the day, at 00:00 UTC; absent where it has none
//	modalities, bodyParts, labels                  Set<String>
//	series, instances, bytes                       Long
//
// The labels are set at the site; all else is what the sender wrote into the object.
//
// # How: context
//
//	purpose        Purpose    a code of HL7 PurposeOfUse, in those above it; "none" without
//	declaredBy     String     "request", "token", "device"; "none" without
//	now            datetime   when the request came
//	tls            Bool       the peer speaks TLS
//	loopback       Bool       the peer is on this machine
//	exception      Bool       the configuration accepts in words that it is not encrypted or only claimed
//	destination    {id, organisation, site: String, tls, loopback, exception: Bool}, only of a move
//
// "context.purpose in Purpose::"TREAT"" is true of ETREAT and COC as well, and not of
// BTG: who breaks the glass is asked about by "context.purpose == Purpose::"BTG"".
// The route is not in the context: one answer on every route.
//
// # A worked example
//
// With the shipped rules Person::"local|ann", a radiologist with two factors, asks
// over TLS to get study 1.2.3, labelled V, and declares TREAT by header. As such:
//
//	base/…               none applies
//	radiologist-reads    applies: the request is permitted
//
// Then the study:
//
//	very-restricted               applies not: she is a person with two factors who treats
//	radiologist-reads             applies
//	very-restricted-is-reviewed   applies, and obliges to notify and review-always
//
// The decision: permit, rules radiologist-reads and very-restricted-is-reviewed,
// obligations notify and review-always. With a password only, very-restricted
// applies, and the study is not there for her.
package policy
