package probe

import (
	"cmp"
	"context"
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
		switch p.Status {
		case 404, 204, 410:
			s.Facts.WADO = true
			return nil
		}
	}
	return unanswered
}
