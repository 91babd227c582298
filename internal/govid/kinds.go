package govid

import "bytes"

// kinds are tried in this order: those with letters or many check digits first,
// since a number may pass several.
var kinds = []kind{
	{"us-ssn", 0.001, usSSN},
	{"us-military", 0.001, usMilitary},
	{"us-medicare", 0.0001, usMedicare},
	{"it-codice-fiscale", 0.0001, itCodiceFiscale},
	{"mx-curp", 0.0001, mxCURP},
	{"cn-resident", 0.1, cnResident},
	{"fr-nir", 0.01, frNIR},
	{"ch-ahv", 0.002, chAHV},
	{"ae-eid", 0.002, aeEID},
	{"au-ihi", 0.002, auIHI},
	{"ru-snils", 0.01, ruSNILS},
	{"my-mykad", 0.05, myKad},
	{"hk-id", 0.1, hkID},
	{"sg-nric", 0.1, sgNRIC},
	{"nz-nhi", 0.1, nzNHI},
	{"ie-pps", 0.05, iePPS},
	{"es-nie", 0.05, esNIE},
	{"cl-rut", 0.1, clRUT},
	{"cz-rc", 0.1, czRC},
	{"ca-sin", 0.1, caSIN},
	{"za-id", 0.1, zaID},
	{"rs-jmbg", 0.1, rsJMBG},
	{"ro-cnp", 0.1, roCNP},
	{"th-id", 0.1, thID},
	{"kr-rrn", 0.2, krRRN},
	{"fi-hetu", 0.05, fiHETU},
	{"es-dni", 0.05, esDNI},
	{"de-kvnr", 0.1, deKVNR},
	{"tw-id", 0.1, twID},
	{"br-cpf", 0.01, brCPF},
	{"no-fnr", 0.01, noFNR},
	{"tr-tckn", 0.01, trTCKN},
	{"be-nn", 0.05, beNN},
	{"ar-cuil", 0.1, arCUIL},
	{"ee-isikukood", 0.1, eeIsikukood},
	{"gr-amka", 0.1, grAMKA},
	{"pl-pesel", 0.1, plPESEL},
	{"hr-oib", 0.1, hrOIB},
	{"in-aadhaar", 0.1, inAadhaar},
	{"se-personnummer", 0.1, sePersonnummer},
	{"is-kennitala", 0.05, isKennitala},
	{"dk-cpr", 0.05, dkCPR},
	{"bg-egn", 0.1, bgEGN},
	{"uk-nhs", 0.1, ukNHS},
	{"au-medicare", 0.1, auMedicare},
	{"nl-bsn", 0.1, nlBSN},
	{"il-id", 0.1, ilID},
}

// usSSN is ddd-dd-dddd; without the dashes nine digits are anything.
func usSSN(id []byte) bool {
	if !form(id, "999-99-9999") {
		return false
	}
	area, group, serial := id[:3], id[4:6], id[7:]
	return !bytes.Equal(area, []byte("000")) && !bytes.Equal(area, []byte("666")) && area[0] != '9' &&
		!bytes.Equal(group, []byte("00")) && !bytes.Equal(serial, []byte("0000"))
}

// usMilitary is a DoD ID number that says so, or a service number with the
// prefix of its component. US and ER are departments as well: a date or a
// running number behind them is no service number.
func usMilitary(id []byte) bool {
	for _, prefix := range []string{"DOD", "EDIPI"} {
		if rest, ok := bytes.CutPrefix(id, []byte(prefix)); ok {
			var d [10]int
			return digits(bytes.TrimLeft(rest, ":- "), d[:]) && d[0] == 1
		}
	}
	for _, component := range []string{"RA", "US", "ER", "NG", "AF", "AR"} {
		if rest, ok := bytes.CutPrefix(id, []byte(component)); ok {
			var d [8]int
			return digits(rest, d[:]) && number(d[:2]) > 0 && !day(d[:])
		}
	}
	return false
}

// usMedicare is a Medicare beneficiary identifier, as 1EG4-TE5-MK73.
func usMedicare(id []byte) bool {
	id = bytes.ReplaceAll(id, []byte("-"), nil)
	return form(id, "9A*9A*9AA99") && id[0] != '0' && !bytes.ContainsAny(id, "SLOIBZ")
}

func itCodiceFiscale(id []byte) bool {
	if !form(id, "AAAAAA99A99A999A") {
		return false
	}
	// Values of the characters in odd places, by digit or letter.
	odd := [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i, c := range id[:15] {
		v := int(c - 'A')
		if digit(c) {
			v = int(c - '0')
		}
		if i%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return int(id[15]-'A') == sum%26
}

func mxCURP(id []byte) bool {
	var d [6]int
	return form(id, "AAAA999999AAAAAA**") && digits(id[4:10], d[:]) && monthDay(d[2:4], d[4:6]) &&
		bytes.IndexByte([]byte("HMX"), id[10]) >= 0
}

// cnResident is GB 11643 with the check of ISO 7064 MOD 11-2.
func cnResident(id []byte) bool {
	if len(id) != 18 {
		return false
	}
	var d [17]int
	if !digits(id[:17], d[:]) || !monthDay(d[10:12], d[12:14]) {
		return false
	}
	sum := weighted(d[:], 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
	return id[17] == "10X98765432"[sum%11]
}

func frNIR(id []byte) bool {
	var d [15]int
	return digits(id, d[:]) && (d[0] == 1 || d[0] == 2) && 97-number(d[:13])%97 == number(d[13:])
}

// chAHV is the EAN-13 of country 756.
func chAHV(id []byte) bool {
	var d [13]int
	return digits(id, d[:]) && number(d[:3]) == 756 &&
		weighted(d[:], 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

func roCNP(id []byte) bool {
	var d [13]int
	return digits(id, d[:]) && d[0] > 0 && monthDay(d[3:5], d[5:7]) &&
		weighted(d[:], 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)%11%10 == d[12]
}

func zaID(id []byte) bool {
	var d [13]int
	return digits(id, d[:]) && monthDay(d[2:4], d[4:6]) && d[10] <= 1 && luhn(d[:])
}

// krRRN wants its hyphen: since 2020 the number has no check digit.
func krRRN(id []byte) bool {
	var d [13]int
	return form(id, "999999-9999999") && digits(id, d[:]) && monthDay(d[2:4], d[4:6]) && d[6] >= 1 && d[6] <= 8
}

func fiHETU(id []byte) bool {
	if len(id) != 11 || bytes.IndexByte([]byte("+-ABCDEFYXWVU"), id[6]) < 0 {
		return false
	}
	var d [9]int
	return digits(id[:6], d[:6]) && digits(id[7:10], d[6:]) && monthDay(d[2:4], d[:2]) &&
		id[10] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[number(d[:])%31]
}

func esDNI(id []byte) bool {
	id = bytes.ReplaceAll(id, []byte("-"), nil)
	var d [8]int
	return form(id, "99999999A") && digits(id[:8], d[:]) && id[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[number(d[:])%23]
}

// deKVNR is the constant part of the health insurance number.
func deKVNR(id []byte) bool {
	if !form(id, "A999999999") {
		return false
	}
	var d [11]int
	letter := int(id[0]-'A') + 1
	d[0], d[1] = letter/10, letter%10
	if !digits(id[1:], d[2:]) {
		return false
	}
	sum := 0
	for i, v := range d[:10] {
		if v *= 1 + i%2; v > 9 {
			v -= 9
		}
		sum += v
	}
	return sum%10 == d[10]
}

func twID(id []byte) bool {
	if !form(id, "A999999999") || id[1] != '1' && id[1] != '2' {
		return false
	}
	code := 10 + bytes.IndexByte([]byte("ABCDEFGHJKLMNPQRSTUVXYWZIO"), id[0])
	var d [9]int
	return digits(id[1:], d[:]) && (code/10+code%10*9+weighted(d[:], 8, 7, 6, 5, 4, 3, 2, 1, 1))%10 == 0
}

func brCPF(id []byte) bool {
	var d [11]int
	if !digits(id, d[:]) || allSame(d[:]) {
		return false
	}
	first := weighted(d[:], 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10
	second := weighted(d[:], 11, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10
	return first == d[9] && second == d[10]
}

func noFNR(id []byte) bool {
	var d [11]int
	return digits(id, d[:]) && monthDay(d[2:4], d[:2]) &&
		weighted(d[:], 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 &&
		weighted(d[:], 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

func trTCKN(id []byte) bool {
	var d [11]int
	if !digits(id, d[:]) || d[0] == 0 {
		return false
	}
	odd, even := d[0]+d[2]+d[4]+d[6]+d[8], d[1]+d[3]+d[5]+d[7]
	return (odd*7-even+100)%10 == d[9] && (odd+even+d[9])%10 == d[10]
}

func beNN(id []byte) bool {
	var d [11]int
	if !digits(id, d[:]) || !monthDay(d[2:4], d[4:6]) {
		return false
	}
	n, check := number(d[:9]), number(d[9:])
	return 97-n%97 == check || 97-(n+2_000_000_000)%97 == check
}

// plPESEL adds a multiple of 20 to the month for the century.
func plPESEL(id []byte) bool {
	var d [11]int
	if !digits(id, d[:]) || allSame(d[:]) {
		return false
	}
	month := number(d[2:4]) % 20
	return month >= 1 && month <= 12 && number(d[4:6]) >= 1 && number(d[4:6]) <= 31 &&
		weighted(d[:], 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// inAadhaar checks by Verhoeff's scheme.
func inAadhaar(id []byte) bool {
	var d [12]int
	return digits(id, d[:]) && d[0] >= 2 && verhoeff(d[:])
}

func verhoeff(d []int) bool {
	// The dihedral group D5 as digits: below 5 a rotation, else a reflection.
	times := func(a, b int) int {
		switch {
		case a < 5 && b < 5:
			return (a + b) % 5
		case a < 5:
			return 5 + (a+b)%5
		case b < 5:
			return 5 + (a-b)%5
		}
		return (a - b + 5) % 5
	}
	permute := [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}
	c := 0
	for i := range d {
		v := d[len(d)-1-i]
		for range i % 8 {
			v = permute[v]
		}
		c = times(c, v)
	}
	return c == 0
}

// sePersonnummer is YYMMDD-NNNC or YYYYMMDD-NNNC; the separator tells it from
// other numbers of ten digits.
func sePersonnummer(id []byte) bool {
	if len(id) == 13 {
		id = id[2:]
	}
	var d [10]int
	return (form(id, "999999-9999") || form(id, "999999+9999")) &&
		digits(bytes.ReplaceAll(id, []byte("+"), nil), d[:]) && monthDay(d[2:4], d[4:6]) && luhn(d[:])
}

// dkCPR has no check digit since 2007: the form and a date are all. One that
// reads as a year, month and day too is more often a number that archives make of
// a day: it counts only where the seventh digit puts the birth into this century,
// which a running number below 4000 does not, and the old check digit is right.
func dkCPR(id []byte) bool {
	var d [10]int
	if !form(id, "999999-9999") || !digits(id, d[:]) || !monthDay(d[2:4], d[:2]) {
		return false
	}
	return !monthDay(d[2:4], d[4:6]) || d[6] >= 4 && weighted(d[:], 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

func ukNHS(id []byte) bool {
	var d [10]int
	if !digits(id, d[:]) || allSame(d[:]) {
		return false
	}
	return weighted(d[:], 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

func nlBSN(id []byte) bool {
	var d [9]int
	return digits(id, d[:]) && !allSame(d[:]) && (weighted(d[:], 9, 8, 7, 6, 5, 4, 3, 2)-d[8])%11 == 0
}
