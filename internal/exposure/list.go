package exposure

// List returns every exposure, in the order of id.go.
func List() []Exposure {
	return []Exposure{
		anyAETitle(),
		echoOpen(),
		findPatientOpen(),
		findStudyOpen(),
		findWorklistOpen(),
		patientDataDisclosed(),
		retrieveOpen(),
		storeOpen(),
		dicomPlaintext(),
		tlsOld(),
		tlsCertificateExpired(),
		tlsCertificateUntrusted(),
		tlsCertificateWeak(),
		qidoOpen(),
		wadoOpen(),
		viewerOpen(),
		viewerPlaintext(),
		adminOpen(),
		vulnerable(),
		vulnerableCritical(),
		vulnerableExploited(),
		compromised(),
		governmentIDs(),
	}
}
