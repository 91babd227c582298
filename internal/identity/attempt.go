package identity

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/leadglass/leadglass/internal/limit"
)

// attempts remembers who failed to sign in. Names that nobody has are not
// remembered: they never get in, and would be an attacker's to fill memory with.
type attempts struct {
	lim Limits
	now func() time.Time

	mu        sync.Mutex // covers what follows
	accounts  map[string]*record
	addresses map[netip.Prefix]*failures
}

// failures are those in a row.
type failures struct {
	n     int
	last  time.Time
	until time.Time // no attempt counts before
}

// record is of an account: failures of strangers, and of addresses that it signed in
// from before, each by itself.
type record struct {
	strangers failures
	known     []acquaintance // the last first
}

type acquaintance struct {
	from netip.Prefix
	failures
}

// acquaintances is how many addresses of an account are remembered: at work, at
// home, on the way.
const acquaintances = 4

func newAttempts(lim Limits, now func() time.Time) *attempts {
	return &attempts{lim: lim, now: now, accounts: map[string]*record{}, addresses: map[netip.Prefix]*failures{}}
}

// waits says whether an address has to wait, whoever it says it is.
func (a *attempts) waits(from netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.addresses[limit.Site(from)]
	return f != nil && a.now().Before(f.until)
}

// of are the failures that count for an account at an address, nil for none.
func (a *attempts) of(account string, from netip.Prefix) *failures {
	r := a.accounts[account]
	if r == nil {
		return nil
	}
	for i := range r.known {
		if r.known[i].from == from {
			return &r.known[i].failures
		}
	}
	return &r.strangers
}

// verdict is what comes of an attempt.
type verdict uint8

const (
	isRight verdict = iota
	isWrong
	accountWaits // whatever the password; nor does the attempt prolong the wait
	addressWaits
)

// judge says what comes of an attempt and counts it; account is empty for a name that
// nobody has. It is called when the password has been looked at: of guesses that were
// made at the same time those that come after a failure too many do not count, not
// even the right one.
func (a *attempts) judge(account string, from netip.Addr, right bool) verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	now, p := a.now(), limit.Site(from)
	address, known := a.addresses[p], a.of(account, p)
	switch {
	case address != nil && now.Before(address.until):
		return addressWaits
	case known != nil && now.Before(known.until):
		return accountWaits
	case right:
		a.succeeded(account, p)
		return isRight
	}
	if account != "" {
		if known == nil {
			a.accounts[account] = &record{}
			known = a.of(account, p)
		}
		known.add(now, a.lim.AccountFailures, a.lim)
	}
	if address == nil {
		if len(a.addresses) >= a.lim.Addresses {
			a.forget(now)
		}
		address = &failures{}
		a.addresses[p] = address
	}
	address.add(now, a.lim.AddressFailures, a.lim)
	return isWrong
}

// add adds one, and lets the next attempt wait: not at all for the first, then a
// second, two, four, and so on.
func (f *failures) add(now time.Time, free int, lim Limits) {
	if now.Sub(f.last) > lim.FailureMemory {
		f.n = 0
	}
	f.n++
	f.last = now
	if over := f.n - free; over >= 0 {
		f.until = now.Add(min(time.Second<<min(over, 30), lim.LongestWait))
	}
}

// forget makes room for an address: those that wait no more go, and where all wait,
// all go. So many addresses at once are an attack that this cannot slow; the
// accounts still do.
func (a *attempts) forget(now time.Time) {
	for p, f := range a.addresses {
		if !now.Before(f.until) {
			delete(a.addresses, p)
		}
	}
	if len(a.addresses) >= a.lim.Addresses {
		clear(a.addresses)
	}
}

// succeeded forgets the failures of an account at an address, and remembers the
// address.
func (a *attempts) succeeded(account string, from netip.Prefix) {
	r := a.accounts[account]
	if r == nil {
		r = &record{}
		a.accounts[account] = r
	}
	same := func(k acquaintance) bool { return k.from == from }
	if !slices.ContainsFunc(r.known, same) {
		r.strangers = failures{}
	}
	r.known = slices.Insert(slices.DeleteFunc(r.known, same), 0, acquaintance{from: from})
	r.known = r.known[:min(len(r.known), acquaintances)]
	delete(a.addresses, from)
}
