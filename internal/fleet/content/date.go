package content

// Days are counted since 1970-01-01. The conversions are those of the proleptic
// Gregorian calendar, by eras of 400 years: an archive writes two dates an
// answer, and package time takes ten times as long.

// Civil returns the date of a day.
func Civil(day int64) (year, month, date int) {
	z := day + 719468 // since 0000-03-01
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	date = int(doy - (153*mp+2)/5 + 1)
	month = int(mp) + 3
	if month > 12 {
		month -= 12
	}
	year = int(yoe + era*400)
	if month <= 2 {
		year++
	}
	return year, month, date
}

// DayOf returns the day of a date.
func DayOf(year, month, date int) int64 {
	y := int64(year)
	if month <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := int64(month) - 3
	if mp < 0 {
		mp += 12
	}
	doy := (153*mp+2)/5 + int64(date) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// AppendDate appends a day as a value of VR DA (PS3.5 section 6.2).
func AppendDate(dst []byte, day int64) []byte {
	y, m, d := Civil(day)
	return append(dst,
		byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10),
		byte('0'+m/10), byte('0'+m%10), byte('0'+d/10), byte('0'+d%10))
}

// AppendTime appends a second of a day as a value of VR TM (PS3.5 section 6.2).
func AppendTime(dst []byte, second int) []byte {
	h, m, s := second/3600, second/60%60, second%60
	return append(dst,
		byte('0'+h/10), byte('0'+h%10), byte('0'+m/10), byte('0'+m%10), byte('0'+s/10), byte('0'+s%10))
}

// ParseDate reads a value of VR DA; the old form with points is read too.
func ParseDate(s string) (day int64, ok bool) {
	if len(s) == 10 && s[4] == '.' && s[7] == '.' {
		s = s[:4] + s[5:7] + s[8:]
	}
	if len(s) != 8 {
		return 0, false
	}
	n, ok := digits(s)
	if !ok {
		return 0, false
	}
	year, month, date := n/10000, n/100%100, n%100
	if month < 1 || month > 12 || date < 1 || date > 31 {
		return 0, false
	}
	return DayOf(year, month, date), true
}

// ParseTime reads a value of VR TM in whole seconds; parts that are left out
// are zero.
func ParseTime(s string) (second int, ok bool) {
	for i := range len(s) {
		if s[i] == '.' {
			s = s[:i]
			break
		}
	}
	if len(s) < 2 || len(s) > 6 || len(s)%2 != 0 {
		return 0, false
	}
	n, ok := digits((s + "0000")[:6])
	if !ok || n/10000 > 23 || n/100%100 > 59 || n%100 > 60 {
		return 0, false
	}
	return n/10000*3600 + n/100%100*60 + n%100, true
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0
}
