package content

import (
	"fmt"

	"github.com/leadglass/leadglass/dicom"
)

// The marks of planted content. Every family name, description, accession number
// and identifier that the fleet shows carries one, so that a test can look for
// them in whatever a survey writes and be sure that no chance put them there.
const (
	PlantedName = "zwyx"               // ends each family name and description
	PlantedID   = "QZX"                // begins each Patient ID and accession number
	PlantedRoot = "1.3.6.1.4.1.99999." // begins each UID; an enterprise number that nobody has
)

// Planted returns what a survey must never write: pieces of the names,
// identifiers and dates that every archive of the fleet shows.
func Planted() []string {
	planted := []string{PlantedName, "ZWYX", PlantedID, PlantedRoot, "19210319", "1921-03-19", "1921.03.19"}
	for _, year := range FirstYears {
		planted = append(planted, fmt.Sprintf("%d0229", year), fmt.Sprintf("%d-02-29", year))
	}
	for group := range socialGroups {
		planted = append(planted, fmt.Sprintf("%d-%02d-", socialArea, socialGroup+group))
	}
	return append(planted, "DOD18664")
}

// FirstYears are the leap years on whose 29 February archives begin.
var FirstYears = [...]int{2004, 2008, 2012}

// Tongue is the language and character set of an archive's names.
type Tongue struct {
	Charset  string // Specific Character Set, "" for the default repertoire
	families []string
	givens   []string
	// ideographic and phonetic groups, where the language has them; of the same
	// length as families and givens.
	ideoFamilies, ideoGivens []string
}

// TongueOf returns the names of a country. They are common ones, and the mark
// makes each of them nobody's.
func TongueOf(country string) *Tongue {
	for i := range Tongues {
		for _, c := range Tongues[i].Countries {
			if c == country {
				return &Tongues[i].Tongue
			}
		}
	}
	return &Tongues[0].Tongue
}

var Tongues = [...]struct {
	Countries []string
	Tongue
}{
	{nil, Tongue{Charset: "",
		families: []string{"Smith", "Johnson", "Brown", "Taylor", "Walker", "Naidoo", "Singh", "Nguyen", "Okafor", "Mensah", "Haddad", "Rahman"},
		givens:   []string{"Mary", "James", "Linda", "Robert", "Grace", "David", "Priya", "Thabo", "Amina", "Peter", "Joy", "Samuel"}}},
	{[]string{"DE", "AT", "CH", "FR", "BE", "NL", "LU", "SE", "NO", "DK", "FI"}, Tongue{Charset: "ISO_IR 100",
		families: []string{"Müller", "Weiß", "Schäfer", "Lefèvre", "Durand", "Jönsson", "Sørensen", "Virtanen", "Köhler", "Peeters"},
		givens:   []string{"Jürgen", "Hélène", "Günther", "Chloé", "Åsa", "Jörg", "Renée", "Ursula", "Søren", "Zoë"}}},
	{[]string{"ES", "PT", "BR", "AR", "MX", "CO", "CL", "PE", "EC", "VE", "BO", "UY", "DO", "GT", "PR", "CR", "PY", "IT"}, Tongue{Charset: "ISO_IR 100",
		families: []string{"García", "Núñez", "Gonçalves", "Ibáñez", "Muñoz", "Araújo", "Rossi", "Esposito", "Peña", "Simões"},
		givens:   []string{"José", "María", "João", "Andrés", "Inês", "Lucía", "Nicolò", "Concepción", "Ángel", "Conceição"}}},
	{[]string{"PL", "CZ", "SK", "HU", "RO", "SI", "HR"}, Tongue{Charset: "ISO_IR 101",
		families: []string{"Łukasik", "Dvořák", "Kováč", "Szőke", "Ştefan", "Žagar", "Wiśniewska", "Černý"},
		givens:   []string{"Zofia", "Jiří", "Ľubica", "Győző", "Mihăiţă", "Živa", "Stanisław", "Božena"}}},
	{[]string{"TR"}, Tongue{Charset: "ISO_IR 148",
		families: []string{"Yılmaz", "Çelik", "Şahin", "Öztürk", "Güneş", "Işık", "Aydın", "Doğan"},
		givens:   []string{"Ayşe", "Mehmet", "Gülşen", "İbrahim", "Çiğdem", "Ömer", "Şule", "Ahmet"}}},
	{[]string{"RU", "UA", "BG", "KZ", "BY", "RS"}, Tongue{Charset: "ISO_IR 144",
		families: []string{"Иванов", "Петрова", "Шевченко", "Ковалёва", "Димитров", "Жуков", "Соколова"},
		givens:   []string{"Ольга", "Сергей", "Наталья", "Тарас", "Георги", "Юлия", "Михаил"}}},
	{[]string{"GR", "CY"}, Tongue{Charset: "ISO_IR 126",
		families: []string{"Παπαδόπουλος", "Γεωργίου", "Οικονόμου", "Νικολαΐδης"},
		givens:   []string{"Ελένη", "Γιώργος", "Κώστας", "Δήμητρα"}}},
	{[]string{"SA", "AE", "EG", "JO", "IQ", "LB", "MA", "DZ", "TN", "KW"}, Tongue{Charset: "ISO_IR 127",
		families: []string{"قباني", "حداد", "منصور", "الخطيب"},
		givens:   []string{"لنزار", "فاطمة", "محمد", "ليلى"}}},
	{[]string{"IR", "PK", "TH", "IN", "BD", "NP", "VN"}, Tongue{Charset: "ISO_IR 192",
		families: []string{"Sharma", "رضایی", "สุขใจ", "Nguyễn", "पटेल", "Hussain"},
		givens:   []string{"Anjali", "زهرا", "สมชาย", "Thị Hòa", "राजेश", "Imran"}}},
	{[]string{"JP"}, Tongue{Charset: `\ISO 2022 IR 87`,
		families: []string{"Yamada", "Sato", "Suzuki", "Takahashi"}, ideoFamilies: []string{"山田", "佐藤", "鈴木", "高橋"},
		givens: []string{"Tarou", "Hanako", "Ichirou", "Yuko"}, ideoGivens: []string{"太郎", "花子", "一郎", "裕子"}}},
	{[]string{"KR"}, Tongue{Charset: `\ISO 2022 IR 149`,
		families: []string{"Kim", "Lee", "Park", "Hong"}, ideoFamilies: []string{"김", "이", "박", "홍"},
		givens: []string{"Minsu", "Jiyeon", "Junho", "Gildong"}, ideoGivens: []string{"민수", "지연", "준호", "길동"}}},
	{[]string{"CN", "SG"}, Tongue{Charset: "GB18030",
		families: []string{"Wang", "Li", "Zhang", "Chen"}, ideoFamilies: []string{"王", "李", "张", "陈"},
		givens: []string{"Xiaodong", "Meili", "Wei", "Fang"}, ideoGivens: []string{"小东", "美丽", "伟", "芳"}}},
	{[]string{"TW", "HK"}, Tongue{Charset: "ISO_IR 192",
		families: []string{"Wang", "Lin", "Chang", "Huang"}, ideoFamilies: []string{"王", "林", "張", "黃"},
		givens: []string{"Xiaodong", "Meiling", "Chihming", "Yating"}, ideoGivens: []string{"小東", "美玲", "志明", "雅婷"}}},
	{[]string{"IL"}, Tongue{Charset: "ISO_IR 138",
		families: []string{"כהן", "לוי", "מזרחי", "פרץ"},
		givens:   []string{"שרון", "דבורה", "יוסף", "רחל"}}},
}

// Lexicon is the names of a tongue, each encoded once in its character set.
type Lexicon struct {
	Charset string
	// utf8 and coded are all full names as values of VR PN; they run in parallel.
	Utf8, Coded [][]byte
	Doctors     [][]byte // for the referring physicians
}

// NewLexicon encodes all names that a tongue can make.
func NewLexicon(t *Tongue) (*Lexicon, error) {
	cs, err := dicom.CharsetOf(t.terms()...)
	if err != nil {
		return nil, fmt.Errorf("content: character set %q: %w", t.Charset, err)
	}
	l := &Lexicon{Charset: t.Charset}
	for i := range t.families {
		for j := range t.givens {
			text := t.name(i, j)
			coded, err := cs.Encode(text, dicom.PN)
			if err != nil {
				return nil, fmt.Errorf("content: a name in character set %q: %w", t.Charset, err)
			}
			l.Utf8 = append(l.Utf8, []byte(text))
			l.Coded = append(l.Coded, coded)
		}
	}
	for i := range t.families {
		l.Doctors = append(l.Doctors, []byte("Dr"+PlantedName+fmt.Sprint(i+1)+"^House"))
	}
	return l, nil
}

// terms are the values of Specific Character Set.
func (t *Tongue) terms() []string {
	switch {
	case t.Charset == "":
		return nil
	case t.Charset[0] == '\\':
		return []string{"", t.Charset[1:]}
	}
	return []string{t.Charset}
}

// name is a value of VR PN (PS3.5 section 6.2.1).
func (t *Tongue) name(family, given int) string {
	s := t.families[family] + PlantedName + "^" + t.givens[given]
	if t.ideoFamilies != nil {
		s += "=" + t.ideoFamilies[family] + PlantedName + "^" + t.ideoGivens[given]
	}
	return s
}
