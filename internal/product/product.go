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

import (
	"cmp"
	"slices"
)

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
	Platform              Platform // what it runs on; "" where they do not tell
	Viewer                bool     // one of the pages shows images or studies in a browser
	By                    []string // which clues told, as "implementation class UID"
}

// Kind is what sort of product it is.
type Kind string

// The kinds.
const (
	Honeypot Kind = "honeypot"
	Archive  Kind = "archive"
	Viewer   Kind = "viewer"
	Modality Kind = "modality"
	Gateway  Kind = "gateway"
	Server   Kind = "server"  // a web server or database around the archive
	Toolkit  Kind = "toolkit" // a library that many products are built on
)

// rank orders kinds by what they say of the archive: a honeypot that plays one is
// a honeypot, an archive is more than the toolkit that it is built on, and that
// toolkit is nearer to it than a viewer in front.
func (k Kind) rank() int {
	kinds := []Kind{Honeypot, Archive, Modality, Gateway, Toolkit, Viewer, Server}
	return slices.Index(kinds, k)
}

// Identify returns the best match; ok is false where nothing matched.
func Identify(c *Clues) (p Product, ok bool) { return Best(All(c)) }

// Best is the one of All that names the system; ok is false where there is none.
func Best(all []Product) (p Product, ok bool) {
	if len(all) == 0 {
		return Product{}, false
	}
	p = slices.MinFunc(all, Product.compare)
	p.Viewer = slices.ContainsFunc(all, func(q Product) bool { return q.Viewer })
	return p, true
}

// All returns everything that matched: the archive, the toolkit that it is
// built on, the viewer and the web server in front. Each can be vulnerable.
func All(c *Clues) []Product {
	var all []Product
	platform := c.platform()
	for _, f := range catalogue() {
		if version, by := f.match(c); len(by) > 0 {
			viewer := f.Viewer && by[len(by)-1] != byAssociation
			all = append(all, Product{f.Vendor, f.Name, version, f.Kind, platform, viewer, by})
		}
	}
	return all
}

// compare puts what tells more first.
func (p Product) compare(q Product) int {
	versionless := func(p Product) int {
		if p.Version == "" {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(p.Kind.rank(), q.Kind.rank()),
		cmp.Compare(versionless(p), versionless(q)),
		cmp.Compare(len(q.By), len(p.By)),
	)
}
