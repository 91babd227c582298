package place

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// table finds the longest prefix: the places by prefix, and the lengths that
// occur, longest first.
type table struct {
	places       map[netip.Prefix]Place
	bits4, bits6 []int
}

func (t *table) find(a netip.Addr) Place {
	lengths := t.bits6
	if a.Is4() {
		lengths = t.bits4
	}
	for _, n := range lengths {
		p, err := a.Prefix(n)
		if err != nil {
			continue
		}
		if place, ok := t.places[p]; ok {
			return place
		}
	}
	return Place{}
}

func (t *table) add(p netip.Prefix, place Place) {
	if t.places == nil {
		t.places = map[netip.Prefix]Place{}
	}
	t.places[p] = place
	lengths := &t.bits6
	if p.Addr().Is4() {
		lengths = &t.bits4
	}
	i, found := slices.BinarySearchFunc(*lengths, p.Bits(), func(a, b int) int { return b - a })
	if !found {
		*lengths = slices.Insert(*lengths, i, p.Bits())
	}
}

// LoadNetworks adds a CSV of CIDR,country,site. The site may be left out, a
// first line of headings too; # starts a comment line. The longest prefix that
// holds an address wins, and of two equal ones the later.
func (f *Finder) LoadNetworks(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	if info.IsDir() {
		return &FormatError{File: name, Err: errors.New("it is a folder")}
	}
	r, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	defer r.Close()
	return f.readNetworks(name, r)
}

func (f *Finder) readNetworks(name string, r io.Reader) error {
	bytes := &bounded{r, maxNetworksBytes}
	lines := csv.NewReader(withoutMark(bytes))
	lines.FieldsPerRecord, lines.Comment, lines.TrimLeadingSpace, lines.ReuseRecord = -1, '#', true, true
	for first := true; ; first = false {
		fields, err := lines.Read()
		if err == io.EOF {
			return nil
		}
		if pe, ok := errors.AsType[*csv.ParseError](err); ok {
			return &FormatError{name, pe.Line, pe.Err}
		}
		if err != nil {
			return &FormatError{File: name, Err: err}
		}
		p, place, err := parseLine(fields)
		if err != nil && first && headings(fields) {
			continue
		}
		if err != nil {
			line, _ := lines.FieldPos(0)
			return &FormatError{name, line, err}
		}
		if f.networks.add(p, place); len(f.networks.places) > maxNetworks {
			line, _ := lines.FieldPos(0)
			return &FormatError{name, line, &LimitError{"networks", maxNetworks}}
		}
	}
}

// bounded reads so many bytes and then fails.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, &LimitError{"bytes of a table of networks", maxNetworksBytes}
	}
	return n, err
}

// withoutMark drops the byte order mark that spreadsheets write.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = b.Discard(3) // it was peeked at: it is there
	}
	return b
}

// headings says whether a first line names its columns.
func headings(fields []string) bool { return !strings.ContainsAny(fields[0], "./:") }

func parseLine(fields []string) (netip.Prefix, Place, error) {
	if len(fields) < 2 || len(fields) > 3 {
		return netip.Prefix{}, Place{}, fmt.Errorf("%d columns, want CIDR,country,site", len(fields))
	}
	p, err := parsePrefix(strings.TrimSpace(fields[0]))
	if err != nil {
		return p, Place{}, err
	}
	place := Place{Country: strings.ToUpper(strings.TrimSpace(fields[1]))}
	if place.Country != "" && !isCountry(place.Country) {
		return p, Place{}, fmt.Errorf("the country %q is no code of two letters", fields[1])
	}
	if len(fields) == 3 {
		place.Network = strings.Clone(strings.TrimSpace(fields[2]))
		if len(place.Network) > maxText {
			return p, Place{}, fmt.Errorf("the site is longer than %d bytes", maxText)
		}
	}
	return p, place, nil
}

// parsePrefix takes a CIDR, or an address for the network of it alone.
func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is no CIDR", text)
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("%q is no CIDR", text)
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

func isCountry(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}
