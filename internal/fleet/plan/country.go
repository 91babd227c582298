package plan

// country is one line of the 2019 study, or a guess in its manner.
type country struct {
	code       string
	systems    uint64 // that disclose
	studies    uint64 // on them, in thousands
	perStudy   uint64 // images a study
	accessible uint64 // per cent of the images on systems that permit retrieval
	others     uint64 // systems that disclose nothing
	city       string // names its networks
}

// countries are the 52 countries with disclosing systems. Greenbone Networks,
// "Information Security Report: Confidential patient data freely accessible on
// the internet", September 2019, published figures for some; the lines below
// take its numbers for the United States (187 systems, 13.7 million studies,
// 303 million images, 45.8 million of them accessible), Turkey (36; 4.92; 179.5;
// 178.3), Australia (50,000 studies, 2.5 million images) and the United Kingdom
// (1,500 studies, 5,000 images). The rest is made to fit its totals.
var countries = [...]country{
	{"US", 187, 13700, 22, 15, 520, "Springfield"},
	{"TR", 36, 4924, 36, 99, 60, "Ankara"},
	{"IN", 97, 627, 168, 99, 110, "Pune"},
	{"BR", 34, 640, 36, 80, 120, "Campinas"},
	{"ZA", 20, 330, 42, 60, 20, "Durban"},
	{"EC", 12, 310, 30, 90, 14, "Quito"},
	{"IR", 14, 290, 30, 70, 60, "Shiraz"},
	{"MX", 13, 260, 32, 65, 40, "Puebla"},
	{"CO", 11, 210, 31, 55, 25, "Cali"},
	{"AR", 10, 190, 28, 60, 30, "Rosario"},
	{"CL", 7, 180, 33, 40, 18, "Temuco"},
	{"IT", 10, 103, 57, 20, 60, "Padova"},
	{"PE", 6, 150, 27, 70, 12, "Arequipa"},
	{"TW", 6, 140, 42, 30, 30, "Tainan"},
	{"SA", 5, 130, 30, 50, 14, "Abha"},
	{"RU", 6, 125, 22, 60, 70, "Tver"},
	{"EG", 5, 120, 26, 70, 12, "Tanta"},
	{"PK", 5, 115, 21, 80, 12, "Multan"},
	{"TH", 5, 110, 34, 40, 20, "Lampang"},
	{"MY", 4, 105, 29, 30, 12, "Ipoh"},
	{"ID", 5, 100, 24, 60, 14, "Malang"},
	{"CA", 4, 98, 40, 10, 45, "Sudbury"},
	{"ES", 5, 95, 33, 20, 40, "Murcia"},
	{"FR", 7, 48, 55, 15, 45, "Limoges"},
	{"AU", 5, 50, 50, 30, 25, "Ballarat"},
	{"DE", 5, 13, 210, 20, 40, "Kassel"},
	{"CN", 5, 90, 41, 20, 60, "Wuxi"},
	{"KR", 4, 85, 44, 10, 25, "Wonju"},
	{"JP", 4, 80, 52, 10, 40, "Matsue"},
	{"UA", 4, 76, 18, 70, 16, "Poltava"},
	{"RO", 4, 72, 26, 50, 12, "Oradea"},
	{"PL", 3, 70, 31, 20, 20, "Radom"},
	{"GR", 3, 66, 28, 40, 8, "Patra"},
	{"VN", 4, 64, 27, 60, 10, "Hue"},
	{"BD", 3, 60, 19, 80, 5, "Khulna"},
	{"KE", 3, 54, 17, 60, 4, "Nakuru"},
	{"NG", 3, 50, 16, 70, 4, "Jos"},
	{"AE", 2, 48, 35, 40, 8, "Ajman"},
	{"VE", 3, 44, 23, 60, 7, "Valencia"},
	{"DO", 2, 42, 22, 50, 4, "Moca"},
	{"GT", 2, 40, 20, 60, 3, "Coban"},
	{"BO", 2, 36, 18, 60, 3, "Sucre"},
	{"KZ", 2, 34, 24, 40, 5, "Aktau"},
	{"IL", 2, 32, 38, 10, 8, "Haifa"},
	{"CZ", 2, 30, 29, 20, 9, "Jihlava"},
	{"HU", 2, 28, 27, 20, 7, "Eger"},
	{"BE", 1, 20, 30, 0, 9, "Namur"},
	{"NL", 1, 16, 33, 0, 14, "Zwolle"},
	{"PT", 1, 14, 30, 0, 7, "Evora"},
	{"SK", 1, 12, 28, 100, 3, "Zvolen"},
	{"CH", 2, 2, 150, 50, 12, "Thun"},
	{"GB", 1, 2, 4, 0, 34, "Barnsley"},
}

// quiet are countries whose systems disclose nothing.
var quiet = [...]country{
	{code: "AT", others: 9, city: "Steyr"},
	{code: "SE", others: 9, city: "Falun"},
	{code: "NO", others: 5, city: "Molde"},
	{code: "DK", others: 5, city: "Vejle"},
	{code: "FI", others: 6, city: "Kuopio"},
	{code: "SG", others: 7, city: "Jurong"},
	{code: "HK", others: 9, city: "Tai Po"},
	{code: "NZ", others: 5, city: "Nelson"},
	{code: "IE", others: 5, city: "Sligo"},
	{code: "BG", others: 6, city: "Ruse"},
}
