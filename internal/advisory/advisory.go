// Package advisory knows published vulnerabilities by product and version.
//
// The embedded table, advisories.toml, is dated; Load adds files in the formats
// in which vulnerabilities are published: CSAF 2.0, OSV and CVE JSON 5.
package advisory

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// Advisory is one published vulnerability.
type Advisory struct {
	ID        string  // CVE, or the publisher's id where there is none
	Vector    string  // CVSS, the newest version that was published
	Score     float64 // 0 to 10; 0 where no vector was published
	Exploited bool    // listed as known to be exploited
	Source    string  // where it is published
}

// Range is a run of affected versions. Empty bounds are open.
type Range struct {
	From   string // the first that is affected
	After  string // the last before those that are affected
	Before string // the first that is not any more
	To     string // the last that is affected
}

// Table is a set of advisories. It is filled first and then only read.
type Table struct {
	Limits  Limits             // of what Load and Read take in
	entries map[string][]entry // by normalised product
	aliases map[string]string  // normalised name → normalised product
	dated   time.Time
}

//go:embed advisories.toml
var embedded []byte

var parsed = sync.OnceValues(func() (*Table, error) { return parse(embedded) })

// Embedded returns the table that is built in, a copy of its own for each caller.
func Embedded() *Table {
	t, err := parsed()
	if err != nil {
		panic("advisory: the embedded table: " + err.Error())
	}
	own := &Table{entries: map[string][]entry{}, aliases: t.aliases, dated: t.dated}
	for product, list := range t.entries {
		own.entries[product] = slices.Clone(list)
	}
	return own
}

// Dated is the day on which the embedded table was checked.
func (t *Table) Dated() time.Time { return t.dated }

// Len is the number of advisories, each counted once a product.
func (t *Table) Len() int {
	n := 0
	for _, list := range t.entries {
		n += len(list)
	}
	return n
}

// For returns what is known of that product and version, worst first. An
// unknown version returns nothing: it would be a guess.
func (t *Table) For(product, version string) []Advisory { return t.On("", product, version) }

// On is For where the platform is known: "windows" or "unix". It leaves out what
// is about the other one only.
func (t *Table) On(platform, product, version string) []Advisory {
	if version == "" {
		return nil
	}
	var found []Advisory
	list := t.entries[t.canonical(product)]
	for i := range list {
		if a, affected := list[i].of(version, platform); affected {
			found = append(found, a)
		}
	}
	slices.SortStableFunc(found, func(a, b Advisory) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// add puts an entry of a product in: in place of a built-in one of the same id,
// and beside what other files say of it.
func (t *Table) add(product string, e entry) {
	list := t.entries[product]
	i := slices.IndexFunc(list, func(o entry) bool { return o.ID == e.ID })
	if i < 0 {
		t.entries[product] = append(list, e)
		return
	}
	old := list[i]
	e.Exploited = e.Exploited || old.Exploited
	e.scored(&old)
	if !old.builtIn {
		old.scored(&e)
		e.claims = slices.Concat(old.claims, e.claims)
	}
	list[i] = e
}

func (t *Table) canonical(product string) string {
	name := normal(product)
	return cmp.Or(t.aliases[name], name)
}

// normal keeps letters and digits: "GE Centricity PACS" and
// "ge_centricity-pacs" are one product.
func normal(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// parse reads the format of the embedded table.
func parse(text []byte) (*Table, error) {
	var file struct {
		Dated    toml.LocalDate
		Alias    map[string][]string
		Advisory []struct {
			ID, Product, Platform, Vector, Source string
			Exploited                             bool
			Affected                              []Range
		}
	}
	if err := toml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("advisory: reading the table: %w", err)
	}
	t := &Table{entries: map[string][]entry{}, aliases: map[string]string{}, dated: file.Dated.AsTime(time.UTC)}
	for product, names := range file.Alias {
		for _, n := range names {
			t.aliases[normal(n)] = normal(product)
		}
	}
	for _, a := range file.Advisory {
		score, err := scoreOf(a.Vector)
		if err != nil {
			return nil, fmt.Errorf("advisory: %s: %w", a.ID, err)
		}
		e := entry{Advisory: Advisory{ID: a.ID, Exploited: a.Exploited, Source: a.Source}, builtIn: true}
		e.claims = []claim{{in: a.Affected, vector: a.Vector, score: score, platform: a.Platform}}
		t.add(normal(a.Product), e)
	}
	return t, nil
}
