package scope

import "time"

// Parse reads a scope from memory.
func Parse(name string, text []byte, now time.Time) (*Scope, error) { return parse(name, text, now) }
