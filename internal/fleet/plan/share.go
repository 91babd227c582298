package plan

import (
	"cmp"
	"math/bits"
	"slices"
)

// Apportion splits total by weights so that the parts add up to it exactly: each
// part gets the whole of its quota, and what remains goes to the largest
// remainders (Hamilton's method). Weights that are all zero count as equal.
func Apportion(total uint64, weights []uint64) []uint64 {
	parts := make([]uint64, len(weights))
	var sum uint64
	for _, w := range weights {
		sum += w
	}
	if len(weights) == 0 {
		return parts
	}
	if sum == 0 {
		equal := make([]uint64, len(weights))
		for i := range equal {
			equal[i] = 1
		}
		return Apportion(total, equal)
	}
	type remainder struct {
		i    int
		left uint64
	}
	order := make([]remainder, len(weights))
	rest := total
	for i, w := range weights {
		high, low := bits.Mul64(total, w)
		quota, left := bits.Div64(high, low, sum)
		parts[i], order[i] = quota, remainder{i, left}
		rest -= quota
	}
	slices.SortFunc(order, func(a, b remainder) int {
		return cmp.Or(cmp.Compare(b.left, a.left), cmp.Compare(a.i, b.i))
	})
	for _, r := range order[:rest] {
		parts[r.i]++
	}
	return parts
}
