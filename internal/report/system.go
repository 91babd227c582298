package report

import "time"

// FormatVersion is the version of survey.json; schema.json describes it.
const FormatVersion = 1

// Survey is everything that a survey found: survey.json, and truth.json of the
// simulated fleet. It holds no patient data.
type Survey struct {
	Version       int           `json:"version"`
	Tool          string        `json:"tool"`
	Authorisation Authorisation `json:"authorisation"`
	Started       time.Time     `json:"started"`
	Finished      time.Time     `json:"finished"`
	Partial       bool          `json:"partial"` // interrupted before every host was asked
	// Discovery says that systems were found and identified and nothing else was
	// asked: what is absent then was not looked for.
	Discovery  bool  `json:"discovery,omitempty"`
	Hosts      int64 `json:"hosts"` // in scope, exclusions taken off
	HostsAsked int64 `json:"hosts_asked"`
	// Answers counts the answers of ports by class: closed, timeout, …
	Answers   map[string]int64 `json:"answers"`
	Totals    Totals           `json:"totals"`
	Countries []Country        `json:"countries"` // by code; "" where it is not known
	Systems   []System         `json:"systems"`   // by address
}

// Authorisation says who permitted the survey.
type Authorisation struct {
	Organisation string    `json:"organisation"`
	Contact      string    `json:"contact"`
	Reference    string    `json:"reference"`
	ValidFrom    time.Time `json:"valid_from"`
	ValidTo      time.Time `json:"valid_to"`
}

// Totals are the headline figures. Honeypot suspects count in HoneypotSuspects
// and nowhere else; a system that repeats another (SameArchiveAs) adds no
// patients, studies or images.
type Totals struct {
	SystemsDICOM                int64 `json:"systems_dicom"`
	SystemsDisclosing           int64 `json:"systems_disclosing"`
	Countries                   int64 `json:"countries"` // with a disclosing system
	Patients                    int64 `json:"patients"`
	Studies                     int64 `json:"studies"`
	Images                      int64 `json:"images"`
	ImagesAccessible            int64 `json:"images_accessible"` // on systems that permit retrieval
	WebViewersOpen              int64 `json:"web_viewers_open"`
	WebViewersOpenHTTP          int64 `json:"web_viewers_open_http"`
	SystemsVulnerable           int64 `json:"systems_vulnerable"`
	SystemsCVSS10               int64 `json:"systems_cvss10"`
	SystemsCompromiseIndicators int64 `json:"systems_compromise_indicators"`
	SystemsTLS                  int64 `json:"systems_tls"`
	SystemsAnyAETitle           int64 `json:"systems_any_ae_title"`
	SoftwareClusters            int64 `json:"software_clusters"` // groups of two or more systems with identical software
	SystemsInClusters           int64 `json:"systems_in_clusters"`
	HoneypotSuspects            int64 `json:"honeypot_suspects"`
	SystemsEstimated            int64 `json:"systems_estimated"` // whose count is an estimate
	StudiesLow                  int64 `json:"studies_low"`
	StudiesHigh                 int64 `json:"studies_high"`
	ImagesLow                   int64 `json:"images_low"`
	ImagesHigh                  int64 `json:"images_high"`
}

// Country is the totals of one country and its grade.
type Country struct {
	Code   string `json:"country"` // ISO 3166-1 alpha-2
	Grade  string `json:"grade"`   // "good", "bad" or "ugly"
	Totals Totals `json:"totals"`
}

// System is one image archive: a DICOM service, with what the web services of
// the same host add; or, on a host without DICOM, an open web archive.
type System struct {
	Address string `json:"address"`        // host:port
	Name    string `json:"name,omitempty"` // the name in the scope, where there was one
	Class   string `json:"class"`          // one of probe.Class
	// Reject is the typed reason of a rejection, as "called-ae-title-not-recognized",
	// of the classes rejects, tls-only and dicom-wrong-port.
	Reject  string `json:"reject,omitempty"`
	Country string `json:"country"` // ISO 3166-1 alpha-2, "" unknown
	Network string `json:"network"` // the network's owner or site, "" unknown
	Vendor  string `json:"vendor,omitempty"`
	Product string `json:"product"` // "" unknown
	Version string `json:"version"` // "" unknown
	// ImplementationClassUID and the version name are how the DICOM service names itself.
	ImplementationClassUID    string `json:"implementation_class_uid,omitempty"`
	ImplementationVersionName string `json:"implementation_version_name,omitempty"`
	// Cluster names the group of identical software; "" where the system is alone.
	Cluster         string          `json:"cluster,omitempty"`
	Exposures       []string        `json:"exposures"`            // ids of package exposure, sorted
	Attributes      []string        `json:"attributes,omitempty"` // keywords of the identifying attributes that came back
	Vulnerabilities []Vulnerability `json:"vulnerabilities,omitempty"`
	Indicators      []string        `json:"indicators,omitempty"`     // of compromise
	GovernmentIDs   map[string]int  `json:"government_ids,omitempty"` // kind → how many in the sample
	Honeypot        []string        `json:"honeypot,omitempty"`       // the signs; Suspect says how many it takes
	TLS             *TLS            `json:"tls,omitempty"`
	Web             []Web           `json:"web,omitempty"`
	Patients        int64           `json:"patients"`
	Studies         int64           `json:"studies"`
	Images          int64           `json:"images"`
	Retrievable     bool            `json:"retrievable"` // its images can be taken by anyone
	Count           Count           `json:"count"`
	SameArchiveAs   string          `json:"same_archive_as,omitempty"`
}

// Count says how good the numbers are.
type Count struct {
	Kind   string `json:"kind"`             // "exact", "estimate", or "none" where nothing could be counted
	Method string `json:"method,omitempty"` // as "c-find study, 12 date windows"
	// The 95 % interval of an estimate; equal to the value where exact.
	StudiesLow  int64 `json:"studies_low"`
	StudiesHigh int64 `json:"studies_high"`
	ImagesLow   int64 `json:"images_low"`
	ImagesHigh  int64 `json:"images_high"`
}

// Vulnerability is a known vulnerability of the product and version.
type Vulnerability struct {
	ID        string  `json:"id"` // CVE
	Vector    string  `json:"vector"`
	Score     float64 `json:"score"`
	Exploited bool    `json:"exploited"` // known to be exploited
	Source    string  `json:"source"`
}

// TLS is what the handshake showed.
type TLS struct {
	Versions   []string  `json:"versions"`         // accepted, as "1.2"
	Faults     []string  `json:"faults,omitempty"` // of the certificate
	NotAfter   time.Time `json:"not_after,omitzero"`
	ClientCert bool      `json:"client_certificate"` // asks for one
}

// Web is one HTTP service of the host.
type Web struct {
	Address string   `json:"address"` // host:port
	HTTPS   bool     `json:"https"`
	Status  int      `json:"status"`
	Open    []string `json:"open,omitempty"` // "qido", "wado", "viewer", "admin"
}
