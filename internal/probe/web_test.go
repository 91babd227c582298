package probe_test

import (
	"net/http"
	"slices"
	"testing"
)

// TestSite_Viewer: a viewer is open where a page of one comes without a login,
// wherever it is; over what is told apart.
func TestSite_Viewer(t *testing.T) {
	ohif := page(`<html><head><title>OHIF Viewer</title></head></html>`)
	login := page(`<html><head><title>OHIF Viewer</title></head><input type="password"></html>`)
	to := func(where string) http.HandlerFunc {
		return func(rw http.ResponseWriter, rq *http.Request) { http.Redirect(rw, rq, where, http.StatusFound) }
	}
	for _, tt := range []struct {
		name  string
		pages map[string]http.HandlerFunc
		want  bool
	}{
		{"first_page", map[string]http.HandlerFunc{"/": ohif}, true},
		{"usual_path", map[string]http.HandlerFunc{"/viewer": ohif}, true},
		{"redirected", map[string]http.HandlerFunc{"/": to("/app/"), "/app/": ohif}, true},
		{"redirected_to_login", map[string]http.HandlerFunc{"/": to("/login"), "/login": ohif}, false},
		{"login", map[string]http.HandlerFunc{"/": login, "/viewer": login}, false},
		{"closed", map[string]http.HandlerFunc{"/": status(401), "/viewer": status(403)}, false},
		{"another_page", map[string]http.HandlerFunc{"/": page("<title>Welcome</title>"), "/viewer": page("<title>Welcome</title>")}, false},
		{"data", map[string]http.HandlerFunc{"/viewer": page(`{"title":"OHIF Viewer"}`)}, false},
	} {
		for _, secure := range []bool{false, true} {
			s, _, _ := askWeb(t, serveWeb(t, secure, mux(tt.pages)).at())
			if s.Facts.Viewer != tt.want || s.Facts.HTTPS != secure {
				t.Errorf("%s: viewer %v over HTTPS %v, want %v and %v", tt.name, s.Facts.Viewer, s.Facts.HTTPS, tt.want, secure)
			}
		}
	}
}

// TestSite_Admin: each interface that is known, open and behind a login.
func TestSite_Admin(t *testing.T) {
	for path, body := range map[string]string{
		"/system":               orthancSystem,
		"/app/explorer.html":    "<html><title>Orthanc Explorer</title>",
		"/dcm4chee-arc/devices": `[{"dicomDeviceName":"dcm4chee-arc"}]`,
		"/dcm4chee-web3/":       "<html>dcm4chee <b>Folder</b>",
		"/jmx-console/":         "<html><title>JBoss JMX Management Console</title>JMX Agent View",
		"/cgi-bin/dgate.exe":    "<html>Conquest DICOM server",
		"/cgi-bin/dgate":        "<html>Conquest DICOM server",
		"/manager/html":         "<html>Tomcat Web Application Manager",
		"/somewhere/else":       orthancSystem,
	} {
		known := path != "/somewhere/else"
		for _, tt := range []struct {
			body string
			code int
			want bool
		}{{body, 200, known}, {body + `<input type="password">`, 200, false}, {body, 401, false}, {"<html>another page", 200, false}} {
			s, _, _ := askWeb(t, serveWeb(t, false, mux(map[string]http.HandlerFunc{path: func(rw http.ResponseWriter, _ *http.Request) {
				rw.WriteHeader(tt.code)
				rw.Write([]byte(tt.body))
			}})).at())
			if s.Facts.Admin != tt.want {
				t.Errorf("%s with %d %q: admin %v, want %v", path, tt.code, tt.body, s.Facts.Admin, tt.want)
			}
		}
	}
}

// TestSite_Marks: what an intruder left in any page that is read.
func TestSite_Marks(t *testing.T) {
	miner, defaced := page(`<html><script src="coinhive.min.js">`), page("<html>Hacked by somebody")
	for name, tt := range map[string]struct {
		pages map[string]http.HandlerFunc
		want  []string
	}{
		"none":  {map[string]http.HandlerFunc{"/": page("<html>Welcome")}, nil},
		"first": {map[string]http.HandlerFunc{"/": miner}, []string{"miner"}},
		"both":  {map[string]http.HandlerFunc{"/": miner, "/viewer": defaced}, []string{"defacement", "miner"}},
		"twice": {map[string]http.HandlerFunc{"/": miner, "/viewer": miner}, []string{"miner"}},
	} {
		s, _, _ := askWeb(t, serveWeb(t, false, mux(tt.pages)).at())
		if !slices.Equal(s.Facts.Marks, tt.want) {
			t.Errorf("%s: marks %q, want %q", name, s.Facts.Marks, tt.want)
		}
	}
}
