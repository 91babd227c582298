package plan

// planWeb puts web services on the hosts of archives.
func (b *builder) planWeb() {
	var archives, closed []*draft
	for _, d := range b.drafts {
		switch {
		case d.webOnly:
			b.webArchive(d)
		case d.main == nil || d.role == "stranger" || d.main.Reject != nil:
		case d.main.finds(PatientRoot) && d.role != "empty" || d.main.finds(StudyRoot) && d.role != "empty":
			archives = append(archives, d)
		case d.role == "echo-only":
			closed = append(closed, d)
		}
	}
	b.shuffle(archives)
	b.shuffle(closed)
	for _, w := range webRoles() {
		from := &archives
		if w.closed {
			from = &closed
		}
		for range b.count(w.counts) {
			if len(*from) == 0 {
				break
			}
			d := (*from)[0]
			*from = (*from)[1:]
			w.make(b, d)
		}
	}
}

func (b *builder) shuffle(list []*draft) {
	b.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// webRole is what the web services of an archive's host may be.
type webRole struct {
	counts [4]int
	closed bool // on hosts that disclose nothing
	make   func(b *builder, d *draft)
}

func webRoles() []webRole {
	viewers := []page{pageOHIF, pageOviyam, pageMedDream, pageWeasis, pageConquest}
	logins := []page{pageOrthancAsk, pageDcm4chee, pageMedAsk, pageOsiriX, pageClear}
	login := func(b *builder, d *draft) { b.web(d, logins[b.next()%uint64(len(logins))]) }
	return []webRole{
		// 39 viewers are open over plain HTTP: these, and Orthanc Explorer.
		{counts: [4]int{25, 2, 2, 0}, make: func(b *builder, d *draft) { b.web(d, viewers[b.next()%uint64(len(viewers))]) }},
		{counts: [4]int{14, 1, 1, 0}, make: func(b *builder, d *draft) { b.web(d, pageOrthanc) }},
		{counts: [4]int{6, 1, 1, 0}, make: func(b *builder, d *draft) { b.secure(b.web(d, viewers[b.next()%uint64(len(viewers))])) }},
		{counts: [4]int{30, 3, 1, 0}, make: func(b *builder, d *draft) { b.dicomweb(d, true) }},
		{counts: [4]int{6, 1, 1, 0}, make: func(b *builder, d *draft) { b.dicomweb(d, false) }},
		{counts: [4]int{20, 2, 1, 0}, make: login},
		{counts: [4]int{20, 2, 1, 0}, closed: true, make: login},
		{counts: [4]int{4, 1, 1, 0}, make: func(b *builder, d *draft) { b.web(d, pagePlain).mark = minerMark }},
		{counts: [4]int{3, 1, 1, 0}, make: func(b *builder, d *draft) { b.web(d, pagePlain).mark = defaceMark }},
		{counts: [4]int{60, 4, 1, 0}, make: func(b *builder, d *draft) { b.web(d, pagePlain) }},
	}
}

// web adds an HTTP service to a host.
func (b *builder) web(d *draft, p page) *WebService {
	w := &WebService{Port: b.webPort(d, p), Page: p, Stack: StackOf(p, b.next()), Archive: d.main}
	d.host.Web = append(d.host.Web, w)
	return w
}

// secure moves a web service to HTTPS.
func (b *builder) secure(w *WebService) {
	w.HTTPS = unknownIssuer.plan()
	w.Port = b.size.httpPorts[len(b.size.httpPorts)-1]
	for _, p := range b.size.httpPorts {
		if p == 443 && b.chance(60) {
			w.Port = p
		}
	}
}

// dicomweb opens QIDO-RS, and WADO-RS where images can be had too.
func (b *builder) dicomweb(d *draft, wado bool) {
	p := PageDcm4cheArc
	if b.chance(50) {
		p = pageOrthancAsk // the explorer asks for a password, its plugin does not
	}
	w := b.web(d, p)
	w.QIDO, w.WADO = true, wado
	if wado {
		d.forced, d.bared = true, true
	}
}

// webArchive is a host without DICOM.
func (b *builder) webArchive(d *draft) {
	b.dicomweb(d, b.next()%2 == 0)
}

// webPort is where a product's pages usually are.
func (b *builder) webPort(d *draft, p page) uint16 {
	want := []uint16{80, 8080}
	switch p {
	case pageOrthanc, pageOrthancAsk:
		want = []uint16{8042}
	case pagePlain:
		want = []uint16{80, 8042}
	}
	if d.onWrongPort() {
		want = []uint16{80, 8042}
	}
	if b.chance(50) && len(want) > 1 {
		want[0], want[1] = want[1], want[0]
	}
	for _, w := range want {
		for _, have := range b.size.httpPorts {
			if w == have {
				return w
			}
		}
	}
	return b.size.httpPorts[0]
}
