package scope

import "math/bits"

// order visits the numbers 0…n-1, each once, so that neighbours in the list of
// addresses are far apart in time: each step goes on by n divided by the golden
// ratio, which spreads any run of steps as evenly as can be (Knuth, The Art of
// Computer Programming 3, section 6.4, theorem S). It needs no memory, and the
// same n gives the same order, which is what a checkpoint counts in.
type order struct{ n, step uint64 }

func newOrder(n uint64) order {
	if n < 3 {
		return order{n, 1}
	}
	const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	step, _ := bits.Mul64(n, golden)
	for gcd(step, n) != 1 {
		step--
	}
	return order{n, step}
}

// at returns the number at a place of the order, k < n.
func (o order) at(k uint64) uint64 {
	hi, lo := bits.Mul64(k, o.step)
	_, rem := bits.Div64(hi%o.n, lo, o.n)
	return rem
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
