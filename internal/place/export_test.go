package place

import "io"

// ReadNetworks reads a table from memory.
func (f *Finder) ReadNetworks(name string, r io.Reader) error { return f.readNetworks(name, r) }
