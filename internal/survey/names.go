package survey

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"github.com/leadglass/leadglass/internal/scope"
)

// bind looks names up and fixes the hosts. known are the addresses of an
// earlier run, which stay: a place in the order must mean the same host.
// Excluded names are looked up anew all the same, and what they gained is
// spared too.
func (c *Config) bind(ctx context.Context, known map[string][]netip.Addr) (*scope.Targets, map[string][]netip.Addr, error) {
	exclude, include := c.Scope.Names()
	ask := exclude
	for _, name := range include {
		if _, ok := known[name]; !ok {
			ask = append(ask, name)
		}
	}
	fresh := c.lookup(ctx, ask)
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("survey: looking names up: %w", err)
	}
	addrs := map[string][]netip.Addr{}
	for _, from := range []map[string][]netip.Addr{fresh, known} {
		for name, a := range from {
			addrs[name] = a
		}
	}
	t, err := c.Scope.Bind(addrs)
	if err != nil {
		return nil, nil, err
	}
	t.ExcludeNames(c.Scope, fresh)
	for _, s := range t.Unasked() {
		c.Diagnostics.Warn("name leads elsewhere", "name", s.Name, "addresses", s.Addresses, "why", s.Why)
	}
	return t, addrs, nil
}

// lookup returns the addresses of names; those without one are in diagnostics.
func (c *Config) lookup(ctx context.Context, names []string) map[string][]netip.Addr {
	addrs := map[string][]netip.Addr{}
	var mu sync.Mutex // covers addrs
	var all sync.WaitGroup
	turn := make(chan struct{}, lookups)
	for _, name := range names {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			lctx, cancel := context.WithTimeout(ctx, c.Limits.Lookup)
			defer cancel()
			found, err := c.Lookup(lctx, "ip", name)
			if err != nil {
				c.Diagnostics.Warn("name without address", "name", name, "error", err)
			}
			mu.Lock()
			addrs[name] = found
			mu.Unlock()
		})
	}
	all.Wait()
	return addrs
}
