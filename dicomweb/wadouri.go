package dicomweb

import (
	"net/http"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// wadoURI answers a retrieve of one object by query parameters (PS3.18 section 9).
func (x *exchange) wadoURI() error {
	if x.query.get("requestType") != "WADO" {
		return badQuery("requestType is not WADO")
	}
	if v := x.query.get("anonymize"); v != "" {
		return &Problem{HTTP: http.StatusNotImplemented, Detail: "nothing is de-identified here"}
	}
	res := Resource{
		Study:    dicom.UID(x.query.get("studyUID")),
		Series:   dicom.UID(x.query.get("seriesUID")),
		Instance: dicom.UID(x.query.get("objectUID")),
	}
	if !res.Study.Valid() || !res.Series.Valid() || !res.Instance.Valid() {
		return badQuery("studyUID, seriesUID and objectUID are not all there, and UIDs")
	}
	ranges, err := x.contentType()
	if err != nil {
		return err
	}
	switch t := first(ranges, typeJPEG, typePNG, typeDICOM); t {
	case typeDICOM:
		return x.uriObject(res)
	case typeJPEG, typePNG:
		return x.uriPicture(res, t)
	}
	return &Problem{HTTP: http.StatusNotAcceptable, Detail: "objects are image/jpeg, image/png or application/dicom"}
}

// contentType is what is accepted: the parameter contentType (PS3.18 section
// 9.1.2.2), else what RS has.
func (x *exchange) contentType() ([]mediaRange, error) {
	if v := x.query.get("contentType"); v != "" {
		x.query["accept"] = []string{v}
	}
	ranges, p := accepts(x.r, x.query)
	if p != nil {
		return nil, p
	}
	return ranges, nil
}

// uriObject answers with a PS3.10 file. Without transferSyntax it is in Explicit
// VR Little Endian, or as stored where it is compressed.
func (x *exchange) uriObject(res Resource) error {
	t, list, err := x.begin(Retrieval{Resource: res, Want: WantObjects, URI: true})
	if err != nil {
		return err
	}
	defer x.end(t)
	o, want := list[0], x.query.get("transferSyntax")
	f := form{syntaxes: syntaxes{any: want == "*", list: []dicom.UID{dicom.UID(want)}}}
	if want == "" {
		f.syntaxes.list = []dicom.UID{dicom.ExplicitVRLittleEndian.UID}
		f.syntaxes.any = dicom.SyntaxOf(o.Syntax).Encapsulated
	}
	syntax := f.syntax(o)
	if syntax == "" {
		return &Problem{HTTP: http.StatusNotAcceptable, Detail: "the object cannot be had in that transfer syntax"}
	}
	return x.whole(t, o, syntax, typeDICOM)
}

// uriPicture answers with a picture (PS3.18 section 9.1.2.3).
func (x *exchange) uriPicture(res Resource, mediaType string) error {
	if !has[Renderer](x.backend) {
		return notImplemented()
	}
	rd, err := x.query.uriRendering()
	if err != nil {
		return err
	}
	rd.MediaType = mediaType
	t, list, err := x.begin(Retrieval{Resource: res, Want: WantRendered, URI: true})
	if err != nil {
		return err
	}
	defer x.end(t)
	return x.picture(t, list[0], rd)
}

// uriRendering reads how to render.
func (p parameters) uriRendering() (rd Rendering, err error) {
	for name, into := range map[string]*int{"frameNumber": &rd.Frame, "rows": &rd.Height, "columns": &rd.Width, "imageQuality": &rd.Quality} {
		v := p.get(name)
		if v == "" {
			continue
		}
		most := map[string]int{"frameNumber": 1<<31 - 1, "imageQuality": 100}[name]
		if most == 0 {
			most = maxViewport
		}
		n, ok := number(v, most)
		if !ok || n == 0 {
			return rd, badParameter(name)
		}
		*into = n
	}
	if c, w := p.get("windowCenter"), p.get("windowWidth"); c != "" || w != "" {
		if err := rd.window(c, w, "linear"); err != nil {
			return rd, err
		}
	}
	if v := p.get("region"); v != "" {
		return rd, rd.region(v)
	}
	return rd, nil
}

// region reads two corners as parts of the whole (PS3.18 section 9.1.2.3.4).
func (rd *Rendering) region(v string) error {
	parts := strings.Split(v, ",")
	if len(parts) != 4 {
		return badParameter("region")
	}
	for i, s := range parts {
		f, ok := finite(s)
		if !ok || f < 0 || f > 1 {
			return badParameter("region")
		}
		rd.Region[i] = f
	}
	if rd.Region[0] >= rd.Region[2] || rd.Region[1] >= rd.Region[3] {
		return badParameter("region")
	}
	return nil
}
