package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/leadglass/leadglass/internal/exposure"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/report"
)

// sampled is how many answers a survey looks at in each system; the numbers of
// government identifiers follow from it.
const sampled = 20

// Truth is what a survey of the fleet ought to find, worked out from the plan.
// Its totals come from the plan's own numbers and additions, not from package
// report, so that one can be held against the other.
func (p *Plan) Truth() *report.Survey {
	s := &report.Survey{
		Version: report.FormatVersion, Tool: "fleetsim",
		Authorisation: p.authorisation(),
		Started:       p.Config.Now.UTC(), Finished: p.Config.Now.UTC(),
		Answers: map[string]int64{},
		Systems: []report.System{},
	}
	for _, site := range p.sites {
		s.Hosts += int64(1) << (32 - site.block.Bits())
	}
	s.HostsAsked = s.Hosts
	for _, h := range p.Hosts {
		s.Systems = append(s.Systems, p.systems(h)...)
	}
	slices.SortFunc(s.Systems, func(a, b report.System) int {
		x, y := netip.MustParseAddrPort(a.Address), netip.MustParseAddrPort(b.Address)
		return x.Compare(y)
	})
	s.Totals = p.total(s.Systems)
	s.Countries = p.countries(s.Systems)
	return s
}

// systems are those of one host: its DICOM services, or an open web archive.
func (p *Plan) systems(h *Host) []report.System {
	var list []report.System
	for i, d := range h.DICOM {
		var webs []*WebService
		if i == 0 {
			webs = h.Web
		}
		list = append(list, p.system(h, d, webs))
	}
	if len(h.DICOM) > 0 || len(h.Web) == 0 {
		return list
	}
	return append(list, p.webSystem(h))
}

// system is a DICOM service with what the web services of its host add.
func (p *Plan) system(h *Host, d *DICOMService, webs []*WebService) report.System {
	s := report.System{
		Address: h.Address(d.Port), Country: h.site.country, Network: h.site.name,
		Class: string(p.class(d)), Exposures: []string{},
	}
	if d.Reject != nil {
		s.Reject = rejectReason(d)
	}
	if d.accepts() {
		s.ImplementationClassUID, s.ImplementationVersionName = d.Software.ClassUID, d.Software.VersionName
	}
	p.software(&s, d, webs)
	p.count(&s, d)
	p.tls(&s, d)
	if d.SameAs != nil {
		s.SameArchiveAs = h.Address(d.SameAs.Port)
	}
	s.Honeypot = trapSigns(d)
	p.finish(&s, d, webs)
	return s
}

// webSystem is an open web archive on a host without DICOM.
func (p *Plan) webSystem(h *Host) report.System {
	w := h.Web[0]
	d := w.Archive
	s := report.System{
		Address: h.Address(w.Port), Country: h.site.country, Network: h.site.name,
		Class: string(probe.Web), Exposures: []string{},
		Patients: int64(d.Holds.Patients), Studies: int64(d.Holds.Studies), Images: int64(d.Holds.Images),
	}
	s.Count = exactly(&s, "qido-rs")
	p.software(&s, nil, h.Web)
	p.finish(&s, nil, h.Web)
	return s
}

// finish adds what follows from both kinds of service.
func (p *Plan) finish(s *report.System, d *DICOMService, webs []*WebService) {
	if s.Honeypot == nil {
		s.Attributes = attributes(d, webs)
		s.Indicators = indicators(d, webs)
		s.GovernmentIDs = governmentIDs(d)
	}
	for _, w := range webs {
		host, _, _ := strings.Cut(s.Address, ":")
		s.Web = append(s.Web, report.Web{
			Address: fmt.Sprintf("%s:%d", host, w.Port), HTTPS: w.HTTPS != nil, Status: w.status(), Open: w.open(),
		})
		s.Retrievable = s.Retrievable || w.QIDO && w.WADO
	}
	if s.Honeypot == nil {
		s.Vulnerabilities = Vulnerabilities(Releases(d, webs))
	}
	e := &exposures{list: s.Exposures}
	e.ofDICOM(d)
	e.ofWeb(webs)
	e.ofSystem(s)
	s.Exposures = e.sorted()
}

// class is what the port turns out to be.
func (p *Plan) class(d *DICOMService) probe.Class {
	switch {
	case d.demandsCertificate():
		return probe.ClientCert
	case !slices.Contains(p.size.dicomPorts, d.Port):
		return probe.WrongPort
	case d.TLS != nil:
		return probe.TLSOnly
	case d.Reject != nil:
		return probe.Rejects
	}
	return probe.AcceptsAnyone
}

// rejectReason is the reason in the words of PS3.8 table 9-21.
func rejectReason(d *DICOMService) string {
	type key struct{ source, reason uint8 }
	return map[key]string{
		{1, 1}: "no-reason-given", {1, 2}: "application-context-name-not-supported",
		{1, 3}: "calling-ae-title-not-recognized", {1, 7}: "called-ae-title-not-recognized",
		{2, 1}: "no-reason-given", {2, 2}: "protocol-version-not-supported",
		{3, 1}: "temporary-congestion", {3, 2}: "local-limit-exceeded",
	}[key{uint8(d.Reject.Source), d.Reject.Reason}]
}

// software is what the visible clues tell: the archive's page more than its
// association, and the association more than a viewer or server in front.
func (p *Plan) software(s *report.System, d *DICOMService, webs []*WebService) {
	soft := &software{}
	if d != nil && d.accepts() {
		soft = d.Software
	}
	for _, w := range webs {
		if d == nil {
			soft = w.Software.withoutAssociation()
		}
	}
	s.Vendor, s.Product, s.Version = soft.vendor, soft.Product, soft.Version
}

// count is what the archive holds, as far as it answers.
func (p *Plan) count(s *report.System, d *DICOMService) {
	s.Count.Kind = report.CountNone
	s.Retrievable = d.retrieves()
	if d.Honeypot != Honest || !d.finds(PatientRoot) && !d.finds(StudyRoot) {
		return
	}
	s.Studies, s.Images = int64(d.Holds.Studies), int64(d.Holds.Images)
	if d.finds(PatientRoot) {
		s.Patients = int64(d.Holds.Patients)
	}
	s.Count = exactly(s, "c-find")
}

func exactly(s *report.System, method string) report.Count {
	return report.Count{
		Kind: report.CountExact, Method: method,
		StudiesLow: s.Studies, StudiesHigh: s.Studies, ImagesLow: s.Images, ImagesHigh: s.Images,
	}
}

func (p *Plan) tls(s *report.System, d *DICOMService) {
	if t := d.TLS; t != nil {
		s.TLS = &report.TLS{
			Versions: t.versions(), Faults: t.Certificate.faults(),
			NotAfter: t.Certificate.NotAfter(p.Config.Now), ClientCert: t.Demands,
		}
	}
}

// trapSigns are those that a honeypot gives itself away by, sorted.
func trapSigns(d *DICOMService) []string {
	switch d.Honeypot {
	case Honest:
		return nil
	case TrapEndless:
		return []string{probe.SignAbstractSyntax, probe.SignTransferSyntax, probe.SignSameAnswer}
	case trapPorts:
		return []string{probe.SignAbstractSyntax, probe.SignTransferSyntax, probe.SignEveryPort}
	case TrapParrot:
		return []string{probe.SignAbstractSyntax, probe.SignTransferSyntax, probe.SignEchoes}
	}
	return []string{probe.SignAbstractSyntax, probe.SignTransferSyntax}
}

// attributes are the keywords of what identifies somebody, sorted.
func attributes(d *DICOMService, webs []*WebService) []string {
	var list []string
	add := func(words ...string) { list = append(list, words...) }
	if d != nil && d.discloses() {
		add("PatientBirthDate", "PatientID", "PatientName")
		if d.finds(StudyRoot) {
			add("StudyDate", "StudyDescription")
			if !d.NoDoctor {
				add("ReferringPhysicianName")
			}
		}
		if d.finds(worklistModel) {
			add("ReasonForTheRequestedProcedure", "RequestedProcedureDescription")
		}
	}
	for _, w := range webs {
		if w.QIDO {
			add("PatientBirthDate", "PatientID", "PatientName", "StudyDate", "StudyDescription")
			if !w.Archive.NoDoctor {
				add("ReferringPhysicianName")
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// discloses says whether C-FIND shows somebody.
func (d *DICOMService) discloses() bool {
	return d.Honeypot == Honest && (d.finds(PatientRoot) || d.finds(StudyRoot)) && d.Holds.Studies > 0
}

func indicators(d *DICOMService, webs []*WebService) []string {
	var list []string
	for _, w := range webs {
		if w.mark != noMark {
			list = append(list, string(w.mark))
		}
	}
	if d != nil && d.Ransom {
		list = append(list, "ransom-note")
	}
	slices.Sort(list)
	return list
}

func governmentIDs(d *DICOMService) map[string]int {
	if d == nil || !d.discloses() || d.IDs.Kind() == "" {
		return nil
	}
	return map[string]int{d.IDs.Kind(): int(min(sampled, d.Holds.Studies))}
}

// exposures collects ids.
type exposures struct{ list []string }

func (e *exposures) add(id exposure.ID, is bool) {
	if is {
		e.list = append(e.list, string(id))
	}
}

func (e *exposures) sorted() []string {
	slices.Sort(e.list)
	return slices.Compact(e.list)
}

func (e *exposures) ofDICOM(d *DICOMService) {
	if d == nil {
		return
	}
	e.add(exposure.AnyAETitle, d.accepts() && !d.Binds)
	e.add(exposure.EchoOpen, d.accepts() && d.Echo)
	e.add(exposure.FindPatientOpen, d.finds(PatientRoot))
	e.add(exposure.FindStudyOpen, d.finds(StudyRoot))
	e.add(exposure.FindWorklistOpen, d.finds(worklistModel) || d.Honeypot != Honest) // a trap takes every context
	e.add(exposure.RetrieveOpen, d.retrieves())
	e.add(exposure.StoreOpen, d.accepts() && (d.Store || d.Honeypot != Honest))
	e.add(exposure.DICOMPlaintext, d.TLS == nil)
	if d.TLS != nil {
		e.add(exposure.TLSOld, d.TLS.old())
		faults := d.TLS.Certificate.faults()
		e.add(exposure.TLSCertificateExpired, slices.Contains(faults, "expired"))
		e.add(exposure.TLSCertificateUntrusted, slices.Contains(faults, "self-signed") || slices.Contains(faults, "unknown-issuer"))
	}
}

func (t *TLS) old() bool {
	return slices.Contains(t.versions(), "1.0") || slices.Contains(t.versions(), "1.1")
}

func (e *exposures) ofWeb(webs []*WebService) {
	for _, w := range webs {
		e.add(exposure.QIDOOpen, w.QIDO)
		e.add(exposure.WADOOpen, w.WADO)
		e.add(exposure.ViewerOpen, w.Page.Viewer())
		e.add(exposure.ViewerPlaintext, w.Page.Viewer() && w.HTTPS == nil)
		e.add(exposure.AdminOpen, w.Page.admin())
		if w.HTTPS != nil {
			e.add(exposure.TLSCertificateUntrusted, true)
		}
	}
}

func (e *exposures) ofSystem(s *report.System) {
	e.add(exposure.PatientDataDisclosed, len(s.Attributes) > 0)
	e.add(exposure.Compromised, len(s.Indicators) > 0)
	e.add(exposure.GovernmentIDs, len(s.GovernmentIDs) > 0)
	e.add(exposure.Vulnerable, len(s.Vulnerabilities) > 0)
	for _, v := range s.Vulnerabilities {
		e.add(exposure.VulnerableCritical, v.Score >= 10)
		e.add(exposure.VulnerableExploited, v.Exploited)
	}
}

// open names what is open, as report.Web lists it.
func (w *WebService) open() []string {
	var list []string
	for _, o := range []struct {
		is   bool
		name string
	}{{w.QIDO, "qido"}, {w.WADO, "wado"}, {w.Page.Viewer(), "viewer"}, {w.Page.admin(), "admin"}} {
		if o.is {
			list = append(list, o.name)
		}
	}
	return list
}
