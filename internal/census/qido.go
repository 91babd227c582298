package census

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
)

// Searcher asks a QIDO-RS service; *dicomweb.Client is one.
type Searcher interface {
	Search(ctx context.Context, q dicomweb.Query, each func(*dicom.Dataset) error) (dicomweb.Found, error)
}

// Web is a QIDO-RS service that answers anyone.
type Web struct {
	Search Searcher
	// Pause waits until one more request may be sent.
	Pause func(ctx context.Context) error
}

// pageSize is how many studies are asked for at once. Servers cap pages, often at
// 100 or 1,000, by giving fewer: only an empty page is the end.
const pageSize = 1000

// QIDO counts an archive by QIDO-RS (PS3.18 section 10.6). The service returns
// names and IDs unasked; patients are told apart by a hash with a key that is
// made for this count and forgotten with it.
func QIDO(ctx context.Context, w *Web, b Budget) (Count, error) {
	b = b.orDefault()
	ctx, cancel := context.WithTimeout(ctx, b.Time)
	defer cancel()
	p := &pages{Web: w, budget: b, seed: maphash.MakeSeed(), patients: map[uint64]struct{}{}, seen: map[uint64]struct{}{}}
	ended, err := p.studies(ctx)
	if err != nil && p.n == 0 {
		return Count{}, err
	}
	perStudy := p.series(ctx)
	silent := float64(p.silent)
	e := estimate{value: float64(p.instances)}
	how := fmt.Sprintf("qido-rs, %d pages", p.asked)
	whole := ended && perStudy.n == silent && p.repeats == 0
	switch {
	case perStudy.n == silent:
		e.value += perStudy.total
	case perStudy.n > 0:
		e = e.plus(perStudy.scaled(silent))
		how += fmt.Sprintf("; images of %.0f studies estimated from %.0f of them", silent, perStudy.n)
	default:
		how += fmt.Sprintf("; images of %.0f studies not counted", silent)
	}
	switch {
	case p.repeats > 0:
		how += "; pages that overlap, at least this many studies"
	case !ended:
		how += "; more studies than the budget, at least this many"
	}
	images := imageSum(e, whole, how)
	return Count{
		Patients: int64(len(p.patients)), Studies: p.n, StudiesLow: p.n, StudiesHigh: p.n,
		Images: images.n, ImagesLow: images.low, ImagesHigh: images.high,
		Exact: whole, Method: how,
	}, nil
}

// pages is the work on one service.
type pages struct {
	*Web
	budget    Budget
	seed      maphash.Seed
	patients  map[uint64]struct{}
	seen      map[uint64]struct{} // studies, as far as there is room
	n         int64
	repeats   int64
	instances int64
	silent    int64
	sample    []dicom.UID // of silent studies
	asked     int
}

// maxSeen studies are told apart, which costs some 4 MiB: more than any page
// holds, so that a service which gives the same pages over and over is found out.
const maxSeen = 100_000

// studies goes through the pages; ended says that the last one was reached: a
// page without a study that is new. Where the offset is ignored that is the second.
func (p *pages) studies(ctx context.Context) (ended bool, err error) {
	for p.n < p.budget.Answers && int64(p.asked) < p.budget.Queries {
		if err := p.Pause(ctx); err != nil {
			return false, err
		}
		n, repeats := p.n, p.repeats
		_, err := p.Search.Search(ctx, dicomweb.Query{
			Level: dicomweb.Studies, Limit: pageSize, Offset: int(p.n + p.repeats),
			Include: []dicomweb.Attribute{{dict.NumberOfStudyRelatedInstances}},
		}, func(d *dicom.Dataset) error {
			p.look(d)
			return nil
		})
		p.asked++
		switch {
		case err != nil:
			return false, fmt.Errorf("census: searching studies: %w", err)
		case p.n == n:
			p.repeats = repeats
			return true, nil
		}
	}
	return false, nil
}

// look counts one study.
func (p *pages) look(d *dicom.Dataset) {
	uid := dicom.UID(d.String(dict.StudyInstanceUID))
	key := maphash.String(p.seed, string(uid))
	if _, again := p.seen[key]; again && uid != "" {
		p.repeats++
		return
	}
	if len(p.seen) < maxSeen {
		p.seen[key] = struct{}{}
	}
	p.n++
	if id := d.Get(dict.PatientID); id != nil && len(id.Value) > 0 {
		p.patients[maphash.Bytes(p.seed, id.Value)] = struct{}{}
	}
	if n, ok := d.Int(dict.NumberOfStudyRelatedInstances); ok {
		p.instances += n
		return
	}
	p.silent++
	if len(p.sample) < p.budget.Studies {
		p.sample = append(p.sample, uid)
	}
}

// series counts the images of silent studies by their series.
func (p *pages) series(ctx context.Context) moments {
	var m moments
	for _, study := range p.sample {
		if p.Pause(ctx) != nil {
			break
		}
		images, silent := int64(0), false
		_, err := p.Search.Search(ctx, dicomweb.Query{
			Level: dicomweb.Series, Study: study,
			Include: []dicomweb.Attribute{{dict.NumberOfSeriesRelatedInstances}},
		}, func(d *dicom.Dataset) error {
			n, ok := d.Int(dict.NumberOfSeriesRelatedInstances)
			images, silent = images+n, silent || !ok
			return nil
		})
		if err == nil && !silent {
			m.add(images)
		}
	}
	return m
}
