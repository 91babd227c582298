package plan

import (
	"time"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/ul"
)

// role is a way for a system to be, and how often it is met.
type role struct {
	name   string
	counts [4]int // in the presets' columns: full, small, tiny, bench
	only   string // the country that it is met in, "" any
	shape  func(b *builder, d *DICOMService)
	// fixed bounds the studies of one system where its behaviour needs that;
	// images are then fifteen a study or so.
	fixed func(b *builder) (studies uint64)
}

// disclosing are the ways to disclose; whoever is left over is plainly open.
func disclosing() []role {
	return []role{
		{name: "two-ports", counts: [4]int{6, 1, 1, 0}, shape: open},
		{name: "capped", counts: [4]int{14, 2, 1, 0}, shape: capped(false), fixed: cappedStudies},
		{name: "capped-quiet", counts: [4]int{10, 2, 1, 0}, shape: capped(true), fixed: cappedStudies},
		{name: "stalls", counts: [4]int{6, 1, 1, 0}, shape: stalling, fixed: stallingStudies},
		{name: "silent-studies", counts: [4]int{6, 1, 1, 0}, shape: silent(SilentStudy), fixed: between(12, 40)},
		{name: "silent-series", counts: [4]int{3, 1, 1, 0}, shape: silent(SilentSeries), fixed: between(4, 9)},
		{name: "study-root-only", counts: [4]int{40, 3, 1, 0}, shape: roots(StudyRoot)},
		{name: "patient-root-only", counts: [4]int{8, 1, 1, 0}, shape: roots(PatientRoot)},
		{name: "implicit-only", counts: [4]int{12, 2, 1, 0}, shape: func(b *builder, d *DICOMService) { open(b, d); d.Implicit = true }},
		{name: "worklist", counts: [4]int{30, 3, 1, 0}, shape: withWorklist},
		{name: "wrong-port", counts: [4]int{6, 1, 1, 0}, shape: open},
		{name: "tls", counts: [4]int{1, 1, 1, 0}, shape: withTLS(SelfSigned)},
		{name: "slow", counts: [4]int{5, 1, 1, 0}, shape: slow, fixed: between(60, 200)},
		{name: "social", counts: [4]int{12, 1, 1, 0}, only: "US", shape: func(b *builder, d *DICOMService) { open(b, d); d.IDs = content.SocialNumbers }},
		{name: "defence", counts: [4]int{4, 1, 1, 0}, only: "US", shape: func(b *builder, d *DICOMService) { open(b, d); d.IDs = content.DefenceNumbers }},
		{name: "ransom", counts: [4]int{5, 1, 1, 0}, shape: func(b *builder, d *DICOMService) { open(b, d); d.Ransom = true }},
		{name: "web-only", counts: [4]int{3, 1, 1, 0}, shape: open, fixed: between(150, 900)},
	}
}

// silentRoles are the ways to be found and disclose nothing; whoever is left
// over rejects.
func silentRoles() []role {
	return []role{
		{name: "empty", counts: [4]int{20, 2, 1, 0}, shape: empty},
		{name: "echo-only", counts: [4]int{250, 12, 1, 0}, shape: func(_ *builder, d *DICOMService) { d.Echo = true }},
		{name: "refuses-find", counts: [4]int{160, 9, 2, 0}, shape: refusing},
		{name: "store-only", counts: [4]int{90, 6, 1, 0}, shape: func(_ *builder, d *DICOMService) { d.Echo, d.Store = true, true }},
		{name: "binds-titles", counts: [4]int{5, 1, 1, 0}, shape: func(_ *builder, d *DICOMService) { d.Echo, d.Binds = true, true }},
		{name: "wrong-port-echo", counts: [4]int{14, 1, 1, 0}, shape: func(_ *builder, d *DICOMService) { d.Echo = true }},
		{name: "wrong-port-rejects", counts: [4]int{8, 1, 1, 0}, shape: rejecting(ul.ReasonCalledNotRecognised)},
		{name: "wrong-port-tls", counts: [4]int{0, 1, 1, 0}, shape: closedTLS(unknownIssuer)},
		{name: "tls-expired", counts: [4]int{1, 1, 1, 0}, shape: closedTLS(expired)},
		{name: "tls-unknown", counts: [4]int{1, 1, 1, 0}, shape: closedTLS(unknownIssuer)},
	}
}

// rejections are the typed reasons, and how often each is met.
func rejections() []struct {
	share uint64
	error ul.RejectError
} {
	permanent, transient := ul.RejectedPermanent, ul.RejectedTransient
	return []struct {
		share uint64
		error ul.RejectError
	}{
		{45, ul.RejectError{Result: permanent, Source: ul.ServiceUser, Reason: ul.ReasonCalledNotRecognised}},
		{32, ul.RejectError{Result: permanent, Source: ul.ServiceUser, Reason: ul.ReasonCallingNotRecognised}},
		{12, ul.RejectError{Result: permanent, Source: ul.ServiceUser, Reason: ul.ReasonNoneGiven}},
		{4, ul.RejectError{Result: transient, Source: ul.ProviderPresentation, Reason: 1}}, // temporary congestion
		{4, ul.RejectError{Result: transient, Source: ul.ProviderPresentation, Reason: 2}}, // local limit exceeded
		{3, ul.RejectError{Result: permanent, Source: ul.ProviderACSE, Reason: 1}},         // no reason given
	}
}

// rejecting rejects everyone for one reason.
func rejecting(reason uint8) func(*builder, *DICOMService) {
	return func(_ *builder, d *DICOMService) {
		d.Reject = &ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: reason}
	}
}

// open is the archive of the 2019 study: it takes any title and answers.
func open(b *builder, d *DICOMService) {
	d.Echo = true
	d.Models = []Model{PatientRoot, StudyRoot}
	d.Store = b.chance(70)
	d.Moves = b.chance(30)
	d.NoDoctor = b.chance(15)
}

func capped(quiet bool) func(*builder, *DICOMService) {
	return func(b *builder, d *DICOMService) {
		open(b, d)
		d.CapQuiet = quiet
		d.Cap = b.cap()
	}
}

// cap is a number that people configure.
func (b *builder) cap() int {
	if b.column() == 2 {
		return 50
	}
	return []int{200, 500, 1000}[b.intn(3)]
}

// cappedStudies keeps a day below the smallest cap, and patients born on one
// day few.
func cappedStudies(b *builder) uint64 {
	switch b.column() {
	case 1:
		return b.between(2_000, 9_000)
	case 2:
		return b.between(260, 520)
	}
	return b.between(4_000, 60_000)
}

// stalling never finishes a large answer.
func stalling(b *builder, d *DICOMService) {
	open(b, d)
	d.Stalls = -1 // a share of its studies, once they are known
	d.Patience = []time.Duration{30 * time.Second, 3 * time.Second, time.Second, 0}[b.column()]
}

func stallingStudies(b *builder) uint64 {
	switch b.column() {
	case 1:
		return b.between(1_500, 4_000)
	case 2:
		return b.between(200, 400)
	}
	return b.between(5_000, 30_000)
}

func silent(s silence) func(*builder, *DICOMService) {
	return func(b *builder, d *DICOMService) {
		open(b, d)
		d.Silent = s
	}
}

func roots(m Model) func(*builder, *DICOMService) {
	return func(b *builder, d *DICOMService) {
		open(b, d)
		d.Models = []Model{m}
	}
}

func withWorklist(b *builder, d *DICOMService) {
	open(b, d)
	d.Models = append(d.Models, worklistModel)
	d.Worklist = int(b.between(4, 30))
}

func slow(b *builder, d *DICOMService) {
	open(b, d)
	d.Latency = 5 * time.Millisecond
}

// empty is an archive that nobody has sent anything to.
func empty(b *builder, d *DICOMService) {
	open(b, d)
	d.Holds = &content.Holdings{}
	if b.chance(60) {
		d.Retrieve = dimse.NotAuthorised
	}
}

// refusing takes the contexts of C-FIND and refuses each question.
func refusing(b *builder, d *DICOMService) {
	d.Echo = true
	d.Models = []Model{PatientRoot, StudyRoot}
	d.Refuses = []dimse.Status{dimse.OutOfResources, dimse.NotAuthorised, dimse.UnableToProcess, dimse.RefusedSOPClass}[b.next()%4]
}

func between(low, high uint64) func(*builder) uint64 {
	return func(b *builder) uint64 { return b.between(low, high) }
}
