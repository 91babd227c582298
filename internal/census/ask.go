package census

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/bits"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// counter is the work on one archive.
type counter struct {
	archive  *Archive
	assoc    Association // nil between the peer's dropping one and the next question
	budget   Budget      // what is left of it
	deadline time.Time
	reserve  time.Duration // for the sample of an estimate, past the deadline
	failures int           // in a row
	seed     maphash.Seed  // of the hashes that tell answers apart
	scratch  distinct      // of the question that was asked last
}

// maxFailures in a row and the archive is left alone: it answers no more.
const maxFailures = 16

var errBudget = errors.New("census: the budget is used up")

// answer is what one question gave.
type answer struct {
	rows      int64       // answers that the peer sent, of which it may cap the number
	n         int64       // without those that are known to repeat another
	named     int64       // that have a UID
	repeats   int64       // that are known to
	shares    float64     // the sum of what one divided by the number below is
	instances int64       // what the answers say is below them
	silent    int64       // answers that do not say
	silents   []dicom.UID // of those, as many as may be counted one by one
	whole     bool        // the peer says that this was all
	broken    bool        // it timed out, or the association broke
	cut       bool        // we ended it, for the budget
	guessed   uint        // n and what is below are from one in 2^guessed answers
	nVar      float64     // their variances then
	belowVar  float64
}

func (c *counter) close() {
	if c.assoc != nil {
		c.assoc.Close()
		c.assoc = nil
	}
}

func (c *counter) late() bool { return !c.archive.Now().Before(c.deadline) }

func (c *counter) spent() bool {
	return c.budget.Answers <= 0 || c.budget.Queries <= 0 || c.failures >= maxFailures || c.late()
}

// ask sends one question. A peer that fails is no error here: the answer is not
// whole. An error means that the run or the budget is over.
func (c *counter) ask(ctx context.Context, q *dimse.Query, t *tally) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	if c.spent() {
		return answer{}, errBudget
	}
	if err := c.archive.Pause(ctx); err != nil {
		return answer{}, err
	}
	c.budget.Queries--
	t.left, t.late = c.budget.Answers, c.late
	c.scratch.reset()
	t.set, t.seed = &c.scratch, c.seed
	status, err := c.find(ctx, q, t)
	t.settle()
	c.budget.Answers -= t.got.rows
	t.got.cut = t.left < 0
	t.got.broken = err != nil
	t.got.whole = err == nil && status == dimse.Success && !t.got.cut
	if t.got.whole || t.got.n > 0 {
		c.failures = 0
	} else {
		c.failures++
	}
	return t.got, nil
}

// find asks again on a new association where the peer answered something else on
// one that was used before: more after a final answer, as some do, says nothing
// about this question.
func (c *counter) find(ctx context.Context, q *dimse.Query, t *tally) (dimse.Status, error) {
	used := c.assoc != nil
	status, err := c.findOnce(ctx, q, t)
	var stray *dimse.ProtocolError
	if used && t.got.rows == 0 && errors.As(err, &stray) {
		return c.findOnce(ctx, q, t)
	}
	return status, err
}

func (c *counter) findOnce(ctx context.Context, q *dimse.Query, t *tally) (dimse.Status, error) {
	if c.assoc == nil {
		assoc, err := c.archive.Open(ctx)
		if err != nil {
			return 0, fmt.Errorf("census: associating: %w", err)
		}
		c.assoc = assoc
	}
	rsp, err := c.assoc.Find(ctx, q, t.match)
	if err != nil {
		c.close()
		return 0, err
	}
	return rsp.Status, nil
}

// clockEvery answers the clock is looked at, which costs more than an answer.
const clockEvery = 4096

// tally counts answers as they pass; it looks at two elements and keeps a
// study's UID only where its images must be counted one by one.
type tally struct {
	count dicom.Tag // the element that says how many are below
	uid   dicom.Tag // the element that tells answers apart; zero is none
	room  int       // for so many UIDs of answers that do not say
	left  int64     // answers that the budget still allows
	late  func() bool
	got   answer

	// Of the answer that is being looked at.
	below   int64
	said    bool
	counted bool // its count was met, a number or not
	name    []byte

	set     *distinct // of the answers with a UID
	seed    maphash.Seed
	batch   [32]slot // that are not in the set yet
	waiting int      // so many
}

func (t *tally) match(identifier []byte, ts *dicom.TransferSyntax) error {
	if t.left--; t.left < 0 || t.got.rows%clockEvery == clockEvery-1 && t.late() {
		t.left = -1
		return dimse.ErrCancel
	}
	t.below, t.said, t.counted, t.name = 0, false, false, nil
	// An answer that cannot be read is an answer all the same.
	_ = dicom.WalkBytes(identifier, ts, dicom.Limits{}, t.look)
	t.got.rows++
	t.got.n++
	if !t.said {
		t.quiet()
		return nil
	}
	t.got.instances += t.below
	if t.uid == 0 { // a division is dear, and only at patient level needed
		t.got.shares += 1 / float64(max(t.below, 1))
	}
	if len(t.name) > 0 {
		t.got.named++
		t.put(slot{key(t.seed, t.name), uint32(min(t.below, noBelow-1))})
	}
	return nil
}

// quiet counts an answer that does not say what is below it.
func (t *tally) quiet() {
	t.got.silent++
	if len(t.name) == 0 {
		return
	}
	t.got.named++
	if t.flush(); !t.set.add(key(t.seed, t.name), noBelow) {
		t.got.repeats, t.got.n, t.got.silent = t.got.repeats+1, t.got.n-1, t.got.silent-1
		return
	}
	if len(t.got.silents) < t.room {
		t.got.silents = append(t.got.silents, dicom.UID(t.name))
	}
}

// put adds an answer to those that are compared together, which hides most of
// what waiting for memory costs.
func (t *tally) put(s slot) {
	t.batch[t.waiting] = s
	if t.waiting++; t.waiting == len(t.batch) {
		t.flush()
	}
}

// flush takes back answers that turn out to be repeats: archives that join tables
// without care repeat a study for each series.
func (t *tally) flush() {
	batch := t.batch[:t.waiting]
	t.waiting = 0
	t.set.touch(batch)
	for _, s := range batch {
		if !t.set.add(s.hash, s.below) {
			t.got.repeats++
			t.got.n--
			t.got.instances -= int64(s.below)
		}
	}
}

// settle estimates what the set did not look at, where answers repeat at all.
func (t *tally) settle() {
	t.flush()
	if t.set.level == 0 || t.set.repeats == 0 {
		return
	}
	n, instances, silent := t.set.totals(nil)
	unnamed := t.got.rows - t.got.named
	t.got.n = min(unnamed+int64(n.value), t.got.rows)
	t.got.instances, t.got.silent = int64(instances.value), int64(silent.value)
	t.got.guessed, t.got.nVar, t.got.belowVar = t.set.level, n.variance, instances.variance
}

func (t *tally) look(v *dicom.Visit) error {
	if v.Depth > 0 || v.Kind != dicom.ElementValue {
		return nil
	}
	switch v.Tag {
	case t.count:
		t.below, t.said = number(v.Value)
		t.counted = true
	case t.uid:
		t.name = trimmed(v.Value)
	default:
		return nil
	}
	if t.counted && (t.uid == 0 || t.name != nil) {
		return dicom.ErrStop
	}
	return nil
}

// number reads an IS (PS3.5 section 6.2). Negative and unreadable numbers are
// as good as none.
func number(b []byte) (int64, bool) {
	n, digits := int64(0), 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9' && digits < 9: // PS3.5 allows up to 2³¹-1, nothing has so many
			n, digits = n*10+int64(c-'0'), digits+1
		case c == ' ' || c == 0 || c == '+' && digits == 0:
		default:
			return 0, false
		}
	}
	return n, digits > 0
}

func trimmed(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == 0 || b[len(b)-1] == ' ') {
		b = b[:len(b)-1]
	}
	return b
}

// doubtful says whether n answers look like a cap that somebody configured. To
// doubt a number that is right costs asking twice.
func doubtful(n int64) bool {
	if n < 10 {
		return false
	}
	powerOfTwo := func(n int64) bool { return bits.OnesCount64(uint64(n)) == 1 }
	return n%50 == 0 || powerOfTwo(n) || powerOfTwo(n+1) || (n+1)%100 == 0 || n%100 == 1
}

// tally looks at the answers of one axis.
func (c *counter) tally(x axis) *tally {
	t := &tally{count: x.count, uid: x.unique}
	if x.unique == dict.StudyInstanceUID {
		t.room = c.budget.Studies
	}
	return t
}
