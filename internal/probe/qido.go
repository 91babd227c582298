package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
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

var errNotJSONModel = errors.New("probe: not the JSON model") // the decoder's error may quote the peer

// matches shows each match of an answer in the JSON model, n at most. An answer
// that was cut off shows those that are whole.
func matches(body []byte, n int, show func(*dicom.Dataset)) error {
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		return errNotJSONModel
	}
	d := dicom.NewJSONDecoder(bytes.NewReader(body), dicom.JSONOptions{})
	for range n {
		match, err := d.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errNotJSONModel
		}
		show(match)
	}
	return nil
}

// match looks at one match of QIDO.
func (s *Sample) match(d *dicom.Dataset) {
	s.Answers++
	for _, e := range d.Elements {
		s.look(e.Tag, e.Value)
	}
}
