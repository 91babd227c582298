package identity_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
)

// limitedTo opens with limits.
func limitedTo(l identity.Limits) func(*identity.Config) {
	return func(c *identity.Config) { c.Limits = l }
}

func TestLimit_FileBytes(t *testing.T) {
	h, _ := withAnna(t, nil)
	size := int(must(os.Stat(filepath.Join(h.conf.Dir, "accounts.json"))).Size())
	for limit, good := range map[int]bool{size: true, size - 1: false, -1: true} {
		h.conf.Limits.FileBytes = limit
		d, err := identity.Open(t.Context(), h.conf)
		if (err == nil) != good {
			t.Errorf("%d bytes with a limit of %d: %v", size, limit, err)
		}
		if limit == size {
			identity.Cheap(d)
			if err := d.AddAccount(t.Context(), identity.Account{Name: "bert"}, secret); leadglass.CodeOf(err) != leadglass.Limited {
				t.Errorf("written over the limit: %v", err)
			}
		}
	}
}

// TestLimit_Hashes: two are stretched, the others wait.
func TestLimit_Hashes(t *testing.T) {
	h, _ := withAnna(t, limitedTo(identity.Limits{Hashes: 2, HashWaiters: 3, HashWait: time.Minute}))
	begun, until := make(chan struct{}, 6), make(chan struct{})
	identity.Hold(h.Directory, until, begun)
	errs := make(chan error, 6)
	for range 6 {
		go func() { _, err := h.Person(context.Background(), from("192.0.2.1", nil), "anna", secret); errs <- err }()
	}
	if err := <-errs; leadglass.CodeOf(err) != leadglass.Limited { // two run and three wait
		t.Errorf("the sixth: %v", err)
	}
	<-begun
	<-begun
	time.Sleep(20 * time.Millisecond)
	if len(begun) != 0 {
		t.Errorf("%d more than two at once", len(begun))
	}
	close(until)
	for range 5 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestLimit_HashWaiters(t *testing.T) {
	h, _ := withAnna(t, limitedTo(identity.Limits{Hashes: 1, HashWaiters: 1, HashWait: time.Minute}))
	begun, until := make(chan struct{}, 3), make(chan struct{})
	identity.Hold(h.Directory, until, begun)
	errs := make(chan error, 3)
	for range 3 {
		go func() { _, err := h.Person(context.Background(), from("192.0.2.1", nil), "anna", secret); errs <- err }()
	}
	if err := <-errs; leadglass.CodeOf(err) != leadglass.Limited {
		t.Errorf("the third: %v", err)
	}
	close(until)
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestLimit_HashWait(t *testing.T) {
	h, _ := withAnna(t, limitedTo(identity.Limits{Hashes: 1, HashWait: 30 * time.Millisecond}))
	begun, until := make(chan struct{}, 2), make(chan struct{})
	identity.Hold(h.Directory, until, begun)
	errs := make(chan error, 1)
	go func() { _, err := h.Person(context.Background(), from("192.0.2.1", nil), "anna", secret); errs <- err }()
	<-begun
	if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); leadglass.CodeOf(err) != leadglass.Limited {
		t.Errorf("got %v", err)
	}
	close(until)
	if err := <-errs; err != nil {
		t.Error(err)
	}
}

func TestLimit_AccountFailures(t *testing.T) {
	for limit, good := range map[int]bool{3: false, 4: true, -1: true} {
		h, _ := withAnna(t, limitedTo(identity.Limits{AccountFailures: limit}))
		for i := range 3 {
			_, _ = h.Person(t.Context(), from(fmt.Sprintf("192.0.2.%d", i), nil), "anna", "wrong")
		}
		if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); (err == nil) != good {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestLimit_AddressFailures(t *testing.T) {
	for limit, good := range map[int]bool{3: false, 4: true, -1: true} {
		h, calls := withAnna(t, limitedTo(identity.Limits{AddressFailures: limit}))
		for i := range 3 {
			_, _ = h.Person(t.Context(), from(fmt.Sprintf("2001:db8::%d", i), nil), fmt.Sprint("nobody", i), "wrong")
		}
		calls()
		_, err := h.Person(t.Context(), from("2001:db8::ffff", nil), "anna", secret)
		if (err == nil) != good || !good && (leadglass.CodeOf(err) != leadglass.Limited || calls() != 0) {
			t.Errorf("limit %d: %v", limit, err)
		}
		if _, err := h.Person(t.Context(), from("2001:db8:0:1::1", nil), "anna", secret); err != nil {
			t.Errorf("limit %d, from elsewhere: %v", limit, err)
		}
	}
}

func TestLimit_LongestWait(t *testing.T) {
	h, _ := withAnna(t, limitedTo(identity.Limits{AccountFailures: 1, LongestWait: 3 * time.Second, AddressFailures: -1}))
	for range 5 {
		_, _ = h.Person(t.Context(), from("192.0.2.1", nil), "anna", "wrong")
		h.clock.pass(3 * time.Second)
	}
	_, _ = h.Person(t.Context(), from("192.0.2.1", nil), "anna", "wrong")
	h.clock.pass(3*time.Second - 1)
	if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); !isDenied(err, leadglass.NotActive) {
		t.Errorf("got %v", err)
	}
	h.clock.pass(1)
	if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); err != nil {
		t.Error(err)
	}
}

func TestLimit_FailureMemory(t *testing.T) {
	for pass, good := range map[time.Duration]bool{time.Hour: false, time.Hour + 1: true} {
		h, _ := withAnna(t, limitedTo(identity.Limits{AccountFailures: 2, FailureMemory: time.Hour}))
		_, _ = h.Person(t.Context(), from("192.0.2.1", nil), "anna", "wrong")
		h.clock.pass(pass)
		_, _ = h.Person(t.Context(), from("192.0.2.1", nil), "anna", "wrong")
		if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); (err == nil) != good {
			t.Errorf("after %v: %v", pass, err)
		}
	}
}

// TestLimit_Addresses: a flood of names from everywhere fills no memory.
func TestLimit_Addresses(t *testing.T) {
	h, _ := withAnna(t, limitedTo(identity.Limits{Addresses: 100, AddressFailures: 1}))
	for i := range 5000 {
		a := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}).String()
		_, _ = h.Person(t.Context(), from(a, nil), fmt.Sprint("nobody", i), "wrong")
		if n := identity.Addresses(h.Directory); n > 100 {
			t.Fatalf("%d addresses", n)
		}
	}
	if n := identity.AccountsRemembered(h.Directory); n != 0 {
		t.Errorf("%d names that nobody has are remembered", n)
	}
}

func TestLimit_TokenBytes(t *testing.T) {
	p := newProvider(t)
	token := p.token(nil)
	for limit, good := range map[int]bool{len(token): true, len(token) - 1: false, -1: true} {
		h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.TokenBytes = limit })
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), token); (err == nil) != good {
			t.Errorf("%d bytes with a limit of %d: %v", len(token), limit, err)
		}
	}
}

func TestLimit_TokenDepth(t *testing.T) {
	p := newProvider(t)
	for limit, good := range map[int]bool{1: false, 2: true} {
		h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.TokenDepth = limit })
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); (err == nil) != good {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestLimit_TokenLifetime(t *testing.T) {
	p := newProvider(t)
	for limit, good := range map[time.Duration]bool{300 * time.Second: true, 299 * time.Second: false, -1: true} {
		h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.TokenLifetime = limit })
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); (err == nil) != good {
			t.Errorf("limit %v: %v", limit, err)
		}
	}
}

func TestLimit_Skew(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.Skew = 10 * time.Second })
	now := p.clock.Now().Unix()
	for _, c := range []struct {
		claim string
		at    int64
		good  bool
	}{{"exp", -9, true}, {"exp", -10, false}, {"nbf", 10, true}, {"nbf", 11, false}, {"iat", 10, true}, {"iat", 11, false}} {
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(map[string]any{c.claim: now + c.at})); (err == nil) != c.good {
			t.Errorf("%s %+d s: %v", c.claim, c.at, err)
		}
	}
}

func TestLimit_IssuerBytes(t *testing.T) {
	p := newProvider(t)
	size := len(p.keySet())
	p.rawKeys = p.keySet()
	for limit, good := range map[int]bool{size: true, size - 1: false} {
		h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.IssuerBytes = limit })
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); (err == nil) != good {
			t.Errorf("%d bytes with a limit of %d: %v", size, limit, err)
		}
	}
}

func TestLimit_IssuerKeys(t *testing.T) {
	p := newProvider(t) // has three
	for limit, good := range map[int]bool{3: true, 2: false} {
		h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.IssuerKeys = limit })
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); (err == nil) != good {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestLimit_IssuerTime(t *testing.T) {
	p := newProvider(t)
	p.answer = func(http.ResponseWriter, *http.Request) bool { time.Sleep(40 * time.Millisecond); return false }
	for limit, good := range map[time.Duration]bool{20 * time.Millisecond: false, 10 * time.Second: true} {
		h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.IssuerTime = limit })
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); (err == nil) != good {
			t.Errorf("limit %v: %v", limit, err)
		}
	}
}

func TestLimit_FetchInterval(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.FetchInterval = time.Minute })
	payload := string(must(json.Marshal(p.claims(nil))))
	unknown := func() {
		_, _, _ = h.Bearer(t.Context(), from("192.0.2.1", nil), sign(map[string]any{"alg": "RS256", "kid": "x"}, payload, p.key("rsa")))
	}
	for _, c := range []struct {
		pass time.Duration
		want int64
	}{{0, 2}, {time.Minute - 1, 2}, {1, 4}, {0, 4}} {
		p.clock.pass(c.pass)
		if unknown(); p.asked.Load() != c.want {
			t.Errorf("after %v: %d requests, want %d", c.pass, p.asked.Load(), c.want)
		}
	}
}

func TestLimit_KeysFresh(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.KeysFresh = time.Hour })
	for _, c := range []struct {
		pass time.Duration
		want int64
	}{{0, 2}, {time.Hour, 2}, {1, 4}} {
		p.clock.pass(c.pass)
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); err != nil || p.asked.Load() != c.want {
			t.Errorf("after %v: %d requests, want %d, %v", c.pass, p.asked.Load(), c.want, err)
		}
	}
}

func TestLimit_KeysStale(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.KeysStale = time.Hour })
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); err != nil {
		t.Fatal(err)
	}
	p.set(func() {
		p.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true }
	})
	p.clock.pass(time.Hour)
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); err != nil {
		t.Error(err)
	}
	p.clock.pass(1)
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); leadglass.CodeOf(err) != leadglass.Unavailable {
		t.Errorf("got %v", err)
	}
}

// TestLimits_Off: a limit that is switched off is none, and nothing overflows.
func TestLimits_Off(t *testing.T) {
	off := identity.Limits{
		FileBytes: -1, Hashes: -1, HashWaiters: -1, HashWait: -1, AccountFailures: -1, AddressFailures: -1, LongestWait: -1, FailureMemory: -1,
		Addresses: -1, TokenBytes: -1, TokenDepth: -1, TokenLifetime: -1, Skew: -1, IssuerTime: -1, IssuerBytes: -1, IssuerKeys: -1,
		FetchInterval: -1, KeysFresh: -1, KeysStale: -1,
	}
	h, _ := withAnna(t, limitedTo(off))
	for range 100 {
		_, _ = h.Person(t.Context(), from("192.0.2.1", nil), "anna", "wrong")
	}
	if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); err != nil {
		t.Error(err)
	}
	p := newProvider(t)
	q := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits = off })
	year := p.clock.Now().Unix() + 365*86400
	deep := map[string]any{"exp": year, "x": json.RawMessage(strings.Repeat("[", 500) + strings.Repeat("]", 500)), "y": strings.Repeat("y", 100_000)}
	if _, _, err := q.Bearer(t.Context(), from("192.0.2.1", nil), p.token(deep)); err != nil {
		t.Error(err)
	}
}
