package exposure

import (
	"github.com/leadglass/leadglass/internal/probe"
)

const findVector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"

func findPatientOpen() Exposure {
	return Exposure{
		ID:         FindPatientOpen,
		Title:      "Answers anyone's questions about patients",
		Severity:   High,
		Vector:     findVector,
		Rationale:  "The list of patients can be read without any credential (confidentiality high).",
		Meaning:    "The archive answers whoever asks who its patients are.",
		Remedy:     "Refuse queries of callers that are not known by address and title, or better by certificate.",
		Settings:   closedFind(),
		References: []string{"DICOM PS3.4 section C.6.1: Patient Root", "CWE-306: Missing Authentication for Critical Function", "CWE-359: Exposure of Private Personal Information"},
		holds:      dicom(func(d *probe.DICOM) bool { return d.Patient.Open }),
	}
}

func findStudyOpen() Exposure {
	return Exposure{
		ID:         FindStudyOpen,
		Title:      "Answers anyone's questions about examinations",
		Severity:   High,
		Vector:     findVector,
		Rationale:  "The list of examinations can be read without any credential (confidentiality high).",
		Meaning:    "The archive answers whoever asks which examinations it holds, when they were made and why.",
		Remedy:     "Refuse queries of callers that are not known by address and title, or better by certificate.",
		Settings:   closedFind(),
		References: []string{"DICOM PS3.4 section C.6.2: Study Root", "CWE-306: Missing Authentication for Critical Function", "CWE-359: Exposure of Private Personal Information"},
		holds:      dicom(func(d *probe.DICOM) bool { return d.Study.Open }),
	}
}

func findWorklistOpen() Exposure {
	return Exposure{
		ID:         FindWorklistOpen,
		Title:      "Shows anyone who is expected for examination",
		Severity:   High,
		Vector:     findVector,
		Rationale:  "The worklist holds names, dates and reasons of those to come (confidentiality high).",
		Meaning:    "The list of patients who are expected, with the time and the reason, can be read by whoever asks. It tells where a person will be, and when.",
		Remedy:     "Serve the worklist to the devices that work from it and to nobody else.",
		Settings:   closedFind(),
		References: []string{"DICOM PS3.4 annex K: Basic Worklist Management", "CWE-306: Missing Authentication for Critical Function", "CWE-359: Exposure of Private Personal Information"},
		holds:      dicom(func(d *probe.DICOM) bool { return d.Worklist.Open }),
	}
}

func patientDataDisclosed() Exposure {
	return Exposure{
		ID:        PatientDataDisclosed,
		Title:     "Discloses who was examined",
		Severity:  Critical,
		Vector:    findVector,
		Rationale: "Attributes that identify patients came back to a caller without any credential (confidentiality high).",
		Raised:    "Seen, not presumed; and it cannot be undone for the people concerned.",
		Meaning:   "Names, birth dates, examination dates or reasons of real patients came back to us, strangers. We looked whether they were there and kept none. In most countries this is a breach that must be reported to the authority, in the European Union within 72 hours of becoming aware of it, and those concerned may have to be told.",
		Remedy:    "Take the service off the network now, then find out from its records who has asked. Put it back behind a firewall or VPN, with known callers only.",
		Settings:  append([]Setting{{"", "First close the port at the firewall; that takes minutes and loses nothing."}}, withoutProducts(closedFind(), "")...),
		References: []string{
			"Regulation (EU) 2016/679 (GDPR), articles 9, 32, 33 and 34", "45 CFR 164.400-414 (HIPAA breach notification)",
			"CWE-359: Exposure of Private Personal Information", "CWE-306: Missing Authentication for Critical Function",
		},
		holds: func(f *Finding) bool { return len(f.Attributes()) > 0 },
	}
}

func governmentIDs() Exposure {
	return Exposure{
		ID:         GovernmentIDs,
		Title:      "Discloses numbers that a government issued",
		Severity:   Critical,
		Vector:     findVector,
		Rationale:  "Identifiers with the form and check digits of social security, national or military numbers came back (confidentiality high).",
		Raised:     "With the name and birth date beside it such a number is all that identity theft needs.",
		Meaning:    "Among what came back are numbers of the form that a government gives its citizens or soldiers. We recognised them by their form, counted them, and kept none.",
		Remedy:     "Take the service off the network until only known callers get an answer, and stop using such numbers as patient identifiers: an archive needs one of its own.",
		Settings:   closedFind(),
		References: []string{"DICOM PS3.3 section C.7.1.1: Patient Module", "CWE-359: Exposure of Private Personal Information"},
		holds:      func(f *Finding) bool { return len(f.GovernmentIDs()) > 0 },
	}
}
