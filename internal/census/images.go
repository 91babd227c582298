package census

import (
	"context"
	"fmt"
	"math"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// images adds up the images of the studies: what the studies say themselves, and
// for those that do not say, what their series say.
func (c *counter) images(ctx context.Context, s *sum) sum {
	known := estimate{float64(s.instances), s.belowVar}.plus(s.unknown.instances)
	silent := float64(s.silent) + s.unknown.silent
	if silent == 0 {
		return imageSum(known, s.exact, "")
	}
	perStudy := c.countSeries(ctx, s.sample)
	if perStudy.n == 0 {
		return imageSum(known, false, fmt.Sprintf("images of %.0f studies not counted", silent))
	}
	if perStudy.n == silent {
		known.value += perStudy.total
		return imageSum(known, s.exact, "images of silent studies counted by series")
	}
	known = known.plus(perStudy.scaled(silent))
	how := fmt.Sprintf("images of %.0f studies estimated from %.0f of them", silent, perStudy.n)
	return imageSum(known, false, how)
}

func imageSum(e estimate, exact bool, how string) sum {
	low, high := e.interval()
	n := int64(math.Round(e.value))
	if exact {
		low, high = n, n
	}
	return sum{n: n, low: low, high: high, exact: exact, how: how}
}

// moments are the sums that a mean and its variance need.
type moments struct{ n, total, squares float64 }

func (m *moments) add(v int64) {
	m.n++
	m.total += float64(v)
	m.squares += float64(v) * float64(v)
}

func (m moments) mean() float64 { return m.total / m.n }

func (m moments) varianceOfMean() float64 {
	if m.n < 2 {
		return m.mean() * m.mean() // one study says little: as wide as it is high
	}
	return (m.squares - m.n*m.mean()*m.mean()) / (m.n - 1) / m.n
}

// scaled estimates the images of so many studies from those that were counted.
func (m moments) scaled(studies float64) estimate {
	return estimate{studies * m.mean(), studies * studies * m.varianceOfMean() * (1 - m.n/studies)}
}

// countSeries asks study by study. Studies that do not answer are left out.
func (c *counter) countSeries(ctx context.Context, studies []dicom.UID) moments {
	var m moments
	for _, study := range studies {
		n, ok := c.imagesOf(ctx, study)
		if !ok && (ctx.Err() != nil || c.spent()) {
			break
		}
		if ok {
			m.add(n)
		}
	}
	return m
}

// imagesOf counts the images of one study at series level; where the series do
// not say either, at image level.
func (c *counter) imagesOf(ctx context.Context, study dicom.UID) (int64, bool) {
	t := &tally{count: dict.NumberOfSeriesRelatedInstances, uid: dict.SeriesInstanceUID, room: c.budget.Studies}
	series, err := c.ask(ctx, below("SERIES", study, "", dict.SeriesInstanceUID, dict.NumberOfSeriesRelatedInstances), t)
	if err != nil || !series.whole {
		return 0, false
	}
	n := series.instances
	for _, s := range series.silents {
		images, err := c.ask(ctx, below("IMAGE", study, s, dict.SOPInstanceUID, 0), &tally{uid: dict.SOPInstanceUID})
		if err != nil || !images.whole {
			return 0, false
		}
		n += images.n
	}
	return n, series.silent == int64(len(series.silents))
}

// below is a hierarchical query below a study or series (PS3.4 section C.4.1.3.1).
func below(level string, study, series dicom.UID, unique, count dicom.Tag) *dimse.Query {
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, level)
	id.SetString(dict.StudyInstanceUID, string(study))
	if series != "" {
		id.SetString(dict.SeriesInstanceUID, string(series))
	}
	id.SetString(unique)
	if count != 0 {
		id.SetString(count)
	}
	return &dimse.Query{Model: dict.StudyRootQueryRetrieveInformationModelFind, Identifier: id}
}
