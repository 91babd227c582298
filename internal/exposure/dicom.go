package exposure

import "github.com/leadglass/leadglass/internal/probe"

// dicom makes a condition of one on the DICOM service.
func dicom(is func(*probe.DICOM) bool) func(*Finding) bool {
	return func(f *Finding) bool { return f.DICOM != nil && is(f.DICOM) }
}

func anyAETitle() Exposure {
	return Exposure{
		ID:        AnyAETitle,
		Title:     "Takes connections from anyone",
		Severity:  Medium,
		Vector:    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N",
		Rationale: "Anyone on the network gets as far as the archive's services. What those then give is rated on its own.",
		Meaning:   "The archive talks to every device that calls, whatever the device calls itself and whomever it asks for. We invented both names twice and were let in twice. A list of known devices, the least that an archive should keep, is missing or switched off.",
		Remedy:    "Let in known devices only, by name and address, and put the port behind a firewall. Better: TLS with client certificates.",
		Settings:  knownCallers(),
		References: []string{
			"DICOM PS3.8 section 9.3.4: rejection of unknown AE titles",
			"DICOM PS3.15 section B.9: BCP 195 TLS Secure Transport Connection Profile",
			"CWE-287: Improper Authentication", "CWE-290: Authentication Bypass by Spoofing",
		},
		holds: dicom(func(d *probe.DICOM) bool { return d.AnyAETitle }),
	}
}

func echoOpen() Exposure {
	return Exposure{
		ID:         EchoOpen,
		Title:      "Answers the connection test of anyone",
		Severity:   Info,
		Vector:     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
		Rationale:  "C-ECHO discloses nothing but that the service is there.",
		Meaning:    "The archive answers the DICOM connection test of a caller that it does not know. That is harmless in itself; it shows that the port can be reached from where we asked.",
		Remedy:     "Nothing by itself. Where the port need not be reachable, close it.",
		Settings:   knownCallers(),
		References: []string{"DICOM PS3.4 annex A: Verification Service Class"},
		holds:      dicom(func(d *probe.DICOM) bool { return d.Echo }),
	}
}

func storeOpen() Exposure {
	return Exposure{
		ID:        StoreOpen,
		Title:     "Would take images from anyone",
		Severity:  High,
		Vector:    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:L",
		Rationale: "Forged images can be added to a patient's record (integrity high) and storage filled (availability low). Whether an object is kept was not tried: nothing was sent.",
		Meaning:   "A stranger can probably add images and reports to the archive, under the name of any patient. Somebody may be treated by a picture that is not theirs, and the disk can be filled until the archive stops. We only agreed that we might send; we sent nothing.",
		Remedy:    "Accept storage of known devices only, each by name and address or by certificate.",
		Settings: append([]Setting{
			{"Orthanc", `"DicomAlwaysAllowStore": false, and "AllowStore" for the devices in "DicomModalities" that need it; "OverwriteInstances": false.`},
			{"DCMTK", `dcmqrscp.cfg: access R in place of RW in the AETable where nothing is to be stored.`},
		}, withoutProducts(knownCallers(), "Orthanc", "DCMTK")...),
		References: []string{
			"DICOM PS3.4 annex B: Storage Service Class",
			"CWE-306: Missing Authentication for Critical Function", "CWE-345: Insufficient Verification of Data Authenticity",
		},
		holds: dicom(func(d *probe.DICOM) bool { return d.Store }),
	}
}

func retrieveOpen() Exposure {
	return Exposure{
		ID:        RetrieveOpen,
		Title:     "Lets anyone take images away",
		Severity:  Critical,
		Vector:    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
		Rationale: "Whole studies with everything in their headers leave without any credential (confidentiality high).",
		Raised:    "What was taken cannot be called back, and pictures of a body identify its owner even without a name.",
		Meaning:   "The archive hands over whole examinations, pictures included, to whoever asks. We asked for an examination that cannot exist, so nothing was moved; the archive looked for it instead of refusing.",
		Remedy:    "Refuse C-GET and C-MOVE of callers that are not known by address and title, or better by certificate.",
		Settings: append([]Setting{
			{"Orthanc", `"DicomAlwaysAllowGet": false and "DicomAlwaysAllowMove": false; in "DicomModalities", "AllowGet" and "AllowMove" only where needed.`},
		}, withoutProducts(closedFind(), "Orthanc")...),
		References: []string{
			"DICOM PS3.4 sections C.4.2 and C.4.3: C-MOVE and C-GET",
			"CWE-306: Missing Authentication for Critical Function", "CWE-359: Exposure of Private Personal Information",
		},
		holds: dicom(func(d *probe.DICOM) bool { return d.Retrieve }),
	}
}

func withoutProducts(s []Setting, products ...string) []Setting {
	var rest []Setting
next:
	for _, one := range s {
		for _, p := range products {
			if one.Product == p {
				continue next
			}
		}
		rest = append(rest, one)
	}
	return rest
}
