package plan

import "fmt"

// planSoftware gives every service that shows its software one. So many are in
// groups of identical software as the plan says; the others are alone.
func (b *builder) planSoftware() {
	c := &casting{builder: b, uses: map[identity]int{}}
	webOnly := map[identity]int{}
	for _, d := range b.drafts {
		if d.role == "stranger" || d.main == nil || d.main.Reject != nil {
			continue
		}
		p := d.page()
		fits := func(s *software) bool { return s.Page == p }
		switch {
		case d.webOnly:
			d.main.Software = b.draw(fits)
			webOnly[d.main.Software.withoutAssociation().identity()]++
		case len(d.host.DICOM) > 1 || len(d.host.Web) > 0: // shows more than one association
			c.take(d, b.draw(fits))
		default:
			c.plain = append(c.plain, d)
		}
	}
	grouped := 0
	for _, n := range webOnly {
		if n > 1 {
			grouped += n
		}
	}
	c.share(int(b.size.clustered) - grouped)
	for _, d := range b.drafts {
		for _, w := range d.host.Web {
			w.Software = d.main.Software
		}
	}
}

// page is the product page on the host, NoPage where there is none.
func (d *draft) page() page {
	for _, w := range d.host.Web {
		if w.Page != pagePlain {
			return w.Page
		}
	}
	return NoPage
}

// draw draws a software by how often it is met.
func (b *builder) draw(fits func(*software) bool) *software {
	weights := make([]uint64, len(Catalogue))
	for i := range Catalogue {
		weights[i] = Catalogue[i].share
	}
	i, ok := b.pick(weights, func(i int) bool { return fits(&Catalogue[i]) })
	if !ok {
		return &Catalogue[0]
	}
	return &Catalogue[i]
}

// casting is who runs what.
type casting struct {
	*builder
	plain []*draft         // show an association and no more
	uses  map[identity]int // systems by software
	total int
}

func (c *casting) take(d *draft, s *software) {
	d.main.Software = s
	c.uses[s.identity()] += len(d.host.DICOM)
	c.total += len(d.host.DICOM)
}

// share gives the plain systems their software so that grouped systems in all
// are in groups.
func (c *casting) share(grouped int) {
	single := 0
	for _, n := range c.uses {
		if n == 1 {
			single++
		}
	}
	alone := min(max(0, c.total+len(c.plain)-grouped), len(c.plain)+single)
	c.shuffle(c.plain)
	n := 0
	for ; n < len(c.plain) && n < alone-single; n++ {
		c.plain[n].main.Software = c.houseMade(n)
	}
	shared := c.plain[n:]
	alike := func(s *software) bool { return s.Page == NoPage && (single == 0 || c.uses[s.identity()] != 1) }
	for _, d := range shared {
		c.take(d, c.draw(alike))
	}
	c.join(shared)
}

// join gives those whose software nobody else has the commonest.
func (c *casting) join(shared []*draft) {
	most := &Catalogue[0]
	for i := range Catalogue {
		if s := &Catalogue[i]; s.Page == NoPage && c.uses[s.identity()] > c.uses[most.identity()] {
			most = s
		}
	}
	for _, d := range shared {
		if s := d.main.Software; c.uses[s.identity()] == 1 {
			c.uses[s.identity()]--
			c.uses[most.identity()]++
			d.main.Software = most
		}
	}
}

// houseMade is software that one site wrote or bought and nobody else has; its
// name tells no product.
func (c *casting) houseMade(i int) *software {
	names := []string{"RADSTORE", "IMGGATE", "XRAYBOX", "ARCHIVIO", "KLINIKARCHIV", "ESTUDIO", "DIAGVAULT"}
	return &software{
		ClassUID:    fmt.Sprintf("1.2.826.0.1.3680043.10.%d.%d", 7000+i, 1+c.intn(40)),
		VersionName: fmt.Sprintf("%s_%d%d", names[i%len(names)], 1+c.intn(9), i%10),
	}
}
