package ul

import (
	"context"
	"net"
	"slices"

	"github.com/leadglass/leadglass/dicom"
)

// Acceptor answers requests from tables and hooks. Its Negotiate is made for
// Server.Negotiate. The zero value accepts an association from anyone and no
// presentation context in it.
type Acceptor struct {
	Supported Supported
	// User is what we say of ourselves. Answers to the requestor's items are
	// put into a copy.
	User UserInformation
	// Called are the titles that we answer to; none answers to any.
	Called []AETitle
	// Calling are the titles that we answer; none answers any. A title is a
	// name that anyone can use and authenticates nobody.
	Calling []AETitle
	// Roles is asked which of the proposed roles the requestor gets for a SOP
	// class, and cannot give more than proposed. Nil gives the default role,
	// SCU, by saying nothing (PS3.7 D.3.3.4).
	Roles func(RoleSelection) RoleSelection
	// Extended answers the extended negotiation of a SOP class that was
	// accepted; nil says nothing (PS3.7 D.3.3.5).
	Extended func(ExtendedNegotiation) []byte
	// Identity decides on the user identity, nil where the requestor sends none
	// (PS3.7 D.3.3.7). Its error rejects the association, a *RejectError as it
	// is. The answer is sent when the requestor asked for one. Without the hook
	// the item is passed over, as the standard has it.
	Identity func(ctx context.Context, u *UserIdentity) (*UserIdentityResponse, error)
}

// Negotiate answers a request, or refuses it with a *RejectError.
func (p *Acceptor) Negotiate(ctx context.Context, _ net.Addr, rq *AssociateRQ) (*AssociateAC, error) {
	switch {
	case len(p.Called) > 0 && !slices.Contains(p.Called, rq.Called):
		return nil, &RejectError{RejectedPermanent, ServiceUser, ReasonCalledNotRecognised}
	case len(p.Calling) > 0 && !slices.Contains(p.Calling, rq.Calling):
		return nil, &RejectError{RejectedPermanent, ServiceUser, ReasonCallingNotRecognised}
	}
	ac := Accept(rq, p.Supported, p.User)
	if err := p.identify(ctx, rq, ac); err != nil {
		return nil, err
	}
	taken := rq.accepted(ac)
	for _, r := range rq.User.Roles {
		if p.Roles != nil && taken[r.SOPClass] {
			given := p.Roles(r)
			ac.User.Roles = append(ac.User.Roles, RoleSelection{r.SOPClass, r.SCU && given.SCU, r.SCP && given.SCP})
		}
	}
	for _, e := range rq.User.Extended {
		if p.Extended == nil || !taken[e.SOPClass] {
			continue
		}
		if info := p.Extended(e); info != nil {
			ac.User.Extended = append(ac.User.Extended, ExtendedNegotiation{e.SOPClass, info})
		}
	}
	return ac, nil
}

func (p *Acceptor) identify(ctx context.Context, rq *AssociateRQ, ac *AssociateAC) error {
	if p.Identity == nil {
		return nil
	}
	response, err := p.Identity(ctx, rq.User.Identity)
	if err != nil {
		return err
	}
	if rq.User.Identity != nil && rq.User.Identity.ResponseRequired {
		ac.User.IdentityResponse = response
	}
	return nil
}

// accepted is the set of abstract syntaxes that an answer accepts.
func (m *AssociateRQ) accepted(ac *AssociateAC) map[dicom.UID]bool {
	taken := map[dicom.UID]bool{}
	for i, c := range ac.Contexts {
		if c.Result == Acceptance {
			taken[m.Contexts[i].AbstractSyntax] = true
		}
	}
	return taken
}
