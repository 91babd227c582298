package census

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
)

// z95 is the 97.5 % quantile of the normal distribution, for 95 % intervals.
const z95 = 1.96

// sampleQueries are asked for an estimate, on top of the budget.
const sampleQueries = 400

// pilot is how many days of each stratum are asked before the rest is spent
// where it narrows the interval most.
const pilot = 2

// sampled is an estimate from days drawn at random.
type sampled struct {
	n, low, high int64
	instances    estimate
	silent       float64 // answers that do not say how many instances they have
	days         int     // that were asked
	missed       int     // years of which no day was
}

// estimate is a number with its standard error.
type estimate struct{ value, variance float64 }

func (e estimate) interval() (low, high int64) {
	half := z95 * math.Sqrt(e.variance)
	return int64(math.Max(0, math.Floor(e.value-half))), int64(math.Ceil(e.value + half))
}

// stratum is a run of days within which days are drawn (at most a year, so that
// decades without studies do not blur the years with many).
type stratum struct {
	window
	drawn map[int]bool
	got   []answer
	start float64  // where in the stratum the draws begin, 0…1
	next  *stratum // the one drawn beside it, nil at the end
	prev  *stratum
}

// strata cuts windows into years at most. Open ends and parts of a day stay as they are.
func strata(left []window) []*stratum {
	var all []*stratum
	left = slices.Clone(left)
	slices.SortFunc(left, func(a, b window) int { return cmp.Compare(a.to, b.to) })
	for _, w := range left {
		for w.days() > 366 {
			all = append(all, newStratum(window{from: w.from, to: w.from + 365}))
			w.from += 366
		}
		all = append(all, newStratum(w))
	}
	for i := range all[1:] {
		all[i].next, all[i+1].prev = all[i+1], all[i]
	}
	return all
}

func newStratum(w window) *stratum { return &stratum{window: w, drawn: map[int]bool{}} }

// sampleDays estimates what the windows hold that the budget did not reach.
func (w *windows) sampleDays(ctx context.Context) sampled {
	w.grant()
	if w.asked == 0 && w.control(ctx, nobodys(9998)) == nil && w.unheeded {
		return sampled{}
	}
	all := strata(w.left)
	for _, s := range all {
		s.start = w.archive.Rand.Float64()
	}
	for range pilot {
		for _, s := range all {
			w.draw(ctx, s)
		}
	}
	for w.budget.Queries > 0 && !w.spent() && ctx.Err() == nil {
		s := slices.MaxFunc(all, func(a, b *stratum) int { return cmp.Compare(a.gain(), b.gain()) })
		if s.gain() <= 0 || !w.draw(ctx, s) {
			break
		}
	}
	return estimated(all)
}

// grant gives the sample a budget of its own: what was counted so far has used
// up the other.
func (w *windows) grant() {
	w.budget.Queries = sampleQueries
	w.budget.Answers = max(w.budget.Answers, 0) + defaultAnswers/10
	w.failures = 0
	w.deadline = w.deadline.Add(w.reserve)
}

// draw asks for one more day; false means that there was none or that the
// sample is over.
func (w *windows) draw(ctx context.Context, s *stratum) bool {
	day := s.window
	if days := s.days(); len(s.drawn) >= days {
		return false
	} else if days > 1 {
		d := s.place(len(s.drawn))
		day = window{from: d, to: d}
	}
	got, err := w.counter.ask(ctx, w.axis.query(day), w.tally(w.axis))
	if err != nil || got.cut { // a day that does not end says nothing of the others
		return false
	}
	s.drawn[day.from] = true
	s.got = append(s.got, got)
	w.total.keep(got.silents, w.budget.Studies)
	return true
}

// place is the day of the n-th draw: a random start, then the van der Corput
// sequence, which fills the stratum evenly however many days are drawn, so that
// an archive that begins in the middle of a year is seen to.
func (s *stratum) place(n int) int {
	_, at := math.Modf(s.start + float64(bits.Reverse32(uint32(n)))/(1<<32))
	d := s.from + int(at*float64(s.days()))
	for s.drawn[d] {
		if d++; d > s.to {
			d = s.from
		}
	}
	return d
}

// gain is how much one more day would narrow the interval: the variance of the
// stratum's total, spread over the days drawn (Neyman's allocation, one step at
// a time).
func (s *stratum) gain() float64 {
	n, days := len(s.got), s.days()
	if n >= days || n == 0 {
		return 0
	}
	return s.of(func(a answer) int64 { return a.n }).variance / float64(n)
}

// of estimates a stratum's total of one figure: days times the mean of a day.
// The variance is that of the days drawn, but at least a Poisson's, and at least
// what a jump between the neighbours would make of it: two equal draws do not
// prove that all days are equal.
func (s *stratum) of(figure func(answer) int64) estimate {
	n, days := float64(len(s.got)), float64(s.days())
	if n == 0 {
		return estimate{}
	}
	mean := s.mean(figure)
	var squares float64
	for _, a := range s.got {
		squares += (float64(figure(a)) - mean) * (float64(figure(a)) - mean)
	}
	jump := (s.next.or(s).mean(figure) - s.prev.or(s).mean(figure)) / 4
	variance := max(squares/max(n-1, 1), mean, jump*jump)
	return estimate{days * mean, days * days * variance / n * (1 - n/days)}
}

func (s *stratum) mean(figure func(answer) int64) float64 {
	var total float64
	for _, a := range s.got {
		total += float64(figure(a))
	}
	return total / max(float64(len(s.got)), 1)
}

func (s *stratum) or(t *stratum) *stratum {
	if s == nil {
		return t
	}
	return s
}

func estimated(all []*stratum) sampled {
	var studies, instances, silent estimate
	var out sampled
	for _, s := range all {
		studies = studies.plus(s.of(func(a answer) int64 { return a.n }))
		instances = instances.plus(s.of(func(a answer) int64 { return a.instances }))
		silent = silent.plus(s.of(func(a answer) int64 { return a.silent }))
		out.days += len(s.got)
		if len(s.got) == 0 {
			out.missed++
		}
	}
	out.n = int64(math.Round(studies.value))
	out.low, out.high = studies.interval()
	out.instances, out.silent = instances, silent.value
	return out
}

func (e estimate) plus(f estimate) estimate {
	return estimate{e.value + f.value, e.variance + f.variance}
}
