// Package product recognises image archives and viewers by what they say of
// themselves: the implementation class UID and version name of an association
// (PS3.7 section D.3.3.2), and the headers, titles and texts of public pages.
//
// The fingerprints are data, fingerprints.toml, each with its source. One
// fingerprint reads:
//
//	[[product]]
//	name = "Conquest"
//	vendor = "University Medical Center Utrecht"
//	kind = "archive"
//	source = "dgate source, vr.hpp; conformance statement of 1.4.17"
//	class_uid = '^1\.2\.826\.0\.1\.3680043\.2\.135\.1066\.101$'
//	version_name = '^(?P<version>[0-9.]+[a-z]?)/'
//
//	[[product.page]]
//	title = '^Conquest DICOM server'
//	body = 'version:?\s+(?P<version>[0-9.]+)'
//
// All patterns of one clue must match; one clue is enough. A group named version
// is the version. A product whose clue names it wins over the toolkit that it is
// built on: Orthanc associates as DCMTK, and its page says Orthanc.
package product

// Clues are what a system said of itself; none of it is patient data.
type Clues struct {
	ImplementationClassUID    string
	ImplementationVersionName string
	Pages                     []Page
}

// Page is one HTTP answer.
type Page struct {
	Path   string
	Status int
	Header map[string][]string // canonical names
	Title  string
	Body   []byte // the first 64 KiB at most
}

// Product is what the clues say. Version is "" where they do not tell.
type Product struct {
	Vendor, Name, Version string
	Kind                  Kind
	Viewer                bool     // one of the pages shows images or studies in a browser
	By                    []string // which clues told, as "implementation class UID"
}

// Kind is what sort of product it is.
type Kind string

// The kinds, from the one that a clue names most specifically.
const (
	Honeypot Kind = "honeypot"
	Archive  Kind = "archive"
	Viewer   Kind = "viewer"
	Modality Kind = "modality"
	Gateway  Kind = "gateway"
	Server   Kind = "server"  // a web server or database around the archive
	Toolkit  Kind = "toolkit" // a library that many products are built on
)

// rank orders kinds: a honeypot that plays an archive is a honeypot, and an
// archive is more than the toolkit that it is built on.
func (k Kind) rank() int {
	for i, other := range []Kind{Honeypot, Archive, Modality, Gateway, Viewer, Toolkit, Server} {
		if k == other {
			return i
		}
	}
	return len(k) + 7
}

// Identify returns the best match; ok is false where nothing matched.
func Identify(c *Clues) (p Product, ok bool) {
	viewer := false
	for _, f := range catalogue() {
		version, by := f.match(c)
		if len(by) == 0 {
			continue
		}
		viewer = viewer || f.Viewer && by[len(by)-1] != byAssociation
		found := Product{f.Vendor, f.Name, version, f.Kind, false, by}
		if !ok || found.better(p) {
			p, ok = found, true
		}
	}
	p.Viewer = viewer
	return p, ok
}

// better says whether p tells more than q.
func (p Product) better(q Product) bool {
	if p.Kind.rank() != q.Kind.rank() {
		return p.Kind.rank() < q.Kind.rank()
	}
	if (p.Version != "") != (q.Version != "") {
		return p.Version != ""
	}
	return len(p.By) > len(q.By)
}
