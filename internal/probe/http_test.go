package probe_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
)

// website is an HTTP service that records what it was asked.
type website struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	conns    int
}

func serveWeb(t *testing.T, secure bool, handler http.Handler) *website {
	t.Helper()
	w := &website{}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		w.mu.Lock()
		w.requests = append(w.requests, rq)
		w.mu.Unlock()
		handler.ServeHTTP(rw, rq)
	}))
	w.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			w.mu.Lock()
			w.conns++
			w.mu.Unlock()
		}
	}
	w.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		w.StartTLS()
	} else {
		w.Start()
	}
	t.Cleanup(w.Close)
	return w
}

func (w *website) at() netip.AddrPort { return netip.MustParseAddrPort(w.Listener.Addr().String()) }

func (w *website) paths() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var paths []string
	for _, rq := range w.requests {
		paths = append(paths, rq.URL.Path)
	}
	return paths
}

// askWeb asks an HTTP service every question.
func askWeb(t *testing.T, at netip.AddrPort) (*probe.Site, []string, *probetest.Network) {
	t.Helper()
	ctx := limited(t)
	n := probetest.NewNetwork()
	asker := probetest.NewAsker(n)
	asker.Contact = "cert@example.org"
	s, class, err := asker.OpenSite(ctx, target(at))
	if err != nil {
		t.Fatalf("OpenSite: %v", err)
	}
	if s == nil {
		t.Fatalf("OpenSite: no HTTP but %q", class)
	}
	var not []string
	s.AskAll(ctx, func(q string, err error) {
		t.Logf("%s: %v", q, err)
		not = append(not, q)
	})
	s.Close()
	return s, not, n
}

func page(body string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, body) }
}

func status(code int) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
}

// mux answers exact paths; everything else is not found.
func mux(pages map[string]http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		if h, ok := pages[rq.URL.Path]; ok {
			h(rw, rq)
			return
		}
		if h, ok := pages[strings.Split(rq.URL.Path[1:], "/")[0]+"/…"]; ok {
			h(rw, rq)
			return
		}
		http.NotFound(rw, rq)
	})
}

const (
	plantedStudy = `{"00080020":{"vr":"DA","Value":["20190704"]},"00080090":{"vr":"PN","Value":[{"Alphabetic":"FROLLO^CLAUDE"}]},` +
		`"00081030":{"vr":"LO","Value":["FRACTURED ZYGOMA"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"QUASIMODO^ESMERALDA"}]},` +
		`"00100020":{"vr":"LO","Value":["PID-81726354"]},"00100030":{"vr":"DA","Value":["19310417"]},"0020000D":{"vr":"UI","Value":["1.2.3"]}}`
	orthancSystem = `{"ApiVersion":17,"DicomAet":"ORTHANC","DicomPort":4242,"Name":"x","Version":"1.10.1"}`
)

func dicomweb(studies string, study int) http.HandlerFunc {
	return func(rw http.ResponseWriter, rq *http.Request) {
		if strings.HasSuffix(rq.URL.Path, "/studies") {
			rw.Header().Set("Content-Type", "application/dicom+json")
			io.WriteString(rw, studies)
			return
		}
		rw.WriteHeader(study)
	}
}

// wadoURI answers what it is asked for in full with a status.
func wadoURI(full int) http.HandlerFunc {
	return func(rw http.ResponseWriter, rq *http.Request) {
		q := rq.URL.Query()
		if q.Get("requestType") != "WADO" || !strings.HasPrefix(q.Get("studyUID"), "2.25.") || !strings.HasPrefix(q.Get("objectUID"), "2.25.") {
			rw.WriteHeader(400)
			return
		}
		rw.WriteHeader(full)
	}
}

func TestSite_Outcomes(t *testing.T) {
	sixAttributes := []string{"PatientBirthDate", "PatientID", "PatientName", "ReferringPhysicianName", "StudyDate", "StudyDescription"}
	login := page(`<html><title>Orthanc Explorer</title><form><input name="u"><input type="password"></form>`)
	for _, tt := range []struct {
		name       string
		pages      map[string]http.HandlerFunc
		open       []string
		attributes []string
	}{
		{name: "nothing", pages: nil},
		{name: "plain_site", pages: map[string]http.HandlerFunc{"/": page("<title>It works!</title>")}},
		{name: "login_everywhere", pages: map[string]http.HandlerFunc{"/": status(401), "dicom-web/…": status(401), "/system": status(401)}},
		{name: "login_form", pages: map[string]http.HandlerFunc{"/": login, "/app/explorer.html": login, "/system": status(403)}},
		{name: "admin", pages: map[string]http.HandlerFunc{"/": page("x"), "/system": page(orthancSystem)}, open: []string{"admin"}},
		{name: "qido_and_wado", pages: map[string]http.HandlerFunc{"dicom-web/…": dicomweb("["+plantedStudy+"]", 404)},
			open: []string{"qido", "wado"}, attributes: sixAttributes},
		{name: "qido_wado_closed", pages: map[string]http.HandlerFunc{"dicom-web/…": dicomweb("["+plantedStudy+"]", 401)},
			open: []string{"qido"}, attributes: sixAttributes},
		{name: "qido_empty", pages: map[string]http.HandlerFunc{"dicom-web/…": dicomweb("[]", 404)}, open: []string{"qido", "wado"}},
		{name: "qido_no_attributes", pages: map[string]http.HandlerFunc{"dicom-web/…": dicomweb(`[{"0020000D":{"vr":"UI","Value":["1.2.3"]},"00100010":{"vr":"PN"}}]`, 404)},
			open: []string{"qido", "wado"}},
		{name: "qido_no_content", pages: map[string]http.HandlerFunc{"dicom-web/…": status(204)}, open: []string{"qido", "wado"}},
		{name: "qido_closed_wado_open", pages: map[string]http.HandlerFunc{"/dicom-web/studies": status(401), "dicom-web/…": status(404)}, open: []string{"wado"}},
		{name: "wado_uri", pages: map[string]http.HandlerFunc{"/wado": wadoURI(404)}, open: []string{"wado"}},
		{name: "wado_uri_closed", pages: map[string]http.HandlerFunc{"/wado": wadoURI(401)}},
		{name: "wado_uri_finds_what_cannot_exist", pages: map[string]http.HandlerFunc{"/wado": wadoURI(200)}},
		{name: "bad_request_for_everything", pages: map[string]http.HandlerFunc{"/": status(400), "/wado": status(400)}},
		{name: "qido_is_a_page", pages: map[string]http.HandlerFunc{"dicom-web/…": page("<html>[hello]</html>")}},
		{name: "qido_is_other_json", pages: map[string]http.HandlerFunc{"dicom-web/…": page(`{"error":"no"}`)}},
		{name: "qido_of_dcm4chee", pages: map[string]http.HandlerFunc{"dcm4chee-arc/…": dicomweb("["+plantedStudy+"]", 404)},
			open: []string{"qido", "wado"}, attributes: sixAttributes},
		{name: "qido_cut_off", pages: map[string]http.HandlerFunc{"dicom-web/…": dicomweb("["+plantedStudy+","+strings.Repeat(" ", 70<<10)+plantedStudy+"]", 403)},
			open: []string{"qido"}, attributes: sixAttributes},
	} {
		for _, secure := range []bool{false, true} {
			name := tt.name
			if secure {
				name += "_https"
			}
			t.Run(name, func(t *testing.T) {
				w := serveWeb(t, secure, mux(tt.pages))
				s, not, n := askWeb(t, w.at())
				if len(not) > 0 {
					t.Errorf("not answered: %q", not)
				}
				if got := s.Facts.Open(); !slices.Equal(got, tt.open) {
					t.Errorf("open %q, want %q", got, tt.open)
				}
				f := &probe.Facts{Web: []*probe.HTTP{s.Facts}}
				if got := f.Attributes(); !slices.Equal(got, tt.attributes) {
					t.Errorf("attributes %q, want %q", got, tt.attributes)
				}
				if s.Facts.HTTPS != secure {
					t.Errorf("https %v, want %v", s.Facts.HTTPS, secure)
				}
				w.checkHarmless(t, n)
			})
		}
	}
}

func (w *website) checkHarmless(t *testing.T, n *probetest.Network) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rq := range w.requests {
		if rq.Method != http.MethodGet || rq.ContentLength != 0 {
			t.Errorf("a request that is more than GET: %s %s", rq.Method, rq.URL)
		}
		if got := rq.UserAgent(); got != "leadglass-survey (+cert@example.org)" {
			t.Errorf("User-Agent %q", got)
		}
		if i := strings.Index(rq.URL.Path, "/studies/"); i >= 0 && !strings.HasPrefix(rq.URL.Path[i:], "/studies/2.25.") {
			t.Errorf("a study that was not invented: %s", rq.URL)
		}
	}
	if got := n.Pauses.Load(); got < int64(len(w.requests)) {
		t.Errorf("%d requests and %d pauses: one did not wait", len(w.requests), got)
	}
	if w.conns > 4 {
		t.Errorf("%d connections for %d requests, want 4 at most", w.conns, len(w.requests))
	}
	if len(w.requests) > 40 {
		t.Errorf("%d requests to one service, want 40 at most", len(w.requests))
	}
}

func TestOpenSite_Class(t *testing.T) {
	for _, tt := range []struct {
		name  string
		at    func(*testing.T) netip.AddrPort
		http  bool
		class probe.Class
	}{
		{"http", func(t *testing.T) netip.AddrPort { return serveWeb(t, false, status(404)).at() }, true, probe.OtherService},
		{"https", func(t *testing.T) netip.AddrPort { return serveWeb(t, true, status(404)).at() }, true, probe.OtherService},
		{"closed", func(t *testing.T) netip.AddrPort { return probetest.Closed(t) }, false, probe.Closed},
		{"silent", peer(probetest.Silent), false, probe.Timeout},
		{"ssh", peer(probetest.Says("SSH-2.0-OpenSSH_9.2p1\r\n")), false, probe.OtherService},
		{"garbage", peer(probetest.Says("\x00\x01\x02\x03\x04\x05\x06\x07")), false, probe.OtherService},
		{"hangs_up", peer(probetest.HangsUp), false, probe.OtherService},
		{"dicom", archive(&probetest.Archive{}), false, probe.OtherService},
		{"header_without_end", peer(probetest.Floods("HTTP/1.1 200 OK\r\nX: ")), false, probe.OtherService},
		{"drips", peer(probetest.Drips("HTTP/1.1 200 OK\r\nX: ", 30*time.Millisecond)), false, probe.OtherService},
		{"body_without_end", peer(probetest.Floods("HTTP/1.1 200 OK\r\n\r\n")), true, probe.OtherService},
		{"switches", peer(probetest.Says("HTTP/1.1 101 Switching Protocols\r\n\r\n")), false, probe.OtherService},
		{"interim_for_ever", peer(probetest.Says(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 50))), false, probe.OtherService},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, class, err := probetest.NewAsker(probetest.NewNetwork()).OpenSite(limited(t), target(tt.at(t)))
			if err != nil {
				t.Fatalf("OpenSite: %v", err)
			}
			if (s != nil) != tt.http || class != tt.class {
				t.Errorf("http %v, class %q, want %v and %q", s != nil, class, tt.http, tt.class)
			}
			if s != nil {
				s.Close()
			}
		})
	}
}

func TestSite_Redirects(t *testing.T) {
	elsewhere := serveWeb(t, false, status(200))
	var here *website
	here = serveWeb(t, false, http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		to := map[string]string{
			"/": "a", "/a": "/b", "/b": "/c",
			"/viewer":    elsewhere.URL + "/viewer",
			"/oviyam2/":  "http://example.org/oviyam2/",
			"/meddream/": strings.Replace(here.URL, "http", "https", 1) + "/x",
		}[rq.URL.Path]
		if to == "" {
			http.NotFound(rw, rq)
			return
		}
		rw.Header().Set("Location", to)
		rw.WriteHeader(302)
	}))
	s, not, _ := askWeb(t, here.at())
	if len(not) > 0 {
		t.Errorf("not answered: %q", not)
	}
	paths := here.paths()
	if want := []string{"/", "/a", "/b"}; !slices.Equal(paths[:3], want) || slices.Contains(paths, "/c") || slices.Contains(paths, "/x") {
		t.Errorf("followed %q, want %q and no further", paths, want)
	}
	if got := elsewhere.paths(); len(got) > 0 {
		t.Errorf("another port was asked for %q", got)
	}
	if s.Facts.Status != 302 {
		t.Errorf("status %d, want that of the first answer, 302", s.Facts.Status)
	}
}

// TestSite_NothingKept: what may show patients ends with the pages.
func TestSite_NothingKept(t *testing.T) {
	list := page("<title>Worklist of QUASIMODO^ESMERALDA</title>PID-81726354")
	w := serveWeb(t, false, mux(map[string]http.HandlerFunc{"/": list, "dicom-web/…": dicomweb("["+plantedStudy+"]", 404)}))
	s, _, _ := askWeb(t, w.at())
	shown := fmt.Sprintf("%+v", *s.Facts)
	for _, planted := range probetest.Planted() {
		if strings.Contains(shown, planted) {
			t.Errorf("the facts show %q: %s", planted, shown)
		}
	}
}

func TestLimit_BodyBytes(t *testing.T) {
	for _, tt := range []struct{ limit, sent, want int }{
		{0, 64 << 10, 64 << 10}, {0, 64<<10 + 1, 64 << 10}, {10, 10, 10}, {10, 11, 10}, {-1, 100 << 10, 100 << 10},
	} {
		w := serveWeb(t, false, mux(map[string]http.HandlerFunc{"/": page(strings.Repeat("x", tt.sent))}))
		asker := probetest.NewAsker(probetest.NewNetwork())
		asker.Limits.BodyBytes = tt.limit
		s, _, err := asker.OpenSite(limited(t), target(w.at()))
		if err != nil || s == nil {
			t.Fatalf("OpenSite: %v, %v", s, err)
		}
		if got := len(s.Pages[0].Body); got != tt.want {
			t.Errorf("limit %d: read %d of %d bytes, want %d", tt.limit, got, tt.sent, tt.want)
		}
		s.Close()
	}
}

func TestLimit_HeaderBytes(t *testing.T) {
	const overhead = len("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: \r\n\r\n")
	for _, tt := range []struct {
		limit, header int
		http          bool
	}{{0, 32 << 10, true}, {0, 32<<10 + 1, false}, {100, 100, true}, {100, 101, false}, {-1, 40 << 10, true}} {
		answer := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + strings.Repeat("x", tt.header-overhead) + "\r\n\r\n"
		asker := probetest.NewAsker(probetest.NewNetwork())
		asker.Limits.HeaderBytes = tt.limit
		s, _, err := asker.OpenSite(limited(t), target(probetest.Peer(t, probetest.Says(answer))))
		if err != nil {
			t.Fatal(err)
		}
		if (s != nil) != tt.http {
			t.Errorf("limit %d: a header of %d bytes taken: %v, want %v", tt.limit, tt.header, s != nil, tt.http)
		}
		if s != nil {
			s.Close()
		}
	}
}

func TestLimit_Redirects(t *testing.T) {
	for _, tt := range []struct{ limit, want int }{{0, 3}, {1, 2}, {-1, 6}} {
		w := serveWeb(t, false, http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
			if strings.HasPrefix(rq.URL.Path, "/2.25.") || rq.URL.Path == "/xxxxx" {
				return
			}
			rw.Header().Set("Location", rq.URL.Path+"x")
			rw.WriteHeader(302)
		}))
		asker := probetest.NewAsker(probetest.NewNetwork())
		asker.Limits.Redirects = tt.limit
		s, _, err := asker.OpenSite(limited(t), target(w.at()))
		if err != nil || s == nil {
			t.Fatal(s, err)
		}
		s.Close()
		if got := len(s.Pages); got != tt.want {
			t.Errorf("limit %d: %d pages, want %d", tt.limit, got, tt.want)
		}
	}
}

func TestSite_RunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	n := probetest.NewNetwork()
	n.Timeout = 20 * time.Second
	start := time.Now()
	_, _, err := probetest.NewAsker(n).OpenSite(ctx, target(probetest.Peer(t, probetest.Silent)))
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("OpenSite went on for %v after the run ended: %v", time.Since(start), err)
	}
}

// TestSite_SlowPage: a page that hangs costs its question and no other.
func TestSite_SlowPage(t *testing.T) {
	hang := func(rw http.ResponseWriter, rq *http.Request) { <-rq.Context().Done() }
	w := serveWeb(t, false, mux(map[string]http.HandlerFunc{
		"/system": hang, "/ohif/": hang, "dicom-web/…": dicomweb("["+plantedStudy+"]", 404),
	}))
	s, not, _ := askWeb(t, w.at())
	if want := []string{"admin", "viewer"}; !slices.Equal(not, want) {
		t.Errorf("not answered %q, want %q", not, want)
	}
	if want := []string{"qido", "wado"}; !slices.Equal(s.Facts.Open(), want) {
		t.Errorf("open %q, want %q", s.Facts.Open(), want)
	}
}

// TestLimit_Failures: a service whose pages hang is left alone.
func TestLimit_Failures(t *testing.T) {
	for _, tt := range []struct{ limit, want int }{{0, 3}, {1, 1}, {2, 2}} {
		var mu sync.Mutex
		hung := 0
		w := serveWeb(t, false, http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
			if rq.URL.Path == "/" || strings.HasPrefix(rq.URL.Path, "/2.25.") {
				return
			}
			mu.Lock()
			hung++
			mu.Unlock()
			<-rq.Context().Done()
		}))
		asker := probetest.NewAsker(probetest.NewNetwork())
		asker.Limits.Failures = tt.limit
		s, _, err := asker.OpenSite(limited(t), target(w.at()))
		if err != nil || s == nil {
			t.Fatal(s, err)
		}
		s.AskAll(limited(t), func(string, error) {})
		s.Close()
		mu.Lock()
		if hung != tt.want {
			t.Errorf("limit %d: %d pages asked for that hang, want %d", tt.limit, hung, tt.want)
		}
		mu.Unlock()
	}
}

// TestSite_Name: a host is asked under the name that the scope gives it, at the
// address that the name was looked up to be.
func TestSite_Name(t *testing.T) {
	var host string
	w := serveWeb(t, false, http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		host = rq.Host
		rw.Header().Set("Location", "http://pacs.example.org:"+strconv.Itoa(int(rq.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr).Port))+"/in")
		if rq.URL.Path == "/" {
			rw.WriteHeader(302)
		}
	}))
	to := target(w.at())
	to.Name = "pacs.example.org"
	s, _, err := probetest.NewAsker(probetest.NewNetwork()).OpenSite(limited(t), to)
	if err != nil || s == nil {
		t.Fatal(s, err)
	}
	s.Close()
	if want := fmt.Sprintf("pacs.example.org:%d", to.Port); host != want {
		t.Errorf("Host %q, want %q", host, want)
	}
	if got := w.paths(); !slices.Contains(got, "/in") {
		t.Errorf("asked for %q, want /in among them: its redirect stays on the host", got)
	}
}
