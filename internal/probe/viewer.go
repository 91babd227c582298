package probe

import (
	"bytes"
	"cmp"
	"context"

	"github.com/leadglass/leadglass/internal/product"
)

// viewerPaths are where known viewers are by default, as their manuals say.
// What is there is for package product to recognise.
func viewerPaths() []string {
	return []string{
		"/viewer",                       // OHIF Viewer and others
		"/ohif/",                        // OHIF Viewer within Orthanc
		"/stone-webviewer/index.html",   // Stone of Orthanc
		"/osimis-viewer/app/index.html", // of Osimis, within Orthanc
		"/web-viewer/app/viewer.html",   // of Orthanc
		"/oviyam2/",                     // Oviyam 2
		"/oviyam/",                      // Oviyam
		"/weasis-pacs-connector/viewer", // Weasis
		"/meddream/",                    // MedDream
		"/dcm4chee-arc/ui2/",            // dcm4chee-arc, for its version
	}
}

// viewer looks for a page that shows images or studies and does not ask who is
// there first. Where a page that was read before is one, no more are asked for.
func viewer(ctx context.Context, s *Site) error {
	var unanswered error
	for _, p := range s.Pages {
		s.Facts.Viewer = s.Facts.Viewer || s.shows(p)
	}
	for _, path := range viewerPaths() {
		if s.Facts.Viewer {
			return nil
		}
		p, err := s.visit(ctx, path)
		if err != nil {
			unanswered = cmp.Or(unanswered, err)
			continue
		}
		s.Facts.Viewer = s.shows(p)
	}
	return unanswered
}

func (s *Site) shows(p product.Page) bool {
	if p.Status != 200 || login(p) || !markup(p.Body) {
		return false
	}
	if p.Path != "/" && !s.real(p) {
		return false
	}
	found, ok := product.Identify(&product.Clues{Pages: []product.Page{p}})
	return ok && found.Viewer
}

// markup says whether a body is a page for people, and not data for programs.
func markup(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, "\ufeff \t\r\n"), []byte("<"))
}
