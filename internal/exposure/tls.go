package exposure

import (
	"slices"

	"github.com/leadglass/leadglass/internal/probe"
)

func dicomPlaintext() Exposure {
	return Exposure{
		ID:         DICOMPlaintext,
		Title:      "Speaks DICOM without encryption",
		Severity:   Medium,
		Vector:     "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N",
		Rationale:  "Whoever sits on the path reads everything (confidentiality high), but must get there first (complexity high).",
		Meaning:    "Whatever is sent to or from the archive can be read on the way, like a postcard: by a provider, on a hospital's wireless network, by whoever got into one switch.",
		Remedy:     "Speak DICOM within TLS, and close the port without.",
		Settings:   withTLS(),
		References: []string{"DICOM PS3.15 section B.9: BCP 195 TLS Secure Transport Connection Profile", "RFC 9325 (BCP 195)", "CWE-319: Cleartext Transmission of Sensitive Information"},
		holds: dicom(func(d *probe.DICOM) bool {
			return !d.InTLS && (d.Class == probe.AcceptsAnyone || d.Class == probe.Rejects || d.Class == probe.WrongPort)
		}),
	}
}

// shown makes a condition of one on what TLS showed, of the DICOM service or of
// a web service beside it.
func shown(is func(*probe.TLS) bool) func(*Finding) bool {
	return func(f *Finding) bool {
		return f.DICOM != nil && f.DICOM.TLS != nil && is(f.DICOM.TLS) ||
			slices.ContainsFunc(f.Web, func(w *probe.HTTP) bool { return w.TLS != nil && is(w.TLS) })
	}
}

func faulty(faults ...string) func(*Finding) bool {
	return shown(func(t *probe.TLS) bool {
		return slices.ContainsFunc(t.Faults, func(f string) bool { return slices.Contains(faults, f) })
	})
}

func tlsOld() Exposure {
	return Exposure{
		ID:         TLSOld,
		Title:      "Takes TLS versions that are no longer safe",
		Severity:   Medium,
		Vector:     "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:N",
		Rationale:  "Known attacks need a place on the path and much traffic (complexity high) and give parts of it.",
		Meaning:    "The encryption can be talked down to versions of 1999 and 2006 that have known weaknesses and that the standards forbid.",
		Remedy:     "Switch TLS 1.0 and 1.1 off; keep 1.2 with forward secrecy, and 1.3.",
		Settings:   append([]Setting{{"Orthanc", `"DicomTlsMinimumProtocolVersion": 0, the default: BCP 195 (since 1.12.4); "SslMinimumProtocolVersion": 4 or 5 for HTTPS (since 1.8.2).`}}, withoutProducts(withTLS(), "Orthanc")...),
		References: []string{"RFC 8996: Deprecating TLS 1.0 and TLS 1.1", "DICOM PS3.15 section B.9", "CWE-327: Use of a Broken or Risky Cryptographic Algorithm"},
		holds: shown(func(t *probe.TLS) bool {
			return slices.Contains(t.Versions, "1.0") || slices.Contains(t.Versions, "1.1")
		}),
	}
}

func tlsCertificateExpired() Exposure {
	return Exposure{
		ID:         TLSCertificateExpired,
		Title:      "Certificate out of date",
		Severity:   Low,
		Vector:     "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N",
		Rationale:  "Peers that check refuse it; those that were told not to check are open to an impostor on the path.",
		Meaning:    "The archive shows a certificate that has run out, or that is not valid yet. Whoever connects had to be told to ignore that, and will ignore an impostor's too.",
		Remedy:     "Renew it, and let a machine do so from now on.",
		Settings:   withTLS(),
		References: []string{"RFC 5280 section 4.1.2.5: Validity", "CWE-298: Improper Validation of Certificate Expiration"},
		holds:      faulty(probe.FaultExpired, probe.FaultNotYetValid),
	}
}

func tlsCertificateUntrusted() Exposure {
	return Exposure{
		ID:         TLSCertificateUntrusted,
		Title:      "Certificate that nobody vouches for",
		Severity:   Medium,
		Vector:     "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:N",
		Rationale:  "An impostor on the path can show one like it. A private authority that all peers know is a good reason for this finding, and then it is none.",
		Meaning:    "The archive made its certificate itself, or somebody unknown did. Nobody who connects can tell it from an impostor's, unless they were given it by hand.",
		Remedy:     "Use a certificate of an authority that your devices trust, public or your own, and have them check it. Where it is your own authority, nothing is left to do.",
		Settings:   withTLS(),
		References: []string{"RFC 5280 section 6: Certification Path Validation", "DICOM PS3.15 section B.9", "CWE-295: Improper Certificate Validation"},
		holds:      faulty(probe.FaultSelfSigned, probe.FaultUnknownIssuer),
	}
}

func tlsCertificateWeak() Exposure {
	return Exposure{
		ID:         TLSCertificateWeak,
		Title:      "Certificate that can be forged",
		Severity:   Medium,
		Vector:     "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:N",
		Rationale:  "A key under 2048 bits or a signature with MD5 or SHA-1 is within reach of those with means (complexity high).",
		Meaning:    "The certificate rests on a key that is too short or on a signature of a kind that has been forged before.",
		Remedy:     "Make a new one: ECDSA P-256 or RSA of 3072 bits, signed with SHA-256.",
		Settings:   withTLS(),
		References: []string{"NIST SP 800-131A revision 2", "CWE-326: Inadequate Encryption Strength", "CWE-328: Use of Weak Hash"},
		holds:      faulty(probe.FaultWeakKey, probe.FaultWeakSignature),
	}
}
