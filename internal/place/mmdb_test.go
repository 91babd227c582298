package place_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// m is a map of an mmdb record.
type m map[string]any

// raw is bytes of the data section as they are.
type raw []byte

// writer makes an mmdb file (MaxMind DB format 2.0) of IPv6 addresses, IPv4 in
// ::/96, with records of 32 bits. Prefixes do not overlap.
type writer struct {
	nodes [][2]uint32 // 0 for none, 1+n for node n, -1-offset for data
	data  []byte
}

func (w *writer) add(cidr string, record m) {
	p := netip.MustParsePrefix(cidr)
	a, bits := p.Addr().As16(), p.Bits()
	if p.Addr().Is4() {
		four := p.Addr().As4()
		a, bits = [16]byte{12: four[0], 13: four[1], 14: four[2], 15: four[3]}, bits+96
	}
	if len(w.nodes) == 0 {
		w.nodes = append(w.nodes, [2]uint32{})
	}
	at := 0
	for i := range bits {
		bit := a[i/8] >> (7 - i%8) & 1
		if i == bits-1 {
			w.nodes[at][bit] = ^uint32(len(w.data))
			break
		}
		if w.nodes[at][bit] == 0 {
			w.nodes = append(w.nodes, [2]uint32{})
			w.nodes[at][bit] = uint32(len(w.nodes))
		}
		at = int(w.nodes[at][bit] - 1)
	}
	w.data = value(w.data, record)
}

// with makes the file, with other bytes as its data section.
func (w *writer) with(data []byte) []byte {
	w.data = data
	return w.bytes()
}

func (w *writer) bytes() []byte {
	if len(w.nodes) == 0 {
		w.nodes = append(w.nodes, [2]uint32{})
	}
	var b []byte
	n := uint32(len(w.nodes))
	for _, node := range w.nodes {
		for _, r := range node {
			switch {
			case r == 0:
				r = n
			case r >= 1<<31:
				r = n + 16 + ^r
			default:
				r--
			}
			b = binary.BigEndian.AppendUint32(b, r)
		}
	}
	b = append(b, make([]byte, 16)...)
	b = append(b, w.data...)
	b = append(b, "\xab\xcd\xefMaxMind.com"...)
	return value(b, m{
		"node_count": uint32(len(w.nodes)), "record_size": uint16(32), "ip_version": uint16(6),
		"database_type": "Test", "languages": []string{"en"},
		"binary_format_major_version": uint16(2), "binary_format_minor_version": uint16(0),
		"build_epoch": uint64(1), "description": m{"en": "test"},
	})
}

// value appends an element of the data section.
func value(b []byte, v any) []byte {
	switch v := v.(type) {
	case raw:
		return append(b, v...)
	case string:
		if len(v) >= 285 {
			return append(append(b, 2<<5|30, byte((len(v)-285)>>8), byte(len(v)-285)), v...)
		}
		if len(v) >= 29 {
			return append(append(b, 2<<5|29, byte(len(v)-29)), v...)
		}
		return append(append(b, 2<<5|byte(len(v))), v...)
	case uint16:
		return append(b, 5<<5|2, byte(v>>8), byte(v))
	case uint32:
		return binary.BigEndian.AppendUint32(append(b, 6<<5|4), v)
	case uint64:
		return binary.BigEndian.AppendUint64(append(b, 8, 9-7), v)
	case []string:
		b = append(b, byte(len(v)), 11-7)
		for _, s := range v {
			b = value(b, s)
		}
	case m:
		b = append(b, 7<<5|byte(len(v)))
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			b = value(value(b, k), v[k])
		}
	}
	return b
}
