package plan

import (
	"crypto/tls"
	"slices"

	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/internal/probe"
)

// stranger is a host that is no archive, and how often it is met.
type stranger struct {
	counts [4]int
	make   func(b *builder, h *Host)
}

// strangers are what else is found on the ports of image archives.
func strangers() []stranger {
	list := []stranger{
		{[4]int{4, 1, 1, 0}, wantsCertificate},
		{[4]int{6, 1, 1, 0}, trap(trapDicomPot)},
		{[4]int{4, 1, 1, 0}, trap(TrapEndless)},
		{[4]int{3, 1, 1, 0}, trap(trapPorts)},
		{[4]int{2, 1, 1, 0}, trap(TrapParrot)},
	}
	for _, o := range []struct {
		kind   Other
		web    bool // on an HTTP port
		counts [4]int
	}{
		{OtherSSH, false, [4]int{30, 2, 1, 0}},
		{OtherSMTP, false, [4]int{20, 1, 1, 0}},
		{OtherFTP, false, [4]int{15, 1, 1, 0}},
		{OtherHTTP, false, [4]int{15, 1, 1, 0}},
		{OtherHTTP, true, [4]int{120, 6, 1, 0}},
		{OtherSSH, true, [4]int{10, 1, 1, 0}},
		{OtherSilent, false, [4]int{12, 1, 1, 0}},
		{OtherTarpit, false, [4]int{8, 1, 1, 0}},
		{OtherSlow, false, [4]int{6, 1, 1, 0}},
		{OtherEndless, false, [4]int{6, 1, 1, 0}},
		{OtherEndsHTTP, true, [4]int{6, 1, 1, 0}},
		{OtherTarpit, true, [4]int{6, 1, 1, 0}},
		{OtherGarbage, false, [4]int{12, 1, 1, 0}},
		{OtherEcho, false, [4]int{6, 1, 1, 0}},
		{OtherHangs, false, [4]int{12, 1, 1, 0}},
		{OtherClaims, false, [4]int{4, 1, 1, 0}},
	} {
		list = append(list, stranger{o.counts, func(b *builder, h *Host) {
			port := b.dicomPort()
			if o.web {
				port = b.plainPort()
			}
			h.Others = []*otherService{{Port: port, Kind: o.kind}}
		}})
	}
	return list
}

// planStrangers spreads them over all countries.
func (b *builder) planStrangers() {
	all := everywhere()
	weights := make([]uint64, len(all))
	for i, c := range all {
		weights[i] = c.others
	}
	for _, s := range strangers() {
		for range b.count(s.counts) {
			at, _ := b.pick(weights, func(int) bool { return true })
			h := &Host{}
			s.make(b, h)
			d := &draft{host: h, country: all[at], role: "stranger"}
			if len(h.DICOM) > 0 {
				d.main = h.DICOM[0]
			}
			b.drafts = append(b.drafts, d)
		}
	}
}

// wantsCertificate speaks to those with a client certificate only.
func wantsCertificate(b *builder, h *Host) {
	t := &TLS{Certificate: unknownIssuer, Min: tls.VersionTLS12, Max: tls.VersionTLS13, Demands: true}
	if b.next()%2 == 0 {
		t.Max = tls.VersionTLS12 // refuses within the handshake, 1.3 only after it
	}
	h.DICOM = []*DICOMService{{Role: "client-certificate", Port: b.securePort(), TLS: t}}
}

// trap makes a honeypot. What it claims to be follows from its kind.
func trap(kind Honeypot) func(*builder, *Host) {
	return func(b *builder, h *Host) {
		ports := []uint16{b.dicomPort()}
		if kind == trapPorts {
			ports = slices.Concat(b.size.dicomPorts, b.size.httpPorts)
		}
		for _, p := range ports {
			h.DICOM = append(h.DICOM, &DICOMService{
				Role: "honeypot", Port: p, Honeypot: kind, Software: trapSoftware(kind),
				Echo: true, Store: kind != TrapParrot, Models: []Model{PatientRoot, StudyRoot},
				Holds: &content.Holdings{Seed: b.rng.Uint64(), Studies: 12, Images: 40, Patients: 9, Days: 300, FirstDay: content.DayOf(content.FirstYears[0], 2, 29)},
				Words: content.TongueOf(""),
			})
		}
	}
}

// trapSoftware is what a honeypot says that it is. DicomPot sends no name at
// all, as go-netdicom's acceptor does not.
func trapSoftware(kind Honeypot) *software {
	switch kind {
	case trapDicomPot:
		return &software{}
	case TrapParrot: // as whoever asks
		return &software{ClassUID: string(probe.ImplementationClassUID), VersionName: probe.ImplementationVersionName}
	}
	return &Catalogue[0]
}
