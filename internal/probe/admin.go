package probe

import (
	"bytes"
	"cmp"
	"context"
	"strings"

	"github.com/leadglass/leadglass/internal/product"
)

// adminPage is an administration interface and words that only stand in it once
// somebody is let in.
type adminPage struct {
	path  string
	words []string // all of them
}

// adminPages are those of known archives, as their manuals say.
func adminPages() []adminPage {
	return []adminPage{
		// Orthanc's REST interface: stores, deletes and configures.
		{"/system", []string{`"ApiVersion"`, `"DicomAet"`}},
		{"/app/explorer.html", []string{"<title>Orthanc Explorer"}},
		// The pages of dcm4chee-arc load whoever asks; its devices are the archive's
		// configuration.
		{"/dcm4chee-arc/devices", []string{`"dicomDeviceName"`}},
		{"/dcm4chee-web3/", []string{"dcm4chee", "folder"}},
		{"/jmx-console/", []string{"JMX Agent View"}},
		{"/cgi-bin/dgate.exe?mode=top", []string{"Conquest"}},
		{"/cgi-bin/dgate?mode=top", []string{"Conquest"}},
		{"/manager/html", []string{"Tomcat Web Application Manager"}},
	}
}

// admin looks for an administration interface without login, until one is found.
func admin(ctx context.Context, s *Site) error {
	var unanswered error
	for _, a := range adminPages() {
		p, err := s.visit(ctx, a.path)
		if err != nil {
			unanswered = cmp.Or(unanswered, err)
			continue
		}
		if s.real(p) && !login(p) && a.is(p) {
			s.Facts.Admin = true
			return nil
		}
	}
	return unanswered
}

func (a adminPage) is(p product.Page) bool {
	body := bytes.ToLower(p.Body)
	for _, w := range a.words {
		if !bytes.Contains(body, []byte(strings.ToLower(w))) {
			return false
		}
	}
	return true
}
