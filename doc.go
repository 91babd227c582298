// Package leadglass is the contract of the program leadglass: its words and
// what its parts exchange: peers, requests, decisions, records, errors.
//
// One program, three verbs:
//
//	survey  finds image archives that show patient data to anyone, counts what
//	        they disclose, and keeps none of it
//	serve   is an archive that is secure by default and records each release
//	        before it happens
//	review  judges whether each access was warranted
//
// # Words
//
// A probe asks, an exposure is what an answer means, a finding is an exposure
// at a target. A guard enforces, a policy decides, evidence links a user to a
// patient, a record is one line of the log, a review judges. A peer is who is
// on the wire, a subject is the patient whom a record is about. The log is the
// transparency log; program messages are diagnostics. A census counts, a scope
// permits, an advisory is a published vulnerability.
//
// # Floors
//
// A package imports only from the lines above its own; layers_test.go holds
// the floors and walls as a test.
//
//	dicom/dict · internal/{durable, limit, regular, peertest}
//	dicom · internal/{blob, tlog, vault, ca} · internal/durable/durabletest
//	leadglass · dicom/pixel · ul · internal/{scope, place, product, advisory, compromise, govid, fleet/content}
//	dimse · dicomweb · internal/{index, policy, guard, audit, render, identity}
//	internal/{archive, scp, origin, probe, census} · ul/ultest · dimse/dimsetest
//	internal/{exposure, review} · internal/probe/probetest
//	internal/report
//	internal/survey · internal/fleet/plan
//	internal/{fleet, serve}
//	cmd/{leadglass, fleetsim}
package leadglass
