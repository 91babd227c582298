package exposure

// The settings are as the products' own documentation has them: Orthanc's
// Configuration.json and the Orthanc Book ("Securing Orthanc"), the dcm4chee-arc
// configuration reference (issue 499 there for the host name check), the
// dcm4chee 2 wiki (Storage SCP, Query/Retrieve SCP), dcmqrscp.cfg and the manual
// pages of DCMTK 3.6.7.

// knownCallers is how each product is made to answer known callers only.
func knownCallers() []Setting {
	return []Setting{
		{"Orthanc", `"DicomCheckCalledAet": true, "DicomCheckModalityHost": true, and each permitted device in "DicomModalities"; "DicomAlwaysAllowEcho", "DicomAlwaysAllowStore", "DicomAlwaysAllowFind", "DicomAlwaysAllowFindWorklist", "DicomAlwaysAllowGet" and "DicomAlwaysAllowMove": false.`},
		{"dcm4chee-arc", `In the device configuration, list the permitted titles as Accepted Calling AE Title of each Network AE, and set Validate Calling AE Hostname, which rejects a title that comes from an address other than the one configured for it.`},
		{"dcm4chee", `In the JMX console set CallingAETitles of the StoreScp, QueryRetrieveScp and MWLFindScp services to a list or to CONFIGURED_AETS; the default is ANY.`},
		{"DCMTK", `dcmqrscp.cfg: in the AETable, name hosts of the HostTable as peers in place of ANY; storescp: do not run it on an interface that others reach.`},
		{"Conquest", `It answers any caller by default: let only the addresses of known devices reach its port, at the firewall of its host.`},
		{"", `Keep a list of calling AE titles together with their addresses, and reject every other association. An AE title is a name, not a password: also put the port behind a firewall that lets those addresses in and nobody else.`},
	}
}

// closedFind is how each product stops answering queries of unknown callers.
func closedFind() []Setting {
	return []Setting{
		{"Orthanc", `"DicomAlwaysAllowFind": false and "DicomAlwaysAllowFindWorklist": false; in "DicomModalities", give only those devices "AllowFind" that need it.`},
		{"dcm4chee-arc", `Remove the Query/Retrieve SCP transfer capabilities from the AE that others reach, or list Accepted Calling AE Titles.`},
		{"dcm4chee", `In the JMX console set CallingAETitles of the QueryRetrieveScp and MWLFindScp services to a list or to CONFIGURED_AETS; the default is ANY.`},
		{"DCMTK", `dcmqrscp.cfg: the third column of each AETable line names the permitted peers; replace ANY.`},
		{"", `Refuse C-FIND of callers that are not known by address and title, or better by certificate (TLS, PS3.15 section B.9).`},
	}
}

// withTLS is how each product speaks DICOM within TLS.
func withTLS() []Setting {
	return []Setting{
		{"Orthanc", `"DicomTlsEnabled": true, "DicomTlsCertificate", "DicomTlsPrivateKey", "DicomTlsTrustedCertificates" and "DicomTlsRemoteCertificateRequired": true (since 1.9.0).`},
		{"dcm4chee-arc", `Add a Network Connection with TLS Cipher Suites and TLS Need Client Authentication: true to the device (port 2762 by default), and uninstall the one without.`},
		{"DCMTK", `dcmqrscp 3.6.7 has no TLS of its own: bind it to the loopback interface and put stunnel in front; storescp has +tls with --require-peer-cert.`},
		{"", `Configure the BCP 195 TLS Secure Transport Connection Profile (PS3.15 section B.9) and demand a client certificate. Where the product cannot, put stunnel or a VPN in front of it.`},
	}
}

// webLogin is how each product asks who is there over HTTP.
func webLogin() []Setting {
	return []Setting{
		{"Orthanc", `"AuthenticationEnabled": true with "RegisteredUsers", or the authorization plugin; "RemoteAccessAllowed": false where only a proxy on the same machine needs it; "SslEnabled": true with "SslCertificate".`},
		{"dcm4chee-arc", `Deploy the variant that is secured with Keycloak, user interface and RESTful services both, and remove the unsecured one.`},
		{"dcm4chee", `Secure /wado, /dcm4chee-web3 and /jmx-console in each web.xml with a security-constraint, or do not deploy them; the 2.x line has been without updates for years: replace it.`},
		{"Conquest", `Do not serve dgate through a web server that others reach; where it must be, require authentication for its cgi-bin.`},
		{"Oviyam", `Require authentication in web.xml (security-constraint and login-config), and HTTPS in the Tomcat connector.`},
		{"", `Require a login of a named person for each page and each DICOMweb resource, on HTTPS alone, and let only your networks or a VPN reach the port.`},
	}
}
