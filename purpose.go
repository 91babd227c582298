package leadglass

import "strings"

// Purpose is why something is asked for: a code of the HL7 value set PurposeOfUse
// (v3-PurposeOfUse 3.1.0, code system ActReason). The zero value is none.
type Purpose string

// The purposes that the shipped policies name.
const (
	NoPurposeGiven    Purpose = ""
	Treatment         Purpose = "TREAT"
	EmergencyTreat    Purpose = "ETREAT"
	BreakTheGlass     Purpose = "BTG"
	EmergencyRoom     Purpose = "ERTREAT"
	Coordination      Purpose = "COC"
	Operations        Purpose = "HOPERAT"
	Payment           Purpose = "HPAYMT"
	Research          Purpose = "HRESCH"
	PatientRequest    Purpose = "PATRQT"
	PublicHealth      Purpose = "PUBHLTH"
	PatientAdmin      Purpose = "PATADMIN"
	SystemAdmin       Purpose = "HSYSADMIN"
	RecordsManagement Purpose = "RECORDMGT"
	Quality           Purpose = "HQUALIMP"
)

// purposes lists each code after its parent, "" for those under the root.
const purposes = `
HMARKT: HOPERAT: HPAYMT: HRESCH: PATRQT: PUBHLTH: TREAT:
CAREMGT:HOPERAT DONAT:HOPERAT FRAUD:HOPERAT GOV:HOPERAT HACCRED:HOPERAT HCOMPL:HOPERAT HDECD:HOPERAT HDIRECT:HOPERAT
HDM:HOPERAT HLEGAL:HOPERAT HOUTCOMS:HOPERAT HPRGRP:HOPERAT HQUALIMP:HOPERAT HSYSADMIN:HOPERAT LABELING:HSYSADMIN
METAMGT:HSYSADMIN MEMADMIN:HOPERAT MILCDM:HOPERAT PATADMIN:HOPERAT PATSFTY:HOPERAT PERFMSR:HOPERAT RECORDMGT:HOPERAT
SYSDEV:HOPERAT HTEST:SYSDEV TRAIN:HOPERAT MLTRAINING:HOPERAT
CLMATTCH:HPAYMT COVAUTH:HPAYMT COVERAGE:HPAYMT ELIGDTRM:COVERAGE ELIGVER:COVERAGE ENROLLM:COVERAGE MILDCRG:COVERAGE
REMITADV:HPAYMT PMTDS:HPAYMT
BIORCH:HRESCH CLINTRCH:HRESCH CLINTRCHNPC:CLINTRCH CLINTRCHPC:CLINTRCH PRECLINTRCH:CLINTRCH DSRCH:HRESCH POARCH:HRESCH
TRANSRCH:HRESCH
FAMRQT:PATRQT PWATRNY:PATRQT SUPNWK:PATRQT
DISASTER:PUBHLTH THREAT:PUBHLTH
CLINTRL:TREAT COC:TREAT ETREAT:TREAT BTG:ETREAT ERTREAT:ETREAT POPHLTH:TREAT TREATDS:TREAT
`

// Purposes are all codes of the value set.
func Purposes() []Purpose {
	var all []Purpose
	for _, line := range strings.Fields(purposes) {
		code, _, _ := strings.Cut(line, ":")
		all = append(all, Purpose(code))
	}
	return all
}

// ParsePurpose returns the purpose of a code in any case; ok is false for one
// that is not in the value set.
func ParsePurpose(code string) (p Purpose, ok bool) {
	p = Purpose(strings.ToUpper(strings.TrimSpace(code)))
	if p == NoPurposeGiven {
		return "", false
	}
	_, ok = p.parent()
	if !ok {
		return "", false
	}
	return p, true
}

// Within reports whether p is q or one of the codes below it. Breaking the glass
// is within itself only: a rule for treatment is no rule for emergencies.
func (p Purpose) Within(q Purpose) bool {
	if p == BreakTheGlass {
		return q == BreakTheGlass
	}
	for p != NoPurposeGiven {
		if p == q {
			return true
		}
		p, _ = p.parent()
	}
	return false
}

// Lineage is the purpose and those above it, as far as Within allows.
func (p Purpose) Lineage() []Purpose {
	if p == BreakTheGlass {
		return []Purpose{p}
	}
	var all []Purpose
	for ; p != NoPurposeGiven; p, _ = p.parent() {
		all = append(all, p)
	}
	return all
}

func (p Purpose) parent() (Purpose, bool) {
	for line := range strings.FieldsSeq(purposes) {
		if code, parent, _ := strings.Cut(line, ":"); code == string(p) {
			return Purpose(parent), true
		}
	}
	return "", false
}
