package identity_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
)

// TestMany_NeverAnother signs in ten thousand times at once, people, tokens and
// devices, right and wrong ones, while accounts and devices are changed: whoever gets
// in is who showed so, and whoever should not does not.
func TestMany_NeverAnother(t *testing.T) {
	const (
		each    = 40
		signIns = 10_000
		workers = 64
	)
	p := newProvider(t)
	h := p.house(t, func(c *identity.Config, _ *identity.Issuer) {
		c.Limits = identity.Limits{Hashes: -1, HashWaiters: -1, AccountFailures: -1, AddressFailures: -1}
	})
	identity.Cheap(h.Directory)
	ctx := t.Context()
	certs := make([]*x509.Certificate, each)
	tokens := make([]string, each)
	for i := range each {
		a := identity.Account{Name: fmt.Sprint("person", i), Department: fmt.Sprint("department", i), Roles: []leadglass.Role{leadglass.Role(fmt.Sprint("role-", i))}}
		if err := h.AddAccount(ctx, a, fmt.Sprint("the password of ", i)); err != nil {
			t.Fatal(err)
		}
		certs[i] = certificate(nil)
		e := identity.Enrolment{Name: fmt.Sprint("device", i), Keys: []string{spki(certs[i])}, Calling: []leadglass.AETitle{leadglass.AETitle(fmt.Sprint("AE", i))}}
		if err := h.Enrol(ctx, e); err != nil {
			t.Fatal(err)
		}
		tokens[i] = p.token(map[string]any{"sub": fmt.Sprint("subject", i), "jti": fmt.Sprint("jti", i)})
	}
	var wg sync.WaitGroup
	sessions := make([]map[string]bool, workers)
	for n := range workers {
		sessions[n] = map[string]bool{}
		wg.Go(func() {
			random := rand.New(rand.NewPCG(17, uint64(n)))
			for range signIns / workers {
				i, other := random.IntN(each), random.IntN(each)
				w := from(fmt.Sprintf("192.0.2.%d", i), nil)
				var peer *leadglass.Peer
				var err error
				want := ""
				switch random.IntN(3) {
				case 0:
					want = fmt.Sprint("person", i)
					peer, err = h.Person(context.Background(), w, want, fmt.Sprint("the password of ", other))
				case 1:
					want, other = fmt.Sprint("subject", i), i
					peer, _, err = h.Bearer(context.Background(), w, tokens[i])
				case 2:
					want = fmt.Sprint("device", i)
					w.Certificate = certs[i]
					var d *identity.Device
					if d, err = h.Device(context.Background(), w, leadglass.AETitle(fmt.Sprint("AE", other)), "ARCHIVE"); err == nil {
						peer = d.Peer
					}
				}
				if good := i == other; (err == nil) != good {
					t.Errorf("%s as %d: %v", want, other, err)
					continue
				} else if !good {
					continue
				}
				if peer.ID != want || peer.Address != w.Address || len(peer.Roles) > 0 && peer.Kind == leadglass.Person && peer.Issuer == "local" && peer.Roles[0] != leadglass.Role(fmt.Sprint("role-", i)) {
					t.Errorf("%s got %+v", want, peer)
				}
				if sessions[n][peer.Session] {
					t.Errorf("two sessions %q", peer.Session)
				}
				sessions[n][peer.Session] = true
			}
		})
	}
	for i := range 30 {
		if err := h.ChangeAccount(ctx, fmt.Sprint("person", i), func(a *identity.Account) { a.Site = "changed" }); err != nil {
			t.Error(err)
		}
		if err := h.ChangeDevice(ctx, fmt.Sprint("device", i), func(e *identity.Enrolment) { e.Site = "changed" }); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	all := map[string]bool{}
	for _, m := range sessions {
		for s := range m {
			if all[s] {
				t.Errorf("two sessions %q", s)
			}
			all[s] = true
		}
	}
	if len(all) < signIns/4 {
		t.Errorf("only %d got in", len(all))
	}
}
