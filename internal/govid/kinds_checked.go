package govid

import "bytes"

// The kinds of this file are as python-stdnum and the issuers describe them.

// nzNHI is the old form of the National Health Index, as ZAC5361 (HISO 10046).
func nzNHI(id []byte) bool {
	if !form(id, "AAA9999") {
		return false
	}
	sum := 0
	for i, c := range id[:6] {
		v := bytes.IndexByte([]byte(" ABCDEFGHJKLMNPQRSTUVWXYZ"), c) // without I and O
		if digit(c) {
			v = int(c - '0')
		}
		if v < 0 {
			return false
		}
		sum += v * (7 - i)
	}
	return sum%11 != 0 && (11-sum%11)%10 == int(id[6]-'0')
}

func sgNRIC(id []byte) bool {
	var d [7]int
	if !form(id, "A9999999A") || !digits(id[1:8], d[:]) {
		return false
	}
	sum, letters := weighted(d[:], 2, 7, 6, 5, 4, 3, 2), "JZIHGFEDCBA"
	switch id[0] {
	case 'S':
	case 'T':
		sum += 4
	case 'F':
		letters = "XWUTRQPNMLK"
	case 'G':
		sum, letters = sum+4, "XWUTRQPNMLK"
	default:
		return false
	}
	return letters[sum%11] == id[8]
}

// hkID is an identity card with one letter, as A123456(3).
func hkID(id []byte) bool {
	var d [6]int
	if len(id) != 10 || id[7] != '(' || id[9] != ')' || !capital(id[0]) || !digits(id[1:7], d[:]) {
		return false
	}
	sum := 36*9 + (int(id[0]-'A')+10)*8 + weighted(d[:], 7, 6, 5, 4, 3, 2)
	return "0A987654321"[sum%11] == id[8]
}

// clRUT wants its hyphen, and as many digits as persons have.
func clRUT(id []byte) bool {
	id = bytes.ReplaceAll(id, []byte("."), nil)
	if len(id) == 9 {
		id = append([]byte("0"), id...)
	}
	var d [8]int
	if len(id) != 10 || id[8] != '-' || !digits(id[:8], d[:]) || allSame(d[:]) {
		return false
	}
	return "0K987654321"[weighted(d[:], 3, 2, 7, 6, 5, 4, 3, 2)%11] == id[9]
}

func thID(id []byte) bool {
	var d [13]int
	return digits(id, d[:]) && d[0] >= 1 && d[0] <= 8 && !allSame(d[:]) &&
		(11-weighted(d[:], 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%10 == d[12]
}

// hrOIB has the check digit of ISO 7064 MOD 11,10.
func hrOIB(id []byte) bool {
	var d [11]int
	if !form(id, "99999999999") || !digits(id, d[:]) || allSame(d[:]) {
		return false
	}
	check := 10
	for _, v := range d[:10] {
		if check = (check + v) % 10; check == 0 {
			check = 10
		}
		check = check * 2 % 11
	}
	return (11-check)%10 == d[10]
}

// eeIsikukood is the personal code of Estonia and, alike, of Lithuania.
func eeIsikukood(id []byte) bool {
	var d [11]int
	if !digits(id, d[:]) || d[0] < 1 || d[0] > 6 || !monthDay(d[3:5], d[5:7]) {
		return false
	}
	check := weighted(d[:], 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
	if check == 10 {
		check = weighted(d[:], 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10
	}
	return check == d[10]
}

// bgEGN adds 20 to the month before 1900 and 40 after 2000.
func bgEGN(id []byte) bool {
	var d [10]int
	if len(id) != 10 || !digits(id, d[:]) {
		return false
	}
	month, day := number(d[2:4])%20, number(d[4:6])
	return d[2] < 6 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
		weighted(d[:], 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == d[9]
}

// czRC is the number of the Czech Republic and Slovakia, which adds 50 to the
// month of women. It wants its slash.
func czRC(id []byte) bool {
	var d [10]int
	if !form(id, "999999/9999") || !digits(id, d[:]) {
		return false
	}
	month, day := number(d[2:4])%50, number(d[4:6])
	if month > 20 {
		month -= 20
	}
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 && number(d[:])%11 == 0
}

func grAMKA(id []byte) bool {
	var d [11]int
	return digits(id, d[:]) && monthDay(d[2:4], d[:2]) && luhn(d[:])
}

// iePPS is seven digits, a check letter and at times one more.
func iePPS(id []byte) bool {
	if !form(id, "9999999A") && !form(id, "9999999AA") {
		return false
	}
	var d [7]int
	digits(id[:7], d[:])
	sum := weighted(d[:], 8, 7, 6, 5, 4, 3, 2)
	if len(id) == 9 && id[8] != 'W' && id[8] != 'T' && id[8] != 'X' {
		sum += 9 * (int(id[8]-'A') + 1)
	}
	return id[7] == "WABCDEFGHIJKLMNOPQRSTUV"[sum%23]
}

// esNIE is the number of foreigners: X, Y and Z stand for 0, 1 and 2 of a DNI.
func esNIE(id []byte) bool {
	id = bytes.ReplaceAll(id, []byte("-"), nil)
	if !form(id, "A9999999A") || id[0] < 'X' {
		return false
	}
	dni := append([]byte{id[0] - 'X' + '0'}, id[1:]...)
	return esDNI(dni)
}

func ruSNILS(id []byte) bool {
	var d [11]int
	if !form(id, "999-999-999 99") || !digits(id, d[:]) || allSame(d[:9]) {
		return false
	}
	return int64(weighted(d[:], 9, 8, 7, 6, 5, 4, 3, 2, 1)%101%100) == number(d[9:])
}

// aeEID is 784, the year of birth, seven digits and a check digit.
func aeEID(id []byte) bool {
	var d [15]int
	return digits(id, d[:]) && number(d[:3]) == 784 && (number(d[3:5]) == 19 || number(d[3:5]) == 20) && luhn(d[:])
}

// rsJMBG is the number of Serbia and other states of the former Yugoslavia.
func rsJMBG(id []byte) bool {
	var d [13]int
	return digits(id, d[:]) && monthDay(d[2:4], d[:2]) && (d[4] == 9 || d[4] == 0) &&
		(11-weighted(d[:], 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11 == d[12]
}

// caSIN wants its separators.
func caSIN(id []byte) bool {
	var d [9]int
	return (form(id, "999-999-999") || form(id, "999 999 999")) && digits(id, d[:]) &&
		d[0] != 0 && d[0] != 8 && !allSame(d[:]) && luhn(d[:])
}

// auMedicare is a card number with its issue number.
func auMedicare(id []byte) bool {
	var d [10]int
	return digits(id, d[:]) && d[0] >= 2 && d[0] <= 6 && d[9] > 0 && !allSame(d[:8]) &&
		weighted(d[:], 1, 3, 7, 9, 1, 3, 7, 9)%10 == d[8]
}

// auIHI is an individual healthcare identifier: 800360 and a check digit.
func auIHI(id []byte) bool {
	var d [16]int
	return digits(id, d[:]) && number(d[:6]) == 800360 && luhn(d[:])
}

func ilID(id []byte) bool {
	var d [9]int
	return (form(id, "999999999") || form(id, "99999999-9")) && digits(id, d[:]) && !allSame(d[:]) && luhn(d[:])
}

// myKad wants its hyphens; behind the date stands the place of birth.
func myKad(id []byte) bool {
	var d [12]int
	return form(id, "999999-99-9999") && digits(id, d[:]) && monthDay(d[2:4], d[4:6]) && number(d[6:8]) > 0
}

// arCUIL is a number of persons, by its first two digits.
func arCUIL(id []byte) bool {
	var d [11]int
	if !digits(id, d[:]) {
		return false
	}
	switch number(d[:2]) {
	case 20, 23, 24, 25, 26, 27:
		return (11-weighted(d[:], 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11 == d[10]
	}
	return false
}

// isKennitala has its check digit before the last, which says the century.
func isKennitala(id []byte) bool {
	var d [10]int
	return form(id, "999999-9999") && digits(id, d[:]) && monthDay(d[2:4], d[:2]) && (d[9] == 9 || d[9] == 0) &&
		weighted(d[:], 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}
