package content

import "math/bits"

// Proportion is a·b/c without overflow in between; a·b/c itself fits.
func Proportion(a, b, c uint64) uint64 {
	high, low := bits.Mul64(a, b)
	quotient, _ := bits.Div64(high, low, c)
	return quotient
}

// Mix is a stateless hash (the finaliser of SplitMix64): what depends on an
// index, as a name does, comes from it and needs no storage.
func Mix(seed, i uint64) uint64 {
	z := seed + (i+1)*0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
