package dimse

import (
	"slices"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// agreement is one accepted presentation context.
type agreement struct {
	id       uint8
	abstract dicom.UID
	syntax   *dicom.TransferSyntax
	scp      bool // the requestor may be the SCP
}

// contexts are the accepted presentation contexts of an association.
type contexts struct {
	list []agreement
	byID [128]uint8 // 1 + place in list of the context 2i+1
}

// agreed reads them from what was asked and answered. What was not asked, or
// is answered twice, is passed over.
func agreed(rq *ul.AssociateRQ, ac *ul.AssociateAC) contexts {
	c := contexts{list: make([]agreement, 0, len(ac.Contexts))}
	for _, answer := range ac.Contexts {
		i := slices.IndexFunc(rq.Contexts, func(asked ul.PresentationContext) bool { return asked.ID == answer.ID })
		if i < 0 || answer.Result != ul.Acceptance || answer.ID%2 == 0 || c.byID[answer.ID/2] != 0 {
			continue
		}
		abstract := rq.Contexts[i].AbstractSyntax
		c.list = append(c.list, agreement{
			id: answer.ID, abstract: abstract,
			syntax: dicom.SyntaxOf(answer.TransferSyntax),
			scp:    requestorIsSCP(ac, abstract),
		})
		c.byID[answer.ID/2] = uint8(len(c.list))
	}
	return c
}

// requestorIsSCP reports whether the role selection made the requestor the SCP
// of a class (PS3.7 section D.3.3.4).
func requestorIsSCP(ac *ul.AssociateAC, class dicom.UID) bool {
	for _, r := range ac.User.Roles {
		if r.SOPClass == class {
			return r.SCP
		}
	}
	return false
}

// get returns the context, or nil.
func (c *contexts) get(id uint8) *agreement {
	if id%2 == 0 || c.byID[id/2] == 0 {
		return nil
	}
	return &c.list[c.byID[id/2]-1]
}

// find returns the first context of a class, of one transfer syntax if syntax
// is not empty, or nil.
func (c *contexts) find(class, syntax dicom.UID) *agreement {
	for i := range c.list {
		a := &c.list[i]
		if a.abstract == class && (syntax == "" || a.syntax.UID == syntax) {
			return a
		}
	}
	return nil
}
