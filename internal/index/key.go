package index

import (
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// key is one matching key, made ready (PS3.4 section C.2.2.2). A key without a
// value, or with * alone, is universal and never becomes one.
type key struct {
	vr     dicom.VR
	values []value // any of them will do
	uids   map[string]bool
	empty  bool // "" in quotation marks: matches what is absent or empty (section C.2.2.2.7)
	items  []subkey
	time   dicom.Tag // of combined date and time: the attribute of the time
}

// subkey is a key within the item of a sequence key (section C.2.2.2.6).
type subkey struct {
	tag dicom.Tag
	key *key
}

// value is one value of a key in the form that its VR compares in.
type value struct {
	text    string
	pattern bool
	span    *span
	number  *float64
	name    []string // groups, folded
	sounds  []string // words, folded
}

// quoted is the key that matches an empty value.
const quoted = `""`

// compiler makes keys within limits.
type compiler struct {
	lim   Limits
	fuzzy bool
	seen  int
}

// key makes a key of an element; nil where it is universal.
func (c *compiler) key(d *dicom.Dataset, e *dicom.Element, vr dicom.VR) (*key, error) {
	if c.seen++; c.seen > c.lim.Keys {
		return nil, over("keys", c.lim.Keys)
	}
	if vr == dicom.SQ {
		return c.sequence(e)
	}
	if len(e.Value) == 0 {
		return nil, nil
	}
	if vr == dicom.UI {
		return c.uids(d, e)
	}
	if most := c.lim.Values * (c.lim.KeyBytes + 1); len(e.Value) > most && most > 0 {
		return nil, over("key_bytes", c.lim.KeyBytes)
	}
	values := d.Strings(e.Tag)
	if len(values) > c.lim.Values {
		return nil, over("values", c.lim.Values)
	}
	k := &key{vr: vr}
	for _, text := range values {
		universal, err := c.value(k, clean(text))
		if err != nil {
			return nil, err
		}
		if universal {
			return nil, nil
		}
	}
	return k.orNil(), nil
}

func (k *key) orNil() *key {
	if len(k.values) == 0 && !k.empty && k.uids == nil && len(k.items) == 0 {
		return nil
	}
	return k
}

// value adds one value; universal says that it matches everything.
func (c *compiler) value(k *key, text string) (universal bool, err error) {
	switch {
	case len(text) > c.lim.KeyBytes:
		return false, over("key_bytes", c.lim.KeyBytes)
	case text == "" || patterned(k.vr) && strings.Trim(text, "*") == "":
		return text != "", nil
	case text == quoted:
		k.empty = true
		return false, nil
	}
	v := value{text: text}
	switch k.vr {
	case dicom.DA, dicom.TM, dicom.DT:
		if s, ok := parseSpan(k.vr, text); ok {
			v.span = &s
		}
	case dicom.PN:
		c.name(&v)
	case dicom.IS, dicom.DS, dicom.US, dicom.SS, dicom.UL, dicom.SL, dicom.FD, dicom.FL, dicom.SV, dicom.UV:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			v.number = &n
		}
	default:
		v.pattern = patterned(k.vr) && wild(text)
	}
	if patterned(k.vr) && wildcards(text) > c.lim.Wildcards {
		return false, over("wildcards", c.lim.Wildcards)
	}
	k.values = append(k.values, v)
	return false, nil
}

func (c *compiler) name(v *value) {
	if c.fuzzy {
		v.sounds = words(fold(strings.NewReplacer("=", " ", "*", " ", "?", " ").Replace(v.text)))
		return
	}
	v.name = groups(v.text)
}

// patterned says whether * and ? are wildcards in a VR (section C.2.2.2.4).
func patterned(vr dicom.VR) bool {
	switch vr {
	case dicom.DA, dicom.TM, dicom.DT, dicom.SL, dicom.SS, dicom.US, dicom.UL, dicom.FL, dicom.FD, dicom.SV, dicom.UV,
		dicom.OB, dicom.OW, dicom.OF, dicom.OD, dicom.OL, dicom.OV, dicom.UN, dicom.AT, dicom.DS, dicom.IS, dicom.AS, dicom.UI, dicom.SQ:
		return false
	}
	return true
}

// uids makes a list of UIDs (section C.2.2.2.2). Wildcards are not for UIDs, but
// a * alone is met and asks for all.
func (c *compiler) uids(d *dicom.Dataset, e *dicom.Element) (*key, error) {
	if strings.Count(string(e.Value[:min(len(e.Value), 1<<24)]), `\`) >= c.lim.UIDs {
		return nil, over("uids", c.lim.UIDs)
	}
	k := &key{vr: dicom.UI, uids: map[string]bool{}}
	for _, uid := range d.Strings(e.Tag) {
		switch uid = clean(uid); {
		case uid == "*":
			return nil, nil
		case uid == quoted:
			k.empty = true
		case len(uid) > c.lim.KeyBytes:
			return nil, over("key_bytes", c.lim.KeyBytes)
		case uid != "":
			k.uids[uid] = true
		}
	}
	if len(k.uids) == 0 && !k.empty {
		return nil, nil
	}
	return k, nil
}

func (c *compiler) sequence(e *dicom.Element) (*key, error) {
	k := &key{vr: dicom.SQ}
	if len(e.Items) == 0 {
		return nil, nil
	}
	if len(e.Items) > 1 { // a key has one item; more are counted, not read
		c.seen += len(e.Items)
	}
	item := e.Items[0]
	for i := range item.Elements {
		sub := &item.Elements[i]
		made, err := c.key(item, sub, vrOf(sub.Tag))
		if err != nil {
			return nil, err
		}
		if made != nil {
			k.items = append(k.items, subkey{sub.Tag, made})
		}
	}
	return k.orNil(), nil
}

// matches compares with an attribute of a data set.
func (k *key) matches(d *dicom.Dataset, tag dicom.Tag) bool {
	if k.vr == dicom.SQ {
		return k.inSequence(d.Sequence(tag))
	}
	if k.time != 0 {
		at := order(d.String(tag), d.String(k.time))
		return k.values[0].span.holds(at)
	}
	return k.any(d.Strings(tag))
}

// inSequence: one item has to match all keys of the item.
func (k *key) inSequence(items []*dicom.Dataset) bool {
	for _, item := range items {
		all := true
		for _, sub := range k.items {
			if !sub.key.matches(item, sub.tag) {
				all = false
				break
			}
		}
		if all {
			return true
		}
	}
	return false
}

// any compares with all values of an attribute; one that matches is enough
// (section C.2.2.3).
func (k *key) any(have []string) bool {
	nothing := true
	for _, h := range have {
		if h == "" {
			continue
		}
		nothing = false
		if k.uids[h] {
			return true
		}
		for i := range k.values {
			if k.values[i].matches(k.vr, h) {
				return true
			}
		}
	}
	return nothing && k.empty
}

func (v *value) matches(vr dicom.VR, have string) bool {
	switch {
	case v.span != nil:
		at, ok := moment(vr, have, '0')
		return ok && v.span.holds(at)
	case v.sounds != nil:
		return sounds(v.sounds, have)
	case v.name != nil:
		return nameMatches(v.name, groups(have))
	case v.number != nil:
		n, err := strconv.ParseFloat(strings.TrimSpace(have), 64)
		return err == nil && n == *v.number
	case v.pattern:
		return glob(v.text, have)
	}
	return v.text == have
}
