// Package advisory knows published vulnerabilities by product and version.
package advisory

// Advisory is one published vulnerability.
type Advisory struct {
	ID        string // CVE
	Vector    string // CVSS, the newest version that was published
	Score     float64
	Exploited bool // listed as known to be exploited
	Source    string
}

// Table is a set of advisories.
type Table struct{}

// Embedded returns the table that is built in.
func Embedded() *Table { panic("advisory: to do") }

// Load adds a CSAF, OSV or CVE JSON file.
func (t *Table) Load(name string) error { panic("advisory: to do") }

// For returns what is known of that product and version, worst first. An
// unknown version returns nothing.
func (t *Table) For(product, version string) []Advisory { panic("advisory: to do") }
