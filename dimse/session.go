package dimse

import (
	"context"
	"fmt"
	"net"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// Session serves one association. What it can do shows in which of Echoer,
// Storer, Finder, Getter, Mover, Actioner and EventReporter it satisfies; the
// rest is neither offered (see Offers) nor done.
type Session any

// Offerer is a Session that says itself which SOP classes it takes, in which
// transfer syntaxes, instead of everything that its other interfaces allow.
type Offerer interface {
	Offers() ul.Supported
}

// Offers returns the abstract syntaxes that a Session serves with the transfer
// syntaxes in which it does. A Session that offers a class that it has no
// method for is a mistake of ours, which shows here and not to a peer.
func Offers(s Session) (ul.Supported, error) {
	o, ok := s.(Offerer)
	if !ok {
		return everything(s), nil
	}
	table := o.Offers()
	for class := range table {
		if svc := serviceOf(class); !serves(s, svc, false) && !serves(s, svc, true) {
			return nil, fmt.Errorf("dimse: offering %q: %T does not implement it", class, s)
		}
	}
	return table, nil
}

// serves reports whether the Session has what a service takes of the acceptor
// when the requestor is its SCU or, if reverse, its SCP.
func serves(s Session, svc service, reverse bool) (ok bool) {
	switch {
	case svc == noService:
		return !reverse // a private class, known only to the Session
	case svc == echoService && !reverse:
		_, ok = s.(Echoer)
	case svc == findService && !reverse:
		_, ok = s.(Finder)
	case svc == moveService && !reverse:
		_, ok = s.(Mover)
	case svc == getService && !reverse:
		_, ok = s.(Getter)
	case svc == storeService && !reverse:
		_, ok = s.(Storer)
	case svc == storeService && reverse:
		_, ok = s.(Getter)
	case svc == commitService && !reverse:
		_, ok = s.(Actioner)
	case svc == commitService && reverse:
		_, ok = s.(EventReporter)
	}
	return ok
}

// everything is what a Session offers that does not say.
func everything(s Session) ul.Supported {
	table := ul.Supported{}
	for _, class := range []dicom.UID{
		Verification, PatientRootFind, StudyRootFind, PatientRootGet, StudyRootGet,
		PatientRootMove, StudyRootMove, StorageCommitment,
	} {
		if svc := serviceOf(class); serves(s, svc, false) || serves(s, svc, true) {
			table[class] = MessageSyntaxes()
		}
	}
	if serves(s, storeService, false) || serves(s, storeService, true) {
		for _, class := range StorageClasses() {
			table[class] = ObjectSyntaxes()
		}
	}
	return table
}

// MessageSyntaxes are the transfer syntaxes of identifiers and other data sets
// that are offered here, in order of preference. The deflated one is read too,
// where a Session offers it, but saves little on a few hundred bytes.
func MessageSyntaxes() []dicom.UID {
	return []dicom.UID{
		dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID, dicom.ExplicitVRBigEndian.UID,
	}
}

// ObjectSyntaxes are the transfer syntaxes of PS3.5 annex A that an object may
// be stored in, in order of preference. It is kept as it came, so that nothing
// here needs to know how to decompress it.
func ObjectSyntaxes() []dicom.UID {
	const arc = "1.2.840.10008.1.2."
	list := []dicom.UID{
		dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID,
		dicom.DeflatedExplicitVRLittleEndian.UID, dicom.ExplicitVRBigEndian.UID,
		arc + "5",    // RLE lossless
		arc + "1.98", // frames as items, not compressed
		arc + "8.1",  // frames deflated
	}
	for _, last := range []string{
		"50", "51", "57", "70", // JPEG
		"80", "81", // JPEG-LS
		"90", "91", "92", "93", // JPEG 2000
		"100", "100.1", "101", "101.1", // MPEG2
		"102", "102.1", "103", "103.1", "104", "104.1", "105", "105.1", "106", "106.1", // MPEG-4
		"107", "108", // HEVC
		"110", "111", "112", // JPEG XL
		"201", "202", "203", // HTJ2K
	} {
		list = append(list, dicom.UID(arc+"4."+last))
	}
	return list
}

// Accept answers an association request with what the Session offers. A role
// that the requestor proposes is agreed where the Session has the other part
// (PS3.7 section D.3.3.4); a context without a usable role is refused.
func Accept(rq *ul.AssociateRQ, s Session, user ul.UserInformation) (*ul.AssociateAC, error) {
	table, err := Offers(s)
	if err != nil {
		return nil, err
	}
	usable := make(ul.Supported, len(rq.Contexts))
	for _, c := range rq.Contexts {
		scu, scp := roles(rq, s, c.AbstractSyntax)
		if syntaxes, ok := table[c.AbstractSyntax]; ok && (scu || scp) {
			usable[c.AbstractSyntax] = syntaxes
		}
	}
	user.Roles = nil
	for _, r := range rq.User.Roles {
		if _, ok := usable[r.SOPClass]; ok {
			scu, scp := roles(rq, s, r.SOPClass)
			user.Roles = append(user.Roles, ul.RoleSelection{SOPClass: r.SOPClass, SCU: scu, SCP: scp})
		}
	}
	return ul.Accept(rq, usable, user), nil
}

// roles are those of the requestor for a class: what it proposes, SCU if it
// proposes nothing, and the Session can match.
func roles(rq *ul.AssociateRQ, s Session, class dicom.UID) (scu, scp bool) {
	asked := ul.RoleSelection{SCU: true}
	for _, r := range rq.User.Roles {
		if r.SOPClass == class {
			asked = r
		}
	}
	svc := serviceOf(class)
	return asked.SCU && serves(s, svc, false), asked.SCP && serves(s, svc, true)
}

// RetrieveRoles proposes to be the SCP of the classes, which a C-GET needs for
// the objects that it asks for (PS3.4 section C.5.3).
func RetrieveRoles(classes ...dicom.UID) []ul.RoleSelection {
	list := make([]ul.RoleSelection, len(classes))
	for i, class := range classes {
		list[i] = ul.RoleSelection{SOPClass: class, SCP: true}
	}
	return list
}

// Negotiate is a ul.Server's Negotiate for one Session that serves everybody.
func Negotiate(s Session, user ul.UserInformation) func(context.Context, net.Addr, *ul.AssociateRQ) (*ul.AssociateAC, error) {
	return func(_ context.Context, _ net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
		return Accept(rq, s, user)
	}
}
