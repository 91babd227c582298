// Package limit says which limit is in force where a structure of limits leaves
// them open: zero is the safe default, and a negative value switches one off.
package limit

// Of is the limit in force. One that is off is so large that nothing comes near
// it; twice of it, or a clock added, does not overflow.
func Of[T ~int | ~int64](set, standard T) T {
	switch {
	case set == 0:
		return standard
	case set > 0:
		return set
	}
	if off := T(1) << 61; off > 0 {
		return off
	}
	return 1 << 29 // an int of 32 bits
}
