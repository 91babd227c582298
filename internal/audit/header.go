package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/vault"
)

// Version is of the form of headers and bodies.
const Version = 1

// instant is RFC 3339 in UTC with milliseconds, always as long.
const instant = "2006-01-02T15:04:05.000Z"

// Header is what of a record is in the tree. It names nobody.
type Header struct {
	Action      leadglass.Action       `json:"action"`
	Actor       vault.Handle           `json:"actor"` // who asked, where that was shown and not only said
	Assurance   string                 `json:"assurance"`
	Behalf      vault.Handle           `json:"behalf"` // the responsible user
	Body        string                 `json:"body"`   // SHA-256 of what lies beside, in hex
	Bytes       int64                  `json:"bytes"`
	Certificate string                 `json:"certificate"` // SHA-256 of the key that the peer's certificate is for
	Classes     []dicom.UID            `json:"classes"`
	Clock       string                 `json:"clock"` // "back" where the clock was behind the record before
	Committed   string                 `json:"committed"`
	Declared    leadglass.Declaration  `json:"declared"`
	Event       leadglass.Event        `json:"event"`
	Evidence    int64                  `json:"evidence"` // how many facts the body names
	ID          string                 `json:"id"`
	Instances   int64                  `json:"instances"`
	Key         vault.Handle           `json:"key"` // of whom the body is sealed for
	Kind        leadglass.Kind         `json:"kind"`
	Obligations []leadglass.Obligation `json:"obligations"`
	Outcome     int64                  `json:"outcome"`
	Policy      string                 `json:"policy"`
	Purpose     leadglass.Purpose      `json:"purpose"`
	Reason      leadglass.Reason       `json:"reason"`
	Roles       []leadglass.Role       `json:"roles"`
	Route       leadglass.Route        `json:"route"`
	Rules       []string               `json:"rules"`
	Subject     vault.Handle           `json:"subject"` // the patient
	Time        string                 `json:"time"`
	Times       int64                  `json:"times"`
	TLS         bool                   `json:"tls"`
	Transfer    string                 `json:"transfer"`
	Type        leadglass.EventType    `json:"type"`
	Version     int64                  `json:"v"`
	Verb        leadglass.Verb         `json:"verb"`
}

// Format is the leaf: the one form of the header.
func (h *Header) Format() []byte { return h.append(nil) }

// append writes the header. The order is that of RFC 8785.
func (h *Header) append(b []byte) []byte {
	o := begin(b)
	o.text("action", string(h.Action))
	o.text("actor", string(h.Actor))
	o.text("assurance", h.Assurance)
	o.text("behalf", string(h.Behalf))
	o.text("body", h.Body)
	o.number("bytes", h.Bytes)
	o.text("certificate", h.Certificate)
	texts(o, "classes", h.Classes)
	o.text("clock", h.Clock)
	o.text("committed", h.Committed)
	o.text("declared", string(h.Declared))
	o.text("event", string(h.Event))
	o.number("evidence", h.Evidence)
	o.text("id", h.ID)
	o.number("instances", h.Instances)
	o.text("key", string(h.Key))
	o.text("kind", string(h.Kind))
	texts(o, "obligations", h.Obligations)
	o.number("outcome", h.Outcome)
	o.text("policy", h.Policy)
	o.text("purpose", string(h.Purpose))
	o.text("reason", string(h.Reason))
	texts(o, "roles", h.Roles)
	o.text("route", string(h.Route))
	texts(o, "rules", h.Rules)
	o.text("subject", string(h.Subject))
	o.text("time", h.Time)
	o.number("times", h.Times)
	o.yes("tls", h.TLS)
	o.text("transfer", h.Transfer)
	o.text("type", string(h.Type))
	o.number("v", h.Version)
	o.text("verb", string(h.Verb))
	return o.end()
}

var errCanonical = errors.New("audit: not in canonical form")

// ParseHeader reads a leaf. There is one way to write a header, and no other is
// taken.
func ParseHeader(leaf []byte) (*Header, error) {
	h := new(Header)
	if err := strict(leaf, h); err != nil {
		return nil, fmt.Errorf("audit: reading a header: %w", err)
	}
	if !bytes.Equal(h.append(nil), leaf) {
		return nil, fmt.Errorf("audit: reading a header: %w", errCanonical)
	}
	if h.Version != Version {
		return nil, fmt.Errorf("audit: a header of version %d", h.Version)
	}
	return h, nil
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New("no such JSON") // the text of the error may quote
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows")
	}
	return nil
}

// header is what of a record the tree gets.
func header(r *leadglass.Record) *Header {
	h := &Header{
		Action: r.Action, Bytes: r.Bytes, Classes: r.Classes, Declared: r.DeclaredBy, Event: r.Event,
		Evidence: int64(len(r.Evidence)), ID: r.ID, Instances: int64(r.Instances), Obligations: r.Obligations,
		Outcome: int64(r.Outcome), Policy: r.Policy, Purpose: r.Purpose, Reason: r.Reason, Route: r.Route, Rules: r.Rules,
		Time: r.Time.UTC().Format(instant), Times: int64(r.Times), Transfer: r.Transfer, Type: r.Type, Version: Version, Verb: r.Verb,
	}
	if p := r.Peer; p != nil {
		h.Assurance, h.Certificate, h.Kind, h.Roles, h.TLS = p.Assurance.String(), p.Certificate, p.Kind, p.Roles, p.TLS
	}
	return h
}

// record is the reverse, as far as the header goes.
func (h *Header) record() (*leadglass.Record, error) {
	happened, err := time.Parse(instant, h.Time)
	committed, err2 := time.Parse(instant, h.Committed)
	if err := errors.Join(err, err2); err != nil {
		return nil, errors.New("audit: a time that is none")
	}
	r := &leadglass.Record{
		ID: h.ID, Time: happened, Committed: committed,
		Event: h.Event, Type: h.Type, Action: h.Action, Outcome: leadglass.Outcome(h.Outcome), Reason: h.Reason, Times: int(h.Times),
		Verb: h.Verb, Route: h.Route, Purpose: h.Purpose, DeclaredBy: h.Declared,
		Policy: h.Policy, Rules: h.Rules, Obligations: h.Obligations,
		Transfer: h.Transfer, Instances: int(h.Instances), Bytes: h.Bytes, Classes: h.Classes,
	}
	if h.Assurance != "" {
		r.Peer = &leadglass.Peer{Kind: h.Kind, Assurance: assurance(h.Assurance), Roles: h.Roles, Certificate: h.Certificate, TLS: h.TLS}
	}
	return r, nil
}

func assurance(word string) leadglass.Assurance {
	for a := leadglass.Claimed; a <= leadglass.MultiFactor; a++ {
		if a.String() == word {
			return a
		}
	}
	return leadglass.Claimed
}
