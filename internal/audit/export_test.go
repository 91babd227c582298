package audit

import "github.com/leadglass/leadglass"

// The forms, for tests of their bytes.
func HeaderOf(r *leadglass.Record) []byte { return header(r).append(nil) }
func BodyOf(r *leadglass.Record) []byte   { return sealed(r).append(nil) }
func ParseBody(b []byte) error            { _, err := parseBody(b); return err }
func AppendString(s string) []byte        { return appendString(nil, s) }
