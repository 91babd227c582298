// Package govid recognises government identifiers by their form and check digits.
package govid

// Kind returns what the text of a Patient ID or Other Patient ID looks like, as
// "us-ssn", "us-dod-id", "br-cpf", or "".
func Kind(text []byte) string { panic("govid: to do") }
