package scp

import (
	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// answer makes the identifiers of responses to one C-FIND (PS3.4 section
// C.4.1.1.3.2): of the attributes that were asked for those that are kept, in the
// character set that the query was in where that can hold them, else in UTF-8.
type answer struct {
	asked   *dicom.Dataset
	level   leadglass.Level
	title   leadglass.AETitle
	charset *dicom.Charset
	terms   []string
}

func newAnswer(asked *dicom.Dataset, level leadglass.Level, title leadglass.AETitle) *answer {
	a := &answer{asked: asked, level: level, title: title}
	if e := asked.Get(dict.SpecificCharacterSet); e != nil {
		if cs, err := asked.Charset(); err == nil {
			a.charset, a.terms = cs, asked.Strings(dict.SpecificCharacterSet)
		}
	}
	return a
}

// of is the identifier of a match.
func (a *answer) of(m *leadglass.Match) *dicom.Dataset {
	d := a.pick(m.Attributes)
	target := target{a.charset, a.terms}
	if !fits(d, target.charset) {
		target = utf8Set()
	}
	out := recoded(d, target)
	out.SetString(dict.QueryRetrieveLevel, a.level.String())
	out.SetString(dict.RetrieveAETitle, string(a.title))
	out.SetString(dict.InstanceAvailability, "ONLINE")
	return out
}

// pick leaves what was asked for, with the character set in which it is kept.
func (a *answer) pick(from *dicom.Dataset) *dicom.Dataset {
	d := new(dicom.Dataset)
	if from == nil {
		return d
	}
	for _, e := range from.Elements {
		if e.Tag == dict.SpecificCharacterSet || a.asked.Get(e.Tag) != nil {
			d.Elements = append(d.Elements, e)
		}
	}
	return d
}
