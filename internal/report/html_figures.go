package report

import (
	"fmt"

	"github.com/leadglass/leadglass/internal/exposure"
)

// band is a row of headline figures.
type band struct {
	Title   string
	Figures []figure
}

// figure is one number with a sentence that says what it means to somebody who
// does not run archives.
type figure struct {
	Value, Label, Meaning string
	Alarm                 bool
}

func bands(s *Survey) []band {
	if s.Discovery {
		return []band{discoveredBand(&s.Totals)}
	}
	return []band{exposedBand(s), heldBand(s), guardedBand(s)}
}

// discoveredBand is what a discovery knows.
func discoveredBand(t *Totals) band {
	return band{"What was found", []figure{
		{group(t.SystemsDICOM), pluralFor(t.SystemsDICOM, "DICOM system"), "spoke DICOM, the language of medical imaging, to a stranger on the network.", false},
		{group(t.SystemsTLS), "within TLS", "spoke DICOM within TLS only. The others answered in the clear.", false},
		{group(t.SystemsVulnerable), "have known vulnerabilities", "by the version that they name; " + group(t.SystemsCVSS10) + " with one of the highest rating, CVSS 10.0.", t.SystemsVulnerable > 0},
		{group(t.HoneypotSuspects), "honeypot suspects", "by what one association shows. They count in no other figure.", false},
	}}
}

func exposedBand(s *Survey) band {
	t := &s.Totals
	return band{"What is exposed", []figure{
		{group(t.SystemsDICOM), pluralFor(t.SystemsDICOM, "DICOM system"), "spoke DICOM, the language of medical imaging, to a stranger on the network.", false},
		{group(t.SystemsDisclosing), "disclose patient data", share(t.SystemsDisclosing, archives(s)) + " of the archives told a stranger who was examined, when, or why.", t.SystemsDisclosing > 0},
		{group(t.Countries), pluralFor(t.Countries, "country"), "have at least one archive that discloses.", false},
		{group(t.WebViewersOpen), pluralFor(t.WebViewersOpen, "open web viewer"), viewerMeaning(t), t.WebViewersOpen > 0},
	}}
}

// pluralFor is the thing in the number that fits n, without n.
func pluralFor(n int64, thing string) string {
	if n == 1 {
		return thing
	}
	return pluralOf(thing)
}

func viewerMeaning(t *Totals) string {
	if t.WebViewersOpen == 0 {
		return "opened in a browser without a login."
	}
	return fmt.Sprintf("need nothing but a browser; %s of them on unencrypted HTTP.", group(t.WebViewersOpenHTTP))
}

func heldBand(s *Survey) band {
	t := &s.Totals
	return band{"What they hold", []figure{
		{about(t.Patients), "patients", "counted where an archive let us. Many do not, so there are more.", false},
		{about(t.Studies), "studies", "A study is one examination of one person, with its date and its reason.", false},
		{about(t.Images), "images", "X-ray, CT, MRI and others, with what is written in them.", false},
		{about(t.ImagesAccessible), "images anyone can take", share(t.ImagesAccessible, t.Images) + " of all: their archives hand them out to whoever asks.", t.ImagesAccessible > 0},
	}}
}

func guardedBand(s *Survey) band {
	t := &s.Totals
	numbers, all := int64(0), int64(0)
	for i := range s.Systems {
		if Suspect(&s.Systems[i]) {
			continue
		}
		all++
		if s.Systems[i].Has(exposure.GovernmentIDs) {
			numbers++
		}
	}
	return band{"How they are guarded", []figure{
		{share(t.SystemsAnyAETitle, t.SystemsDICOM), "take any AE title", group(t.SystemsAnyAETitle) + " archives do not even check the name that a caller gives.", t.SystemsAnyAETitle > 0},
		{share(t.SystemsTLS, t.SystemsDICOM), "use encryption", group(t.SystemsTLS) + " were reached within TLS. To the others, data travels like a postcard.", false},
		{group(t.SystemsVulnerable), "have known vulnerabilities", "by the version that they name; " + group(t.SystemsCVSS10) + " with one of the highest rating, CVSS 10.0.", t.SystemsVulnerable > 0},
		{group(t.SystemsCompromiseIndicators), "show signs of compromise", "Somebody was probably there already.", t.SystemsCompromiseIndicators > 0},
		{share(t.SystemsInClusters, all), "in groups of identical software", fmt.Sprintf("One flaw fits a whole group; there are %s.", plural(t.SoftwareClusters, "group")), false},
		{group(numbers), "disclose government numbers", "of the form of social security, national or military numbers.", numbers > 0},
		{group(t.HoneypotSuspects), "honeypot suspects", "are probably traps that imitate an archive. They count in no other figure.", false},
	}}
}
