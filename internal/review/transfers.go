package review

import "slices"

// The events that transfers are made of (PS3.15 section A.5.3).
const (
	beginTransferring    = "110102"
	instancesTransferred = "110104"
)

// transfers pairs beginnings and ends. A retrieval begins with a record for each
// patient, each with a transfer of its own, and ends with one; what is stored
// begins once and ends with as many records as there are studies. So the first
// kind is forgotten when it has ended, and the second after two days of the log.
//
// There is no bound to what may be unended but that: an archive that hands out
// a thousand objects a second without ever ending one has 170 million of them.
type transfers struct {
	young, old map[string]transfer
	day        string // since which young is filled

	// The last that ended. Who could not learn in time whether an end was recorded
	// records it again, at once.
	recent [4096]string
	next   int

	begun, ended, unended, instances, repeated uint64
}

type transfer struct {
	name  string
	due   int64 // instances that were recorded as about to be handed out, 0 unknown
	store bool
	ended bool
}

func newTransfers() transfers {
	return transfers{young: map[string]transfer{}, old: map[string]transfer{}}
}

// note takes a record and says what is wrong with it.
func (t *transfers) note(h *header) string {
	if string(h.committed[:10]) != t.day {
		t.turn(string(h.committed[:10]))
	}
	switch string(h.event) {
	case beginTransferring:
		if h.outcome == 0 && len(h.transfer) > 0 {
			return t.begin(h)
		}
	case instancesTransferred:
		return t.end(h)
	}
	return ""
}

func (t *transfers) begin(h *header) string {
	t.begun++
	if _, in := t.find(h.transfer); in != nil {
		return "a transfer begins that has begun already"
	}
	name := string(h.transfer)
	t.young[name] = transfer{name: name, due: h.instances, store: string(h.verb) == "store"}
	return ""
}

func (t *transfers) end(h *header) string {
	b, in := t.find(h.transfer)
	if in == nil && slices.Contains(t.recent[:], string(h.transfer)) {
		t.repeated++
		return ""
	}
	t.ended++
	t.instances += uint64(h.instances)
	if in == nil {
		return "a transfer ends that has not begun"
	}
	if b.store {
		b.ended = true
		in[b.name] = b
		return ""
	}
	if b.due > 0 && h.instances > b.due {
		return "more was handed out than was recorded before"
	}
	t.recent[t.next%len(t.recent)] = b.name
	t.next++
	delete(in, b.name)
	return ""
}

// find finds a transfer that has begun, and where.
func (t *transfers) find(name []byte) (b transfer, in map[string]transfer) {
	for _, in := range []map[string]transfer{t.young, t.old} {
		if b, ok := in[string(name)]; ok {
			return b, in
		}
	}
	return transfer{}, nil
}

// turn forgets what is older than the day before.
func (t *transfers) turn(day string) {
	t.forget(t.old)
	t.day, t.old, t.young = day, t.young, map[string]transfer{}
}

func (t *transfers) forget(gone map[string]transfer) {
	for _, b := range gone {
		if !b.ended {
			t.unended++
		}
	}
}

func (t *transfers) close() {
	t.forget(t.young)
	t.forget(t.old)
}
