package content

import (
	"strconv"
	"strings"
)

// Identifiers is the form of an archive's Patient IDs.
type Identifiers uint8

const (
	HospitalNumbers Identifiers = iota // QZX1000001
	SocialNumbers                      // 866-40-0001: as US social security numbers
	DefenceNumbers                     // DOD1866400001: as numbers of the US Department of Defense
)

// The numbers that the fleet invents.
const (
	firstHospital = 1_000_001
	socialArea    = 866
	socialGroup   = 40 // the first of socialGroups
	socialGroups  = 10
	firstDefence  = 1_866_400_001
	// Archives with more patients would run out of them.
	SocialPatients  = socialGroups * 9999
	DefencePatients = 1_000_000
)

// Append appends the Patient ID of patient p.
func (f Identifiers) Append(dst []byte, p uint64) []byte {
	switch f {
	case SocialNumbers:
		dst = append(strconv.AppendInt(dst, socialArea, 10), '-')
		dst = append(strconv.AppendUint(dst, socialGroup+p/9999, 10), '-')
		n := p%9999 + 1
		return append(dst, byte('0'+n/1000), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
	case DefenceNumbers:
		return strconv.AppendUint(append(dst, "DOD"...), firstDefence+p, 10)
	}
	return strconv.AppendUint(append(dst, PlantedID...), firstHospital+p, 10)
}

// Number finds the patient with that Patient ID.
func (f Identifiers) Number(id string) (p uint64, ok bool) {
	switch f {
	case SocialNumbers:
		if len(id) != 11 {
			return 0, false
		}
		group, ok1 := digits(id[4:6])
		serial, ok2 := digits(id[7:])
		p, ok = uint64((group-socialGroup)*9999+serial-1), ok1 && ok2 && group >= socialGroup && serial > 0
	case DefenceNumbers:
		p, ok = counted(id, "DOD", firstDefence)
	default:
		p, ok = counted(id, PlantedID, firstHospital)
	}
	if !ok || string(f.Append(nil, p)) != id {
		return 0, false
	}
	return p, true
}

// counted reads prefix and a number that counts from first.
func counted(id, prefix string, first uint64) (uint64, bool) {
	digits, ok := strings.CutPrefix(id, prefix)
	n, err := strconv.ParseUint(digits, 10, 64)
	return n - first, ok && err == nil && n >= first
}

// Kind is what package govid calls the form, "" for hospital numbers.
func (f Identifiers) Kind() string {
	switch f {
	case SocialNumbers:
		return "us-ssn"
	case DefenceNumbers:
		return "us-military"
	}
	return ""
}
