package review

// ReadHeader says what is wrong with a header.
func ReadHeader(leaf []byte) string { return new(header).read(leaf) }
