// Package product recognises image archives and viewers by what they say of
// themselves.
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
	Kind                  string   // "archive", "viewer", "toolkit", "modality", "honeypot", …
	Viewer                bool     // a page shows images or studies in a browser
	By                    []string // which clues told, as "implementation class UID"
}

// Identify returns the best match; ok is false where nothing matched.
func Identify(c *Clues) (p Product, ok bool) { panic("product: to do") }
