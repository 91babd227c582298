package leadglass

import (
	"log/slog"
	"net/netip"
)

// AETitle is an application entity title without padding (PS3.5 section 6.2,
// VR AE). It is a name that a peer gives itself: it authenticates nobody.
type AETitle string

// Kind says what a peer is.
type Kind string

// The kinds of peers. The zero value is nobody.
const (
	Person  Kind = "person"  // signed in with an account, here or at an issuer
	Program Kind = "program" // bears a token of an issuer that names no person
	Device  Kind = "device"  // a modality, workstation or router
)

// Assurance says how a peer showed who it is, weakest first.
type Assurance uint8

// The ways of showing who one is. Claimed is what an AE title, an address or a
// DIMSE user name amounts to (PS3.15 annex B.4 lets anybody write one).
const (
	Claimed     Assurance = iota // it says so
	Password                     // one factor: a password
	Token                        // a token signed by an issuer whose keys we have
	Certificate                  // a certificate that is bound to the name
	MultiFactor                  // two factors
)

func (a Assurance) String() string {
	names := [...]string{"claimed", "password", "token", "certificate", "multi-factor"}
	if int(a) < len(names) {
		return names[a]
	}
	return "unknown"
}

// Role is what a peer does, as the policies know it.
type Role string

// The roles that the shipped policies know. A site may have others.
const (
	Modality      Role = "modality"
	Workstation   Role = "workstation"
	Router        Role = "router"
	Radiologist   Role = "radiologist"
	Referrer      Role = "referring-clinician"
	Technologist  Role = "technologist"
	Clerk         Role = "clerk"
	Researcher    Role = "researcher"
	Auditor       Role = "auditor"
	Administrator Role = "administrator"
)

// Peer is who is on the wire: what was shown, and what was only said. A Peer is
// not changed once it is made; many requests share it.
type Peer struct {
	Kind      Kind
	ID        string // account, client or device: unique among its kind and issuer
	Issuer    string // "local", or the URL of the OpenID provider
	Assurance Assurance
	Active    bool // neither locked nor expired
	Roles     []Role

	Organisation string
	Department   string
	Site         string
	OnBehalfOf   string // the responsible user, where another acts (NEN 7513)

	Client  string // the application that bears a person's token
	Session string // the sign-in or association that the request belongs to
	TokenID string // "jti", or the last 32 characters of a token without

	Certificate string         // SHA-256 of the SubjectPublicKeyInfo in hex, empty without TLS
	Address     netip.AddrPort // where it speaks from
	TLS         bool
	AcceptedBy  string // name of the exception in the configuration by which plain text or a mere claim is accepted

	Calling, Called AETitle // what a DIMSE peer says, empty on the web
}

// Loopback reports whether the peer is on this machine.
func (p *Peer) Loopback() bool { return p.Address.Addr().Unmap().IsLoopback() }

// Has reports whether the peer has the role.
func (p *Peer) Has(r Role) bool {
	for _, have := range p.Roles {
		if have == r {
			return true
		}
	}
	return false
}

// LogValue shows a peer in diagnostics: kind and address, not who it is.
func (p *Peer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(p.Kind)), slog.String("address", p.Address.String()))
}
