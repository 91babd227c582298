package dimse

// Count is a number of sub-operations. A message may leave it out, which is
// not the same as none (PS3.7 section 9.1.3.1).
type Count struct {
	N     uint16
	Valid bool
}

// CountOf is a count of n, kept inside the US that the standard gives it: a
// retrieval of 70,000 images counts "at least 65,535", never 4,464. A negative
// n is a count that the message leaves out.
func CountOf(n int) Count {
	if n < 0 {
		return Count{}
	}
	return Count{N: uint16(min(n, 0xFFFF)), Valid: true}
}

// Int returns the number, or -1 where the message has none.
func (c Count) Int() int {
	if !c.Valid {
		return -1
	}
	return int(c.N)
}
