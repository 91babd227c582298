// Package census counts the patients, studies and images of one archive by
// asking for as little as possible, and keeps none of it.
//
// One C-FIND at study level with two return keys, Study Instance UID and
// Number of Study Related Instances, counts an archive that answers in full.
// Many do not: some stop after a round number of answers with a failure, some
// stop there and say success, some never finish a large answer. For those the
// question is asked per date window, and a window that does not come back whole
// is halved until it does:
//
//	everything          500 answers, success: a round number, so doubted
//	19000101-19630714     0
//	19630715-20270124   500  = the doubted number: halved
//	19950420-20270124   500  halved
//	…
//	20190301-20190317   412  whole
//
// A study without a date matches no window. Where everything came back whole it
// is counted all the same; where windows were needed it is not, and the method
// says that windows were used.
//
// Each archive has a budget of answers, queries and time. Past it, what is left
// is estimated from days drawn at random, with a 95 % interval, and the count
// says that it is an estimate.
package census

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// Count is how many, and how well that is known.
type Count struct {
	Patients, Studies, Images int64
	Exact                     bool
	// The 95 % interval of studies and images; equal to the number where exact.
	StudiesLow, StudiesHigh int64
	ImagesLow, ImagesHigh   int64
	Method                  string // for people, as "c-find at study level, 12 date windows"
}

// Association is an association on which C-FIND may be asked; *dimse.Client
// finds, whoever opened it closes.
type Association interface {
	Find(ctx context.Context, q *dimse.Query, match func(identifier []byte, ts *dicom.TransferSyntax) error) (*dimse.Response, error)
	Close()
}

// Archive is a DICOM service that answers C-FIND to anyone.
type Archive struct {
	// Open makes an association with the find contexts of both roots. It is
	// called again when the peer drops one.
	Open func(ctx context.Context) (Association, error)
	// Pause waits until one more request may be sent.
	Pause                  func(ctx context.Context) error
	StudyRoot, PatientRoot bool
	Now                    func() time.Time
	Rand                   *rand.Rand // draws the sample of an estimate
	Memory                 *Memory    // of the run; nil gives the archive its own
}

// Budget bounds what one archive is asked: answers and queries for each of
// studies, images and patients, the time for all. Zero is the default, a
// negative value switches the bound off.
type Budget struct {
	Answers int64         // C-FIND answers
	Queries int64         // C-FIND requests
	Studies int           // studies whose images are counted one by one
	Time    time.Duration // in all
}

// The default budget: the largest archive of the 2019 study held about a
// million studies; an archive ten times as large is estimated. 20,000 queries
// halve down an archive of a million studies that caps at 200 answers.
const (
	defaultAnswers = 10_000_000
	defaultQueries = 20_000
	defaultStudies = 2_000
	defaultTime    = 15 * time.Minute
)

func (b Budget) orDefault() Budget {
	return Budget{
		Answers: or(b.Answers, defaultAnswers),
		Queries: or(b.Queries, defaultQueries),
		Studies: or(b.Studies, defaultStudies),
		Time:    or(b.Time, defaultTime),
	}
}

// or is the bound in force. "Off" is half of the highest number, so that a time
// can still be added to it.
func or[T int | int64 | time.Duration](v, byDefault T) T {
	switch {
	case v == 0:
		return byDefault
	case v > 0:
		return v
	}
	if off := T(1) << 62; off > 0 {
		return off
	}
	return 1 << 30 // an int of 32 bits
}

// DICOM counts an archive by C-FIND. An error means that nothing could be
// counted; a partial count is an estimate and no error.
func DICOM(ctx context.Context, a *Archive, b Budget) (Count, error) {
	b = b.orDefault()
	reserve := b.Time / 5
	c := &counter{archive: a, budget: b, reserve: reserve, deadline: a.Now().Add(b.Time - reserve), seed: maphash.MakeSeed()}
	if c.scratch.memory = a.Memory; a.Memory == nil {
		c.scratch.memory = new(Memory)
	}
	defer c.close()
	defer c.scratch.reset()
	ctx, cancel := context.WithTimeout(ctx, b.Time)
	defer cancel()

	studies, err := c.count(ctx, c.studyAxis())
	if err != nil {
		return Count{}, err
	}
	images := c.again(b).images(ctx, &studies)
	count := Count{
		Studies: studies.n, StudiesLow: studies.low, StudiesHigh: studies.high,
		Images: images.n, ImagesLow: images.low, ImagesHigh: images.high,
		Exact: studies.exact && images.exact,
	}
	methods := []string{"c-find at study level" + studies.how, images.how}
	if !a.PatientRoot {
		methods = append(methods, "patients not counted: patient root is not accepted")
	} else if patients, err := c.again(b).patients(ctx, studies); err != nil {
		methods = append(methods, "patients not counted: no answer at patient level")
	} else {
		count.Patients = patients.n
		methods = append(methods, "patients at patient level"+patients.how)
		count.Exact = count.Exact && patients.exact
	}
	count.Method = join(methods)
	return count, nil
}

// again gives the counter a new budget of questions; the time goes on.
func (c *counter) again(b Budget) *counter {
	c.budget, c.failures = b, 0
	return c
}

func join(parts []string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "; ")
}

// axis is what is counted and by which date it can be cut.
type axis struct {
	model  dicom.UID
	level  string
	unique dicom.Tag // asked for with no value; zero leaves it out
	count  dicom.Tag // the number of what is below, asked for with no value
	date   dicom.Tag
	time   dicom.Tag // zero where a day cannot be cut further
	era    int       // the day from which on many are likely
}

// The first studies with DICOM are of the early nineties; few patients are
// older than a hundred years.
const (
	dicomEra  = 90 * 365
	livingEra = 20 * 365
)

func (c *counter) studyAxis() axis {
	model := dicom.UID(dict.StudyRootQueryRetrieveInformationModelFind)
	if !c.archive.StudyRoot {
		model = dict.PatientRootQueryRetrieveInformationModelFind
	}
	return axis{
		model: model, level: "STUDY",
		unique: dict.StudyInstanceUID, count: dict.NumberOfStudyRelatedInstances,
		date: dict.StudyDate, time: dict.StudyTime,
		era: dicomEra,
	}
}

// patientAxis does not ask for the Patient ID: few servers need it to count.
var patientAxis = axis{
	model: dict.PatientRootQueryRetrieveInformationModelFind, level: "PATIENT",
	count: dict.NumberOfPatientRelatedStudies,
	date:  dict.PatientBirthDate,
	era:   livingEra,
}

// patients counts at patient level. Some servers join answers that look the same
// (dcmqrscp does), and without an ID many do: the studies below them are then
// fewer than were counted. Others answer once for each study. Only servers that
// may be one of these are asked for the Patient ID, of which a hash is compared.
func (c *counter) patients(ctx context.Context, studies sum) (sum, error) {
	patients, err := c.count(ctx, patientAxis)
	says := patients.silent == 0
	asMany := patients.n == studies.n
	switch {
	case err != nil:
		return patients, err
	case asMany && says && patients.instances > studies.n:
		// Each of a patient's n answers says n, so that they add up to one patient.
		patients.n, patients.exact = int64(math.Round(patients.shares)), false
		patients.how += ", answered once for each study"
		return patients, nil
	case says && (asMany || patients.instances >= studies.n), asMany && studies.n < 2:
		return patients, nil
	}
	c.close() // dcmqrscp leaves out what it found before on the same association
	apart := patientAxis
	apart.unique = dict.PatientID
	again, err := c.count(ctx, apart)
	switch {
	case err == nil && again.named > 0 && (again.n > patients.n || asMany):
		return again, nil
	case asMany:
		patients.exact = false
		patients.how += ", as many as studies, at most this many"
	}
	return patients, nil
}

// query is the C-FIND for one window.
func (x axis) query(w window) *dimse.Query {
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, x.level)
	if x.unique != 0 {
		id.SetString(x.unique)
	}
	id.SetString(x.count)
	if !w.all {
		id.SetString(x.date, w.dates())
	}
	if w.partOfDay() {
		id.SetString(x.time, w.times())
	}
	return &dimse.Query{Model: x.model, Identifier: id}
}

// sum is a number, its interval and how it came about.
type sum struct {
	n, low, high int64
	exact        bool
	how          string
	// Of the windows that were answered: instances by their own count, and the
	// studies that did not say.
	instances int64
	belowVar  float64
	shares    float64
	silent    int64
	named     int64       // answers with a UID
	sample    []dicom.UID // of the silent studies
	unknown   sampled     // what was estimated on top
}

func windowsUsed(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d date windows", n)
}
