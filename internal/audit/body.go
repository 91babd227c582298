package audit

import (
	"bytes"
	"fmt"
	"net/netip"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// body is what of a record is sealed.
type body struct {
	Accession   string      `json:"accession"`
	BodyParts   []string    `json:"bodyParts"`
	Correlation string      `json:"correlation"`
	Destination *party      `json:"destination"`
	Evidence    []string    `json:"evidence"`
	Issuer      string      `json:"issuer"`
	Labels      []string    `json:"labels"`
	Modalities  []string    `json:"modalities"`
	Patient     string      `json:"patient"`
	Peer        *party      `json:"peer"`
	Query       string      `json:"query"`
	Refs        []reference `json:"refs"`
	Studies     []dicom.UID `json:"studies"`
	StudyDate   string      `json:"studyDate"`
	Text        string      `json:"text"`
}

// party is what was said and shown of a peer. Who it is stands in the vault
// under the actor's handle; ID, Issuer and OnBehalfOf are here where it was only
// claimed, for whoever makes up names must not fill the vault.
type party struct {
	AcceptedBy   string            `json:"acceptedBy"`
	Active       bool              `json:"active"`
	Address      string            `json:"address"`
	Called       leadglass.AETitle `json:"called"`
	Calling      leadglass.AETitle `json:"calling"`
	Client       string            `json:"client"`
	Department   string            `json:"department"`
	ID           string            `json:"id"`
	Issuer       string            `json:"issuer"`
	OnBehalfOf   string            `json:"onBehalfOf"`
	Organisation string            `json:"organisation"`
	Session      string            `json:"session"`
	Site         string            `json:"site"`
	TokenID      string            `json:"token"`
	// Of a destination only: a peer has these in the header.
	Assurance   string           `json:"assurance"`
	Certificate string           `json:"certificate"`
	Kind        leadglass.Kind   `json:"kind"`
	Roles       []leadglass.Role `json:"roles"`
	TLS         bool             `json:"tls"`
}

// reference is a leadglass.Ref.
type reference struct {
	Instance dicom.UID `json:"instance"`
	Patient  string    `json:"patient"`
	Series   dicom.UID `json:"series"`
	Study    dicom.UID `json:"study"`
}

// append writes the body in the order of RFC 8785.
func (y *body) append(b []byte) []byte {
	o := begin(b)
	o.text("accession", y.Accession)
	texts(o, "bodyParts", y.BodyParts)
	o.text("correlation", y.Correlation)
	y.Destination.append(o, "destination")
	texts(o, "evidence", y.Evidence)
	o.text("issuer", y.Issuer)
	texts(o, "labels", y.Labels)
	texts(o, "modalities", y.Modalities)
	o.text("patient", y.Patient)
	y.Peer.append(o, "peer")
	o.text("query", y.Query)
	if len(y.Refs) > 0 {
		o.name("refs")
		o.b = append(o.b, '[')
		for i, ref := range y.Refs {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = ref.append(o.b)
		}
		o.b = append(o.b, ']')
	}
	texts(o, "studies", y.Studies)
	o.text("studyDate", y.StudyDate)
	o.text("text", y.Text)
	return o.end()
}

func (p *party) append(outer *object, name string) {
	if p == nil {
		return
	}
	outer.name(name)
	o := begin(outer.b)
	o.text("acceptedBy", p.AcceptedBy)
	o.yes("active", p.Active)
	o.text("address", p.Address)
	o.text("assurance", p.Assurance)
	o.text("called", string(p.Called))
	o.text("calling", string(p.Calling))
	o.text("certificate", p.Certificate)
	o.text("client", p.Client)
	o.text("department", p.Department)
	o.text("id", p.ID)
	o.text("issuer", p.Issuer)
	o.text("kind", string(p.Kind))
	o.text("onBehalfOf", p.OnBehalfOf)
	o.text("organisation", p.Organisation)
	texts(o, "roles", p.Roles)
	o.text("session", p.Session)
	o.text("site", p.Site)
	o.yes("tls", p.TLS)
	o.text("token", p.TokenID)
	outer.b = o.end()
}

func (f reference) append(b []byte) []byte {
	o := begin(b)
	o.text("instance", string(f.Instance))
	o.text("patient", f.Patient)
	o.text("series", string(f.Series))
	o.text("study", string(f.Study))
	return o.end()
}

// parseBody reads what was sealed into a record.
func parseBody(text []byte) (*body, error) {
	y := new(body)
	if err := strict(text, y); err != nil {
		return nil, fmt.Errorf("audit: reading a body: %w", err)
	}
	if !bytes.Equal(y.append(nil), text) {
		return nil, fmt.Errorf("audit: reading a body: %w", errCanonical)
	}
	return y, nil
}

// sealed is what of a record is sealed.
func sealed(r *leadglass.Record) *body {
	y := &body{
		Accession: r.Accession, BodyParts: r.BodyParts, Correlation: r.Correlation, Evidence: r.Evidence, Issuer: r.Issuer,
		Labels: r.Labels, Modalities: r.Modalities, Patient: string(r.Subject), Query: r.Query,
		Studies: r.Studies, StudyDate: r.StudyDate, Text: r.Text,
	}
	for _, ref := range r.Refs {
		y.Refs = append(y.Refs, reference{ref.Instance, string(ref.Patient), ref.Series, ref.Study})
	}
	if p := r.Peer; p != nil {
		y.Peer = partyOf(p)
		if !known(p) {
			y.Peer.ID, y.Peer.Issuer, y.Peer.OnBehalfOf = p.ID, p.Issuer, p.OnBehalfOf
		}
	}
	if p := r.Destination; p != nil {
		y.Destination = partyOf(p)
		y.Destination.ID, y.Destination.Issuer, y.Destination.OnBehalfOf = p.ID, p.Issuer, p.OnBehalfOf
		y.Destination.Kind, y.Destination.Roles, y.Destination.TLS = p.Kind, p.Roles, p.TLS
		y.Destination.Certificate, y.Destination.Assurance = p.Certificate, p.Assurance.String()
	}
	return y
}

// known reports whether a peer showed who it is, so that it gets a handle.
func known(p *leadglass.Peer) bool { return p.ID != "" && p.Assurance > leadglass.Claimed }

func partyOf(p *leadglass.Peer) *party {
	y := &party{
		AcceptedBy: p.AcceptedBy, Active: p.Active, Called: p.Called, Calling: p.Calling, Client: p.Client,
		Department: p.Department, Organisation: p.Organisation, Session: p.Session, Site: p.Site, TokenID: p.TokenID,
	}
	if p.Address.IsValid() {
		y.Address = p.Address.String()
	}
	return y
}

func (p *party) fill(peer *leadglass.Peer) {
	peer.AcceptedBy, peer.Active, peer.Called, peer.Calling, peer.Client = p.AcceptedBy, p.Active, p.Called, p.Calling, p.Client
	peer.Department, peer.Organisation, peer.Session, peer.Site, peer.TokenID = p.Department, p.Organisation, p.Session, p.Site, p.TokenID
	peer.Address, _ = netip.ParseAddrPort(p.Address)
	if p.ID != "" {
		peer.ID, peer.Issuer = p.ID, p.Issuer
	}
	if p.OnBehalfOf != "" {
		peer.OnBehalfOf = p.OnBehalfOf
	}
}

// fill completes a record with what was sealed.
func (y *body) fill(r *leadglass.Record) {
	r.Accession, r.BodyParts, r.Correlation, r.Evidence, r.Issuer = y.Accession, y.BodyParts, y.Correlation, y.Evidence, y.Issuer
	r.Labels, r.Modalities, r.Subject, r.Query = y.Labels, y.Modalities, dicom.PatientID(y.Patient), y.Query
	r.Studies, r.StudyDate, r.Text = y.Studies, y.StudyDate, y.Text
	for _, f := range y.Refs {
		r.Refs = append(r.Refs, leadglass.Ref{Patient: dicom.PatientID(f.Patient), Study: f.Study, Series: f.Series, Instance: f.Instance})
	}
	if y.Peer != nil && r.Peer != nil {
		y.Peer.fill(r.Peer)
	}
	if p := y.Destination; p != nil {
		r.Destination = &leadglass.Peer{Kind: p.Kind, Roles: p.Roles, TLS: p.TLS, Certificate: p.Certificate, Assurance: assurance(p.Assurance)}
		p.fill(r.Destination)
	}
}
