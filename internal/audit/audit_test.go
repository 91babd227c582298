package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/tlog/tlogtest"
	"github.com/leadglass/leadglass/internal/vault"
)

// planted is in all that must not be read in clear.
const planted = "PLANTED"

var t0 = time.Date(2026, 11, 24, 16, 1, 2, 3e6, time.UTC)

// full is a record with every field.
func full() *leadglass.Record {
	peer := &leadglass.Peer{
		Kind: leadglass.Person, ID: planted + "user", Issuer: "https://" + planted + ".example.org", Assurance: leadglass.MultiFactor, Active: true,
		Roles: []leadglass.Role{leadglass.Radiologist}, Organisation: planted + "organisation", Department: planted + "department",
		Site: planted + "site", OnBehalfOf: planted + "chief", Client: planted + "client", Session: planted + "session", TokenID: planted + "token",
		Certificate: strings.Repeat("ab", 32), Address: netip.MustParseAddrPort("192.0.2.77:40000"), TLS: true,
		AcceptedBy: planted + "exception", Calling: planted + "AE", Called: planted + "US",
	}
	destination := *peer
	destination.Kind, destination.ID = leadglass.Device, planted+"device"
	return &leadglass.Record{
		ID: "request-1", Time: t0, Event: leadglass.InstancesTransferred, Type: leadglass.Login, Action: leadglass.ReadIt,
		Outcome: leadglass.MinorFailure, Reason: leadglass.NoRule, Times: 3, Verb: leadglass.Move, Route: leadglass.CMove,
		Peer: peer, Destination: &destination, Purpose: leadglass.Treatment, DeclaredBy: leadglass.ByToken,
		Policy: "sha256:1234", Rules: []string{"a", "b"}, Evidence: []string{planted + "order"}, Obligations: []leadglass.Obligation{leadglass.Watermark},
		Transfer: "transfer-1", Instances: 7, Bytes: 1 << 40, Classes: []dicom.UID{"1.2.840.10008.5.1.4.1.1.2"},
		Subject: planted + "id", Issuer: planted + "assigner", Studies: []dicom.UID{"1.2.3.4444444", "1.2.3.5555555"}, Accession: planted + "acc",
		Modalities: []string{planted + "CT"}, BodyParts: []string{planted + "HEAD"}, StudyDate: "20261123", Labels: []string{planted + "label"},
		Query: "PatientName=" + planted + "\u2028<&>\x00\x1f", Refs: []leadglass.Ref{{Patient: planted + "id", Study: "1.2.3.4444444", Series: "1.2.3.6666666", Instance: "1.2.3.7777777"}, {}},
		Text: planted + "text", Correlation: planted + "request",
	}
}

func TestFull_HasEveryField(t *testing.T) {
	given := map[string]bool{"Index": true, "Origin": true, "Committed": true}
	check := func(v reflect.Value) {
		for i := range v.NumField() {
			if v.Field(i).IsZero() && !given[v.Type().Field(i).Name] {
				t.Errorf("%s.%s is zero: the tests below do not see it", v.Type(), v.Type().Field(i).Name)
			}
		}
	}
	check(reflect.ValueOf(*full()))
	check(reflect.ValueOf(*full().Peer))
}

func open(t testing.TB, dir string, now func() time.Time) *audit.Log {
	t.Helper()
	l, err := audit.Open(t.Context(), audit.Config{Dir: dir, Origin: "log.example.org/audit", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

// entries reads the segments of a log folder.

func TestLog_ARecordComesBackWhole(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, at(t0.Add(time.Second)))
	r := full()
	if err := l.Record(t.Context(), full(), r); err != nil {
		t.Fatal(err)
	}
	if r.Index != 1 || r.Origin != "log.example.org/audit" || !r.Committed.Equal(t0.Add(time.Second)) {
		t.Errorf("given: %d, %q, %v", r.Index, r.Origin, r.Committed)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, at(t0)) // the vault remembers
	defer l.Close()
	e := tlogtest.Entries(t, dir)[1]
	got, err := audit.Decode(1, e.Leaf, e.Beside, l.Vault())
	if err != nil {
		t.Fatal(err)
	}
	want := full()
	want.Index, want.Committed = 1, t0.Add(time.Second)
	if !reflect.DeepEqual(got, want) {
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func TestDecode_WithoutKeys(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, at(t0))
	defer l.Close()
	if err := l.Record(t.Context(), full()); err != nil {
		t.Fatal(err)
	}
	e := tlogtest.Entries(t, dir)[0]
	r, err := audit.Decode(0, e.Leaf, e.Beside, nil)
	if err != nil || r.Subject != "" || r.Peer.ID != "" || r.Instances != 7 || r.Purpose != leadglass.Treatment {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := audit.Decode(0, e.Leaf, e.Beside, open(t, t.TempDir(), at(t0)).Vault()); !errors.Is(err, audit.ErrNoKey) {
		t.Errorf("with another vault: %v", err)
	}
}

// TestLog_NamesNobody greps every file of the log and the vault.
func TestLog_NamesNobody(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, at(t0))
	claimed := full()
	claimed.Peer.Assurance = leadglass.Claimed
	nobody := full()
	nobody.Subject, nobody.Peer = "", &leadglass.Peer{}
	for _, r := range []*leadglass.Record{full(), claimed, nobody} {
		if err := l.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(name)
		for _, secret := range []string{planted, "1.2.3.4444444", "1.2.3.6666666", "1.2.3.7777777", "192.0.2.77", "20261123"} {
			if bytes.Contains(bytes.ToUpper(b), []byte(secret)) || strings.Contains(name, secret) {
				t.Errorf("%s has %q", name, secret)
			}
		}
		return err
	})
	if err != nil || files < 8 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestLog_WhoOnlyClaimsGetsNoHandle(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, at(t0))
	defer l.Close()
	r := full()
	r.Subject, r.Peer.Assurance = "", leadglass.Claimed
	if err := l.Record(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	e := tlogtest.Entries(t, dir)[0]
	h, err := audit.ParseHeader(e.Leaf)
	if err != nil || h.Actor != "" || h.Subject != "" || h.Behalf != "" {
		t.Errorf("%+v, %v", h, err)
	}
	if w, _, ok := l.Vault().ByHandle(h.Key); !ok || w.Kind != vault.General {
		t.Errorf("sealed for %v", w)
	}
	got, err := audit.Decode(0, e.Leaf, e.Beside, l.Vault())
	if err != nil || got.Peer.ID != r.Peer.ID {
		t.Errorf("%v, %v", got, err)
	}
}

func TestLog_HandlesLastAnEpoch(t *testing.T) {
	dir := t.TempDir()
	var headers []*audit.Header
	for i, now := range []time.Time{t0, t0.Add(24 * time.Hour), t0.AddDate(1, 0, 0)} {
		l := open(t, dir, at(now))
		if err := l.Record(t.Context(), full()); err != nil {
			t.Fatal(err)
		}
		h, err := audit.ParseHeader(tlogtest.Entries(t, dir)[i].Leaf)
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, h)
		l.Close()
	}
	if headers[0].Subject != headers[1].Subject || headers[0].Actor != headers[1].Actor {
		t.Error("the handles of one year differ")
	}
	if headers[0].Subject == headers[2].Subject || headers[0].Actor == headers[2].Actor {
		t.Error("the handles of two years are the same")
	}
}

func TestLog_TimeNeverGoesBack(t *testing.T) {
	dir := t.TempDir()
	for _, now := range []time.Time{t0, t0.Add(-time.Hour), t0.Add(time.Minute)} {
		l := open(t, dir, at(now))
		if err := l.Record(t.Context(), full()); err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
	want := []string{"2026-11-24T16:01:02.003Z", "2026-11-24T16:01:02.003Z back", "2026-11-24T16:02:02.003Z"}
	for i, e := range tlogtest.Entries(t, dir) {
		h, err := audit.ParseHeader(e.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(h.Committed + " " + h.Clock); got != want[i] {
			t.Errorf("record %d: %s, want %s", i, got, want[i])
		}
	}
}

func TestLog_ManyAtOnceKeepTheirOrder(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	now := t0
	l := open(t, dir, func() time.Time { mu.Lock(); defer mu.Unlock(); now = now.Add(time.Millisecond); return now })
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 50 {
				a, b := full(), full()
				if err := l.Record(t.Context(), a, b); err != nil || b.Index != a.Index+1 {
					t.Errorf("%d, %d, %v", a.Index, b.Index, err)
				}
			}
		})
	}
	wg.Wait()
	l.Close()
	last, all := "", tlogtest.Entries(t, dir)
	for i, e := range all {
		h, err := audit.ParseHeader(e.Leaf)
		if err != nil || h.Committed < last {
			t.Fatalf("record %d: %v, %s after %s", i, err, h.Committed, last)
		}
		last = h.Committed
	}
	if len(all) != 1600 {
		t.Errorf("%d records", len(all))
	}
}

// TestForms_AreCanonical compares the order of members with that of
// encoding/json, which sorts the keys of a map.
func TestForms_AreCanonical(t *testing.T) {
	r := full()
	r.Query = "plain" // encoding/json escapes more than RFC 8785
	for _, b := range [][]byte{audit.HeaderOf(r), audit.BodyOf(r)} {
		var m map[string]any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		want, _ := json.Marshal(m)
		if !bytes.Equal(b, want) {
			t.Errorf("got  %s\nwant %s", b, want)
		}
	}
	if got, want := string(audit.AppendString("€$\u000f\nA'B\"\\\\\"/\u2028<\xff")), `"€$\u000f\nA'B\"\\\\\"/`+"\u2028<\ufffd"+`"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseHeader_TakesOneFormOnly(t *testing.T) {
	good := string(audit.HeaderOf(full()))
	good = strings.Replace(good, `"declared"`, `"committed":"2026-11-24T16:01:02.003Z","declared"`, 1)
	if _, err := audit.ParseHeader([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "{}", " " + good, good + " ", good + good, strings.Replace(good, `"v":1`, `"v":2`, 1), strings.Replace(good, `"v":1`, `"v":1.0`, 1),
		strings.Replace(good, `"tls":true`, `"tls":false`, 1), strings.Replace(good, `"v":1`, `"v":1,"w":2`, 1), strings.Replace(good, `"R"`, `"\u0052"`, 1),
	} {
		if _, err := audit.ParseHeader([]byte(bad)); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(audit.HeaderOf(full()))
	f.Add(audit.BodyOf(full()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := audit.ParseHeader(b); err == nil && len(b) < 10 {
			t.Error("too short for a header")
		}
		_ = audit.ParseBody(b)
		_, _ = audit.Decode(0, b, b, nil)
	})
}
