package policy

import (
	"embed"
	"io/fs"
)

//go:embed schema.cedarschema base shipped
var files embed.FS

// Shipped is the folder of rules that a site begins with. It may be copied to be
// changed; Load reads both alike.
func Shipped() fs.FS { return sub("shipped") }

func invariants() fs.FS { return sub("base") }

func sub(name string) fs.FS {
	s, err := fs.Sub(files, name)
	if err != nil {
		panic("policy: an embedded folder is missing: " + err.Error()) // checked by the compiler
	}
	return s
}
