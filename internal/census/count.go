package census

import (
	"context"
	"errors"
	"fmt"

	"github.com/leadglass/leadglass/dicom"
)

// count counts one axis.
func (c *counter) count(ctx context.Context, x axis) (sum, error) {
	first, err := c.ask(ctx, x.query(everything), c.tally(x))
	if err == nil && first.guessed > 0 && !c.scratch.many {
		// Answers repeat, and are too many to tell all apart: once more, with room.
		c.scratch.many = true
		first, err = c.ask(ctx, x.query(everything), c.tally(x))
	}
	if err != nil {
		return sum{}, err
	}
	if first.whole && !doubtful(first.rows) {
		return whole(first), nil
	}
	w := c.windows(x, first)
	defer w.union.reset()
	defer w.refuted.reset()
	if err := w.ask(ctx); err != nil {
		return sum{}, err
	}
	switch {
	case w.total.n == 0 && first.n == 0 && !w.anyWhole:
		return sum{}, errors.New("census: no answer")
	case w.unheeded:
		return atLeast(first, ": date ranges are not heeded"), nil
	case w.refused == w.asked && w.asked > 0:
		return atLeast(first, ": date windows are refused"), nil
	}
	return w.sum(ctx), nil
}

// windows begins a count by date windows, after the question for everything.
func (c *counter) windows(x axis, first answer) *windows {
	w := &windows{counter: c, axis: x, first: first}
	w.union.memory, w.refuted.memory = c.scratch.memory, c.scratch.memory
	w.union.many, w.refuted.many = c.scratch.many, c.scratch.many
	w.refuted.merge(&c.scratch)
	return w
}

func whole(a answer) sum {
	s := sum{
		n: a.n, low: a.n, high: a.n, exact: true,
		instances: a.instances, belowVar: a.belowVar, shares: a.shares, silent: a.silent, named: a.named, sample: a.silents,
	}
	if a.guessed > 0 {
		s.low, s.high = estimate{float64(a.n), a.nVar}.interval()
		s.exact, s.how = false, fmt.Sprintf(", answers that repeat told apart by one in %d", 1<<a.guessed)
	}
	return s
}

// atLeast is what is known where no window can be trusted.
func atLeast(first answer, why string) sum {
	s := whole(first)
	s.exact, s.how = false, s.how+why+", at least this many"
	return s
}

// windows is a count by date windows.
type windows struct {
	*counter
	axis     axis
	first    answer // to the question for everything
	total    answer // of the windows that came back whole
	asked    int
	refused  int  // of those that were asked, with a status and no answer
	unheeded bool // what a window gives has nothing to do with its dates
	anyWhole bool
	slow     int      // days of the shortest window that broke the peer; 0 none
	left     []window // that the budget did not reach
	stuck    int      // windows that cannot be cut and did not come back whole
	union    distinct // what the windows hold that were added to total
	refuted  distinct // what came with everything and with windows that were cut
}

// ask asks until each window came back whole, cannot be cut, or the budget is
// used up.
func (w *windows) ask(ctx context.Context) error {
	w.left = dated(w.archive.Now())
	if err := w.control(ctx, nobodys(9998)); err != nil {
		return ended(err)
	}
	for len(w.left) > 0 && !w.unheeded {
		last := len(w.left) - 1
		next := w.left[last]
		if w.tooLong(next) {
			parts, _ := next.halves(false)
			w.left = append(w.left[:last], parts...)
			continue
		}
		got, err := w.counter.ask(ctx, w.axis.query(next), w.tally(w.axis))
		if err != nil {
			return ended(err)
		}
		w.asked++
		w.left = w.left[:last]
		if !got.whole && !got.broken && got.n == 0 {
			w.refused++
		}
		if got.broken && next.days() > 1 {
			w.slow = max(2, min(or(w.slow, next.days()), next.days()))
		}
		w.place(next, got)
		if err := w.doubtOpen(ctx, next, got); err != nil {
			return ended(err)
		}
	}
	return nil
}

// place adds a window up, or cuts it.
func (w *windows) place(next window, got answer) {
	whole := got.whole && !w.capped(got.rows)
	parts, ok := next.halves(w.axis.time != 0)
	switch {
	case !whole && ok:
		w.left = append(w.left, parts...)
		w.refuted.merge(&w.scratch)
		return
	case whole:
		w.anyWhole = true
	default:
		w.stuck++
	}
	w.total.add(got, w.budget.Studies)
	w.union.merge(&w.scratch)
}

// ended is no error where the budget ended the questions.
func ended(err error) error {
	if errors.Is(err, errBudget) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// control asks for a window in which nothing is. Some archives match a range by
// one of its ends, or not at all: what their windows give must not be added up.
func (w *windows) control(ctx context.Context, empty window) error {
	got, err := w.counter.ask(ctx, w.axis.query(empty), w.tally(w.axis))
	w.unheeded = w.unheeded || got.n > 0
	return err
}

// doubtOpen looks closer where a range with an open end holds as much as
// everything, which a range that is not understood does too.
func (w *windows) doubtOpen(ctx context.Context, next window, got answer) error {
	if !next.openLow && !next.openHigh || got.n == 0 || got.n < w.first.n {
		return nil
	}
	return w.control(ctx, next.farther())
}

// tooLong says whether the window need not be asked for, since one no longer
// broke the peer. Each such question costs a time-out; outside the years that
// are likely to be full a long window is worth it.
func (w *windows) tooLong(next window) bool {
	return w.slow > 0 && next.from >= w.axis.era && next.days() >= w.slow && !next.openHigh
}

// capped says whether a window with so many answers may hold more. Once
// everything came back with a doubtful number, that number is the cap.
func (w *windows) capped(rows int64) bool {
	if w.first.whole {
		return rows == w.first.rows
	}
	return doubtful(rows)
}

func (a *answer) add(b answer, room int) {
	a.n += b.n
	a.rows += b.rows
	a.named += b.named
	a.guessed = max(a.guessed, b.guessed)
	a.nVar += b.nVar
	a.belowVar += b.belowVar
	a.instances += b.instances
	a.shares += b.shares
	a.silent += b.silent
	a.keep(b.silents, room)
}

// keep keeps the UIDs of silent studies, as many as there is room for.
func (a *answer) keep(silents []dicom.UID, room int) {
	a.silents = append(a.silents, silents[:max(0, min(len(silents), room-len(a.silents)))]...)
}

// sum adds up what the windows gave and estimates what they did not.
func (w *windows) sum(ctx context.Context) sum {
	w.overlap()
	used := len(w.left) == 0 && w.stuck == 0
	if used && w.first.whole && w.total.n <= w.first.n && (w.union.repeats == 0 || w.first.repeats > 0) {
		// The doubt was unfounded; what no window holds has no date.
		return whole(w.first)
	}
	var unknown sampled
	if len(w.left) > 0 {
		unknown = w.sampleDays(ctx)
		if w.unheeded {
			return atLeast(w.first, ": date ranges are not heeded")
		}
	}
	s := whole(w.total)
	s.how = windowsUsed(w.asked) + s.how
	s.exact = s.exact && used && w.union.repeats == 0
	s.doubts(w)
	if len(w.left) > 0 {
		s.unknown = unknown
		s.n += s.unknown.n
		s.low, s.high = s.low+s.unknown.low, s.high+s.unknown.high
		s.how += fmt.Sprintf(", the rest estimated from %d days drawn at random", s.unknown.days)
	} else {
		s.outside(w)
	}
	if unknown.missed > 0 {
		s.how += fmt.Sprintf(", %d years not asked about, at least this many", unknown.missed)
	}
	if s.n < w.first.n {
		return atLeast(w.first, s.how+", fewer than came in one answer")
	}
	s.low = max(s.low, w.first.n)
	return s
}

// overlap corrects the total where windows held the same answers.
func (w *windows) overlap() {
	if w.union.repeats == 0 {
		return
	}
	n, instances, silent := w.union.totals(nil)
	w.total.n = w.total.rows - w.total.named + int64(n.value)
	w.total.instances, w.total.silent = int64(instances.value), int64(silent.value)
	w.total.guessed, w.total.nVar, w.total.belowVar = w.union.level, n.variance, instances.variance
}

// doubts says why the number may be too low.
func (s *sum) doubts(w *windows) {
	if w.union.repeats > 0 {
		s.how += ", which overlap, at least this many"
	}
	if w.stuck > 0 {
		s.how += fmt.Sprintf(", %d of them capped and not to be cut further, at least this many", w.stuck)
	}
}

// outside adds what came with an answer that was not whole and then in none of
// the windows that replaced it: it has no date, or none that the archive reads.
func (s *sum) outside(w *windows) {
	n, instances, silent := w.refuted.totals(&w.union)
	if n.value == 0 {
		return
	}
	s.n, s.low, s.high = s.n+int64(n.value), s.low+int64(n.value), s.high+int64(n.value)
	s.instances, s.silent = s.instances+int64(instances.value), s.silent+int64(silent.value)
	s.exact = false
	s.how += fmt.Sprintf(", and %.0f more that are in none, at least this many", n.value)
}
