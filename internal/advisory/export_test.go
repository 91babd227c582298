package advisory

// Compare is compare, for its table of cases.
func Compare(a, b string) int { return compare(a, b) }

// Affects says whether the words of a publisher mean that version.
func Affects(product, words, version string) bool {
	c := readVersions(product, words)
	return c.holds(version)
}
