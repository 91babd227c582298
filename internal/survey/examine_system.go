package survey

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/leadglass/leadglass/internal/advisory"
	"github.com/leadglass/leadglass/internal/exposure"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/product"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
)

// assemble makes systems of what the ports gave: each DICOM service is one, the
// web services belong to the first; without DICOM the first open web service is
// a system with the others.
func (e *Examiner) assemble(ctx context.Context, h scope.Host, ports []*asked) []report.System {
	ordered := slices.Clone(ports)
	slices.SortStableFunc(ordered, byPort)
	var services, sites []*asked
	for _, p := range ordered {
		if p.dialogue != nil {
			services = append(services, p)
		}
		if p.site != nil {
			sites = append(sites, p)
		}
	}
	host := slices.IndexFunc(services, func(p *asked) bool { return p.dialogue.DICOM() })
	var systems []report.System
	for i, p := range services {
		var web []*asked
		if i == host {
			web = sites
		}
		systems = append(systems, e.system(ctx, h, p, web, systems))
	}
	if open := slices.IndexFunc(sites, func(p *asked) bool { return p.site.Facts.Discloses() }); host < 0 && open >= 0 {
		systems = append(systems, e.system(ctx, h, sites[open], sites, nil))
	}
	for _, p := range sites {
		p.site.Pages = nil // they may show patient data
	}
	everyPort(ports, systems)
	for i := range systems {
		slices.SortFunc(systems[i].Honeypot, strings.Compare)
	}
	return systems
}

// system describes one system at p, with the web services of its host if it has
// any. The software of an archive that answered before on another port is that
// of this one, though only there did pages show what it is.
func (e *Examiner) system(ctx context.Context, h scope.Host, p *asked, sites []*asked, before []report.System) report.System {
	s := report.System{Address: p.target.Address(), Name: h.Name, Class: string(p.class)}
	f := &probe.Facts{}
	clues := &product.Clues{}
	if p.dialogue != nil {
		f.DICOM = p.dialogue.Facts
		s.Reject = f.DICOM.Reject
		s.ImplementationClassUID = f.DICOM.ImplementationClassUID
		s.ImplementationVersionName = f.DICOM.ImplementationVersionName
		s.Honeypot = slices.Clone(f.DICOM.Honeypot)
		clues.ImplementationClassUID = s.ImplementationClassUID
		clues.ImplementationVersionName = s.ImplementationVersionName
	}
	for _, w := range sites {
		f.Web = append(f.Web, w.site.Facts)
		clues.Pages = append(clues.Pages, w.site.Pages...)
		s.Web = append(s.Web, report.Web{
			Address: w.target.Address(), HTTPS: w.site.Facts.HTTPS,
			Status: w.site.Facts.Status, Open: w.site.Facts.Open(),
		})
	}
	p.say(&s)
	shown := product.All(clues)
	if same := sameArchive(&s, before); same != nil {
		s.SameArchiveAs = same.Address
		shown = append(shown, product.Product{Vendor: same.Vendor, Name: same.Product, Version: same.Version, Kind: product.Archive})
	}
	e.identify(&s, shown)
	if f.DICOM != nil {
		f.DICOM.Of(s.Product)
	}
	if probe.Suspect(s.Honeypot) {
		f.DropBait()
	} else {
		e.countWeb(ctx, p, sites)
	}
	e.describe(&s, f, e.known(&s, shown))
	p.say(&s)
	where := e.Places.Find(h.Addr)
	s.Country, s.Network = where.Country, where.Network
	return s
}

// identify names the product.
func (e *Examiner) identify(s *report.System, shown []product.Product) {
	found, ok := product.Best(shown)
	if !ok {
		return
	}
	s.Vendor, s.Product, s.Version = found.Vendor, found.Name, found.Version
	if found.Kind == product.Honeypot {
		s.Honeypot = append(s.Honeypot, probe.SignKnownSoftware)
	}
}

// known is what was published of everything that the clues show: the archive,
// what it is built on, the viewer and the server in front. A honeypot plays its
// software.
func (e *Examiner) known(s *report.System, shown []product.Product) []advisory.Advisory {
	if e.Advisories == nil || probe.Suspect(s.Honeypot) {
		return nil
	}
	var all []advisory.Advisory
	for _, p := range shown {
		for _, a := range e.Advisories.On(string(p.Platform), p.Name, p.Version) {
			if !slices.ContainsFunc(all, func(have advisory.Advisory) bool { return have.ID == a.ID }) {
				all = append(all, a)
			}
		}
	}
	slices.SortFunc(all, func(a, b advisory.Advisory) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// describe derives what the facts mean.
func (e *Examiner) describe(s *report.System, f *probe.Facts, known []advisory.Advisory) {
	for _, a := range known {
		s.Vulnerabilities = append(s.Vulnerabilities, report.Vulnerability{
			ID: a.ID, Vector: a.Vector, Score: a.Score, Exploited: a.Exploited, Source: a.Source,
		})
	}
	s.Exposures = []string{}
	for _, id := range exposure.Of(&exposure.Finding{Facts: f, Advisories: known}) {
		s.Exposures = append(s.Exposures, string(id))
	}
	s.Attributes = f.Attributes()
	s.Indicators = f.Indicators()
	if ids := f.GovernmentIDs(); len(ids) > 0 {
		s.GovernmentIDs = ids
	}
	s.Retrievable = f.Retrievable()
	if t := f.TLSShown(); t != nil {
		s.TLS = &report.TLS{Versions: t.Versions, Faults: t.Faults, NotAfter: t.NotAfter, ClientCert: t.ClientCert}
	}
}

// everyPort adds the sign of a host where each of four ports or more answers as
// DICOM.
func everyPort(ports []*asked, systems []report.System) {
	const least = 4
	if len(ports) < least {
		return
	}
	for _, p := range ports {
		if p.dialogue == nil || !p.dialogue.DICOM() {
			return
		}
	}
	for i := range systems {
		systems[i].Honeypot = append(systems[i].Honeypot, probe.SignEveryPort)
	}
}

// sameArchive is the system of those before that shows what this one shows, nil
// where there is none.
func sameArchive(s *report.System, before []report.System) *report.System {
	for i := range before {
		if sees(s, &before[i]) {
			return &before[i]
		}
	}
	return nil
}

func sees(a, b *report.System) bool {
	return b.SameArchiveAs == "" && a.Studies > 0 &&
		a.ImplementationClassUID == b.ImplementationClassUID &&
		a.ImplementationVersionName == b.ImplementationVersionName &&
		a.Patients == b.Patients && a.Studies == b.Studies && a.Images == b.Images
}
