package fleet

// Tongues are the countries that stand for each set of names.
func Tongues() []string {
	list := []string{""}
	for i := range tongues {
		list = append(list, tongues[i].countries...)
	}
	return list
}

// Names encodes all names of a country's archives.
func Names(country string) (charset string, coded [][]byte, err error) {
	t := tongueOf(country)
	l, err := newLexicon(t)
	if err != nil {
		return t.charset, nil, err
	}
	return t.charset, l.coded, nil
}
