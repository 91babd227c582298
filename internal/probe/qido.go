package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/product"
)

// dicomwebBases are where archives have DICOMweb by default, as their manuals say.
func dicomwebBases() []string {
	return []string{
		"/dicom-web",                        // Orthanc, many others
		"/dcm4chee-arc/aets/DCM4CHEE/rs",    // dcm4chee-arc
		"/dcm4chee-arc/aets/AS_RECEIVED/rs", // dcm4chee-arc, everything that was received
		"/dicomweb",                         // the examples of PS3.18
		"/rs",
		"/orthanc/dicom-web", // Orthanc behind a proxy
		"/pacs/dicom-web",
	}
}

// qido asks for a few studies (PS3.18 section 10.6) wherever DICOMweb may be,
// until it is open somewhere.
func qido(ctx context.Context, s *Site) error {
	var unanswered error
	for _, base := range dicomwebBases() {
		// The description is the only attribute of interest that is not returned
		// anyway (PS3.18 table 10.6.3-3).
		p, err := s.page(ctx, base+"/studies?limit="+strconv.Itoa(qidoMatches)+"&includefield=00081030", jsonModel)
		if err != nil {
			unanswered = cmp.Or(unanswered, err)
			continue
		}
		if s.answersQIDO(p) {
			s.Facts.QIDO, s.Facts.QIDOBase = true, base
			s.bases = []string{base}
			return nil
		}
		if login(p) && s.nowhere.Status != p.Status {
			s.bases = append(s.bases, base) // there is something
		}
	}
	return unanswered
}

const (
	jsonModel = "application/dicom+json" // PS3.18 annex F
	// qidoMatches is how many matches are asked for: their page stays under the
	// limit of bytes.
	qidoMatches = 10
)

// answersQIDO looks at the matches and keeps none.
func (s *Site) answersQIDO(p product.Page) bool {
	switch p.Status {
	case 204: // nothing matched, PS3.18 table 8.5-1
		return s.nowhere.Status != 204
	case 200:
		err := matches(p.Body, s.limits.SampleAnswers, s.Facts.Sample.match)
		return err == nil || s.Facts.Sample.Answers > 0
	}
	return false
}

// jsonAttribute is an attribute of the DICOM JSON model (PS3.18 section F.2.2).
type jsonAttribute struct {
	Value []json.RawMessage
}

// matches shows each match of an answer in the JSON model, n at most. An answer
// that was cut off shows those that are whole.
func matches(body []byte, n int, show func(map[string]jsonAttribute)) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return errors.New("probe: not the JSON model")
	}
	for i := 0; i < n && d.More(); i++ {
		var m map[string]jsonAttribute
		if d.Decode(&m) != nil { // its error quotes the peer
			return errors.New("probe: not the JSON model")
		}
		show(m)
	}
	return nil
}

// match looks at one match of QIDO.
func (s *Sample) match(m map[string]jsonAttribute) {
	s.Answers++
	for key, a := range m {
		tag, err := strconv.ParseUint(key, 16, 32)
		if err != nil {
			continue
		}
		for _, v := range a.Value {
			s.look(dicom.Tag(tag), text(v))
		}
	}
}

// text is a value of the JSON model as text: a string, or the alphabetic group
// of a person name (PS3.18 section F.2.2).
func text(v json.RawMessage) []byte {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return []byte(s)
	}
	var name struct{ Alphabetic, Ideographic, Phonetic string }
	if json.Unmarshal(v, &name) == nil {
		return []byte(name.Alphabetic + name.Ideographic + name.Phonetic)
	}
	return nil
}
