package probe

import (
	"cmp"
	"context"
	"net/url"

	"github.com/leadglass/leadglass/internal/product"
)

// wado asks for a study that cannot exist (PS3.18 section 10.4), where there is
// DICOMweb. "Not found" shows that it looked; a service that protects its
// studies asks who is there first.
func wado(ctx context.Context, s *Site) error {
	var unanswered error
	for _, base := range s.bases {
		uid, err := s.asker.Invent.UID()
		if err != nil {
			return err
		}
		p, err := s.page(ctx, base+"/studies/"+string(uid), `multipart/related; type="application/dicom"`)
		if err != nil {
			unanswered = cmp.Or(unanswered, err)
			continue
		}
		if lookedInVain(p) {
			s.Facts.WADO = true
			return nil
		}
	}
	return cmp.Or(unanswered, s.wadoURI(ctx))
}

// lookedInVain is how a service says that it has no such study, to those whom
// it lets ask (PS3.18 table 8.5-1).
func lookedInVain(p product.Page) bool {
	return p.Status == 404 || p.Status == 204 || p.Status == 410
}

// wadoURI asks for an instance that cannot exist by WADO-URI (PS3.18 section
// 9.4), where archives of before DICOMweb have it. A request without parameters
// is a bad one for such a service and no page for any other.
func (s *Site) wadoURI(ctx context.Context) error {
	const path = "/wado"
	p, err := s.page(ctx, path, anything)
	if err != nil || p.Status != 400 {
		return err
	}
	query := url.Values{"requestType": {"WADO"}}
	for _, key := range []string{"studyUID", "seriesUID", "objectUID"} {
		uid, err := s.asker.Invent.UID()
		if err != nil {
			return err
		}
		query.Set(key, string(uid))
	}
	if p, err = s.page(ctx, path+"?"+query.Encode(), anything); err != nil {
		return err
	}
	s.Facts.WADO = lookedInVain(p)
	return nil
}
