package scp

import (
	"slices"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// options are what extended negotiation made of an information model (PS3.4
// sections C.5.1.1, C.5.2.1 and C.5.3.1).
type options struct {
	relational bool // unique keys of the levels above may be missing
	dateTime   bool // a date and its time are one range
	fuzzy      bool // person names match by their beginnings
}

// negotiate answers a proposal: each byte is 1 where we do what is asked. A
// proposal of relational queries or retrieval, of combined date and time and of
// fuzzy matching is agreed to; time zones and conversions of multi-frame objects not.
func negotiate(e ul.ExtendedNegotiation) (options, []byte) {
	if len(e.Info) == 0 {
		return options{}, nil
	}
	info := make([]byte, len(e.Info))
	o := options{relational: e.Info[0] == 1}
	if info[0] = 0; o.relational {
		info[0] = 1
	}
	if routeOf(e.SOPClass) != leadglass.CFind {
		return o, info
	}
	for i, agreed := range []*bool{1: &o.dateTime, 2: &o.fuzzy} {
		if agreed != nil && i < len(e.Info) && e.Info[i] == 1 {
			*agreed, info[i] = true, 1
		}
	}
	return o, info
}

// contexts are the presentation contexts by which objects can be sent on an
// association: of each class the transfer syntaxes.
type contexts map[dicom.UID][]dicom.UID

// agreed are the contexts on which objects can go to the peer: those of whom we
// requested the association, or whose SCP the requestor is.
func agreed(a *ul.Assoc) contexts {
	table := contexts{}
	for _, asked := range a.Request().Contexts {
		class, ts, ok := a.Context(asked.ID)
		if scu, _ := a.Role(class); ok && scu && !slices.Contains(table[class], ts) {
			table[class] = append(table[class], ts)
		}
	}
	return table
}

// carry is the transfer syntax in which an object can be sent: its own, or one
// that it can be laid down anew in.
func (c contexts) carry(class, syntax dicom.UID) (dicom.UID, bool) {
	have := c[class]
	if slices.Contains(have, syntax) {
		return syntax, true
	}
	if native(syntax) {
		for _, ts := range nativeTargets() {
			if slices.Contains(have, ts) {
				return ts, true
			}
		}
	}
	return "", false
}

// native reports whether an object in a syntax can be laid down in another
// without loss: its pixel data are not compressed.
func native(ts dicom.UID) bool {
	switch ts {
	case dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID,
		dicom.DeflatedExplicitVRLittleEndian.UID, dicom.ExplicitVRBigEndian.UID:
		return true
	}
	return false
}

// nativeTargets are what native objects are laid down in.
func nativeTargets() []dicom.UID {
	return []dicom.UID{dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID}
}
