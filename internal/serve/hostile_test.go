package serve_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/serve"
)

// besieged is an archive with one study, somebody who may see it, and a device that
// may store: both are asked again after each attack.
type besieged struct {
	*house
	issuer  *issuer
	token   string // of a radiologist
	ct1     *tls.Config
	planted slice
	base    int // goroutines before the attack
}

// besiege starts one.
func besiege(t *testing.T, change func(*serve.Config)) *besieged {
	t.Helper()
	b := &besieged{issuer: newIssuer(t), planted: slice{name: "PLANTED^NAME", patient: "PLANTED-ID", study: "1.2.840.99999.1", n: 1, rows: 64, columns: 64, pixels: 4096}}
	b.house = start(t, func(c *serve.Config) {
		c.Issuers = []identity.Issuer{b.issuer.config()}
		if change != nil {
			change(c)
		}
	})
	b.token = b.issuer.signed(goodHeader, claims(b.radiologist()))
	b.ct1 = b.device("ct1", nil, leadglass.Modality)
	b.store(b.ct1, "CT1", b.planted)
	b.serves()
	b.base = runtime.NumGoroutine()
	return b
}

func (b *besieged) radiologist() *asker {
	return &asker{name: "ann", kind: leadglass.Person, roles: []leadglass.Role{leadglass.Radiologist}}
}

// serves sees that good peers get their answer, within a bound.
func (b *besieged) serves() {
	b.t.Helper()
	begun := time.Now()
	c := b.client()
	c.Timeout = 10 * time.Second
	rs, body := b.get(c, "", "/dicom-web/studies?PatientID=PLANTED-ID", "Authorization", "Bearer "+b.token)
	if rs.StatusCode != http.StatusOK || !strings.Contains(string(body), "1.2.840.99999.1") {
		b.t.Errorf("a good request gets %d %.100s", rs.StatusCode, body)
	}
	c.CloseIdleConnections()
	again := b.planted
	again.n = 1
	b.store(b.ct1, "CT1", again)
	if took := time.Since(begun); took > 10*time.Second {
		b.t.Errorf("good requests took %v", took)
	}
}

// unharmed sees that the archive is as it was: it serves, has no more goroutines and
// no more memory, and told nobody who the patient is.
func (b *besieged) unharmed() {
	b.t.Helper()
	b.serves()
	n := 0
	for range 100 {
		if n = runtime.NumGoroutine(); n <= b.base+10 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n > b.base+10 {
		b.t.Errorf("%d goroutines, %d before", n, b.base)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 100<<20 {
		b.t.Errorf("%d MiB in use", m.HeapAlloc>>20)
	}
	for _, planted := range []string{"PLANTED", b.planted.patient} {
		if strings.Contains(b.said.String(), planted) {
			b.t.Errorf("diagnostics have %s", planted)
		}
	}
}

// refusals is how many attempts to get in the log says were refused, and by how many
// records, once the archive has stopped.
func (b *besieged) refusals() (times, said int) {
	b.t.Helper()
	if err := b.stop(); err != nil {
		b.t.Fatal(err)
	}
	for _, r := range records(b.t, b.c.Data) {
		if r.Event == leadglass.UserAuthentication && r.Outcome != leadglass.Succeeded {
			said++
			times += max(r.Times, 1)
		}
	}
	return times, said
}

// TestHostile_Credentials: what is no good credential gets 401 and nothing else, and
// is recorded.
func TestHostile_Credentials(t *testing.T) {
	b := besiege(t, nil)
	b.user(identity.Account{Name: "bob", Roles: []leadglass.Role{leadglass.Radiologist}})
	with := func(change func(map[string]any)) string {
		c := claims(b.radiologist())
		change(c)
		return "Bearer " + b.issuer.signed(goodHeader, c)
	}
	parts := strings.Split(b.token, ".")
	now := time.Now().Unix()
	all := map[string]string{
		"nothing":        "",
		"basic":          "Basic Ym9iOndyb25n", // bob:wrong
		"basic_garbage":  "Basic !!!!",
		"digest":         `Digest username="bob"`,
		"expired":        with(func(c map[string]any) { c["exp"] = now - 3600 }),
		"not_yet":        with(func(c map[string]any) { c["nbf"] = now + 3600 }),
		"audience":       with(func(c map[string]any) { c["aud"] = "another" }),
		"issuer":         with(func(c map[string]any) { c["iss"] = issuerURL + ".evil.example" }),
		"other_key":      "Bearer " + newIssuer(t).signed(goodHeader, claims(b.radiologist())),
		"none":           "Bearer " + b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"none_signed":    "Bearer " + b.issuer.signed(`{"alg":"None","kid":"k"}`, claims(b.radiologist())),
		"hmac":           "Bearer " + b.confused(parts[1]),
		"own_key":        "Bearer " + b.issuer.signed(`{"alg":"ES256","jwk":{`+b.issuer.jwk()[1:]+`}`, claims(&asker{name: "x"}))[:40],
		"other_payload":  "Bearer " + parts[0] + "." + b64([]byte(`{"iss":"`+issuerURL+`","aud":"leadglass","sub":"x","exp":9999999999}`)) + "." + parts[2],
		"cut":            "Bearer " + b.token[:len(b.token)-4],
		"long":           "Bearer " + strings.Repeat("A", 20<<10),
		"nul":            "Bearer \x01",
		"bound":          with(func(c map[string]any) { c["cnf"] = map[string]any{"x5t#S256": "AAAA"} }),
		"without_a_name": with(func(c map[string]any) { c["sub"] = "" }),
	}
	c := b.client()
	for name, credentials := range all {
		rq, _ := http.NewRequest(http.MethodGet, "https://"+b.web+"/dicom-web/studies", nil)
		rq.Header.Set("Purpose-Of-Use", "TREAT")
		if credentials != "" {
			rq.Header["Authorization"] = []string{credentials}
		}
		rs, err := c.Do(rq)
		if err != nil {
			if name == "nul" { // package http does not send it
				continue
			}
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, _ := io.ReadAll(rs.Body)
		rs.Body.Close()
		if rs.StatusCode != http.StatusUnauthorized || strings.Contains(string(body), "PLANTED") || rs.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", name, rs.StatusCode, body)
		}
	}
	b.unharmed()
	if times, said := b.refusals(); times < len(all)-1 || said > len(all) {
		t.Errorf("%d refusals in %d records, of %d attempts", times, said, len(all))
	}
}

// confused is a token that is signed by HMAC with the issuer's public key.
func (b *besieged) confused(payload string) string {
	input := b64([]byte(`{"alg":"HS256","kid":"k"}`)) + "." + payload
	m := hmac.New(sha256.New, []byte(b.issuer.jwk()))
	m.Write([]byte(input))
	return input + "." + b64(m.Sum(nil))
}

// raw sends bytes over TLS and returns the status line and all that follows.
func (b *besieged) raw(t *testing.T, request string) (status int, rest string) {
	t.Helper()
	conn, err := tls.Dial("tcp", b.web, &tls.Config{RootCAs: b.ct1.RootCAs, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(conn, request) // it may be refused before all of it is there
	var all []byte
	for buf := make([]byte, 64<<10); ; {
		n, err := conn.Read(buf)
		if all = append(all, buf[:n]...); err != nil {
			break
		}
		_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // what else comes
	}
	_, _ = fmt.Sscanf(string(all), "HTTP/1.1 %d", &status)
	return status, string(all)
}

// TestHostile_Requests: no form of a request gets around what guards the archive, and
// none makes it fail. The token is good, so what is let through would be seen.
func TestHostile_Requests(t *testing.T) {
	b := besiege(t, nil)
	const host = "Host: x\r\n"
	auth := "Authorization: Bearer " + b.token + "\r\n"
	why := "Purpose-Of-Use: TREAT\r\n"
	get := func(target string) string {
		return "GET " + target + " HTTP/1.1\r\n" + host + auth + why + "Connection: close\r\n\r\n"
	}
	study := "/dicom-web/studies/1.2.840.99999.1"
	for name, c := range map[string]struct {
		request string
		want    string // statuses that are right
	}{
		"good":               {get("/dicom-web/studies"), "200"},
		"no_credentials":     {"GET /dicom-web/studies HTTP/1.1\r\n" + host + why + "\r\n", "401"},
		"no_purpose":         {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + "\r\n", "403"},
		"two_purposes":       {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + why + why + "\r\n", "403"},
		"two_in_one":         {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + "Purpose-Of-Use: HOPERAT, TREAT\r\n\r\n", "403"},
		"two_credentials":    {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + auth + why + "\r\n", "401"},
		"two_hosts":          {"GET /dicom-web/studies HTTP/1.1\r\n" + host + "Host: y\r\n" + auth + why + "\r\n", "400"},
		"no_host":            {"GET /dicom-web/studies HTTP/1.1\r\n" + auth + why + "\r\n", "400"},
		"bad_host":           {"GET /dicom-web/studies HTTP/1.1\r\nHost: x\x00y\r\n" + auth + why + "\r\n", "400"},
		"folded":             {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + "Purpose-Of-Use: HOPERAT\r\n TREAT\r\n\r\n", "400 403"},
		"space_before_colon": {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + "Purpose-Of-Use : TREAT\r\n\r\n", "400"},
		"nul_in_value":       {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + "Purpose-Of-Use: TR\x00EAT\r\n\r\n", "400"},
		"bare_cr":            {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + "Purpose-Of-Use: X\rPurpose-Of-Use: TREAT\r\n\r\n", "400"},
		"crlf_in_query":      {get("/dicom-web/studies?PatientID=x%0d%0aSet-Cookie:%20a=b"), "200 204 400"},
		"huge_header":        {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + "X: " + strings.Repeat("y", 100<<10) + "\r\n\r\n", "431"},
		"many_headers":       {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + strings.Repeat("X: y\r\n", 20<<10) + "\r\n", "431"},
		"long_path":          {get("/dicom-web/studies/" + strings.Repeat("1.", 8<<10)), "404 414 431"},
		"long_query":         {get("/dicom-web/studies?PatientID=" + strings.Repeat("x", 16<<10)), "204 400 413 414 431"},
		"many_keys":          {get("/dicom-web/studies?" + strings.Repeat("a=b&", 4<<10)), "400 413 414 431"},
		"dots":               {get("/dicom-web/../dicom-web/studies"), "301 307 404"},
		"encoded_dots":       {get("/dicom-web/%2e%2e/dicom-web/studies"), "301 307 404"},
		"dots_out":           {get("/dicom-web/studies/../../../../../../etc/passwd"), "301 307 404"},
		"encoded_dots_out":   {get("/dicom-web/studies/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), "404"},
		"two_slashes":        {get("//dicom-web//studies"), "301 307 404"},
		"encoded_slash":      {get("/dicom-web%2fstudies"), "404"},
		"encoded_in_path":    {get("/dicom-web/studies%2f1.2.840.99999.1"), "404"},
		"nul":                {get(study + "%00/metadata"), "404"},
		"overlong":           {get("/dicom-web/%c0%ae%c0%ae/studies"), "404"},
		"backslash":          {get(`/dicom-web\studies`), "404"},
		"semicolon":          {get("/dicom-web/studies;x=y"), "404"},
		"trailing_slash":     {get(study + "/metadata/"), "404"},
		"case":               {get("/DICOM-WEB/studies"), "404"},
		"bad_escape":         {get("/dicom-web/studies/%zz"), "400"},
		"star":               {"OPTIONS * HTTP/1.1\r\n" + host + auth + why + "Connection: close\r\n\r\n", "200 404"},
		"absolute":           {get("http://evil.example/dicom-web/studies"), "200 404"},
		"connect":            {"CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + host + auth + why + "\r\n", "400 404 405"},
		"connect_path":       {"CONNECT /dicom-web/studies HTTP/1.1\r\n" + host + auth + why + "\r\n", "400 404 405"},
		"trace":              {"TRACE /dicom-web/studies HTTP/1.1\r\n" + host + auth + why + "Connection: close\r\n\r\n", "405"},
		"method":             {"PLANTED /dicom-web/studies HTTP/1.1\r\n" + host + auth + why + "Connection: close\r\n\r\n", "405"},
		"put":                {"PUT " + study + " HTTP/1.1\r\n" + host + auth + why + "Content-Length: 0\r\nConnection: close\r\n\r\n", "405"},
		"override":           {"GET " + study + " HTTP/1.1\r\n" + host + auth + why + "X-HTTP-Method-Override: DELETE\r\nAccept: application/dicom+json\r\nConnection: close\r\n\r\n", "200 406"},
		"old":                {"GET /dicom-web/studies HTTP/0.9\r\n\r\n", "400 505"},
		"http10":             {"GET /dicom-web/studies HTTP/1.0\r\n" + why + "\r\n", "401 0"},
		"http2_preface":      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 505"},
		"garbage":            {strings.Repeat("\xff\x00", 1000) + "\r\n\r\n", "400"},
		"cl_te": {"POST " + study + " HTTP/1.1\r\n" + host + auth + why + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
			"GET /healthz HTTP/1.1\r\n" + host + "\r\n", "400 403 415"},
		"two_lengths":  {"POST " + study + " HTTP/1.1\r\n" + host + auth + why + "Content-Length: 6\r\nContent-Length: 0\r\n\r\nGET / ", "400"},
		"two_codings":  {"POST " + study + " HTTP/1.1\r\n" + host + auth + why + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", "400 501"},
		"odd_coding":   {"POST " + study + " HTTP/1.1\r\n" + host + auth + why + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400 501"},
		"minus_length": {"POST " + study + " HTTP/1.1\r\n" + host + auth + why + "Content-Length: -1\r\n\r\n", "400"},
		"long_chunk":   {"POST " + study + " HTTP/1.1\r\n" + host + auth + why + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", "400 403 415"},
		"websocket":    {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + why + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "200"},
		"h2c":          {"GET /dicom-web/studies HTTP/1.1\r\n" + host + auth + why + "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n\r\n", "200"},
		"range":        {"GET " + study + " HTTP/1.1\r\n" + host + auth + why + "Range: bytes=" + strings.Repeat("0-,", 1000) + "0-\r\nAccept: application/dicom+json\r\nConnection: close\r\n\r\n", "200 406"},
		"forwarded":    {"GET /dicom-web/studies HTTP/1.1\r\n" + host + why + "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-User: ann\r\nX-SSL-Client-S-DN: CN=ct1\r\n\r\n", "401"},
	} {
		t.Run(name, func(t *testing.T) {
			status, all := b.raw(t, c.request)
			if !strings.Contains(" "+c.want+" ", fmt.Sprintf(" %d ", status)) {
				t.Errorf("%d, want %s: %.300q", status, c.want, all)
			}
			head, _, _ := strings.Cut(all, "\r\n\r\n")
			if strings.Contains(head, "Set-Cookie") || strings.Contains(strings.ToLower(head), "evil.example") || strings.Count(all, "HTTP/1.1 ") > 1 {
				t.Errorf("the answer is %.300q", all)
			}
			if status != http.StatusOK && strings.Contains(all, "PLANTED") {
				t.Errorf("the answer is %.300q", all)
			}
		})
	}
	b.unharmed()
}
