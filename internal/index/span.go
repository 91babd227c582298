package index

import (
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// span is a range of dates or times (PS3.4 section C.2.2.2.5), both ends
// included, in a form that compares as text. A lone value is the range of what it
// leaves open: the time 10 is the hour from 10:00. An end left out is open.
type span struct {
	from, to string
	ranged   bool // it had a hyphen
}

const (
	earliest = ""
	latest   = "~" // after every digit
)

// holds reports whether a normal value is in the range.
func (s span) holds(v string) bool { return v != "" && s.from <= v && v <= s.to }

// parseSpan reads a key of VR DA, TM or DT; ok is false where it is none.
func parseSpan(vr dicom.VR, key string) (s span, ok bool) {
	from, to, ranged := splitRange(vr, key)
	s = span{earliest, latest, ranged}
	if !ranged {
		to = from
	}
	if from == "" && to == "" {
		return s, false
	}
	if from != "" {
		if s.from, ok = moment(vr, from, '0'); !ok {
			return s, false
		}
	}
	if to != "" {
		if s.to, ok = moment(vr, to, '9'); !ok {
			return s, false
		}
	}
	return s, true
}

// splitRange splits at the hyphen of a range. In a DT a hyphen may also begin an
// offset from UTC (PS3.5 table 6.2-1): of four digits, to -1400.
func splitRange(vr dicom.VR, key string) (from, to string, ranged bool) {
	for i := range len(key) {
		if key[i] == '-' && !(vr == dicom.DT && offset(key[i+1:])) {
			return strings.TrimSpace(key[:i]), strings.TrimSpace(key[i+1:]), true
		}
	}
	return key, "", false
}

// offset says whether the digits after a hyphen are an offset from UTC.
func offset(rest string) bool {
	digits, _, _ := strings.Cut(rest, "-")
	if len(digits) != 4 {
		return false
	}
	n, err := strconv.Atoi(digits)
	return err == nil && n <= 1400 && n%100 < 60
}

// moment brings a date or time into digits of full length: YYYYMMDD,
// HHMMSSFFFFFF or both. What is left out becomes filler digits. The forms of
// ACR-NEMA, 1993.08.22 and 07:09:10, are read too (PS3.5 table 6.2-1).
func moment(vr dicom.VR, value string, filler byte) (string, bool) {
	switch vr {
	case dicom.DA:
		return digits(strings.ReplaceAll(value, ".", ""), 8, 8, filler)
	case dicom.TM:
		return clock(strings.ReplaceAll(value, ":", ""), filler)
	}
	if i := strings.LastIndexAny(value, "+-"); i >= 4 {
		value = value[:i]
	}
	if len(value) <= 8 {
		return digits(value, 4, 20, filler)
	}
	day, ok := digits(value[:8], 8, 8, filler)
	if !ok {
		return "", false
	}
	time, ok := clock(value[8:], filler)
	return day + time, ok
}

func clock(value string, filler byte) (string, bool) {
	whole, fraction, _ := strings.Cut(value, ".")
	if fraction != "" && len(whole) != 6 {
		return "", false
	}
	return digits(whole+fraction, 2, 12, filler)
}

func digits(s string, least, length int, filler byte) (string, bool) {
	if len(s) < least || len(s) > length || len(s)%2 != 0 && len(s) <= 6 {
		return "", false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return "", false
		}
	}
	for len(s) < length {
		s += string(filler)
	}
	return s, true
}

// order is where a study stands among others: its date and time as one text.
// Studies without a date come last.
func order(date, time string) string {
	day, ok := moment(dicom.DA, date, '0')
	if !ok {
		return ""
	}
	if at, ok := moment(dicom.TM, time, '0'); ok {
		return day + at
	}
	return day
}
