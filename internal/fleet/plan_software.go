package fleet

import "fmt"

// planSoftware gives every service that shows its software one. So many are in
// groups of identical software as the plan says; the others are alone.
func (b *builder) planSoftware() {
	var plain, twins []*draft // accepting systems, without and with more than one way to be told
	uses := map[*software]int{}
	var accepting uint64
	for _, d := range b.drafts {
		if d.role == "stranger" || d.main == nil || d.main.reject != nil {
			continue
		}
		accepting += uint64(len(d.host.dicom))
		switch p := d.page(); {
		case p != noPage:
			d.main.software = b.draw(func(s *software) bool { return s.page == p })
			uses[d.main.software] += len(d.host.dicom)
		case len(d.host.dicom) > 1:
			twins = append(twins, d)
		default:
			plain = append(plain, d)
		}
	}
	for _, d := range twins {
		d.main.software = b.draw(func(s *software) bool { return s.page == noPage })
		uses[d.main.software] += len(d.host.dicom)
	}
	alone := uint64(0)
	if accepting > b.size.clustered {
		alone = accepting - b.size.clustered
	}
	b.share(plain, uses, alone)
	for _, d := range b.drafts {
		for _, w := range d.host.web {
			w.software = d.main.software
		}
	}
}

// page is the product page on the host, noPage where there is none.
func (d *draft) page() page {
	for _, w := range d.host.web {
		if w.page != pagePlain {
			return w.page
		}
	}
	return noPage
}

// draw draws a software by how often it is met.
func (b *builder) draw(fits func(*software) bool) *software {
	weights := make([]uint64, len(catalogue))
	for i := range catalogue {
		weights[i] = catalogue[i].share
	}
	i, ok := b.pick(weights, func(i int) bool { return fits(&catalogue[i]) })
	if !ok {
		return &catalogue[0]
	}
	return &catalogue[i]
}

// share gives the plain systems their software: so many of all are alone, and
// the rest share with at least one other.
func (b *builder) share(plain []*draft, uses map[*software]int, alone uint64) {
	for _, n := range uses {
		if n == 1 && alone > 0 {
			alone--
		}
	}
	b.shuffle(plain)
	n := min(int(alone), len(plain))
	for i, d := range plain[:n] {
		d.main.software = b.houseMade(i)
	}
	shared := plain[n:]
	for _, d := range shared {
		d.main.software = b.draw(func(s *software) bool { return s.page == noPage })
		uses[d.main.software]++
	}
	most := &catalogue[0]
	for i := range catalogue {
		if s := &catalogue[i]; s.page == noPage && uses[s] > uses[most] {
			most = s
		}
	}
	for _, d := range shared { // whose software nobody else has takes the commonest
		if uses[d.main.software] == 1 {
			uses[d.main.software]--
			uses[most]++
			d.main.software = most
		}
	}
}

// houseMade is software that one site wrote or bought and nobody else has; its
// name tells no product.
func (b *builder) houseMade(i int) *software {
	names := []string{"RADSTORE", "IMGGATE", "PACSLINK", "XRAYBOX", "ARCHIVIO", "KLINIKPACS", "ESTUDIO", "DIAGVAULT"}
	return &software{
		classUID:    fmt.Sprintf("1.2.826.0.1.3680043.10.%d.%d", 7000+i, 1+b.intn(40)),
		versionName: fmt.Sprintf("%s_%d%d", names[i%len(names)], 1+b.intn(9), i%10),
	}
}
