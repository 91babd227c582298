package ul

import "github.com/leadglass/leadglass/dicom"

// AETitle is an application entity title, without padding (PS3.5 section 6.2, VR AE).
type AETitle string

// The item types of PS3.8 section 9.3 and PS3.7 annex D.3.3.
const (
	itemApplicationContext = 0x10
	itemContextRQ          = 0x20
	itemContextAC          = 0x21
	itemAbstractSyntax     = 0x30
	itemTransferSyntax     = 0x40
	itemUserInformation    = 0x50
	itemMaxLength          = 0x51
	itemImplementationUID  = 0x52
	itemAsyncOperations    = 0x53
	itemRoleSelection      = 0x54
	itemVersionName        = 0x55
	itemExtended           = 0x56
	itemCommonExtended     = 0x57
	itemUserIdentity       = 0x58
	itemIdentityResponse   = 0x59
)

// PresentationContext is one proposal (PS3.8 section 9.3.2.2).
type PresentationContext struct {
	ID               uint8 // odd
	AbstractSyntax   dicom.UID
	TransferSyntaxes []dicom.UID
}

func (p *PresentationContext) append(w *builder) {
	w.item(itemContextRQ, func() {
		w.bytes([]byte{p.ID, 0, 0, 0})
		w.uidItem(itemAbstractSyntax, p.AbstractSyntax)
		for _, ts := range p.TransferSyntaxes {
			w.uidItem(itemTransferSyntax, ts)
		}
	})
}

func (p *PresentationContext) parse(c cursor, lim *Limits) error {
	if !c.uint8(&p.ID) || !c.skip(3) {
		return errItem
	}
	abstract := 0
	for len(c) > 0 {
		var kind uint8
		var value cursor
		if !c.item(&kind, &value) {
			return errItem
		}
		switch kind {
		case itemAbstractSyntax:
			p.AbstractSyntax = uidOf(value)
			abstract++
		case itemTransferSyntax:
			if len(p.TransferSyntaxes) >= lim.TransferSyntaxes {
				return &LimitError{limitTransferSyntaxes, int64(lim.TransferSyntaxes)}
			}
			p.TransferSyntaxes = append(p.TransferSyntaxes, uidOf(value))
		}
	}
	if abstract != 1 || len(p.TransferSyntaxes) == 0 {
		return errItem
	}
	return nil
}

// ContextResult is the answer to a proposal (PS3.8 table 9-18).
type ContextResult uint8

// The results of PS3.8 table 9-18.
const (
	Acceptance ContextResult = iota
	UserRejection
	NoReason
	AbstractSyntaxNotSupported
	TransferSyntaxesNotSupported
)

// PresentationContextAC is the answer to one proposal (PS3.8 section 9.3.3.2).
type PresentationContextAC struct {
	ID             uint8
	Result         ContextResult
	TransferSyntax dicom.UID // means nothing unless Result is Acceptance
}

func (p *PresentationContextAC) append(w *builder) {
	w.item(itemContextAC, func() {
		w.bytes([]byte{p.ID, 0, uint8(p.Result), 0})
		w.uidItem(itemTransferSyntax, p.TransferSyntax)
	})
}

// parse lets the transfer syntax be absent from a refusal, where it means
// nothing (PS3.8 section 9.3.3.2) and some peers leave it out.
func (p *PresentationContextAC) parse(c cursor) error {
	var result uint8
	if !c.uint8(&p.ID) || !c.skip(1) || !c.uint8(&result) || !c.skip(1) {
		return errItem
	}
	p.Result = ContextResult(result)
	transfer := 0
	for len(c) > 0 {
		var kind uint8
		var value cursor
		if !c.item(&kind, &value) {
			return errItem
		}
		if kind == itemTransferSyntax {
			p.TransferSyntax = uidOf(value)
			transfer++
		}
	}
	if transfer > 1 || p.Result == Acceptance && transfer == 0 {
		return errItem
	}
	return nil
}

// UserInformation is the user data of an association (PS3.8 annex D, PS3.7 annex D.3.3).
type UserInformation struct {
	MaxLength                 uint32 // longest P-DATA-TF PDU that the sender of this item will receive; 0 is unlimited
	ImplementationClassUID    dicom.UID
	ImplementationVersionName string
	AsyncOperations           *AsyncOperations
	Roles                     []RoleSelection
	Extended                  []ExtendedNegotiation
	CommonExtended            []CommonExtendedNegotiation
	Identity                  *UserIdentity         // request only
	IdentityResponse          *UserIdentityResponse // answer only
	Unknown                   []UnknownItem         // kept so that a fingerprint can see them
}

// AsyncOperations is the asynchronous operations window (PS3.7 D.3.3.3); 0 is unlimited.
type AsyncOperations struct{ Invoked, Performed uint16 }

func (a *AsyncOperations) append(w *builder) {
	w.item(itemAsyncOperations, func() {
		w.uint16(a.Invoked)
		w.uint16(a.Performed)
	})
}

func (a *AsyncOperations) parse(c cursor) bool {
	return c.uint16(&a.Invoked) && c.uint16(&a.Performed) && len(c) == 0
}

// RoleSelection is the SCP/SCU role selection of a SOP class (PS3.7 D.3.3.4).
type RoleSelection struct {
	SOPClass dicom.UID
	SCU, SCP bool
}

func (r *RoleSelection) append(w *builder) {
	w.item(itemRoleSelection, func() {
		w.uid(r.SOPClass)
		w.flag(r.SCU)
		w.flag(r.SCP)
	})
}

func (r *RoleSelection) parse(c cursor) bool {
	return c.uid(&r.SOPClass) && c.flag(&r.SCU) && c.flag(&r.SCP) && len(c) == 0
}

// ExtendedNegotiation is the SOP class extended negotiation (PS3.7 D.3.3.5).
type ExtendedNegotiation struct {
	SOPClass dicom.UID
	Info     []byte
}

func (e *ExtendedNegotiation) append(w *builder) {
	w.item(itemExtended, func() {
		w.uid(e.SOPClass)
		w.bytes(e.Info)
	})
}

func (e *ExtendedNegotiation) parse(c cursor) bool {
	ok := c.uid(&e.SOPClass)
	e.Info = cloned(c)
	return ok
}

// CommonExtendedNegotiation is PS3.7 D.3.3.6.
type CommonExtendedNegotiation struct {
	SOPClass, ServiceClass dicom.UID
	Related                []dicom.UID
}

func (e *CommonExtendedNegotiation) append(w *builder) {
	w.item(itemCommonExtended, func() {
		w.uid(e.SOPClass)
		w.uid(e.ServiceClass)
		w.prefixed(func() {
			for _, r := range e.Related {
				w.uid(r)
			}
		})
	})
}

// parse lets bytes follow the list: they are reserved (PS3.7 table D.3-12).
func (e *CommonExtendedNegotiation) parse(c cursor, room int) bool {
	var list []byte
	if !c.uid(&e.SOPClass) || !c.uid(&e.ServiceClass) || !c.prefixed(&list) {
		return false
	}
	for related := cursor(list); len(related) > 0; {
		var uid dicom.UID
		if !related.uid(&uid) {
			return false
		}
		if e.Related = append(e.Related, uid); len(e.Related) > room {
			break // the caller counts, and finds it over the limit
		}
	}
	return true
}

// UserIdentity is a user identity sub-item (PS3.7 D.3.3.7.1).
type UserIdentity struct {
	Type             uint8 // 1 user name, 2 with passcode, 3 Kerberos, 4 SAML, 5 JWT
	ResponseRequired bool
	Primary          []byte
	Secondary        []byte
}

func (u *UserIdentity) append(w *builder) {
	w.item(itemUserIdentity, func() {
		w.uint8(u.Type)
		w.flag(u.ResponseRequired)
		w.prefixed(func() { w.bytes(u.Primary) })
		w.prefixed(func() { w.bytes(u.Secondary) })
	})
}

func (u *UserIdentity) parse(c cursor) bool {
	var primary, secondary []byte
	ok := c.uint8(&u.Type) && c.flag(&u.ResponseRequired) &&
		c.prefixed(&primary) && c.prefixed(&secondary) && len(c) == 0
	u.Primary, u.Secondary = cloned(primary), cloned(secondary)
	return ok
}

// UserIdentityResponse is the answer to it (PS3.7 D.3.3.7.2).
type UserIdentityResponse struct{ Response []byte }

func (u *UserIdentityResponse) append(w *builder) {
	w.item(itemIdentityResponse, func() {
		w.prefixed(func() { w.bytes(u.Response) })
	})
}

func (u *UserIdentityResponse) parse(c cursor) bool {
	var response []byte
	ok := c.prefixed(&response) && len(c) == 0
	u.Response = cloned(response)
	return ok
}

// UnknownItem is a sub-item that this package does not know.
type UnknownItem struct {
	Type uint8
	Data []byte
}

// append writes the sub-items in the order of their types, the unknown last.
func (u *UserInformation) append(w *builder) {
	w.item(itemUserInformation, func() {
		w.item(itemMaxLength, func() { w.uint32(u.MaxLength) })
		if u.ImplementationClassUID != "" {
			w.uidItem(itemImplementationUID, u.ImplementationClassUID)
		}
		if u.AsyncOperations != nil {
			u.AsyncOperations.append(w)
		}
		for i := range u.Roles {
			u.Roles[i].append(w)
		}
		if u.ImplementationVersionName != "" {
			w.item(itemVersionName, func() { w.text(u.ImplementationVersionName) })
		}
		for i := range u.Extended {
			u.Extended[i].append(w)
		}
		for i := range u.CommonExtended {
			u.CommonExtended[i].append(w)
		}
		if u.Identity != nil {
			u.Identity.append(w)
		}
		if u.IdentityResponse != nil {
			u.IdentityResponse.append(w)
		}
		for _, x := range u.Unknown {
			w.item(x.Type, func() { w.bytes(x.Data) })
		}
	})
}

// parse reads the sub-items. Unknown ones are no error (PS3.8 annex D.1).
func (u *UserInformation) parse(c cursor, lim *Limits) error {
	for n := 0; len(c) > 0; {
		var kind uint8
		var value cursor
		if !c.item(&kind, &value) {
			return errItem
		}
		list, ok := u.subItem(kind, value, lim.SubItems)
		if !ok {
			return errItem
		}
		if n += 1 + list; n > lim.SubItems {
			return &LimitError{limitSubItems, int64(lim.SubItems)}
		}
	}
	return nil
}

// subItem reads one sub-item. It also returns the length of the list in it.
func (u *UserInformation) subItem(kind uint8, c cursor, room int) (list int, ok bool) {
	switch kind {
	case itemMaxLength:
		return 0, c.uint32(&u.MaxLength) && len(c) == 0
	case itemImplementationUID:
		u.ImplementationClassUID = uidOf(c)
	case itemAsyncOperations:
		u.AsyncOperations = new(AsyncOperations)
		return 0, u.AsyncOperations.parse(c)
	case itemRoleSelection:
		var r RoleSelection
		ok = r.parse(c)
		u.Roles = append(u.Roles, r)
		return 0, ok
	case itemVersionName:
		u.ImplementationVersionName = string(aeTitleOf(c))
	case itemExtended:
		var e ExtendedNegotiation
		ok = e.parse(c)
		u.Extended = append(u.Extended, e)
		return 0, ok
	case itemCommonExtended:
		var e CommonExtendedNegotiation
		ok = e.parse(c, room)
		u.CommonExtended = append(u.CommonExtended, e)
		return len(e.Related), ok
	case itemUserIdentity:
		u.Identity = new(UserIdentity)
		return 0, u.Identity.parse(c)
	case itemIdentityResponse:
		u.IdentityResponse = new(UserIdentityResponse)
		return 0, u.IdentityResponse.parse(c)
	default:
		u.Unknown = append(u.Unknown, UnknownItem{kind, cloned(c)})
	}
	return 0, true
}

// cloned copies b out of a buffer that will be used again; empty gives nil.
func cloned(b []byte) []byte { return append([]byte(nil), b...) }
