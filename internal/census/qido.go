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
	Pause  func(ctx context.Context) error
	Memory *Memory // of the run; nil gives the service its own
}

// pageSize is how many studies are asked for at once. Servers cap pages, often at
// 100 or 1,000, by giving fewer: only an empty page is the end.
const pageSize = 1000

// QIDO counts an archive by QIDO-RS (PS3.18 section 10.6). The service returns
// names and IDs unasked; studies and patients are told apart by hashes with a key
// that is made for this count and forgotten with it.
func QIDO(ctx context.Context, w *Web, b Budget) (Count, error) {
	b = b.orDefault()
	ctx, cancel := context.WithTimeout(ctx, b.Time)
	defer cancel()
	p := newPages(w, b)
	defer p.close()
	end, err := p.all(ctx)
	if err != nil && p.n == 0 {
		return Count{}, err
	}
	return p.count(ctx, end), nil
}

// pages is the work on one service.
type pages struct {
	*Web
	budget    Budget
	seed      maphash.Seed
	patients  distinct
	seen      distinct // studies
	n         int64    // studies that are not known to be repeats
	rows      int64    // results
	repeats   int64
	instances int64
	silent    int64
	sample    []dicom.UID // of silent studies
	asked     int
	promised  int64 // what the service says that it has, 0 where it does not
	page      page
}

func newPages(w *Web, b Budget) *pages {
	p := &pages{Web: w, budget: b, seed: maphash.MakeSeed()}
	memory := w.Memory
	if memory == nil {
		memory = new(Memory)
	}
	p.seen = distinct{memory: memory, many: true}
	p.patients = distinct{memory: memory, many: true}
	return p
}

func (p *pages) close() {
	p.seen.reset()
	p.patients.reset()
}

// ending is why there was no further page.
type ending uint8

const (
	complete ending = iota // a page without a study that is new
	spent                  // the budget
	failed                 // the service, after pages that it gave
	stuck                  // it gives the same page again
)

// all goes through the pages. Where the offset is ignored, the second page has
// nothing that is new.
func (p *pages) all(ctx context.Context) (ending, error) {
	for p.rows < p.budget.Answers && int64(p.asked) < p.budget.Queries {
		if err := p.Pause(ctx); err != nil {
			return spent, err
		}
		p.page = page{first: 0, before: p.page.first}
		found, err := p.Search.Search(ctx, dicomweb.Query{
			Level: dicomweb.Studies, Limit: pageSize, Offset: int(p.rows),
			Include: []dicomweb.Attribute{{dict.NumberOfStudyRelatedInstances}},
		}, p.look)
		p.asked++
		p.promised = max(p.promised, found.Total)
		switch {
		case err != nil && ctx.Err() != nil:
			return spent, err
		case err != nil:
			return failed, fmt.Errorf("census: searching studies: %w", err)
		case p.page.rows == 0:
			return complete, nil
		case p.page.again():
			return p.same(found.More), nil
		}
	}
	return spent, nil
}

// page is what is known of one page.
type page struct {
	first, before  uint64 // hashes of its first study and of that of the page before
	rows           int64
	compared, news int64 // studies that could be found again, and those that were not
	repeats        int64
}

// again says that the page has nothing that the pages before it had not. Of a
// sample of eight, one at least would be new if half of the page were, in 255 of
// 256 pages.
func (p *page) again() bool {
	return p.first != 0 && p.first == p.before || p.news == 0 && p.compared >= min(8, p.rows)
}

// same ends at a page that came again: the service ignores the offset. Then one
// page is all that can be had; it is everything where its length is not that of
// a page.
func (p *pages) same(more bool) ending {
	p.rows -= p.page.rows
	p.repeats -= p.page.repeats
	if more || p.repeats > 0 || p.rows%pageSize == 0 || doubtful(p.rows) {
		return stuck
	}
	return complete
}

// look counts one result.
func (p *pages) look(d *dicom.Dataset) error {
	if p.rows >= p.budget.Answers {
		return dicom.ErrStop
	}
	p.rows++
	p.page.rows++
	uid := d.String(dict.StudyInstanceUID)
	n, says := d.Int(dict.NumberOfStudyRelatedInstances)
	if n < 0 {
		n, says = 0, false
	}
	if uid != "" && p.repeated(key(p.seed, []byte(uid)), n, says) {
		return nil
	}
	p.n++
	if id := d.Get(dict.PatientID); id != nil && len(id.Value) > 0 {
		p.patients.add(key(p.seed, id.Value), 0)
	}
	if says {
		p.instances += n
		return nil
	}
	p.silent++
	if len(p.sample) < p.budget.Studies {
		p.sample = append(p.sample, dicom.UID(uid))
	}
	return nil
}

func (p *pages) repeated(h uint64, below int64, says bool) bool {
	if p.page.rows == 1 {
		p.page.first = h
	}
	if !p.seen.sampled(h) {
		return false
	}
	p.page.compared++
	b := uint32(min(below, noBelow-1))
	if !says {
		b = noBelow
	}
	if p.seen.add(h, b) {
		p.page.news++
		return false
	}
	p.repeats++
	p.page.repeats++
	return true
}

// count is what the pages come to.
func (p *pages) count(ctx context.Context, end ending) Count {
	perStudy := p.series(ctx)
	how := []string{fmt.Sprintf("qido-rs, %d pages", p.asked)}
	studies, known := estimate{float64(p.n), 0}, estimate{float64(p.instances), 0}
	silent := float64(p.silent)
	if p.seen.level > 0 && p.repeats > 0 {
		var quiet estimate
		studies, known, quiet = p.seen.totals(nil)
		silent = quiet.value
		how = append(how, fmt.Sprintf("studies that repeat told apart by one in %d", 1<<p.seen.level))
	}
	switch {
	case perStudy.n == silent:
		known.value += perStudy.total
	case perStudy.n > 0:
		known = known.plus(perStudy.scaled(silent))
		how = append(how, fmt.Sprintf("images of %.0f studies estimated from %.0f of them", silent, perStudy.n))
	default:
		how = append(how, fmt.Sprintf("images of %.0f studies not counted", silent))
	}
	patients, _, _ := p.patients.totals(nil)
	if p.patients.level > 0 {
		how = append(how, fmt.Sprintf("patients estimated from one in %d", 1<<p.patients.level))
	}
	if why := p.short(end); why != "" {
		how = append(how, why+", at least this many")
	}
	whole := end == complete && perStudy.n == silent && p.repeats == 0 && p.promised <= p.n && p.patients.level == 0
	images := imageSum(known, whole, "")
	c := Count{
		Patients: int64(patients.value), Studies: int64(studies.value),
		Images: images.n, ImagesLow: images.low, ImagesHigh: images.high,
		Exact: whole, Method: join(how),
	}
	c.StudiesLow, c.StudiesHigh = studies.interval()
	c.StudiesHigh = max(c.StudiesHigh, p.promised)
	return c
}

// short says why there may be more studies than were counted.
func (p *pages) short(end ending) string {
	switch {
	case end == stuck:
		return "the service gives the same page again"
	case end == failed:
		return "the service failed before the last page"
	case end == spent:
		return "more studies than the budget"
	case p.repeats > 0:
		return "pages that overlap"
	case p.promised > p.n:
		return fmt.Sprintf("the service says that it has %d", p.promised)
	}
	return ""
}

// series counts the images of silent studies by their series.
func (p *pages) series(ctx context.Context) moments {
	var m moments
	for _, study := range p.sample {
		if p.Pause(ctx) != nil || ctx.Err() != nil {
			break
		}
		if images, ok := p.imagesOf(ctx, study); ok {
			m.add(images)
		}
	}
	return m
}

func (p *pages) imagesOf(ctx context.Context, study dicom.UID) (images int64, ok bool) {
	ok = true
	_, err := p.Search.Search(ctx, dicomweb.Query{
		Level: dicomweb.Series, Study: study,
		Include: []dicomweb.Attribute{{dict.NumberOfSeriesRelatedInstances}},
	}, func(d *dicom.Dataset) error {
		n, says := d.Int(dict.NumberOfSeriesRelatedInstances)
		images, ok = images+max(n, 0), ok && says && n >= 0
		return nil
	})
	return images, ok && err == nil
}
