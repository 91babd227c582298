package scope

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/internal/regular"
)

// entry is one line of include or exclude: addresses from first to last, or a
// name; with a port, that port alone.
type entry struct {
	first, last netip.Addr
	name        string // lower case, without a dot at the end
	port        uint16 // 0 for all

	text, file string
	line       int
}

const entryRemedy = "an entry is a CIDR, an address, a range first-last, a host name, or an address or name with a port: " +
	"192.0.2.0/24, 192.0.2.1, 192.0.2.1-192.0.2.9, pacs.example.org, 192.0.2.1:104, [2001:db8::1]:104"

// parseEntry reads one entry.
func parseEntry(text string) (entry, error) {
	e, err := parseKind(text)
	if err != nil {
		return e, fmt.Errorf("%q: %w", text, err)
	}
	e.text = text
	return e, nil
}

func parseKind(text string) (entry, error) {
	if strings.Contains(text, "/") {
		return parseCIDR(text)
	}
	if host, port, ok := cutPort(text); ok {
		return parseWithPort(host, port)
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if a, err := netip.ParseAddr(text); err == nil {
		return single(a)
	}
	if from, to, ok := strings.Cut(text, "-"); ok {
		a, err1 := netip.ParseAddr(strings.TrimSpace(from))
		b, err2 := netip.ParseAddr(strings.TrimSpace(to))
		if err1 == nil && err2 == nil {
			return between(a.Unmap(), b.Unmap())
		}
	}
	return named(text)
}

// cutPort splits host:port; a bare IPv6 address has no port.
func cutPort(text string) (host, port string, ok bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 || strings.HasSuffix(text, "]") {
		return "", "", false
	}
	host, port = text[:i], text[i+1:]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1], port, true
	}
	return host, port, !strings.Contains(host, ":")
}

func parseWithPort(host, port string) (entry, error) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return entry{}, fmt.Errorf("the port %q is not 1 to 65535", port)
	}
	var e entry
	if a, err2 := netip.ParseAddr(host); err2 == nil {
		e, err = single(a)
	} else {
		e, err = named(host)
	}
	e.port = uint16(n)
	return e, err
}

func parseCIDR(text string) (entry, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return entry{}, errors.New("no CIDR")
	}
	// A mapped prefix names IPv4 addresses.
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	if m := p.Masked(); m != p {
		return entry{}, fmt.Errorf("the address has bits behind the mask; the network is %s", m)
	}
	s := spanOf(p)
	return entry{first: s.first, last: s.last}, nil
}

func single(a netip.Addr) (entry, error) {
	if a.Zone() != "" {
		return entry{}, errors.New("an address with a zone is of this machine alone")
	}
	a = a.Unmap()
	return entry{first: a, last: a}, nil
}

func between(a, b netip.Addr) (entry, error) {
	if a.BitLen() != b.BitLen() || a.Zone() != "" || b.Zone() != "" || b.Less(a) {
		return entry{}, errors.New("the range does not go upwards within one family")
	}
	return entry{first: a, last: b}, nil
}

// named takes a host name (RFC 1123 section 2.1, and the underscores in use).
func named(text string) (entry, error) {
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	if name == "" || len(name) > 253 {
		return entry{}, errors.New("neither an address nor a name")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return entry{}, errors.New("neither an address nor a name (a name in another script is written xn--…)")
		}
	}
	// A name cannot end in a number: that is a broken address.
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return entry{}, errors.New("neither an address nor a name")
	}
	return entry{name: name}, nil
}

// readList adds the entries of a file, one a line, to all.
func readList(all []entry, name string) ([]entry, error) {
	bad := func(err error, remedy string) error {
		return &Error{Kind: BadFile, File: name, What: regular.Reason(err), Err: err, Remedy: remedy}
	}
	r, err := regular.Open(name)
	if err != nil {
		return nil, bad(err, "files of entries are named from the folder of the scope file")
	}
	defer r.Close()
	bytesLeft := &io.LimitedReader{R: r, N: maxListFile + 1}
	lines := bufio.NewScanner(bytesLeft)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := bytes.Cut(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")), []byte("#"))
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		e, err := parseEntry(string(text))
		if err != nil {
			return nil, &Error{Kind: BadTargets, File: name, Line: n, What: err.Error(), Remedy: entryRemedy}
		}
		if len(all) == maxEntries {
			return nil, &Error{Kind: BadTargets, File: name, Line: n, What: fmt.Sprintf("there are more than %d entries", maxEntries),
				Remedy: "join neighbours to larger networks or ranges, or make several surveys"}
		}
		e.file, e.line = name, n
		all = append(all, e)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, bad(fmt.Errorf("a line is longer than %d bytes", maxLine), entryRemedy)
	case err != nil:
		return nil, bad(err, entryRemedy)
	case bytesLeft.N == 0:
		return nil, bad(fmt.Errorf("longer than %d bytes", maxListFile), "join neighbours to larger networks or ranges, or make several surveys")
	}
	return all, nil
}
