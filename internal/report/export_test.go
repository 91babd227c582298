package report

// The keyhole for tests.
var (
	About = about
	Share = share
	Clean = clean
)

// Measure is what an action would do.
type Measure struct {
	Remedy                  string
	Systems, Behind, Closed int64
}

// Actions are the ranked remedies of a survey.
func Actions(s *Survey) []Measure {
	var list []Measure
	for _, a := range newCatalogue().actions(s) {
		list = append(list, Measure{string(a.Exposures[0].ID), a.Systems, a.Behind, a.Closed})
	}
	return list
}
