package survey

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/leadglass/leadglass/internal/census"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/report"
)

// countDICOM counts what a DICOM service holds, where it answers questions at
// all and is not a honeypot, which would answer for ever.
func (e *Examiner) countDICOM(ctx context.Context, d *probe.Dialogue, p *asked) {
	f := d.Facts
	if e.NoCount || !f.Study.Open && !f.Patient.Open || probe.Suspect(f.Honeypot) || ctx.Err() != nil {
		return
	}
	count, err := census.DICOM(ctx, &census.Archive{
		Open:        func(ctx context.Context) (census.Association, error) { return d.Counting(ctx) },
		Pause:       d.Pause,
		StudyRoot:   f.Study.Open,
		PatientRoot: f.Patient.Open,
		Now:         e.now,
		Rand:        e.draw(p),
		Memory:      &e.memory,
	}, e.budget(ctx))
	if err != nil {
		e.note(ctx, p, "count", err)
		return
	}
	p.count, p.counted = count, true
}

// budget leaves a tenth of the host's time for what comes after the count, so
// that one which takes too long ends as an estimate.
func (e *Examiner) budget(ctx context.Context) census.Budget {
	b := e.Budget
	if end, ok := ctx.Deadline(); ok {
		if left := time.Until(end) * 9 / 10; b.Time <= 0 || left < b.Time {
			b.Time = max(left, 1)
		}
	}
	return b
}

// draw makes the source of a census's sample: the same for the same address, so
// that two surveys of an unchanged archive agree.
func (e *Examiner) draw(p *asked) *rand.Rand {
	a := p.target.Addr.As16()
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(a[8:]), uint64(p.target.Port)))
}

// written is a count as the report has it.
func (p *asked) written() report.Count {
	if !p.counted {
		return report.Count{Kind: report.CountNone}
	}
	kind := report.CountEstimate
	if p.count.Exact {
		kind = report.CountExact
	}
	return report.Count{
		Kind: kind, Method: p.count.Method,
		StudiesLow: p.count.StudiesLow, StudiesHigh: p.count.StudiesHigh,
		ImagesLow: p.count.ImagesLow, ImagesHigh: p.count.ImagesHigh,
	}
}

// say writes what was counted so far into the system.
func (p *asked) say(s *report.System) {
	s.Patients, s.Studies, s.Images, s.Count = p.count.Patients, p.count.Studies, p.count.Images, p.written()
}

// countWeb counts by QIDO what no C-FIND counted.
func (e *Examiner) countWeb(ctx context.Context, p *asked, sites []*asked) {
	for _, w := range sites {
		if e.NoCount || p.counted || ctx.Err() != nil {
			return
		}
		if !w.site.Facts.QIDO {
			continue
		}
		count, err := e.pages(ctx, w.site)
		if err != nil {
			e.note(ctx, w, "count", err)
			continue
		}
		p.count, p.counted = count, true
	}
}

func (e *Examiner) pages(ctx context.Context, s *probe.Site) (census.Count, error) {
	client, err := s.Counting()
	if err != nil {
		return census.Count{}, err
	}
	defer s.Close()
	return census.QIDO(ctx, &census.Web{
		Search: client,
		Pause:  func(ctx context.Context) error { return ctx.Err() }, // the site waits itself
		Memory: &e.memory,
	}, e.budget(ctx))
}
