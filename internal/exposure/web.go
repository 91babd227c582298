package exposure

import (
	"slices"

	"github.com/leadglass/leadglass/internal/probe"
)

// web makes a condition of one on any web service.
func web(is func(*probe.HTTP) bool) func(*Finding) bool {
	return func(f *Finding) bool { return slices.ContainsFunc(f.Web, is) }
}

func qidoOpen() Exposure {
	return Exposure{
		ID:         QIDOOpen,
		Title:      "Answers anyone's questions over the web",
		Severity:   High,
		Vector:     findVector,
		Rationale:  "The list of examinations can be read with a browser, without any credential (confidentiality high).",
		Meaning:    "The archive lists its examinations to whoever opens an address in a browser.",
		Remedy:     "Ask for a login on every DICOMweb resource.",
		Settings:   webLogin(),
		References: []string{"DICOM PS3.18 section 10.6: Search Transaction", "CWE-306: Missing Authentication for Critical Function", "CWE-359: Exposure of Private Personal Information"},
		holds:      web(func(w *probe.HTTP) bool { return w.QIDO }),
	}
}

func wadoOpen() Exposure {
	return Exposure{
		ID:         WADOOpen,
		Title:      "Hands out images over the web to anyone",
		Severity:   High,
		Vector:     findVector,
		Rationale:  "A study is looked for, without any credential (confidentiality high); its UID must be known, which open queries tell.",
		Meaning:    "Whoever knows the number of an examination gets its pictures over the web. We asked for one that cannot exist: the archive looked for it instead of asking who we are.",
		Remedy:     "Ask for a login on every DICOMweb and WADO resource.",
		Settings:   webLogin(),
		References: []string{"DICOM PS3.18 section 10.4: Retrieve Transaction", "CWE-306: Missing Authentication for Critical Function"},
		holds:      web(func(w *probe.HTTP) bool { return w.WADO }),
	}
}

func viewerOpen() Exposure {
	return Exposure{
		ID:         ViewerOpen,
		Title:      "Web viewer without login",
		Severity:   High,
		Vector:     findVector,
		Rationale:  "Pictures can be looked at with a browser, without any credential (confidentiality high).",
		Meaning:    "A program for looking at patients' pictures opens in the browser of whoever finds it, without asking who is there. It takes no skill at all.",
		Remedy:     "Ask for a login of a named person before the first page, and record who looked at what.",
		Settings:   webLogin(),
		References: []string{"DICOM PS3.18: Web Services", "CWE-306: Missing Authentication for Critical Function", "CWE-359: Exposure of Private Personal Information"},
		holds:      web(func(w *probe.HTTP) bool { return w.Viewer }),
	}
}

func viewerPlaintext() Exposure {
	return Exposure{
		ID:         ViewerPlaintext,
		Title:      "Web viewer without encryption",
		Severity:   Medium,
		Vector:     "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N",
		Rationale:  "Whoever sits on the path sees the same pictures (confidentiality high), but must get there first (complexity high).",
		Meaning:    "The open viewer is on plain HTTP: what one person looks at, everyone on the way can see and change.",
		Remedy:     "Serve it on HTTPS only, and redirect from HTTP.",
		Settings:   webLogin(),
		References: []string{"DICOM PS3.18 section 8: HTTPS", "RFC 9325 (BCP 195)", "CWE-319: Cleartext Transmission of Sensitive Information"},
		holds:      web(func(w *probe.HTTP) bool { return w.Viewer && !w.HTTPS }),
	}
}

func adminOpen() Exposure {
	return Exposure{
		ID:         AdminOpen,
		Title:      "Administration without login",
		Severity:   Critical,
		Vector:     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		Rationale:  "Everything can be read, changed and deleted, without any credential.",
		Meaning:    "Whoever finds it can run the archive: read it, change it, delete it, send its contents elsewhere.",
		Remedy:     "Close it to everyone but administrators: a login, and a network that only they reach.",
		Settings:   webLogin(),
		References: []string{"CWE-306: Missing Authentication for Critical Function", "CWE-749: Exposed Dangerous Method or Function"},
		holds:      web(func(w *probe.HTTP) bool { return w.Admin }),
	}
}
