package advisory

// Compare is compare, for its table of cases.
func Compare(a, b string) int { return compare(a, b) }
