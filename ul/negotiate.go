package ul

import (
	"errors"
	"slices"

	"github.com/leadglass/leadglass/dicom"
)

// Supported maps an abstract syntax to the transfer syntaxes that are taken for
// it, in order of preference.
type Supported map[dicom.UID][]dicom.UID

// Accept answers a request from a table (PS3.8 section 9.3.3): per context the
// first transfer syntax of ours that was proposed, else the reason why not.
func Accept(rq *AssociateRQ, s Supported, user UserInformation) *AssociateAC {
	ac := &AssociateAC{
		ProtocolVersion:    1,
		Called:             rq.Called,
		Calling:            rq.Calling,
		ApplicationContext: rq.ApplicationContext,
		Contexts:           make([]PresentationContextAC, len(rq.Contexts)),
		User:               user,
	}
	for i := range rq.Contexts {
		ac.Contexts[i] = s.answer(&rq.Contexts[i])
	}
	return ac
}

// answer answers one proposal. A refusal names a transfer syntax too, because
// the item must be there, and means nothing by it (PS3.8 section 9.3.3.2).
func (s Supported) answer(p *PresentationContext) PresentationContextAC {
	ours, ok := s[p.AbstractSyntax]
	if !ok {
		return PresentationContextAC{p.ID, AbstractSyntaxNotSupported, p.firstSyntax()}
	}
	for _, ts := range ours {
		if slices.Contains(p.TransferSyntaxes, ts) {
			return PresentationContextAC{p.ID, Acceptance, ts}
		}
	}
	return PresentationContextAC{p.ID, TransferSyntaxesNotSupported, p.firstSyntax()}
}

func (p *PresentationContext) firstSyntax() dicom.UID {
	if len(p.TransferSyntaxes) == 0 {
		return ""
	}
	return p.TransferSyntaxes[0]
}

// agree takes the answer into use: contexts that were proposed and accepted
// with a transfer syntax that was proposed. What else an answer holds stays
// visible in Answer and is of no effect.
func (a *Assoc) agree(rq *AssociateRQ, ac *AssociateAC) error {
	a.rq, a.ac = rq, ac
	for i := range rq.Contexts {
		p := &rq.Contexts[i]
		for _, c := range ac.Contexts {
			if c.ID == p.ID && c.Result == Acceptance && slices.Contains(p.TransferSyntaxes, c.TransferSyntax) && a.byID[p.ID/2] == 0 {
				a.agreed = append(a.agreed, agreement{p.ID, p.AbstractSyntax, c.TransferSyntax})
				a.byID[p.ID/2] = uint8(len(a.agreed))
			}
		}
	}
	theirs := ac.User.MaxLength
	if !a.requestor {
		theirs = rq.User.MaxLength
	}
	a.room = int(a.lim.Buffer) - headerBytes - pdvHeaderBytes
	if theirs != 0 {
		a.room = min(a.room, int(theirs)-pdvHeaderBytes)
	}
	if a.room < 1 {
		return errNoRoom
	}
	return nil
}

var errNoRoom = errors.New("ul: the peer's maximum length leaves no room for data")

// announce is the maximum length that we send for MaxLength zero: what we take.
func (l *Limits) announce(asked uint32) uint32 {
	switch {
	case l.PDULength > 0xFFFFFFFF:
		return asked // off: 0 is unlimited
	case asked == 0 || int64(asked) > l.PDULength:
		return uint32(l.PDULength)
	}
	return asked
}

func (a *Assoc) agreement(id uint8) *agreement {
	if i := a.byID[id/2]; id%2 == 1 && i != 0 {
		return &a.agreed[i-1]
	}
	return nil
}

// ContextFor returns the accepted context of an abstract syntax; where several
// were accepted, the first.
func (a *Assoc) ContextFor(abstract dicom.UID) (id uint8, syntax dicom.UID, ok bool) {
	for _, c := range a.agreed {
		if c.abstract == abstract {
			return c.id, c.syntax, true
		}
	}
	return 0, "", false
}

// Context returns what an accepted context id stands for.
func (a *Assoc) Context(id uint8) (abstract, syntax dicom.UID, ok bool) {
	c := a.agreement(id)
	if c == nil {
		return "", "", false
	}
	return c.abstract, c.syntax, true
}

// Role returns what this side may be for a SOP class: SCU for the requestor
// and SCP for the acceptor unless another role was agreed (PS3.7 D.3.3.4).
func (a *Assoc) Role(sopClass dicom.UID) (scu, scp bool) {
	scu, scp = true, false
	for _, r := range a.ac.User.Roles {
		if r.SOPClass == sopClass && slices.ContainsFunc(a.rq.User.Roles, func(q RoleSelection) bool { return q.SOPClass == sopClass }) {
			scu, scp = r.SCU, r.SCP
		}
	}
	if !a.requestor {
		return scp, scu
	}
	return scu, scp
}
