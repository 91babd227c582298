package fleet

import (
	"crypto/tls"
	"slices"

	"github.com/leadglass/leadglass/internal/probe"
)

// stranger is a host that is no archive, and how often it is met.
type stranger struct {
	counts [4]int
	make   func(b *builder, h *host)
}

// strangers are what else is found on the ports of image archives.
func strangers() []stranger {
	list := []stranger{
		{[4]int{4, 1, 1, 0}, wantsCertificate},
		{[4]int{6, 1, 1, 0}, trap(trapDicomPot)},
		{[4]int{4, 1, 1, 0}, trap(trapEndless)},
		{[4]int{3, 1, 1, 0}, trap(trapPorts)},
		{[4]int{2, 1, 1, 0}, trap(trapParrot)},
	}
	for _, o := range []struct {
		kind   other
		web    bool // on an HTTP port
		counts [4]int
	}{
		{otherSSH, false, [4]int{30, 2, 1, 0}},
		{otherSMTP, false, [4]int{20, 1, 1, 0}},
		{otherFTP, false, [4]int{15, 1, 1, 0}},
		{otherHTTP, false, [4]int{15, 1, 1, 0}},
		{otherHTTP, true, [4]int{120, 6, 1, 0}},
		{otherSSH, true, [4]int{10, 1, 1, 0}},
		{otherSilent, false, [4]int{12, 1, 1, 0}},
		{otherTarpit, false, [4]int{8, 1, 1, 0}},
		{otherSlow, false, [4]int{6, 1, 1, 0}},
		{otherEndless, false, [4]int{6, 1, 1, 0}},
		{otherEndsHTTP, true, [4]int{6, 1, 1, 0}},
		{otherTarpit, true, [4]int{6, 1, 1, 0}},
		{otherGarbage, false, [4]int{12, 1, 1, 0}},
		{otherEcho, false, [4]int{6, 1, 1, 0}},
		{otherHangs, false, [4]int{12, 1, 1, 0}},
		{otherClaims, false, [4]int{4, 1, 1, 0}},
	} {
		list = append(list, stranger{o.counts, func(b *builder, h *host) {
			port := b.dicomPort()
			if o.web {
				port = b.plainPort()
			}
			h.others = []*otherService{{port: port, kind: o.kind}}
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
			h := &host{}
			s.make(b, h)
			d := &draft{host: h, country: all[at], role: "stranger"}
			if len(h.dicom) > 0 {
				d.main = h.dicom[0]
			}
			b.drafts = append(b.drafts, d)
		}
	}
}

// wantsCertificate speaks to those with a client certificate only.
func wantsCertificate(b *builder, h *host) {
	t := &tlsPlan{certificate: unknownIssuer, min: tls.VersionTLS12, max: tls.VersionTLS13, demands: true}
	if b.next()%2 == 0 {
		t.max = tls.VersionTLS12 // refuses within the handshake, 1.3 only after it
	}
	h.dicom = []*dicomService{{role: "client-certificate", port: b.securePort(), tls: t}}
}

// trap makes a honeypot. What it claims to be follows from its kind.
func trap(kind honeypot) func(*builder, *host) {
	return func(b *builder, h *host) {
		ports := []uint16{b.dicomPort()}
		if kind == trapPorts {
			ports = slices.Concat(b.size.dicomPorts, b.size.httpPorts)
		}
		for _, p := range ports {
			h.dicom = append(h.dicom, &dicomService{
				role: "honeypot", port: p, honeypot: kind, software: trapSoftware(kind),
				echo: true, store: kind != trapParrot, models: []model{patientRoot, studyRoot},
				holds: &content{seed: b.rng.Uint64(), studies: 12, images: 40, patients: 9, days: 300, firstDay: dayOf(firstYears[0], 2, 29)},
				words: tongueOf(""),
			})
		}
	}
}

// trapSoftware is what a honeypot says that it is. DicomPot sends no name at
// all, as go-netdicom's acceptor does not.
func trapSoftware(kind honeypot) *software {
	switch kind {
	case trapDicomPot:
		return &software{}
	case trapParrot: // as whoever asks
		return &software{classUID: string(probe.ImplementationClassUID), versionName: probe.ImplementationVersionName}
	}
	return &catalogue[0]
}
